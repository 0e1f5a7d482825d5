"""Write the records of a run, a zone at a time."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .case import Case
from .hosts import Hosts
from .model import Exit, Failed, Record
from .outcomes import is_untouched, refused_at
from .planning import Group, by_zone

if TYPE_CHECKING:
    from .receipts.folder import Place

REFUSALS = {Exit.DATA, Exit.REFUSED}
"""Answers of a DNS host that concern what was to be written, not the host."""


def append(cases: Sequence[Case], hosts: Hosts, mark: str, deadline: float) -> "set[Place]":
    """Write the records of *cases*; fail those it goes wrong for.

    Returns where something was, or may have been, written.

    A host that refuses a zone's records may do so for the sake of a few names. Where it
    tells which, the others are written at once; else it is tried by halves.
    """
    records = [record for case in cases for record in case.records]
    groups = by_zone(records)
    failures = hosts.publish(groups, mark, deadline)
    touched = {
        record.place
        for group, mine in groups.items()
        if not is_untouched(failures.get(group))
        for record in mine
    }
    failed = [case for case in cases if failures.keys() & by_zone(case.records).keys()]
    for part in settle(failed, failures):
        touched |= append(part, hosts, mark, deadline)
    return touched


def settle(cases: Sequence[Case], failures: Mapping[Group, Failed]) -> Iterable[Sequence[Case]]:
    """Fail those of *cases* that a failure is about; return what of the rest to write at once."""
    left = []
    is_told = False
    for case in cases:
        mine = [failures[group] for group in by_zone(case.records) if group in failures]
        if told := [failed for record in case.records if (failed := blamed(record, failures))]:
            case.failure, is_told = told[0], True
        elif len(cases) == 1 or any(failure.exit not in REFUSALS for failure in mine):
            case.failure = mine[0]
        else:
            left.append(case)
    middle = 0 if is_told else len(left) // 2
    return filter(None, (left[:middle], left[middle:]))


def blamed(record: Record, failures: Mapping[Group, Failed]) -> Failed | None:
    """Return the failure of *record* alone, where its host has refused it by name."""
    failed = failures.get((record.provider, record.zone))
    return refused_at(record.owner, failed, record.provider) if failed else None
