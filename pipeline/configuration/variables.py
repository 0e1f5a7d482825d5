"""Which environment variables of ours there are, and which ones that look like it are not. Pure."""

from collections.abc import Collection, Iterable

from pipeline.model import Problem, Severity
from pipeline.text import nearest, quoted

from .keys import DECIDED

OURS = "DNS01_"

TOLD = (
    *("DNS01_ORDER_URI", "DNS01_RECEIPT", "DNS01_REPORT"),  # to the command that `run` starts
    *("DNS01_EXIT", "DNS01_READY", "DNS01_STATUS"),  # to later jobs
)
"""Variables that are set for others, and not read."""

BESIDE = (
    *("DNS01_CONFIG", "DNS01_PING_URL", "DNS01_SERVE_PASSWORD", "DNS01_SERVE_USERNAME"),
    "DNS01_SHARDS",
    *TOLD,
)
"""Variables that are no key of the configuration file."""

RCL = (
    *("RCL_API", "RCL_API_KEY", "RCL_BASE_URL", "RCL_EMAIL", "RCL_PFX_PASSWORD"),
    *("RCL_ROOT_DOMAIN", "RCL_SUBSCRIPTION_ID"),
)
"""Variables of the order API. Others of that prefix may be somebody else's."""

ALIKE = 0.75
"""How much a variable of another's prefix is to be like one of these (see `nearest`)."""

OF_SCRIPTS = ("ARGS", "CHOICE", "COMMAND", "DOCUMENT", "NAMES", "OPTIONS", "PACKAGE", "PATIENCE")
"""What our action, job templates and script for acme.sh have of that prefix for themselves."""

OPTIONS = ("force", "from", "json", "quiet", "renew-within", "respond", "ttl", "verbose")
"""What is an option and no variable."""


def known() -> frozenset[str]:
    """Return the variables of ours that are read, or set for others."""
    return frozenset(BESIDE) | {key.variable for key in DECIDED.values()}


def unread(names: Iterable[str]) -> list[Problem]:
    """Return a warning for each of *names* that is no variable of ours, and seems meant for one.

    All with our prefix do; of those for the order API what looks like one of its variables.
    """
    meant = {each.removeprefix(OURS) for each in known() if each.startswith(OURS)}
    found = []
    for name in sorted(names):
        word, bare = name.removeprefix(OURS), name.removesuffix("_FILE")
        if word == name:
            is_like = name.startswith("RCL_") and not {name, bare} & {*RCL}
            near = nearest(name, RCL, ALIKE) if is_like else ""
            hint = f"did you mean {near}?" if near else ""
        else:
            is_known = {word, word.removesuffix("_FILE")} & {*meant, *OF_SCRIPTS}
            hint = "" if is_known else instead(word, meant)
        if hint:
            said = f"the variable {quoted(name)} is not read"
            found.append(Problem("variable-unknown", said, hint, Severity.WARNING))
    return found


def instead(word: str, meant: Collection[str]) -> str:
    """Return what is to be done where the variable *word* is none of those *meant*."""
    option = word.lower().replace("_", "-")
    if option in OPTIONS:
        return f"it is an option: --{option}"
    read = sorted(each for each in meant if OURS + each not in TOLD)
    near = nearest(word, read)
    return f"did you mean {OURS}{near}?" if near else "`dns01 config init -` names those that are"
