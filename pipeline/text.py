"""Make foreign text fit to show: API answers and DNS data come from strangers."""

import re
import unicodedata
from collections.abc import Iterable

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

BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What shows nothing, although Unicode counts it among letters, marks and symbols."""

SUSPECT = re.compile(r"[<>`]|::|##|  |^ | $")
"""What a line has that `printable` may have to change, if ASCII and nothing else is in it."""

MARGIN = 4_000
"""Characters looked at beyond those shown, for what shows nothing: tags, white space, controls."""


def printable(text: str, limit: int = 200) -> str:
    """Return *text* as one harmless line of at most *limit* characters.

    Control, format and bidirectional characters, markup, backticks and the
    ``::`` or ``##`` that starts a workflow command go; white space is folded.
    """
    if text.isascii() and text.isprintable() and not SUSPECT.search(text):
        return cut(text, limit)  # as most texts are: their characters need no names
    text = MARKUP.sub(" ", text[: limit + MARGIN])
    kept = (c if unicodedata.category(c)[0] != "C" else " " for c in text if c not in "<>`")
    line = COMMAND.sub(lambda mark: mark[0][0], " ".join("".join(kept).split()))
    return cut(line, limit)


def quoted(text: object, limit: int = 80) -> str:
    r"""Return *text* in quotes for use inside a sentence: one harmless line, with nothing left out.

    What cannot be seen, and what makes markup, is escaped (``\n``, ``\u200b``, ``\x3c``): a message
    about it must not contradict what it shows.
    """
    seen = "".join(map(visible, str(text)[: limit + MARGIN]))
    return f'"{cut(COMMAND.sub(lambda mark: mark[0][0], seen), limit)}"'


def visible(char: str) -> str:
    """Return *char* if a reader sees it, else its escape."""
    if char.isprintable() and char not in "<>`" and not BLANK.match(char):
        return char
    short = ascii(char)[1:-1]  # as Python writes it, unless that is as it stands
    return short if short != char else f"\\x{ord(char):02x}"


def cut(line: str, limit: int) -> str:
    """Return *line* with an ellipsis in place of what exceeds *limit* characters."""
    return line if len(line) <= limit else line[: limit - 1] + "…"


def nearest(word: str, known: Iterable[str], least: float = 0.6) -> str:
    """Return the one of *known* that *word* may be meant for, at *least* so much alike; or nothing.

    1 is the same.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - for who is wrong

    return next(iter(get_close_matches(word, [*known], n=1, cutoff=least)), "")


def counted(count: int, noun: str) -> str:
    """Return *count* with its *noun*, in the plural where it must be."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
