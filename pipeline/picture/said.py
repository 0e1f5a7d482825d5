"""Write down, to be opened, what each server said, and which orders and values were at stake."""

from collections.abc import Collection, Sequence

from pipeline.report import PerspectiveLine, Report

from .lanes import clock_time, seconds
from .markup import Html, element
from .matrix import Matrix, Row
from .states import look
from .tables import scrolling

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
        element("td", line.detail),
        element("td", str(line.attempts)),
        element("td", f"{earlier}{turns}"),
    )


def orders(report: Report) -> Html:
    """Return the orders, if there are any."""
    if not report.orders:
        return Html()
    return listed(
        ("certificate", "source", "status", "exit", "URI"),
        [
            (order.name, order.source, order.status, str(int(order.exit)), order.uri)
            for order in report.orders
        ],
        "Orders",
        200,
    )


def records(report: Report, most: int) -> Html:
    """Return the values, if there are any."""
    if not report.records:
        return Html()
    return listed(
        ("name", "value", "zone", "provider"),
        [(each.name, each.value, each.zone, each.provider) for each in report.records],
        "Values",
        most,
    )


def listed(heads: Sequence[str], rows: Sequence[Sequence[str]], title: str, most: int) -> Html:
    """Return a plain table of the first *most* of *rows*."""
    body = [
        element("tr", element("th", first, scope="row"), *(element("td", each) for each in others))
        for first, *others in rows[:most]
    ]
    if len(rows) > most:
        more = element("td", f"and {len(rows) - most} more", colspan=len(heads))
        body.append(element("tr", more))
    head = element("tr", *(element("th", each, scope="col") for each in heads))
    return scrolling(
        element("table", element("thead", head), element("tbody", *body), class_="plain"), title
    )
