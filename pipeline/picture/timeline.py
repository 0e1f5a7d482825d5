"""Draw when each server turned: a table of lanes, each a bar in SVG. Pure.

Places are percentages, so that a bar is as wide as there is room, and its
letters stay as large as they are.
"""

from collections.abc import Sequence
from itertools import groupby

from pipeline.report import Report
from pipeline.text import counted

from .axis import Scale, axis
from .lanes import Lane, Segment, clock_time, end, lanes, seconds, worst
from .markup import Html, element, joined
from .states import look

MOST = 60
"""Lanes shown."""

GROUPS = {"authoritative": "Authoritative servers", "recursive": "Recursive resolvers"}


def timeline(report: Report) -> Html:
    """Return the chart of *report*, or nothing where nobody was asked."""
    found = lanes(report)
    if not any(lane.segments for lane in found):
        return Html()
    scale = Scale(end(report), afterwards=any(lane.repeats_until for lane in found))
    kept = worst(found, MOST)
    groups = [
        group(role, tuple(members), scale)
        for role, members in groupby(kept, lambda each: each.role)
    ]
    rest = len(found) - len(kept)
    more = element("p", f"And {counted(rest, 'server')} more.") if rest else ""
    return joined(
        element(
            "table",
            element("caption", legend_of_marks(found)),
            element("thead", axis(scale, report.status.replace("-", " "))),
            *groups,
            class_="lanes",
        ),
        more,
    )


def legend_of_marks(found: Sequence[Lane]) -> str:
    """Return what the marks on bars mean, those that are there."""
    marks = "Seconds from process start. A triangle marks the answer that confirmed the last name."
    if any(lane.repeats_until for lane in found):
        marks += " Hatched: an old answer that a resolver will repeat, whatever the servers say."
    return marks


def group(role: str, members: Sequence[Lane], scale: Scale) -> Html:
    """Return the lanes of one role."""
    confirmed = sum(lane.state == "confirmed" for lane in members)
    title = f"{GROUPS.get(role, role)}: {confirmed} of {len(members)} confirmed"
    head = element("tr", element("th", title, colspan=3, scope="rowgroup"), class_="group")
    return element("tbody", head, *(row(lane, scale) for lane in members))


def row(lane: Lane, scale: Scale) -> Html:
    """Return *lane* as a row: who, the bar, the outcome."""
    same = lane.server == lane.address
    host = joined(lane.server, " ") if lane.server and not same else ""
    return element(
        "tr",
        element("th", host, element("span", lane.address, class_="address"), scope="row"),
        element("td", bar(lane, scale), class_="bar"),
        element(
            "td",
            outcome(lane),
            element("span", f" {lane.cause}", class_="dim") if lane.cause else "",
            class_=f"outcome {look(lane.state).state}",
        ),
    )


def outcome(lane: Lane) -> str:
    """Return how *lane* ended."""
    mark = look(lane.state)
    if lane.confirmed_at_s is not None:
        return f"{mark.symbol} {seconds(lane.confirmed_at_s)}"
    until = f", until {clock_time(lane.repeats_until)}" if lane.repeats_until else ""
    part = f" ({lane.confirmed} of {lane.names})" if lane.confirmed else ""
    return f"{mark.symbol} {mark.word}{part}{until}"


def bar(lane: Lane, scale: Scale) -> Html:
    """Return the picture of *lane*, and its words for who cannot see it."""
    grid = [
        element("line", x1=scale.place(at), x2=scale.place(at), y1=0, y2="100%", class_="grid")
        for at in scale.marks()
    ]
    finish = scale.place(scale.until)
    parts = [box(segment, scale) for segment in lane.segments]
    if lane.repeats_until and lane.segments:
        parts[-1] = poisoned_box(lane.segments[-1], scale, lane.repeats_until)
    if lane.confirmed_at_s is not None:
        parts.append(triangle(scale.place(lane.confirmed_at_s)))
    turns = [f"{look(each.state).word} at {seconds(each.start)}" for each in lane.segments]
    more = f", and {counted(len(turns) - 8, 'turn')} more" if len(turns) > 8 else ""
    return element(
        "svg",
        *grid,
        *parts,
        element("line", x1=finish, x2=finish, y1=0, y2="100%", class_="finish"),
        width="100%",
        height=30,
        role="img",
        aria_label=(", ".join(turns[:8]) + more) or "nothing heard",
    )


def box(segment: Segment, scale: Scale) -> Html:
    """Return *segment* as a box, lettered as far as it has room."""
    mark = look(segment.state)
    width = scale.at(segment.end) - scale.at(segment.start)
    letters = f"{mark.symbol} {mark.word}" if width > 14 else mark.symbol if width > 3 else ""
    title = f"{mark.word}, {seconds(segment.start)} to {seconds(segment.end)}"
    return placed(segment, scale, width, title, letters)


def poisoned_box(segment: Segment, scale: Scale, until: str) -> Html:
    """Return *segment*, the last of its lane, as a box that reaches past the end of the run."""
    mark = look(segment.state)
    title = f"{mark.word}, {seconds(segment.start)} to {clock_time(until)}"
    letters = f"{mark.symbol} {mark.word}, will repeat that until {clock_time(until)}"
    hatch = element("rect", width="100%", height=20, class_="hatch")
    return placed(segment, scale, 100 - scale.at(segment.start), title, letters, hatch)


def placed(
    segment: Segment, scale: Scale, width: float, title: str, letters: str, *over: Html
) -> Html:
    """Return the box of *segment*, *width* percent wide; letters that do not fit are cut off."""
    return element(
        "svg",
        element("title", title),
        element("rect", width="100%", height=20),
        *over,
        element("rect", width=2, height=20, class_="turn"),
        element("text", letters, x=7, y=14.5) if letters else "",
        x=scale.place(segment.start),
        y=8,
        width=f"{max(width, 0.4):g}%",
        height=20,
        class_=look(segment.state).state,
    )


def triangle(place: str) -> Html:
    """Return the mark of a confirmation, above the bar."""
    shape = element("path", d="M-4.5 0H4.5L0 7z")
    return element("svg", shape, x=place, overflow="visible", class_="mark")
