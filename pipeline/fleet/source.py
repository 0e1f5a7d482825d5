"""Open the file that an inventory is in."""

from collections.abc import Iterator
from errno import EBADF
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from pipeline.model import Exit, Failed
from pipeline.text import printable, quoted

from .forms import Form
from .inventory import Certificate, read

ENDINGS = {".csv": Form.CSV, ".json": Form.JSON, ".toml": Form.TOML}


def certificates(path: str, stdin: TextIO | None) -> Iterator[Certificate]:
    """Yield the certificates of the inventory at *path*; ``-`` is *stdin*.

    Raises:
        Failed: 64, if it cannot be read; 65, if it has mistakes.
    """
    where = "standard input" if path == "-" else printable(path)
    try:
        if path == "-":
            yield from read(in_utf8(stdin or closed()), None, where)
            return
        form = ENDINGS.get(Path(path).suffix.lower())
        with Path(path).open(encoding="utf-8-sig", newline="") as lines:
            yield from read(lines, form, where)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        message = f"cannot read the inventory {quoted(path)}: {why}"
        hint = "--inventory takes a file, or - for standard input"
        raise Failed(Exit.USAGE, "inventory", message, hint) from error


def in_utf8(lines: TextIO) -> TextIO:
    """Return *lines*, which are UTF-8 whatever the locale says, as those of a file are."""
    if isinstance(lines, TextIOWrapper):
        lines.reconfigure(encoding="utf-8-sig", errors="strict", newline="")
    return lines


def closed() -> TextIO:
    """Fail as a file does that was closed: the shell's ``<&-``."""
    raise OSError(EBADF, "it is closed")
