"""Confirm values that somebody else has published: no order, no provider, no receipt."""

from collections.abc import Mapping, Sequence

from dns.name import Name

from .case import Progress
from .clock import Clock
from .confirm import confirm
from .endpoints import authoritative, recursors
from .exchange import Exchange
from .model import Exit, Failed, Problem
from .propagation import Expired, Policy
from .questions import Goal, Perspective, goal
from .report import RecordLine, Report, finished
from .resolvers import Resolvers
from .settings import Settings
from .verdict import not_ready, set_aside
from .witness import Witness, evidence_lines

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

    def wait(self, wanted: Wanted) -> Report:
        """Return the report on *wanted*."""
        via = recursors(self._settings.resolvers)
        resolvers = Resolvers(self._exchange, via, tuple(wanted), self._left)
        try:
            goals = [self._goal(name, wanted[name], resolvers, via) for name in wanted]
        except Failed as failed:
            return self._report(failed, lines(wanted, {}), [])
        clock, settings = self._clock, self._settings
        policy = Policy(clock.now(), settings.timeout, settings.require)
        watch = self._progress.watching(goals, policy.streak)
        verdict, evidence = confirm(goals, self._exchange, clock, policy, watch)
        witness = Witness(evidence, policy.streak, clock.now(), clock.time_of)
        shown = evidence_lines(
            lines(wanted, {g.name: g.authoritative[0].zone for g in goals}), goals, witness
        )
        if isinstance(verdict, Expired):
            culprits = not_ready(goals, verdict, evidence, witness, clock.now())
            return self._report(culprits, shown, [])
        return self._report(None, shown, set_aside(verdict.set_aside, witness))

    def _left(self) -> float:
        return self._settings.timeout - self._clock.now()

    def _goal(
        self, name: Name, values: Sequence[str], resolvers: Resolvers, via: Sequence[Perspective]
    ) -> Goal:
        match self._settings.zone(name):
            case (apex, zone) if zone.nameservers:
                servers = authoritative(zone.nameservers)
            case _:
                apex, servers = resolvers.walk(name)
        return goal(name, apex, values, (*servers, *via))

    def _report(
        self, failed: Failed | None, shown: tuple[RecordLine, ...], problems: Sequence[Problem]
    ) -> Report:
        code = failed.exit if failed else Exit.DONE
        return Report(
            finished(code, "ready"),
            code,
            records=shown,
            problems=((failed.problem,) if failed else ()) + tuple(problems),
            elapsed_s=self._clock.now(),
            dns_queries=self._exchange.sent,
        )


def lines(wanted: Wanted, zones: Mapping[Name, Name]) -> tuple[RecordLine, ...]:
    """Return *wanted* as records that nobody here wrote."""
    apexes = {name: zone.to_text() for name, zone in zones.items()}
    return tuple(
        RecordLine(name.to_text(), value, apexes.get(name, ""), provider="")
        for name, values in wanted.items()
        for value in values
    )
