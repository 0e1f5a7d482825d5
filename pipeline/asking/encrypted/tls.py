"""DNS over TLS (RFC 7858): one connection, on which no question waits for another's answer."""

import asyncio

from dns.message import Message

from pipeline.asking.query import Query

from . import Outcome
from .answers import genuine, question
from .trust import context

OPENING_S = 5.0
"""Seconds after which a connection that does not come about is given up, to try another."""


class TLS:
    """The way to one server. Opens when it is needed, and again when it was lost."""

    def __init__(self, address: str, port: int) -> None:
        self._server = (address, port)
        self._link: asyncio.Task[Link] | None = None

    async def ask(self, query: Query) -> Outcome:
        """Return what comes of *query*.

        Raises:
            TimeoutError: Nothing came in its time.
            Exception: There is no connection to be had, for whatever reason.
        """
        if self._link is None or is_lost(self._link):
            self._link = asyncio.create_task(opened(*self._server))
        link = await asyncio.shield(self._link)  # which others wait for, too
        return await link.ask(question(query), query.timeout)

    async def close(self) -> None:
        """End the connection."""
        if self._link:
            self._link.cancel()
            await asyncio.wait([self._link])
            if not is_lost(self._link):
                self._link.result().close()


class Link:
    """An open connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._pending: dict[int, asyncio.Future[bytes | None]] = {}
        self._heard = 0
        self.is_open = True
        self._listening = asyncio.create_task(self._listen())

    async def ask(self, message: Message, timeout: float) -> Outcome:  # noqa: ASYNC109 - a deadline that says more than time is up
        """Return the answer to *message*, or None if the connection ends before.

        Raises:
            TimeoutError: Nothing came in time. If nothing came at all meanwhile, the
                connection is taken for dead.
        """
        while message.id in self._pending:
            message.id = (message.id + 1) % 65536
        self._pending[message.id] = answer = asyncio.get_running_loop().create_future()
        heard = self._heard
        self._writer.write(message.to_wire(prepend_length=True))
        try:
            async with asyncio.timeout(timeout):
                wire = await answer
        except TimeoutError:
            if self._heard == heard:
                self.close()
            raise
        finally:
            self._pending.pop(message.id, None)
        return None if wire is None else genuine(wire, message)

    def close(self) -> None:
        """Hang up; whoever still waits for an answer may ask again."""
        self.is_open = False
        self._listening.cancel()
        self._writer.transport.abort()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_result(None)

    async def _listen(self) -> None:
        """Hand out answers as they come (RFC 7766 §8), until the server hangs up."""
        try:
            while True:
                size = int.from_bytes(await self._reader.readexactly(2), "big")
                wire = await self._reader.readexactly(size)
                self._heard += 1
                answer = self._pending.get(int.from_bytes(wire[:2], "big"))
                if answer and not answer.done():
                    answer.set_result(wire)
        except (OSError, EOFError):
            self.close()


def is_lost(link: asyncio.Task[Link]) -> bool:
    """Whether *link* could not be opened, or is closed again."""
    if not link.done():
        return False
    return link.cancelled() or link.exception() is not None or not link.result().is_open


async def opened(address: str, port: int) -> Link:
    """Return a connection to a server with a certificate for its address.

    Raises:
        OSError: There is none, for whatever reason.
    """
    async with asyncio.timeout(OPENING_S):
        return Link(
            *await asyncio.open_connection(address, port, ssl=context(), server_hostname=address)
        )
