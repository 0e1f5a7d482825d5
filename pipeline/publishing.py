"""Write the records of a run, a zone at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .case import Case
from .hosts import Hosts
from .model import Exit
from .outcomes import is_untouched
from .planning import by_zone

if TYPE_CHECKING:
    from .receipts.folder import Place

REFUSALS = {Exit.DATA, Exit.REFUSED}
"""Answers of a DNS host that concern what was to be written, not the host."""


def append(cases: Sequence[Case], hosts: Hosts, mark: str, deadline: float) -> "set[Place]":
    """Write the records of *cases*; fail those it goes wrong for.

    Returns where something was, or may have been, written.

    A host that refuses a zone's records may do so for the sake of one name:
    then each case is written by itself.
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
    for case in failed:
        mine = [failures[group] for group in by_zone(case.records) if group in failures]
        if len(failed) > 1 and all(failure.exit in REFUSALS for failure in mine):
            touched |= append([case], hosts, mark, deadline)
        else:
            case.failure = mine[0]
    return touched
