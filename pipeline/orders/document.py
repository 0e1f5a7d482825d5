"""Orders from a document: a file, or standard input."""

from json import JSONDecodeError
from pathlib import Path
from typing import BinaryIO

from pipeline.model import Exit, Failed, Order
from pipeline.text import printable, quoted

from .fields import LIMIT
from .intake import read_order

TAKES = "--from takes a file, or - for standard input"


class DocumentSource:
    """One order document, in the shape of the RCL SSL Core API's answer.

    It never resumes: the caller holds the order, and every run is its own.
    """

    name = "document"
    account = ""
    resumes = False

    def __init__(self, path: str, stdin: BinaryIO) -> None:
        self._path = path
        self._stdin = stdin

    def fetch(self, name: str) -> Order:
        if not self._path:
            raise Failed(Exit.USAGE, "document", "--from names no file", TAKES)
        try:
            body = self._read()
        except OSError as error:
            raise Failed(
                Exit.USAGE,
                "document",
                f"cannot read {quoted(self._path)}: {(error.strerror or str(error)).lower()}",
                TAKES,
            ) from error
        try:
            return read_order(body, name, self.name)
        except Failed as failed:
            why = failed.problem
            message = f"{self._place(failed.__cause__)}: {why.message}"
            raise Failed(failed.exit, why.code, message, why.hint) from failed

    def _place(self, error: BaseException | None) -> str:
        """Return what the document is called, and where in it *error* is, if that knows."""
        name = "standard input" if self._path == "-" else printable(self._path)
        if not isinstance(error, JSONDecodeError):
            return name
        return f"{name}, line {error.lineno}, column {error.colno}"

    def _read(self) -> bytes:
        """Return the document, or as much of it as shows that it is too large."""
        if self._path == "-":
            return self._stdin.read(LIMIT + 1)
        with Path(self._path).open("rb") as file:
            return file.read(LIMIT + 1)
