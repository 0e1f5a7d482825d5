"""Write the records of a run, a zone at a time."""

from collections.abc import Sequence

from .case import Case
from .hosts import Hosts
from .model import Exit
from .planning import by_zone

REFUSALS = {Exit.DATA, Exit.REFUSED}
"""Answers of a DNS host that concern what was to be written, not the host."""


def append(cases: Sequence[Case], hosts: Hosts, mark: str, deadline: float) -> None:
    """Write the records of *cases*; fail those it goes wrong for.

    A host that refuses a zone's records may do so for the sake of one name:
    then each case is written by itself.
    """
    records = [record for case in cases for record in case.records]
    failures = hosts.publish(by_zone(records), mark, deadline)
    failed = [case for case in cases if failures.keys() & by_zone(case.records).keys()]
    for case in failed:
        mine = [failures[group] for group in by_zone(case.records) if group in failures]
        if len(failed) > 1 and all(failure.exit in REFUSALS for failure in mine):
            append([case], hosts, mark, deadline)
        else:
            case.failure = mine[0]
