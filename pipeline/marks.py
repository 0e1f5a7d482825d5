"""The mark that goes beside each record, where the host has room for one. Pure.

It is a hint, never proof: a comment at a DNS host is free text.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dns.name import Name

from providers.contract import Marked, Zone

from .model import Challenge, Failed, Problem, Severity
from .text import counted, printable

PREFIX = "dns01 run="
MARK = re.compile(PREFIX + "([0-9a-f]{16})")

SHOWN = 3
"""Records, or zones, that one sentence lists."""


def mark_of(run: str) -> str:
    """Return the mark of what the run with this id writes."""
    return PREFIX + run


def run_of(mark: str) -> str | None:
    """Return the id of the run whose *mark* this is, whole; None: it is no mark of ours."""
    match = MARK.fullmatch(mark)
    return match[1] if match else None


@dataclass(frozen=True, slots=True)
class Listed:
    """What receipts vouch for: runs by id, and values by the name they are written at."""

    runs: frozenset[str]
    values: frozenset[tuple[Name, str]]


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What is old, carries our mark, and is no receipt's.

    Attributes:
        ours: At challenge names, with values as challenges have them.
        strange: At any other name, or another kind of value; perhaps a delegated challenge's.
    """

    ours: tuple[Marked, ...] = ()
    strange: tuple[Marked, ...] = ()


def leftovers(found: Iterable[Marked], before: datetime, listed: Listed) -> Leftovers:
    """Return what of *found* was stored before *before* and belongs to none of *listed*."""
    old = [each for each in found if each.created < before and is_forsaken(each, listed)]
    ours = tuple(each for each in old if is_challenge(each))
    return Leftovers(ours, tuple(each for each in old if each not in ours))


def is_forsaken(each: Marked, listed: Listed) -> bool:
    """Whether *each* carries a mark of ours, and no receipt lists its run or its value."""
    run = run_of(each.mark)
    value = (each.record.name, each.record.value)
    return run is not None and run not in listed.runs and value not in listed.values


def is_challenge(each: Marked) -> bool:
    """Whether name and value pass the guard that every record of ours passes."""
    try:
        Challenge(each.record.name, each.record.value)
    except ValueError:
        return False
    return True


def names(each: Collection[Marked], most: int) -> str:
    """Return a few of the records as text."""
    shown = [f"{one.record.name} TXT {one.record.value}" for one in list(each)[:most]]
    more = [f"and {len(each) - most} more"] if len(each) > most else []
    return ", ".join([*shown, *more])


def unasked(failed: Failed) -> Problem:
    """Return that no host was asked for marks: a warning, for not all was done."""
    message = f"no DNS host was asked for left-overs: {failed.problem.message}"
    return Problem("host-not-asked", message, failed.problem.hint, Severity.WARNING)


def unmarked(provider: str) -> Problem:
    """Return that *provider* keeps no marks: good to know."""
    message = f"{provider} keeps no marks: what no receipt here lists cannot be told there"
    hint = "run clean --stale where the receipts are, on each machine with a state folder"
    return Problem("no-marks", message, hint, Severity.NOTICE)


def unread(provider: str, zones: Sequence[Zone]) -> Problem:
    """Return that these credentials see *zones* and may not read their records."""
    more = f" and {len(zones) - SHOWN} more" if len(zones) > SHOWN else ""
    listed = ", ".join(str(zone.apex) for zone in zones[:SHOWN])
    message = f"{provider}: nothing was looked for in {listed}{more}: no access to the records"
    return Problem("zones-unread", printable(message, 500), severity=Severity.NOTICE)


def unlisted(provider: str, failed: Failed) -> Problem:
    """Return that only configured zones were looked at."""
    message = f"{provider}: only configured zones were looked at: {failed.problem.message}"
    return Problem("zones-unread", message, failed.problem.hint, Severity.NOTICE)


def strange(provider: str, zone: Zone, left: Sequence[Marked]) -> Problem:
    """Return that records with our mark stand where no challenge is, and were not touched."""
    message = (
        f"{counted(len(left), 'record')} in zone {zone.apex} at {provider} with a mark of ours, "
        f"at no challenge name, left alone: {names(left, SHOWN)}"
    )
    hint = "if they are a delegated challenge's left-overs, remove them there by hand"
    return Problem("mark-elsewhere", printable(message, 1000), hint, Severity.NOTICE)
