"""The outcome table of `docs/failures.md`, read as its readers do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "failures.md"
Key = tuple[str, str, str]
"""Service, occasion and fault, in the page's words."""

HEADER = ["when", "what", "exit", "asked again", "in DNS", "receipt", "you read"]


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one fault.

    Attributes:
        service: The heading above the table.
        when: What the command is at.
        fault: One of those that a row groups.
        again: Whether the request is repeated.
        stored: Whether the value is in DNS afterwards.
        listed: Whether a receipt lists it.
        said: The message, with … for what varies.
    """

    service: str
    when: str
    fault: str
    exit: int
    again: bool
    stored: bool
    listed: bool
    said: str

    @property
    def key(self) -> Key:
        return self.service, self.when, self.fault

    def is_said(self, text: str) -> bool:
        """Whether *text* holds the message."""
        parts = (re.escape(part) for part in self.said.split("…"))
        return re.search(".*".join(parts), text, re.DOTALL) is not None


def rows(page: str | None = None) -> Iterator[Row]:
    """Yield a row for each fault of the page."""
    service = ""
    for line in (PAGE.read_text() if page is None else page).splitlines():
        if line.startswith("## "):
            service = line.removeprefix("## ").strip()
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or cells == HEADER or set(line) <= set("|-"):
            continue
        assert len(cells) == len(HEADER), f"not a row of the table: {line}"
        when, what, code, again, stored, listed, said = cells
        for fault in what.split(";"):
            yield Row(
                service, when, fault.strip(), int(code),
                yes(again), yes(stored), yes(listed), said.strip("`"),
            )  # fmt: skip


def yes(word: str) -> bool:
    """Return what a cell says.

    Raises:
        KeyError: It says neither.
    """
    return {"yes": True, "no": False}[word]
