"""Confirm values that somebody else has published: no order, no provider, no receipt."""

from collections.abc import Mapping, Sequence

from dns.name import Name

from .asking.exchange import Exchange
from .case import Progress
from .clock import Clock
from .configuration.settings import Settings
from .model import Exit, Failed, Problem
from .propagation.goals import goals_for
from .propagation.policy import Policy
from .propagation.wait import Wait
from .report import RecordLine, Report, finished
from .survey import Survey
from .tree.delegation import Chain

Wanted = Mapping[Name, Sequence[str]]
"""Values by the absolute name they should be seen at, both taken literally."""


class Waiting:
    """Waits until every name shows its values, or the deadline."""

    def __init__(
        self, settings: Settings, exchange: Exchange, clock: Clock, progress: Progress
    ) -> None:
        self._settings = settings
        self._exchange = exchange
        self._clock = clock
        self._progress = progress
        self._problems: list[Problem] = []

    def wait(self, wanted: Wanted) -> Report:
        """Return the report on *wanted*."""
        survey = Survey(self._settings, self._exchange, tuple(wanted), self._left)
        found = survey.look()
        found = {**found, **survey.nowhere(found)}
        self._problems = survey.problems
        failures = [each for each in found.values() if isinstance(each, Failed)]
        if failures:
            return self._report(failures[0], lines(wanted, {}), [])
        chains = {name: end for name, end in found.items() if isinstance(end, Chain)}
        goals = list(goals_for(wanted, chains, survey.recursive).values())
        clock, settings = self._clock, self._settings
        policy = Policy(clock.now(), settings.timeout, settings.require)
        wait = Wait(self._exchange, clock, policy, lambda _: {})
        outcome = wait.run(goals, self._progress.watching(goals, policy.streak))
        shown = outcome.lines(lines(wanted, chains))
        return self._report(outcome.failure(goals), shown, outcome.problems)

    def _left(self) -> float:
        return self._settings.timeout - self._clock.now()

    def _report(
        self, failed: Failed | None, shown: tuple[RecordLine, ...], problems: Sequence[Problem]
    ) -> Report:
        code = failed.exit if failed else Exit.DONE
        return Report(
            finished(code, "ready"),
            code,
            records=shown,
            problems=((failed.problem,) if failed else ()) + (*problems, *self._problems),
            elapsed_s=self._clock.now(),
            dns_queries=self._exchange.sent,
        )


def lines(wanted: Wanted, chains: Mapping[Name, Chain]) -> tuple[RecordLine, ...]:
    """Return *wanted* as records that nobody here wrote."""
    found = []
    for name, values in wanted.items():
        end = chains[name].end if name in chains else None
        zone = end.zone.apex.to_text() if end else ""
        target = end.name.to_text() if end and end.name != name else ""
        found += [RecordLine(name.to_text(), value, zone, "", target=target) for value in values]
    return tuple(found)
