"""The documentation as tests read it: pages, code blocks, tables."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BLOCK = re.compile(r"^```(\S+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the words after the fence, and what it holds."""

    language: str
    file: str
    text: str


def pages() -> list[Path]:
    """Return every page of documentation."""
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def blocks(page: Path, *languages: str) -> list[Block]:
    """Return the blocks of *page* in any of *languages*; all where none is named."""
    found = [Block(*match) for match in BLOCK.findall(page.read_text())]
    return [block for block in found if not languages or block.language in languages]


def prose(page: Path) -> str:
    """Return *page* without its blocks."""
    return BLOCK.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """Return what a link to a heading of *page* may say after ``#``, by GitHub's rule."""
    headings = HEADING.findall(prose(page))
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def rows(page: Path, first: str) -> Iterator[list[str]]:
    """Yield the cells of the table of *page* whose first column is headed *first*."""
    inside = False
    for line in prose(page).splitlines():
        split = re.split(r"(?<!\\)\|", line)[1:-1]
        cells = [cell.strip().replace(r"\|", "|") for cell in split]
        if not cells:
            inside = False
        elif cells[0] == first:
            inside = True
        elif inside and not set(cells[0]) <= set("-"):
            yield cells


def quoted(cell: str) -> list[str]:
    """Return what stands in backticks in a *cell*."""
    return re.findall(r"`([^`]+)`", cell)


def sources() -> Iterator[ast.Module]:
    """Yield every module that ships."""
    for package in ("pipeline", "providers"):
        for path in (ROOT / package).rglob("*.py"):
            yield ast.parse(path.read_text())
