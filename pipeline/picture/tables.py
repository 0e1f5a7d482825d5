"""Write the evidence as tables: who confirmed which name, and what each server said. Pure."""

from collections.abc import Collection, Iterable
from itertools import groupby

from pipeline.report import PerspectiveLine, RecordLine
from pipeline.text import counted

from .lanes import seconds
from .markup import Html, element, escaped
from .matrix import Cell, Matrix, Row, Server, state
from .states import LOOKS, look

LEAF = "_acme-challenge."

HEAD = 60
"""Letters of a column's head."""

ROLES = {
    "authoritative": "authoritative servers",
    "recursive": "recursive resolvers",
    "provider": "the DNS host's word",
}


def legend(states: Collection[str]) -> Html:
    """Return what the marks of *states* mean, the best first."""
    items = (
        element(
            "li", element("b", f"{each.symbol} {each.word}", class_=each.state), f" {each.meaning}"
        )
        for each in reversed(LOOKS)
        if each.state in states
    )
    return element("ul", *items, class_="legend") if states else Html()


def matrix_table(matrix: Matrix, shown: Collection[str]) -> Html:
    """Return the table of *matrix*, with the rows of the names in *shown*."""
    rows = [row for row in matrix.rows if row.record.name in shown]
    left = matrix.rows[len(rows) :]
    where = f"Zone {', '.join(matrix.zones[:3])}: " if matrix.zones else ""
    size = f"{counted(len(matrix.rows), 'name')}, {counted(len(matrix.servers), 'server')}"
    heads = (
        server_head(server, f"{matrix.confirmed(column)} of {len(matrix.rows)} ✓")
        for column, server in enumerate(matrix.servers)
    )
    roles = (
        element("th", ROLES.get(role, clipped(role)), colspan=len(list(same)), scope="colgroup")
        for role, same in groupby(matrix.servers, key=lambda server: server[0])
    )
    name = element("th", "name", scope="col", rowspan=2)
    table = element(
        "table",
        element("caption", f"{where}{size}"),
        element("thead", element("tr", name, *roles), element("tr", *heads)),
        element("tbody", *map(matrix_row, rows), rest(left, len(matrix.servers) + 1)),
        class_="matrix",
    )
    return scrolling(table, f"Names by servers. {where}")


def scrolling(table: Html, label: str) -> Html:
    """Return *table* in a box of its own, which scrolls, also by keyboard."""
    return element(
        "div", table, class_="scroll", role="region", aria_label=label.strip(), tabindex=0
    )


def server_head(server: Server, confirmed: str) -> Html:
    """Return the head of a server's column."""
    _, host, address = server
    named = "" if host == address else dotted(clipped(host))
    return element(
        "th",
        named,
        element("span", clipped(address), class_="address") if address else "",
        element("span", confirmed, class_="dim"),
        scope="col",
        title=f"{host} {address}",
    )


def clipped(text: str) -> str:
    """Return *text* so short that a head leaves room for the body below it."""
    return text if len(text) <= HEAD else f"{text[: HEAD - 1]}…"


def matrix_row(row: Row) -> Html:
    """Return the row of a name."""
    cells = (
        element("td", short(cell), class_=look(state(cell)).state, title=long(cell))
        for cell in row.cells
    )
    return element("tr", element("th", *owner(row.record), scope="row"), *cells)


def owner(record: RecordLine) -> Iterable[Html]:
    """Yield the name of *record*, what is the same in all of them dimmed, and its target."""
    leaf = LEAF if record.name.startswith(LEAF) else ""
    if leaf:
        yield element("span", leaf, class_="dim")
    yield dotted(record.name[len(leaf) :])
    if record.target:
        yield element("span", f"is an alias for {record.target}", class_="dim")


def rest(rows: Iterable[Row], columns: int) -> Html:
    """Return a row that stands for *rows*, which are not shown."""
    left = list(rows)
    if not left:
        return Html()
    settled = sum(row.is_settled for row in left)
    what = f"and {counted(len(left), 'more name')}, {settled} of them confirmed everywhere"
    return element("tr", element("th", what, scope="row", colspan=columns))


def short(cell: Cell) -> str:
    """Return *cell* in a word."""
    mark = look(state(cell))
    times = [line.confirmed_at_s for line in cell if line.confirmed_at_s is not None]
    if mark.state == "confirmed" and times:
        return f"{mark.symbol} {seconds(max(times))}"
    return f"{mark.symbol} {mark.word}"


def long(cell: Cell) -> str:
    """Return *cell* in a sentence."""
    return "; ".join(said(line) for line in cell)


def said(line: PerspectiveLine) -> str:
    """Return what *line* says, in a sentence."""
    word = look(line.state).word
    detail = f": {line.detail}" if line.detail else ""
    since = f", since {seconds(line.since_s)}" if line.since_s is not None else ""
    asked = f", asked {counted(line.attempts, 'time')}" if line.attempts else ""
    return f"{line.server} {line.address}: {word}{detail}{since}{asked}"


def dotted(name: str) -> Html:
    """Return *name*, which may break after its dots."""
    return Html(escaped(name).replace(".", ".<wbr>"))
