"""What is promised of the comparison, held against its runs."""

from collections.abc import Iterable, Sequence

from .clients import ISSUES, STAGE
from .runs import Run
from .summary import Group, chosen, groups, ratio
from .table import TOLD, Target
from .tables import SAID

LAG = 0.1
"""Of the time that the record took to be served everywhere."""


def targets(runs: Iterable[Run]) -> list[Target]:
    """Return the targets that the last comparison of *runs* can show met or missed."""
    found = [group for group in groups(runs) if not group.day]
    return [*_at_once(found), *_late(found), *_always(found)]


def _at_once(found: Sequence[Group]) -> list[Target]:
    kept = []
    if one := chosen(found, STAGE, "1", 0):
        kept += _alone(one)
    if hundred := chosen(found, STAGE, "100", 0):
        what = _what(hundred)
        kept += _seconds(f"{what}, whole process", hundred, "wall", 0.7)
        if questions := hundred.of("questions"):
            kept.append(Target(f"{what}, DNS questions", questions.median, 1100))
    return [*kept, *_beside_certbot(found)]


def _alone(one: Group) -> list[Target]:
    """Whether a NOTIFY is sent at once or half a second later is the primary's affair."""
    what = f"{_what(one)}, whole process"
    return [
        *_seconds(f"{what} less the wait for secondaries", one, "own", 0.45),
        *_seconds(f"{what}, that wait included", one, "wall", TOLD),
    ]


def _beside_certbot(found: Sequence[Group]) -> list[Target]:
    """Only `ISSUES` has certbot's work; `STAGE` has its order from a file, and no CA."""
    certbot = chosen(found, "certbot:1", "100", 0)
    works = {STAGE: "without a CA, of certbot's with one", ISSUES: "of certbot's, the same work"}
    return [
        Target(f"{_what(group)}, time to hand over {work}", times, 1 / 3)
        for client, work in works.items()
        if (group := chosen(found, client, "100", 0))
        and certbot
        and (times := ratio(group, certbot)) is not None
    ]


def _late(found: Sequence[Group]) -> list[Target]:
    kept = []
    for group in found:
        wait, lag = group.of("wait"), group.of("lag")
        if not group.delay or not wait or not lag:
            continue
        what = _what(group)
        if (group.case, group.delay) == ("100", 5) and group.client == STAGE:
            kept += _seconds(f"{what}, ready after the last server", group, "lag", 0.5)
        if (group.case, group.delay) == ("100", 5) and group.client == ISSUES:
            told = f"{what}, last challenge handed over after the last server"
            kept += _seconds(told, group, "lag", TOLD)
        if group.client == STAGE:
            share = lag.median / wait.median
            kept.append(Target(f"{what}, lag as part of the wait", share, LAG))
    return kept


def _seconds(name: str, group: Group, field: str, most: float) -> list[Target]:
    found = group.of(field)
    return [Target(name, found.median, most, "s", of_machine=True)] if found else []


def _what(group: Group) -> str:
    late = f"{group.delay:g} s late" if group.delay else "no delay"
    return f"{SAID[group.case]}, {late}: `{group.client}`{group.remark}"


def _always(found: Sequence[Group]) -> list[Target]:
    ours = [group for group in found if group.client in (STAGE, ISSUES)]
    if not ours:
        return []
    failed = sum(not run.ok for group in ours for run in group.runs)
    peaks = [peak.most for group in ours if group.client == STAGE and (peak := group.of("peak"))]
    memory = [Target("peak memory with rfc2136", max(peaks), 60, "MiB")] if peaks else []
    return [Target("runs of dns01 that failed", failed, 0), *memory]
