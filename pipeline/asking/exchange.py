"""Put DNS questions to servers and collect the answers."""

from collections.abc import Callable, Container, Sequence
from math import inf
from typing import Self

from pipeline.clock import Clock
from pipeline.questions import Silence

from .query import Query, Reply
from .race import Race
from .traffic import Traffic

STAGGER = 0.4
"""Seconds after which a race does not wait for one server alone any longer."""


class Exchange:
    """Questions out, answers in. Not thread-safe: one owner sends and receives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._traffic = Traffic(clock)
        self._aside: list[Reply] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._traffic.close()

    @property
    def sent(self) -> int:
        """How many questions were sent so far, each repetition one."""
        return self._traffic.sent

    @property
    def careless(self) -> set[tuple[str, int]]:
        """Address and port of servers that do not repeat a name as it was spelt (0x20)."""
        return self._traffic.careless

    @property
    def has_heard(self) -> bool:
        """Whether anything at all has come back by port 53 or another plain port."""
        return self._traffic.has_heard

    def send(self, query: Query) -> None:
        """Put *query* on its way, as soon as there is room."""
        self._traffic.send(query)

    def receive(self, until: float) -> list[Reply]:
        """Return what has arrived, waiting for the first until *until* (our clock) at most."""
        if self._aside:
            replies, self._aside = self._aside, []
            return replies
        return self._traffic.arrivals(until)

    def ask(self, queries: Sequence[Query], patience: float = inf) -> list[Reply]:
        """Return the replies to *queries*, in their order, once all have come.

        What has not come after *patience* seconds is silence.
        """
        awaited = set(queries)
        until = self._clock.now() + patience
        for query in queries:
            self.send(query)
        replies: dict[Query, Reply] = {}
        while len(replies) < len(awaited) and self._clock.now() < until:
            replies |= {reply.query: reply for reply in self._replies_to(awaited, until)}
        self._traffic.drop(awaited - replies.keys())
        late = Silence("timeout")
        now = self._clock.now()
        return [replies.get(query) or Reply(query, now, late) for query in queries]

    def race(
        self,
        races: Sequence[Sequence[Query]],
        judge: Callable[[Reply], bool],
        stagger: float = STAGGER,
        patience: float = inf,
    ) -> list[list[Reply]]:
        """Return, for each of *races*, its replies as they came: the last one wins, or none does.

        The queries of a race are asked in their order, all races at
        once: the next when the one before brought silence or an answer that
        *judge* does not accept, or *stagger* seconds after that was sent. What
        is still under way once a race is won is dropped; after *patience*
        seconds it is silence.
        """
        until = self._clock.now() + patience
        running = [Race(queries) for queries in races]
        runner = {query: race for race in running for query in race.ahead}
        while True:
            for race in running:
                if race.is_stuck or self._turn(race, stagger) <= self._clock.now():
                    self.send(race.advance())
            under_way = {query for race in running for query in race.under_way}
            if not under_way or self._clock.now() >= until:
                self._traffic.drop(under_way)
                return [race.ended(self._clock.now()) for race in running]
            turn = min(until, *(self._turn(race, stagger) for race in running))
            for reply in self._replies_to(runner, turn):
                won = not isinstance(reply.outcome, Silence) and judge(reply)
                self._traffic.drop(runner[reply.query].take(reply, won=won))

    def _turn(self, race: Race, stagger: float) -> float:
        """Return when the next query of *race* is due, whatever comes of the latest."""
        if race.latest is None or not race.ahead:
            return float("inf")
        started_at = self._traffic.started_at(race.latest)
        return stagger + (self._clock.now() if started_at is None else started_at)

    def _replies_to(self, awaited: Container[Query], until: float) -> list[Reply]:
        """Return what arrives of *awaited*; whoever waits for the rest gets it from `receive`."""
        replies = self._traffic.arrivals(until)
        self._aside += [reply for reply in replies if reply.query not in awaited]
        return [reply for reply in replies if reply.query in awaited]
