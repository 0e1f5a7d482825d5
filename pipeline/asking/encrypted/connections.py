"""The connections to all servers: one each, and one place where answers arrive."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread

from pipeline.asking.query import Query
from pipeline.questions import Silence, Transport

from . import Outcome
from .https import HTTPS
from .tls import TLS
from .trust import failure
from .wakeup import Wakeup

GRACE = 3.0
"""How many times its timeout a query may last here: whoever asked has given up by then."""


class Connections:
    """Carries queries over TLS and HTTPS; its descriptor is readable when something has arrived.

    One owner asks, takes what arrives, and closes.
    """

    def __init__(self) -> None:
        self._wakeup = Wakeup()
        self._arrived: SimpleQueue[tuple[Query, Outcome]] = SimpleQueue()
        self._servers: dict[tuple[Transport, str, int], HTTPS | TLS] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _loop, _context: None)  # asyncio would log
        Thread(target=self._run, name="encrypted questions", daemon=True).start()

    def fileno(self) -> int:
        """Return the descriptor to wait at."""
        return self._wakeup.fileno()

    def ask(self, query: Query) -> None:
        """Send *query* on the connection to its server, which opens if there is none."""
        self._loop.call_soon_threadsafe(self._start, query)

    def arrivals(self) -> Iterator[tuple[Query, Outcome]]:
        """Yield what has arrived."""
        self._wakeup.clear()
        with suppress(Empty):
            while True:
                yield self._arrived.get_nowait()

    def close(self) -> None:
        """End all connections, some time soon."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._wakeup.close()

    # From here on in the loop's thread

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        await self._closing.wait()
        await asyncio.gather(*self._tasks)  # cancelling would leave their sockets behind
        for server in self._servers.values():
            await server.close()

    def _start(self, query: Query) -> None:
        task = self._loop.create_task(self._carry(query))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry(self, query: Query) -> None:
        at = (query.transport, query.address, query.port)
        if at not in self._servers:
            kind = HTTPS if query.transport is Transport.HTTPS else TLS
            self._servers[at] = kind(query.address, query.port)
        outcome: Outcome
        try:
            async with asyncio.timeout(GRACE * query.timeout):
                outcome = await self._servers[at].ask(query)
        except TimeoutError:
            outcome = Silence("timeout")
        except Exception as error:  # noqa: BLE001 - whatever a library lets slip fails one question only
            outcome = failure(error)
        self._arrived.put((query, outcome))
        self._wakeup.wake()
