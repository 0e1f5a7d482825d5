"""The tables of a run, for the terminal and for the page."""

from collections.abc import Iterable, Iterator, Sequence

from .clients import ISSUES, STAGE
from .parts import HEADINGS
from .results import Results
from .summary import Group, Spread, chosen, groups, ratio
from .table import TOLD, Figure, Row, Target, shown

SAID = {"1": "1 name", "both": "apex + wildcard", "20": "20 names", "100": "100 names"}
COMPARED = (0, 5)
"""Seconds of delay at which peers run."""


def all_of(results: Results) -> Iterator[tuple[str, Sequence[Row]]]:
    """Yield each table of *results* with its heading."""
    for delay in COMPARED:
        heading = f"Secondaries {delay} s late" if delay else "No delay"
        yield heading, comparison(results, delay)
    yield "Questions by type: authoritative / recursive", kinds(results)
    yield "From the last server's serving to ready", detection(results)
    for name, rows in results.parts.items():
        yield HEADINGS[name], rows


def comparison(results: Results, delay: float) -> list[Row]:
    """Return who took what with *delay*."""
    found = [group for group in groups(results.runs) if group.delay == delay]
    compared = {group.case for group in found if group.client != STAGE}
    return [
        _compared(group, chosen(found, ISSUES, group.case, delay))
        for group in found
        if group.case in compared
    ]


def kinds(results: Results) -> list[Row]:
    """Return questions by type, of each kind of run that peers did, too."""
    return [
        Row(_named(group, delay=True), _of_types(group))
        for group in groups(results.runs)
        if group.delay in COMPARED and group.case in ("1", "100")
    ]


def detection(results: Results) -> list[Row]:
    """Return how long after the last server served it a record was ready."""
    return [
        Row(
            _named(group, delay=True),
            {
                "served after s": _said(wait),
                "ready then after s": _said(lag),
                "% of the wait": 100 * lag.median / wait.median,
            },
        )
        for group in groups(results.runs)
        if group.delay and (wait := group.of("wait")) and (lag := group.of("lag"))
    ]


def verdicts(targets: Iterable[Target]) -> list[Row]:
    """Return a line for each promise."""
    return [
        Row(
            target.name + (" (this machine)" if target.of_machine else ""),
            {
                "measured": _with_unit(target.value, target.unit),
                "at most": None if target.most == TOLD else _with_unit(target.most, target.unit),
                "": _verdict(target),
            },
        )
        for target in targets
    ]


def _verdict(target: Target) -> str:
    if target.most == TOLD:
        return "no promise"
    return "met" if target.met else "**missed**"


def _with_unit(value: float, unit: str) -> str:
    """Return *value* with its unit: a count, which may be a median, without decimals."""
    return f"{shown(int(value) if value == int(value) else value)} {unit}".strip()


def _compared(group: Group, base: Group | None) -> Row:
    figures: dict[str, Figure] = {
        "ok": group.ok,
        "ratio": None if group.client == STAGE or group.day else ratio(group, base),
        "ready s": _said(group.of("ready")),
        "whole s": _said(group.of("wall")),
        "CPU s": _said(group.of("cpu")),
        "MiB": _middle(group, "peak"),
        "questions": _middle(group, "questions"),
        "updates": _middle(group, "updates"),
        "CA calls": _middle(group, "calls"),
    }
    return Row(_named(group), figures)


def _of_types(group: Group) -> dict[str, Figure]:
    mine, theirs = group.kinds("authoritative"), group.kinds("recursive")
    order = ["TXT", "SOA", "NS", "A", "AAAA", "CNAME", "CAA"]
    order += sorted({*mine, *theirs} - set(order))
    return {kind: f"{mine.get(kind, 0):,} / {theirs.get(kind, 0):,}" for kind in order}


def _named(group: Group, *, delay: bool = False) -> str:
    late = f", {group.delay:g} s late" if delay else ""
    return f"{SAID[group.case]}{late}: {group.client}{group.remark}"


def _middle(group: Group, field: str) -> Figure:
    middle = group.of(field)
    return round(middle.median) if middle else None


def _said(spread: Spread | None) -> Figure:
    return str(spread) if spread else None
