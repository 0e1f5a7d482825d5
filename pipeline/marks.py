"""The mark that goes beside each record, where the host has room for one. Pure.

It is a hint, never proof: a comment at a DNS host is free text.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from dns.name import Name

from providers.contract import Marked

from .model import Challenge

PREFIX = "dns01 run="
MARK = re.compile(PREFIX + "([0-9a-f]{16})")


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
