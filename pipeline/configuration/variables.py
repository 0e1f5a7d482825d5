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

OF_SCRIPTS = ("ARGS", "CHOICE", "COMMAND", "DOCUMENT", "NAMES", "OPTIONS", "PACKAGE", "PATIENCE")
"""What our action, job templates and script for acme.sh have of that prefix for themselves."""

OPTIONS = ("force", "from", "json", "quiet", "renew-within", "respond", "ttl", "verbose")
"""What is an option and no variable."""


def known() -> frozenset[str]:
    """Return the variables of ours that are read, or set for others."""
    return frozenset(BESIDE) | {key.variable for key in DECIDED.values()}


def unread(names: Iterable[str]) -> list[Problem]:
    """Return a warning for each of *names* that has our prefix, and is no variable of ours."""
    meant = {each.removeprefix(OURS) for each in known() if each.startswith(OURS)}
    words = (name.removeprefix(OURS) for name in sorted(names) if name.startswith(OURS))
    return [
        Problem(
            "variable-unknown",
            f"the variable {quoted(OURS + word)} is not read",
            instead(word, meant),
            Severity.WARNING,
        )
        for word in words
        if not {word, word.removesuffix("_FILE")} & {*meant, *OF_SCRIPTS}
    ]


def instead(word: str, meant: Collection[str]) -> str:
    """Return what is to be done where the variable *word* is none of those *meant*."""
    option = word.lower().replace("_", "-")
    if option in OPTIONS:
        return f"it is an option: --{option}"
    read = sorted(each for each in meant if OURS + each not in TOLD)
    near = nearest(word, read)
    return f"did you mean {OURS}{near}?" if near else "`dns01 config init -` names those that are"
