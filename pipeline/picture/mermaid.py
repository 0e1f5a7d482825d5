"""Write the timeline as a Mermaid Gantt chart, which GitHub draws in a job's summary. Pure."""

import string

from pipeline.report import Report

from .axis import marks
from .lanes import Lane, Segment, clock_time, end, lanes, seconds, worst
from .states import BY_STATE, look

GOOD, BAD = BY_STATE["confirmed"].light, BY_STATE["absent"].light

MOST_LANES = 24
MOST_SEGMENTS = 12
"""What still can be read; some 20,000 characters, where GitHub draws 50,000 at most."""

PLAIN = frozenset(string.ascii_letters + string.digits + " .-_/()\N{RATIO}")
"""What titles may be made of: nothing that Mermaid acts on."""

TITLE = 46
"""Letters of a title."""

NARROW = 0.06
"""The part of the axis into which a word does not fit."""

COLOURS = {
    "doneTaskBkgColor": GOOD.ground, "doneTaskBorderColor": GOOD.text,
    "critBkgColor": BAD.ground, "critBorderColor": BAD.text,
    "taskBkgColor": "#e3e7eb", "taskBorderColor": "#3d4752",
    "activeTaskBkgColor": "#d8eef4", "activeTaskBorderColor": "#0a5468",
    "taskTextColor": "#1b2229", "taskTextDarkColor": "#1b2229", "taskTextLightColor": "#1b2229",
}  # fmt: skip
"""The page's, light; GitHub's own colours behind them follow the reader."""

TAGS = {"confirmed": "done, ", "partly": "active, ", "not-asked": "", "not-observable": ""}
"""How Mermaid colours a state; any other is ``crit``."""


def gantt(report: Report) -> str:
    """Return the chart of *report*, or nothing where nobody was heard."""
    found = [lane for lane in lanes(report) if lane.segments]
    if not found:
        return ""
    until = end(report)
    step = marks(until)[1] if len(marks(until)) > 1 else max(until, 0.001)
    kept = worst(found, MOST_LANES)
    ending = word(f"{report.status.replace('-', ' ')} {seconds(until)}")
    lines = [
        *config(max(len(title(lane)) for lane in kept)),
        "gantt",
        "    accTitle: When each server turned",
        "    dateFormat x",  # milliseconds
        "    axisFormat %s s" if step >= 1 else "    axisFormat %s.%L s",
        f"    tickInterval {max(1, round(step * 1000))}millisecond",
        "    todayMarker off",
        "    section run",
        "    start :milestone, 0, 0",
        f"    {ending} :milestone, {at(until)}, {at(until)}",
    ]
    for lane in kept:
        lines += [f"    section {title(lane)}", *(f"    {each}" for each in tasks(lane, until))]
    return "\n".join(lines)


def config(longest: int) -> list[str]:
    """Return how Mermaid is to draw: room for titles of *longest* letters, and quiet colours."""
    colours = (f"    {name}: '{colour}'" for name, colour in COLOURS.items())
    return [
        "---",
        "config:",
        "  gantt:",
        "    displayMode: compact",
        f"    leftPadding: {30 + 6 * longest}",
        "  themeVariables:",
        *colours,
        "---",
    ]


def title(lane: Lane) -> str:
    """Return who *lane* is of; the address is there in full."""
    address = word(lane.address)[:TITLE]
    host = "" if lane.server == lane.address else word(lane.server)[: TITLE - len(address)]
    return f"{host} {address}".strip() or "server"


def word(text: str) -> str:
    """Return *text* in letters that Mermaid takes for letters."""
    text = text.replace(":", "\N{RATIO}")  # a colon ends a title
    return " ".join("".join(c if c in PLAIN else " " for c in text).split())


def tasks(lane: Lane, until: float) -> list[str]:
    """Return a line for each segment of *lane*; of very many the first ones, and the last."""
    segments = lane.segments
    if len(segments) > MOST_SEGMENTS:
        segments = (*segments[: MOST_SEGMENTS - 1], segments[-1])
    more = f" until {word(clock_time(lane.repeats_until))[:24]}" if lane.repeats_until else ""
    return [*(task(each, until) for each in segments[:-1]), task(segments[-1], until, more)]


def task(segment: Segment, until: float, more: str = "") -> str:
    """Return *segment* as Mermaid wants it; one of no length could not be seen."""
    mark = look(segment.state)
    is_narrow = segment.end - segment.start < until * NARROW
    span = f"{at(segment.start)}, {max(at(segment.end), at(segment.start) + 1)}"
    text = mark.symbol if is_narrow and not more else f"{mark.word}{more}"
    return f"{text} :{TAGS.get(mark.state, 'crit, ')}{span}"


def at(moment: float) -> int:
    """Return *moment* in milliseconds."""
    return round(moment * 1000)
