"""Orders from a document: a file, or standard input."""

from pathlib import Path
from typing import BinaryIO

from pipeline.model import Exit, Failed, Order
from pipeline.text import quoted

from .intake import LIMIT, read_order


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
        try:
            body = self._read()
        except OSError as error:
            raise Failed(
                Exit.USAGE,
                "document",
                f"cannot read {quoted(self._path)}: {(error.strerror or str(error)).lower()}",
                "--from takes a file, or - for standard input",
            ) from error
        return read_order(body, name, self.name)

    def _read(self) -> bytes:
        """Return the document, or as much of it as shows that it is too large."""
        if self._path == "-":
            return self._stdin.read(LIMIT + 1)
        with Path(self._path).open("rb") as file:
            return file.read(LIMIT + 1)
