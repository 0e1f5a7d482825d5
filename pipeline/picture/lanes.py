"""Follow each server through a run, over all the names it was asked about. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, pairwise

from pipeline.report import PerspectiveLine, RecordLine, Report

from .states import overall

SLOTS = 60
"""Into how many parts a lane is cut where a server turns more often than that."""

BLINK = 1 / 200
"""The part of a lane that is too short to see."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A span in which a server showed one state. Seconds from process start."""

    start: float
    end: float
    state: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One server's way through the run.

    Attributes:
        state: Where it ended.
        confirmed_at_s: When its last name was confirmed, if all were.
        names: About how many names it was to be asked.
        confirmed: How many of them it confirmed.
        repeats_until: Until what time of day (ISO 8601) it will repeat an old answer.
        cause: The code of the likely reason why it kept us waiting, of the first name if several.
    """

    role: str
    server: str
    address: str
    segments: tuple[Segment, ...]
    state: str
    confirmed_at_s: float | None
    names: int
    confirmed: int
    repeats_until: str | None
    cause: str | None


def by_name(records: Iterable[RecordLine]) -> dict[str, RecordLine]:
    """Return the first record at each name: values at one name share their evidence."""
    found: dict[str, RecordLine] = {}
    for record in records:
        found.setdefault(record.name, record)
    return found


def end(report: Report) -> float:
    """Return when the chart of *report* ends."""
    lines = (line for record in report.records for line in record.perspectives)
    return max([report.elapsed_s, *(at for line in lines for at, _ in line.history)], default=0.0)


def lanes(report: Report) -> tuple[Lane, ...]:
    """Return a lane for each server asked, authoritative ones first."""
    servers: dict[tuple[str, str, str], list[PerspectiveLine]] = {}
    for record in by_name(report.records).values():
        for line in record.perspectives:
            servers.setdefault((line.role, line.server, line.address), []).append(line)
    until = end(report)
    found = [lane(lines, until) for (role, *_), lines in servers.items() if role != "provider"]
    return tuple(sorted(found, key=lambda each: each.role))


def worst(found: Sequence[Lane], most: int) -> list[Lane]:
    """Return *most* of *found*, in their order: confirmed ones only where there is room."""
    keep = set(sorted(found, key=lambda lane: lane.state == "confirmed")[:most])
    return [lane for lane in found if lane in keep]


def lane(lines: Sequence[PerspectiveLine], until: float) -> Lane:
    """Return the lane of the server that said *lines*, up to *until*."""
    first = lines[0]
    state = overall(line.state for line in lines)
    times = [line.confirmed_at_s for line in lines if line.confirmed_at_s is not None]
    return Lane(
        first.role,
        first.server,
        first.address,
        tuple(segments(lines, until)),
        state,
        max(times) if state == "confirmed" and times else None,
        len(lines),
        sum(line.state == "confirmed" for line in lines),
        max((line.repeats_until for line in lines if line.repeats_until), default=None),
        next((line.cause for line in lines if line.cause), None),
    )


def segments(lines: Sequence[PerspectiveLine], until: float) -> list[Segment]:
    """Return the spans of one server that said *lines*, oldest first."""
    turns = [*changes(lines), (until, "")]
    spans = [Segment(at, after, state) for (at, state), (after, _) in pairwise(turns)]
    spans = merged(without_blinks(merged(spans), until * BLINK))
    return spans if len(spans) <= SLOTS else merged(coarse(spans, until / SLOTS))


def changes(lines: Sequence[PerspectiveLine]) -> Iterator[tuple[float, str]]:
    """Yield whenever one of *lines* changed, and which state stands for all of them then."""
    turns = sorted(
        (at, index, state) for index, line in enumerate(lines) for at, state in line.history
    )
    present = dict.fromkeys(range(len(lines)), "not-asked")
    counts = Counter(present.values())
    for at, together in groupby(turns, key=lambda turn: turn[0]):
        for _, index, state in together:
            counts.subtract([present[index]])
            counts.update([state])
            present[index] = state
        yield at, overall(state for state, count in counts.items() if count)


def without_blinks(spans: Sequence[Segment], shortest: float) -> Iterator[Segment]:
    """Yield *spans*, but where others are asked within *shortest* the wait for them is no state."""
    start: float | None = None
    for span in spans:
        begin = span.start if start is None else start
        start = begin if span.state == "partly" and span.end - begin < shortest else None
        if start is None:
            yield replace(span, start=begin)


def coarse(spans: Sequence[Segment], width: float) -> Iterator[Segment]:
    """Yield *spans*; of each slot of *width* seconds that has more than two: ``unsteady``."""
    for slot in range(int(spans[0].start / width), SLOTS):
        start = slot * width
        end = start + width if slot + 1 < SLOTS else float("inf")
        within = [
            Segment(max(span.start, start), min(span.end, end), span.state)
            for span in spans
            if span.start < end and span.end > start
        ]
        if len(within) > 2:
            yield Segment(within[0].start, within[-1].end, "unsteady")
        else:
            yield from within


def merged(spans: Iterable[Segment]) -> list[Segment]:
    """Return *spans* with neighbours of one state made one."""
    found: list[Segment] = []
    for span in spans:
        if found and found[-1].state == span.state:
            found[-1] = replace(found[-1], end=span.end)
        else:
            found.append(span)
    return found


def clock_time(iso: str) -> str:
    """Return the time of day in *iso* as people say it; what is no time is returned as it is."""
    try:
        return f"{datetime.fromisoformat(iso):%H:%M:%S} UTC"
    except ValueError:
        return iso


def seconds(moment: float) -> str:
    """Return *moment*, seconds from process start, for people."""
    return f"{moment:.1f} s" if moment < 99.95 else f"{moment:.0f} s"
