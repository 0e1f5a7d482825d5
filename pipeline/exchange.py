"""Put DNS questions to servers and collect the answers: one selector, no threads.

Each question travels in a socket of its own, connected, so that the kernel
picks a random source port, drops strangers' datagrams and reports ICMP errors
(RFC 5452 §9.2). A lost datagram is sent again once; a truncated answer is
fetched over TCP (RFC 7766 §5).
"""

import errno
import selectors
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import dns.exception
import dns.message
from dns.flags import RD, TC
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from .clock import Clock
from .evidence import Silence

PAYLOAD = 1232
"""EDNS buffer size in octets: fits any path unfragmented (DNS flag day 2020)."""

WIDTH = 128
"""Sockets open at once: well below the usual limit of 1,024 descriptors."""

RESEND_AFTER = 0.7
"""Seconds without answer after which a datagram is taken for lost."""

NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A question for one server.

    Attributes:
        recursion: Whether to set RD.
        timeout: Seconds until silence, TCP included.
    """

    name: Name
    rdtype: RdataType
    address: str
    port: int
    recursion: bool
    timeout: float = 2.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of *query*, and when (seconds on our clock)."""

    query: Query
    at: float
    outcome: Message | Silence


class Flight:
    """A query under way: over UDP, then over TCP if the answer is truncated."""

    def __init__(self, query: Query, now: float) -> None:
        self.query = query
        self.message = dns.message.make_query(query.name, query.rdtype, use_edns=0, payload=PAYLOAD)
        if not query.recursion:
            self.message.flags &= ~RD
        self.wire = self.message.to_wire()
        self.resend_at: float | None = now + RESEND_AFTER
        self.gives_up_at = now + query.timeout
        self.socket = self._connect(socket.SOCK_DGRAM)
        self.received = bytearray()

    @property
    def wakes_at(self) -> float:
        """When this flight next needs attention without having heard anything."""
        return self.gives_up_at if self.resend_at is None else min(self.resend_at, self.gives_up_at)

    def turn_to_tcp(self) -> None:
        """Ask the same again over TCP."""
        self.socket.close()
        self.resend_at = None
        self.socket = self._connect(socket.SOCK_STREAM)

    def send(self) -> None:
        """Send the question as the transport wants it."""
        if self.is_tcp:
            self.socket.sendall(len(self.wire).to_bytes(2, "big") + self.wire)
        else:
            self.socket.send(self.wire)

    def receive(self) -> bytes | None:
        """Return one message from the socket, or None if it is not complete yet."""
        if not self.is_tcp:
            return self.socket.recv(65535)
        chunk = self.socket.recv(65535)
        if not chunk:
            raise ConnectionResetError(errno.ECONNRESET, "connection closed before the answer")
        self.received += chunk
        end = 2 + int.from_bytes(self.received[:2], "big")
        return bytes(self.received[2:end]) if len(self.received) >= max(end, 3) else None

    @property
    def is_tcp(self) -> bool:
        """Whether the question has turned to TCP."""
        return self.socket.type == socket.SOCK_STREAM

    def _connect(self, kind: socket.SocketKind) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.query.address else socket.AF_INET
        opened = socket.socket(family, kind)
        opened.settimeout(0)
        try:
            opened.connect((self.query.address, self.query.port))
        except BlockingIOError:
            pass  # TCP: writable once connected
        except OSError:
            opened.close()
            raise
        return opened


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
            replies = [*self._launch(), *self._tend()]
            now = self._clock.now()
            if replies or now >= until:
                return replies
            wake = min([until, *(flight.wakes_at for flight in self._flights)])
            events = self._selector.select(max(wake - now, 0.0))
            replies = [reply for key, _ in events for reply in self._heard(key.data)]
            if replies:
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


def genuine(wire: bytes, flight: Flight) -> Message | None:
    """Return the message in *wire* if it answers *flight*'s question: id, opcode, question.

    Anything else is noise or forgery; the real answer may still come.
    """
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True, raise_on_truncation=False)
    except dns.exception.DNSException:
        return None
    return message if flight.message.is_response(message) else None


def silence(error: OSError) -> Silence:
    """Return *error* of a socket as the silence it causes."""
    if error.errno in NO_ROUTE:
        return Silence("no route from this host", routeless=True)
    return Silence((error.strerror or str(error)).lower())
