"""Whole waits over the simulated Internet, on a clock that jumps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dns.name import from_text

from pipeline.asking.endpoints import Endpoint
from pipeline.asking.query import Query, Reply
from pipeline.configuration.settings import Settings
from pipeline.explaining.witness import Witness
from pipeline.propagation.confirm import Watch
from pipeline.propagation.evidence import Evidence
from pipeline.questions import Goal
from pipeline.report import Report
from pipeline.waiting import Waiting

from .internet import RESOLVER, ROOT, Internet, Respond

__all__ = ["Net", "Watch", "Witness", "waited"]

LATENCY = 0.02
"""Seconds for a question and its answer."""


class Jumping:
    """A clock that goes on only when somebody waits."""

    def __init__(self) -> None:
        self.moment = 0.0

    def now(self) -> float:
        return self.moment

    def today(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def time_of(self, moment: float) -> datetime:
        return self.today() + timedelta(seconds=moment)

    def pause(self, seconds: float) -> None:
        raise AssertionError("nothing here waits by itself")


class Net(Internet):
    """The simulated Internet in time: each exchange takes its latency."""

    careless: set[tuple[str, int]] = set()  # noqa: RUF012 - nobody is

    def __init__(self, servers: Mapping[str, Respond], clock: Jumping) -> None:
        super().__init__(servers)
        self.clock = clock
        self._waiting: list[Query] = []

    def send(self, query: Query) -> None:
        self._waiting.append(query)

    def receive(self, until: float) -> list[Reply]:
        if not self._waiting:
            self.clock.moment = max(until, self.clock.moment)
            return []
        queries, self._waiting = self._waiting, []
        self.clock.moment += LATENCY
        return [replace(self._reply(query), at=self.clock.moment) for query in queries]

    def _begin_round(self) -> None:
        super()._begin_round()
        self.clock.moment += LATENCY


class Mute:
    """Progress that nobody looks at."""

    def say(self, line: str) -> None:
        pass

    def watching(self, goals: Sequence[Goal], streak: int) -> Callable[[Evidence, float], None]:
        return lambda _evidence, _now: None


def waited(
    servers: Mapping[str, Respond] | Callable[[Jumping], Mapping[str, Respond]],
    name: str,
    settings: Settings | None = None,
) -> tuple[Report, Net]:
    """Wait a simulated minute for the value ``v`` at *name*; return the report, and the net."""
    clock = Jumping()
    net = Net(servers(clock) if callable(servers) else servers, clock)
    usual = Settings(
        Path(), timeout=60.0, root_hints=(Endpoint(ROOT),), resolvers=(Endpoint(RESOLVER),)
    )
    waiting = Waiting(settings or usual, net, clock, Mute())
    return waiting.wait({from_text(name): ["v"]}), net
