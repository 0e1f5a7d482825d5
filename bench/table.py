"""What every benchmark returns: rows of figures, and the targets that these meet or miss.

A module of benchmarks has ``measure() -> list[Row]`` and, where something is promised of its
figures, ``targets(rows) -> list[Target]``; run by itself (``python -m bench.engine``) it prints
`text` of its rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

Figure = float | int | str | None
"""None: does not apply here."""

TOLD = inf


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Attributes:
        name: What was measured, unique in its table.
        figures: Column heading, with its unit, to figure. Rows need not have the same columns.
    """

    name: str
    figures: Mapping[str, Figure] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Target:
    """A promise, and what was measured.

    Attributes:
        name: What is promised, e.g. ``100 names, delay 0: wall``.
        value: The figure.
        most: What it may be at most; `TOLD` where nothing is promised, but all should see it.
        unit: Of both; empty where they are ratios or counts.
        of_machine: Whether another machine would show another figure: seconds do, ratios do not.
    """

    name: str
    value: float
    most: float
    unit: str = ""
    of_machine: bool = False

    @property
    def met(self) -> bool:
        """Whether the promise is kept."""
        return self.value <= self.most


def columns(rows: Sequence[Row]) -> list[str]:
    """Return the headings of *rows*, in the order of first use."""
    return list(dict.fromkeys(heading for row in rows for heading in row.figures))


def shown(figure: Figure) -> str:
    """Return *figure* as people read it: two or three digits that count, thousands apart."""
    match figure:
        case None:
            return "-"
        case str():
            return figure
        case int():
            return f"{figure:,}"
        case float():
            if abs(figure) < 1:
                return f"{round(figure, 3):g}"
            return f"{figure:,.{0 if figure >= 100 else 1 if figure >= 10 else 2}f}"


def text(rows: Sequence[Row]) -> str:
    """Return *rows* as a table for a terminal."""
    cells = _cells(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in cells
    )


def markdown(rows: Sequence[Row]) -> str:
    """Return *rows* as a table of a page."""
    heading, *lines = _cells(rows)
    rule = ["---", *["---:"] * (len(heading) - 1)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (heading, rule, *lines))


def _cells(rows: Sequence[Row]) -> list[list[str]]:
    headings = columns(rows)
    lines = [[row.name, *(shown(row.figures.get(each)) for each in headings)] for row in rows]
    return [["", *headings], *lines]
