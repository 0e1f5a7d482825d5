"""Make foreign text fit to show: API answers and DNS data come from strangers."""

import re
import unicodedata

MARKUP = re.compile(
    r"<(?:script|style)\b.*?</(?:script|style)\s*>|<[^<>]*>|\x1b\[[0-?]*[ -/]*[@-~]",
    re.IGNORECASE | re.DOTALL,
)
"""Tags, with what scripts and styles hold, and ANSI escape sequences (ECMA-48 §5.4)."""

COMMAND = re.compile(r"(?<=[g-z_-])::+|(?<!:)::++(?=[\w-]*[g-z_-])|##+", re.IGNORECASE)
"""``::name::`` and the older ``##[name]``, which GitHub's runner still obeys anywhere in a line.

A ``::`` among hexadecimal digits stays: it is part of an IPv6 address. Each run of colons is
looked at once: a stranger's megabyte of them must not cost minutes.
"""

MARGIN = 4_000
"""Characters looked at beyond those shown, for what shows nothing: tags, white space, controls."""


def printable(text: str, limit: int = 200) -> str:
    """Return *text* as one harmless line of at most *limit* characters.

    Control, format and bidirectional characters, markup, backticks and the
    ``::`` or ``##`` that starts a workflow command go; white space is folded.
    """
    text = MARKUP.sub(" ", text[: limit + MARGIN])
    kept = (c if unicodedata.category(c)[0] != "C" else " " for c in text if c not in "<>`")
    line = COMMAND.sub(lambda mark: mark[0][0], " ".join("".join(kept).split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quoted(text: object, limit: int = 80) -> str:
    """Return *text* in quotes, printable, for use inside a sentence."""
    return f'"{printable(str(text), limit)}"'


def counted(count: int, noun: str) -> str:
    """Return *count* with its *noun*, in the plural where it must be."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
