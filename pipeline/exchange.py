"""Put DNS questions to servers and collect the answers: one selector, no threads.

A lost datagram is sent again once; a truncated answer is fetched over TCP (RFC
7766 §5); a server that knows no EDNS is asked without (RFC 6891 §7).
"""

import errno
import selectors
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from dns.flags import TC
from dns.message import Message
from dns.rcode import FORMERR

from .clock import Clock
from .contest import Contest
from .flight import Flight, Query, genuine
from .questions import Silence

WIDTH = 128
"""Sockets open at once: well below the usual limit of 1,024 descriptors."""

STAGGER = 0.4
"""Seconds after which a race does not wait for one server alone any longer."""

NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of *query*, and when (seconds on our clock)."""

    query: Query
    at: float
    outcome: Message | Silence


class Exchange:
    """Questions out, answers in. Not thread-safe: one owner sends and receives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._waiting: deque[Query] = deque()
        self._flights: dict[Query, Flight] = {}
        self._aside: list[Reply] = []
        self.sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for flight in self._flights.values():
            flight.socket.close()
        self._selector.close()

    def send(self, query: Query) -> None:
        """Put *query* on its way, as soon as there is room."""
        self._waiting.append(query)

    def receive(self, until: float) -> list[Reply]:
        """Return what has arrived, waiting for the first until *until* (our clock) at most."""
        if self._aside:
            replies, self._aside = self._aside, []
            return replies
        return self._await(until)

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Return the replies to *queries*, in their order, once all have come."""
        awaited = set(queries)
        for query in queries:
            self.send(query)
        replies: dict[Query, Reply] = {}
        while len(replies) < len(awaited):
            replies |= {reply.query: reply for reply in self._replies_to(awaited, float("inf"))}
        return [replies[query] for query in queries]

    def race(
        self,
        contests: Sequence[Sequence[Query]],
        judge: Callable[[Reply], bool],
        stagger: float = STAGGER,
    ) -> list[list[Reply]]:
        """Return, for each contest, its replies as they arrived: the last one wins, or none does.

        The queries of a contest are asked in their order, all contests at
        once: the next when the one before brought silence or an answer that
        *judge* does not accept, or *stagger* seconds after that was sent. What
        is still under way once a contest is won is dropped.
        """
        races = [Contest(queries) for queries in contests]
        runner = {query: race for race in races for query in race.ahead}
        while True:
            for race in races:
                if race.is_stuck or self._turn(race, stagger) <= self._clock.now():
                    self.send(race.advance())
            if not any(race.under_way for race in races):
                return [race.replies for race in races]
            until = min(self._turn(race, stagger) for race in races)
            for reply in self._replies_to(runner, until):
                won = not isinstance(reply.outcome, Silence) and judge(reply)
                self._drop(runner[reply.query].take(reply, won=won))

    def _turn(self, race: Contest, stagger: float) -> float:
        """Return when the next query of *race* is due, whatever comes of the latest."""
        if race.latest is None or not race.ahead:
            return float("inf")
        flight = self._flights.get(race.latest)
        return stagger + (flight.started_at if flight else self._clock.now())

    def _replies_to(self, awaited: Container[Query], until: float) -> list[Reply]:
        """Return what arrives of *awaited*; whoever waits for the rest gets it from `receive`."""
        replies = self._await(until)
        self._aside += [reply for reply in replies if reply.query not in awaited]
        return [reply for reply in replies if reply.query in awaited]

    def _await(self, until: float) -> list[Reply]:
        while True:
            replies = list(self._launch())
            wake = min([until, *(flight.wakes_at for flight in self._flights.values())])
            patience = 0.0 if replies else max(wake - self._clock.now(), 0.0)
            # What has arrived counts before what is overdue: we may be the ones who are late.
            for key, _ in self._selector.select(patience):
                replies += self._heard(key.data)
            replies += self._tend()
            if replies or self._clock.now() >= until:
                return replies

    def _launch(self) -> Iterator[Reply]:
        """Start waiting queries while there is room; yield those that cannot start."""
        while self._waiting and len(self._flights) < WIDTH:
            query = self._waiting.popleft()
            now = self._clock.now()
            try:
                flight = Flight(query, now)
            except OSError as error:
                yield Reply(query, now, silence(error))
                continue
            self._flights[query] = flight
            self._selector.register(flight.socket, selectors.EVENT_READ, flight)
            yield from self._send(flight)

    def _tend(self) -> Iterator[Reply]:
        """Resend what seems lost; yield what timed out."""
        now = self._clock.now()
        for flight in [each for each in self._flights.values() if each.wakes_at <= now]:
            if now >= flight.gives_up_at:
                yield self._land(flight, Silence("timeout"))
            else:
                flight.resend_at = None
                yield from self._send(flight)

    def _send(self, flight: Flight) -> Iterator[Reply]:
        try:
            flight.send()
        except OSError as error:
            yield self._land(flight, silence(error))
        else:
            self.sent += 1

    def _heard(self, flight: Flight) -> Iterator[Reply]:
        """Yield the reply if *flight*'s socket, which is ready, has one."""
        if flight.is_tcp and self._selector.get_key(flight.socket).events == selectors.EVENT_WRITE:
            self._selector.modify(flight.socket, selectors.EVENT_READ, flight)
            yield from self._send(flight)
            return
        try:
            wire = flight.receive()
            message = None if wire is None else genuine(wire, flight)
            if message is None:
                return
            if message.rcode() == FORMERR and flight.message.edns >= 0:
                flight.drop_edns()  # a server without EDNS says so like that (RFC 6891 §7)
                yield from self._send(flight)
                return
            if message.flags & TC and not flight.is_tcp:
                self._selector.unregister(flight.socket)
                flight.turn_to_tcp()
                self._selector.register(flight.socket, selectors.EVENT_WRITE, flight)
                return
        except BlockingIOError:
            return
        except OSError as error:
            yield self._land(flight, silence(error))
            return
        yield self._land(flight, message)

    def _land(self, flight: Flight, outcome: Message | Silence) -> Reply:
        self._drop([flight.query])
        return Reply(flight.query, self._clock.now(), outcome)

    def _drop(self, queries: Iterable[Query]) -> None:
        """Forget *queries*, on their way or not."""
        for query in queries:
            flight = self._flights.pop(query, None)
            if flight is None:
                with suppress(ValueError):  # it has landed
                    self._waiting.remove(query)
            elif flight.socket.fileno() != -1:
                self._selector.unregister(flight.socket)
                flight.socket.close()


def silence(error: OSError) -> Silence:
    """Return *error* of a socket as the silence it causes."""
    if error.errno in NO_ROUTE:
        return Silence("no route from this host", routeless=True)
    return Silence((error.strerror or str(error)).lower())
