"""Set the evidence out as tables, names by servers: one table for each set of servers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report import PerspectiveLine, RecordLine, Report

from .lanes import by_name
from .states import overall

Server = tuple[str, str, str]
"""Role, host or operator, address."""

Cell = tuple[PerspectiveLine, ...]
"""What one server said of one name; more than one line where the name is an alias."""


@dataclass(frozen=True, slots=True)
class Row:
    """One name, and a cell for each server of its table."""

    record: RecordLine
    cells: tuple[Cell, ...]

    @property
    def is_settled(self) -> bool:
        """Whether every server confirmed the name."""
        return all(state(cell) == "confirmed" for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Names that are asked about at the same servers, those in trouble first."""

    servers: tuple[Server, ...]
    rows: tuple[Row, ...]

    @property
    def zones(self) -> tuple[str, ...]:
        """The zones of the names, each once."""
        return tuple(dict.fromkeys(row.record.zone for row in self.rows if row.record.zone))

    def confirmed(self, column: int) -> int:
        """Return how many names the server of *column* confirmed."""
        return sum(state(row.cells[column]) == "confirmed" for row in self.rows)


def state(cell: Cell) -> str:
    """Return the one state that stands for *cell*."""
    return overall(line.state for line in cell)


def matrices(report: Report) -> tuple[Matrix, ...]:
    """Return the evidence of *report*; names that nobody was asked about are left out."""
    benches: dict[tuple[Server, ...], list[Row]] = {}
    for record in by_name(report.records).values():
        cells: dict[Server, Cell] = {}
        for line in record.perspectives:
            server = (line.role, line.server, line.address)
            cells[server] = (*cells.get(server, ()), line)
        if cells:
            benches.setdefault(tuple(cells), []).append(Row(record, tuple(cells.values())))
    found = (
        Matrix(servers, tuple(sorted(rows, key=lambda row: row.is_settled)))
        for servers, rows in benches.items()
    )
    return tuple(sorted(found, key=lambda matrix: matrix.rows[0].is_settled))


def shown(found: Sequence[Matrix], most: int) -> frozenset[str]:
    """Return the names to show of *found* where there is room for *most*: troubled ones first."""
    rows = sorted((row for matrix in found for row in matrix.rows), key=lambda row: row.is_settled)
    return frozenset(row.record.name for row in rows[:most])
