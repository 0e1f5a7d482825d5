"""What is promised of the comparison, held against its runs."""

from collections.abc import Iterable, Sequence

from .clients import ISSUES, STAGE
from .runs import Run
from .summary import Group, chosen, groups, ratio
from .table import Target
from .tables import SAID

LAG = 0.1
"""Of the time that the record took to be served everywhere."""


def targets(runs: Iterable[Run]) -> list[Target]:
    """Return the targets that *runs* can show met or missed."""
    found = groups(runs)
    return [*_at_once(found), *_late(found), *_always(found)]


def _at_once(found: Sequence[Group]) -> list[Target]:
    one, hundred = (chosen(found, STAGE, case, 0) for case in ("1", "100"))
    certbot = chosen(found, "certbot:1", "100", 0)
    kept = []
    if one and (wall := one.of("wall")):
        kept.append(
            Target("1 name, no delay: whole process", wall.median, 0.45, "s", of_machine=True)
        )
    if hundred and (wall := hundred.of("wall")):
        name = "100 names, no delay: whole process"
        kept.append(Target(name, wall.median, 0.7, "s", of_machine=True))
    if hundred and certbot and (times := ratio(hundred, certbot)) is not None:
        kept.append(Target("100 names, no delay: of certbot's time to hand over", times, 1 / 3))
    if hundred and (questions := hundred.of("questions")):
        kept.append(Target("100 names, no delay: DNS questions", questions.median, 1100))
    return kept


def _late(found: Sequence[Group]) -> list[Target]:
    kept = []
    for group in found:
        wait, lag = group.of("wait"), group.of("lag")
        if group.client != STAGE or not wait or not lag:
            continue
        what = f"{SAID[group.case]}, {group.delay:g} s late"
        if group.case == "100" and group.delay == 5:
            kept.append(
                Target(
                    f"{what}: ready after the last server", lag.median, 0.5, "s", of_machine=True
                )
            )
        share = lag.median / wait.median
        kept.append(Target(f"{what}: lag as part of the wait", share, LAG))
    return kept


def _always(found: Sequence[Group]) -> list[Target]:
    ours = [group for group in found if group.client in (STAGE, ISSUES)]
    if not ours:
        return []
    failed = sum(not run.ok for group in ours for run in group.runs)
    peaks = [peak.most for group in ours if group.client == STAGE and (peak := group.of("peak"))]
    memory = [Target("peak memory with rfc2136", max(peaks), 60, "MiB")] if peaks else []
    return [Target("runs of dns01 that failed", failed, 0), *memory]
