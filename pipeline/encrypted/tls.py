"""DNS over TLS (RFC 7858): one connection, on which no question waits for an answer."""

import selectors
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from dns.message import Message

from pipeline.clock import Clock
from pipeline.flight import Query, question

from . import Deliver
from .answers import genuine
from .bell import Bell
from .trust import context, failure


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that is with the server since *at* (seconds on our clock)."""

    query: Query
    message: Message
    at: float

    @property
    def ends_at(self) -> float:
        """When nobody waits for it any more."""
        return self.at + self.query.timeout


class TLS:
    """The way to one server. Opens when it is needed, and again when it was lost."""

    def __init__(self, address: str, port: int, clock: Clock, deliver: Deliver) -> None:
        self._server = (address, port)
        self._clock = clock
        self._deliver = deliver
        self._inbox: SimpleQueue[Query] = SimpleQueue()
        self._bell = Bell()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._socket: ssl.SSLSocket | None = None
        self._pending: dict[int, Pending] = {}
        self._received = bytearray()
        self._heard_at = 0.0
        Thread(target=self._run, daemon=True).start()

    def ask(self, query: Query) -> None:
        """Send *query*; what comes of it is delivered, unless nothing comes."""
        self._inbox.put(query)
        self._bell.ring()

    def close(self) -> None:
        """End the connection, and the thread."""
        self._bell.cut()

    def _run(self) -> None:
        goes_on = True
        while goes_on:
            now = self._clock.now()
            wait = min((each.ends_at - now for each in self._pending.values()), default=None)
            self._selector.select(wait)
            goes_on = self._bell.heard()
            self._hear()
            for query in self._asked():
                self._put(query)
            self._tend()
        self._hang_up()
        self._selector.close()
        self._bell.close()

    def _asked(self) -> Iterator[Query]:
        with suppress(Empty):
            while True:
                yield self._inbox.get_nowait()

    def _put(self, query: Query) -> None:
        """Send *query*, on a new connection if there is none; where none can be had all hear so."""
        try:
            link = self._socket or self._open(query.timeout)
        except (OSError, ValueError) as error:
            for each in (query, *self._asked()):
                self._deliver(each, failure(error))
            return
        message = question(query)
        while message.id in self._pending:
            message.id = (message.id + 1) % 65536
        self._pending[message.id] = Pending(query, message, self._clock.now())
        link.settimeout(query.timeout)
        try:
            link.sendall(message.to_wire(prepend_length=True))
        except OSError:
            self._hang_up()

    def _open(self, timeout: float) -> ssl.SSLSocket:
        trusted = context()
        plain = socket.create_connection(self._server, timeout)
        self._socket = trusted.wrap_socket(plain, server_hostname=self._server[0])
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._heard_at = self._clock.now()
        return self._socket

    def _hang_up(self) -> None:
        """End the connection; whoever still waits for an answer may ask again."""
        lost, self._pending = self._pending, {}
        self._received.clear()
        if self._socket:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None
        for each in lost.values():
            self._deliver(each.query, None)

    def _hear(self) -> None:
        """Take what has come, if anything has."""
        if not self._socket:
            return
        self._socket.settimeout(0)
        try:
            while chunk := self._socket.recv(65536):
                self._heard_at = self._clock.now()
                self._received += chunk
                self._take()
            self._hang_up()
        except ssl.SSLWantReadError:
            pass
        except OSError:
            self._hang_up()

    def _take(self) -> None:
        """Deliver the answers that are complete (RFC 7766 §8)."""
        while len(self._received) >= (end := 2 + int.from_bytes(self._received[:2], "big")) > 2:
            wire = bytes(self._received[2:end])
            del self._received[:end]
            asked = self._pending.pop(int.from_bytes(wire[:2], "big"), None)
            if asked:
                self._deliver(asked.query, genuine(wire, asked.message))

    def _tend(self) -> None:
        """Forget what nobody waits for any more; mistrust a connection that said nothing since."""
        now = self._clock.now()
        overdue = [key for key, each in self._pending.items() if each.ends_at <= now]
        if any(self._pending.pop(key).at > self._heard_at for key in overdue):
            self._hang_up()
