"""Questions under way: one selector, a socket for each that is not encrypted.

A lost datagram is sent again once; a truncated answer is fetched over TCP (RFC
7766 §5), and so is one that spells the name otherwise than we did; a server
that knows no EDNS is asked without (RFC 6891 §7).
"""

import selectors
from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING

from dns.message import Message
from dns.rcode import FORMERR

from pipeline.clock import Clock
from pipeline.questions import Silence, Transport

from .encrypted.flight import EncryptedFlight
from .fair_queue import FairQueue
from .flight import Flight
from .octets import parsed
from .query import Query, Reply
from .silences import silence
from .socket_limit import NO_SOCKET_LEFT, socket_limit
from .timers import Timers

if TYPE_CHECKING:
    from .encrypted.connections import Connections

NO_ADDRESS = "its address cannot be found"
"""What a server says whose host's name could not be looked up: it may be there, and deny."""

KEPT = 512
"""Answers remembered, lest the same octets are read twice: servers of a zone say the same."""


class Traffic:
    """Sends queries and hears their replies, each once.

    Attributes:
        sent: Questions so far, each repetition one.
        careless: Address and port of servers that do not repeat a name as it was spelt;
            they are asked in the query's own spelling from then on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._selector = selectors.DefaultSelector()
        self._queue = FairQueue(socket_limit())
        self._flights: dict[Query, Flight | EncryptedFlight] = {}
        self._timers = Timers[Flight | EncryptedFlight]()
        self._parsed = lru_cache(KEPT)(parsed)
        self._connections: Connections | None = None
        self.sent = 0
        self.careless: set[tuple[str, int]] = set()
        self.has_heard = False

    def close(self) -> None:
        """Give up on everything."""
        self.drop([*self._flights])
        if self._connections:
            self._connections.close()
        self._selector.close()

    def send(self, query: Query) -> None:
        """Put *query* on its way, as soon as there is room."""
        self._queue.join(query)

    def started_at(self, query: Query) -> float | None:
        """Return when *query* was sent, or None if it is not under way."""
        flight = self._flights.get(query)
        return None if flight is None else flight.started_at

    def drop(self, queries: Iterable[Query]) -> None:
        """Forget *queries*, wherever they are: nothing will be heard of them."""
        for query in queries:
            if query in self._flights:
                self._queue.end(query)
                self._forget(query)
            else:
                self._queue.leave(query)

    def arrivals(self, until: float) -> list[Reply]:
        """Return what has arrived, waiting for the first until *until* (our clock) at most."""
        while True:
            replies = list(self._launch())
            wake = min(until, self._timers.next_at)
            patience = 0.0 if replies else max(wake - self._clock.now(), 0.0)
            # What has arrived counts before what is overdue: we may be the ones who are late.
            for key, _ in self._selector.select(patience):
                replies += self._heard(key.data) if key.data else self._delivered()
            replies += self._tend()
            if replies or self._clock.now() >= until:
                return replies

    def _launch(self) -> Iterator[Reply]:
        """Start waiting queries while there is room; yield those that cannot start."""
        while query := self._queue.advance():
            now = self._clock.now()
            if not query.address:
                yield self._reply(query, Silence(NO_ADDRESS))
                continue
            try:
                flight = self._started(query, now)
            except OSError as error:
                if error.errno in NO_SOCKET_LEFT and self._flights:
                    self._queue.postpone(query)
                    return
                yield self._reply(query, silence(error))
                continue
            self._flights[query] = flight
            self._timers.set(flight.wakes_at, flight)
            if isinstance(flight, EncryptedFlight):
                self._entrust(query)
            elif flight.is_tcp:
                self._selector.register(flight.socket, selectors.EVENT_WRITE, flight)
            else:
                self._selector.register(flight.socket, selectors.EVENT_READ, flight)
                yield from self._send(flight)

    def _started(self, query: Query, now: float) -> Flight | EncryptedFlight:
        if query.transport is not Transport.PLAIN:
            return EncryptedFlight(query, now)
        mixed = query.mixed_case and (query.address, query.port) not in self.careless
        return Flight(query, now, self._parsed, mixed=mixed)

    def _entrust(self, query: Query) -> None:
        """Hand *query* to the connection that carries it."""
        if self._connections is None:
            from .encrypted.connections import Connections  # noqa: PLC0415 - for the few who need it

            self._connections = Connections()
            self._selector.register(self._connections, selectors.EVENT_READ)
        self._connections.ask(query)
        self.sent += 1

    def _delivered(self) -> Iterator[Reply]:
        """Yield what came by encrypted connections; ask once more where one was lost."""
        for query, outcome in self._connections.arrivals() if self._connections else ():
            flight = self._flights.get(query)
            if not isinstance(flight, EncryptedFlight):
                continue  # given up on meanwhile
            if outcome is None and not flight.repeated:
                flight.repeated = True
                self._entrust(query)
            else:
                yield self._land(flight, outcome or Silence("connection closed before the answer"))

    def _tend(self) -> Iterator[Reply]:
        """Resend what seems lost; yield what timed out."""
        now = self._clock.now()
        for flight in self._timers.due(now):
            if self._flights.get(flight.query) is not flight:
                continue  # it has landed
            if now >= flight.gives_up_at:
                yield self._land(flight, flight.unanswered())
                continue
            if isinstance(flight, Flight) and now >= flight.resend_at:
                flight.resend_at = inf
                yield from self._send(flight)
            self._timers.set(flight.wakes_at, flight)

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
            message = flight.receive()
            if message is None:
                return
            self.has_heard = True
            if message.rcode() == FORMERR and flight.edns:
                flight.drop_edns()  # a server without EDNS says so like that (RFC 6891 §7)
                yield from self._send(flight)
                return
            if flight.doubts(message):
                self._selector.unregister(flight.socket)
                flight.turn_to_tcp()
                self._selector.register(flight.socket, selectors.EVENT_WRITE, flight)
                return
        except BlockingIOError:
            return
        except OSError as error:
            yield self._land(flight, silence(error))
            return
        if flight.misspelt:  # over TCP, where the connection is the proof
            self.careless.add((flight.query.address, flight.query.port))
        yield self._land(flight, message)

    def _land(self, flight: Flight | EncryptedFlight, outcome: Message | Silence) -> Reply:
        if isinstance(outcome, Silence) and isinstance(flight, Flight):
            outcome = flight.failed(outcome)
        return self._reply(flight.query, outcome)

    def _reply(self, query: Query, outcome: Message | Silence) -> Reply:
        lives = not (isinstance(outcome, Silence) and outcome.is_nothing)
        self._queue.end(query, lives=lives)
        self._forget(query)
        return Reply(query, self._clock.now(), outcome)

    def _forget(self, query: Query) -> None:
        flight = self._flights.pop(query, None)
        if isinstance(flight, Flight) and flight.socket.fileno() != -1:
            self._selector.unregister(flight.socket)
            flight.socket.close()
