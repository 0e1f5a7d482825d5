"""Write down, to be opened, what each server said, name by name. Pure."""

from collections.abc import Collection, Sequence

from pipeline.report import PerspectiveLine

from .lanes import clock_time, seconds
from .markup import Html, element
from .matrix import Matrix, Row
from .states import look

HEADS = ("server", "state", "what it said", "asked", "turns")


def words(found: Sequence[Matrix], names: Collection[str]) -> Html:
    """Return what each server said of each of *names*, folded."""
    rows = [row for matrix in found for row in matrix.rows if row.record.name in names]
    return element(
        "details",
        element("summary", "What each server said, name by name"),
        *map(told, rows),
        class_="words",
        open="" if len(rows) < 10 else None,
    )


def told(row: Row) -> Html:
    """Return what each server said of the name of *row*, folded."""
    lines = [line for cell in row.cells for line in cell]
    confirmed = sum(line.state == "confirmed" for line in lines)
    title = f"{row.record.name}: {confirmed} of {len(lines)} confirmed"
    heads = element("tr", *(element("th", each, scope="col") for each in HEADS))
    return element(
        "details",
        element("summary", title),
        element(
            "table",
            element("thead", heads),
            element("tbody", *map(line_row, lines)),
            class_="said",
        ),
    )


def line_row(line: PerspectiveLine) -> Html:
    """Return the row of what one server said."""
    mark = look(line.state)
    who = line.address if line.server == line.address else f"{line.server} {line.address}".strip()
    until = f" until {clock_time(line.repeats_until)}" if line.repeats_until else ""
    turns = ", ".join(f"{seconds(at)} {look(state).word}" for at, state in line.history[-12:])
    earlier = "… " if len(line.history) > 12 else ""
    return element(
        "tr",
        element("th", who, scope="row"),
        element("td", element("b", f"{mark.symbol} {mark.word}", class_=mark.state), until),
        element("td", line.detail, f" ({line.cause})" if line.cause else ""),
        element("td", str(line.attempts)),
        element("td", f"{earlier}{turns}"),
    )
