"""Which environment variables of ours there are, and what a misspelt one was meant to be. Pure."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from pipeline.model import Problem, Severity
from pipeline.text import quoted

from .keys import DECIDED

OURS = "DNS01_"

BESIDE = (
    *("DNS01_CONFIG", "DNS01_PING_URL", "DNS01_SERVE_PASSWORD", "DNS01_SERVE_USERNAME"),
    *("DNS01_ORDER_URI", "DNS01_RECEIPT", "DNS01_REPORT"),  # set for the command that `run` starts
    *("DNS01_EXIT", "DNS01_READY", "DNS01_STATUS"),  # set for later jobs
)
"""Variables that are no key of the configuration file."""

NEAR = 0.75
"""How much alike what is meant and what was written are, at least; 1 is the same."""


def known() -> frozenset[str]:
    """Return the variables of ours that are read, or set for others."""
    return frozenset(BESIDE) | {key.variable for key in DECIDED.values()}


def misspelt(names: Iterable[str]) -> list[Problem]:
    """Return a warning for each of *names* that is nearly a variable of ours, and none.

    One that is like nothing of ours may be the user's own, and is let alone.
    """
    meant = {each.removeprefix(OURS): each for each in known() if each.startswith(OURS)}
    return [
        Problem(
            "variable-unknown",
            f"the variable {quoted(name)} is not read",
            f"did you mean {meant[near]}?",
            Severity.WARNING,
        )
        for name in sorted(names)
        if name.startswith(OURS)
        for near in nearest(name.removeprefix(OURS), meant)
    ]


def nearest(word: str, meant: Collection[str]) -> list[str]:
    """Return which of *meant* the *word* was to be; none if it is one, or like none."""
    if {word, word.removesuffix("_FILE")} & set(meant):
        return []
    return get_close_matches(word, sorted(meant), n=1, cutoff=NEAR)
