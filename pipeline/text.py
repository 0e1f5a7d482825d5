"""Make foreign text fit to show: API answers and DNS data come from strangers."""

import re
import unicodedata

TAG = re.compile(
    r"<(?:script|style)\b.*?</(?:script|style)\s*>|<[^<>]*>", re.IGNORECASE | re.DOTALL
)
COMMAND = re.compile(r":{2,}")


def printable(text: str, limit: int = 200) -> str:
    """Return *text* as one harmless line of at most *limit* characters.

    Control, format and bidirectional characters, tags, backticks and the
    ``::`` that starts a workflow command go; white space is folded.
    """
    text = TAG.sub(" ", text[: 20 * limit])
    kept = (c if unicodedata.category(c)[0] != "C" else " " for c in text if c not in "<>`")
    line = COMMAND.sub(":", " ".join("".join(kept).split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


def quoted(text: object, limit: int = 80) -> str:
    """Return *text* in quotes, printable, for use inside a sentence."""
    return f'"{printable(str(text), limit)}"'


def counted(count: int, noun: str) -> str:
    """Return *count* with its *noun*, in the plural where it must be."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
