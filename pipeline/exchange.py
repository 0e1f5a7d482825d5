"""Put DNS questions to servers and collect the answers: one selector, no threads.

A lost datagram is sent again once; a truncated answer is fetched over TCP (RFC
7766 §5); a server that knows no EDNS is asked without (RFC 6891 §7).
"""

import errno
import selectors
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from dns.flags import TC
from dns.message import Message
from dns.rcode import FORMERR

from .clock import Clock
from .flight import Flight, Query, genuine
from .questions import Silence

WIDTH = 128
"""Sockets open at once: well below the usual limit of 1,024 descriptors."""

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
        self._flights: set[Flight] = set()
        self.sent = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for flight in self._flights:
            flight.socket.close()
        self._selector.close()

    def send(self, query: Query) -> None:
        """Put *query* on its way, as soon as there is room."""
        self._waiting.append(query)

    def receive(self, until: float) -> list[Reply]:
        """Return what has arrived, waiting for the first until *until* (our clock) at most."""
        while True:
            replies = list(self._launch())
            wake = min([until, *(flight.wakes_at for flight in self._flights)])
            patience = 0.0 if replies else max(wake - self._clock.now(), 0.0)
            # What has arrived counts before what is overdue: we may be the ones who are late.
            for key, _ in self._selector.select(patience):
                replies += self._heard(key.data)
            replies += self._tend()
            if replies or self._clock.now() >= until:
                return replies

    def ask(self, queries: Sequence[Query]) -> list[Reply]:
        """Return the replies to *queries*, in their order, once all have come."""
        for query in queries:
            self.send(query)
        replies: dict[Query, Reply] = {}
        while not all(query in replies for query in queries):
            replies |= {reply.query: reply for reply in self.receive(float("inf"))}
        return [replies[query] for query in queries]

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
            self._flights.add(flight)
            self._selector.register(flight.socket, selectors.EVENT_READ, flight)
            yield from self._send(flight)

    def _tend(self) -> Iterator[Reply]:
        """Resend what seems lost; yield what timed out."""
        now = self._clock.now()
        for flight in [flight for flight in self._flights if flight.wakes_at <= now]:
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
        self._flights.remove(flight)
        if flight.socket.fileno() != -1:
            self._selector.unregister(flight.socket)
            flight.socket.close()
        return Reply(flight.query, self._clock.now(), outcome)


def silence(error: OSError) -> Silence:
    """Return *error* of a socket as the silence it causes."""
    if error.errno in NO_ROUTE:
        return Silence("no route from this host", routeless=True)
    return Silence((error.strerror or str(error)).lower())
