"""The connections to all servers: one each, and one place where answers arrive."""

from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue

from pipeline.clock import Clock
from pipeline.flight import Query
from pipeline.questions import Transport

from . import Outcome
from .bell import Bell
from .https import HTTPS
from .tls import TLS


class Connections:
    """Carries queries over TLS and HTTPS; its descriptor is readable when something has arrived.

    Not thread-safe: one owner asks and takes what arrives.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bell = Bell()
        self._arrived: SimpleQueue[tuple[Query, Outcome]] = SimpleQueue()
        self._servers: dict[tuple[Transport, str, int], HTTPS | TLS] = {}

    def fileno(self) -> int:
        """Return the descriptor to wait at."""
        return self._bell.fileno()

    def ask(self, query: Query) -> None:
        """Send *query* on the connection to its server; it arrives late or never if that hangs."""
        server = (query.transport, query.address, query.port)
        if server not in self._servers:
            kind = HTTPS if query.transport is Transport.HTTPS else TLS
            self._servers[server] = kind(query.address, query.port, self._clock, self._deliver)
        self._servers[server].ask(query)

    def arrivals(self) -> Iterator[tuple[Query, Outcome]]:
        """Yield what has arrived."""
        self._bell.heard()
        with suppress(Empty):
            while True:
                yield self._arrived.get_nowait()

    def close(self) -> None:
        """End all connections, as soon as they notice."""
        for server in self._servers.values():
            server.close()
        self._bell.close()

    def _deliver(self, query: Query, outcome: Outcome) -> None:
        self._arrived.put((query, outcome))
        self._bell.ring()
