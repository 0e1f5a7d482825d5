"""DNS over HTTPS (RFC 8484): POST over HTTP/2, to a server named by its address."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from dns.message import Message

from pipeline import __version__
from pipeline.asking.query import Query
from pipeline.questions import Silence
from pipeline.text import printable

from . import Outcome
from .answers import genuine, question
from .trust import context

if TYPE_CHECKING:
    import httpx

MEDIA_TYPE = "application/dns-message"

HEADERS = {
    "Accept": MEDIA_TYPE,
    "Accept-Encoding": "identity",
    "Content-Type": MEDIA_TYPE,
    "User-Agent": f"dns01/{__version__}",
}

LIMIT = 65535
"""Octets of the longest DNS message; what is longer is none."""

KEPT_S = 120.0
"""Seconds for which a connection is kept without being used."""


class HTTPS:
    """The way to one server. Opens when it is needed, and again when it was lost."""

    def __init__(self, address: str, port: int) -> None:
        host = f"[{address}]" if ":" in address else address
        self._url = f"https://{host}:{port}/dns-query"
        self._client: httpx.AsyncClient | None = None
        self._gate = asyncio.Lock()

    async def ask(self, query: Query) -> Outcome:
        """Return what comes of *query*.

        Raises:
            TimeoutError: Nothing came in its time.
            Exception: There is no connection to be had, for whatever reason.
        """
        import httpx  # noqa: PLC0415 - 100 ms that only encrypted questions need

        message = question(query)
        message.id = 0  # RFC 8484 §4.1
        now = asyncio.get_running_loop().time
        until = now() + query.timeout
        try:
            async with AsyncExitStack() as gate:
                # One at a time: several that wait for a connection lose it if one of them fails.
                async with asyncio.timeout_at(until):
                    await gate.enter_async_context(self._gate)
                return await self._post(message, query.timeout, gate.aclose)
        except httpx.ConnectError:
            raise
        except (httpx.NetworkError, httpx.ProtocolError):
            return None
        except httpx.TimeoutException as error:
            if now() < until:
                return None  # another's patience has ended, and with it the connection
            raise TimeoutError from error

    async def _post(
        self, asked: Message, patience: float, connected: Callable[[], Awaitable[None]]
    ) -> Message | Silence:
        """Return what the server answers; await *connected* once it can be sent the question."""

        async def trace(event: str, _: object) -> None:
            if event == "http2.send_request_headers.started":
                await connected()

        self._client = self._client or opened()
        request = self._client.stream(
            "POST",
            self._url,
            content=asked.to_wire(),
            timeout=patience,
            extensions={"trace": trace},
        )
        async with request as response:
            return await judged(response, asked)

    async def close(self) -> None:
        """End the connection."""
        if self._client:
            await self._client.aclose()


def opened() -> "httpx.AsyncClient":
    """Return a client that trusts SSL_CERT_FILE and goes through HTTPS_PROXY, if they are set."""
    import httpx  # noqa: PLC0415 - see above

    return httpx.AsyncClient(
        http2=True,
        headers=HEADERS,
        verify=context(),
        limits=httpx.Limits(keepalive_expiry=KEPT_S),
    )


async def judged(response: "httpx.Response", asked: Message) -> Message | Silence:
    """Return the answer to *asked* in *response*, or what is wrong with it (RFC 8484 §4.2)."""
    if response.http_version != "HTTP/2":
        return Silence(f"speaks {printable(response.http_version, 20)}, and HTTP/2 is needed")
    if response.status_code != 200:
        return Silence(f"HTTP status {response.status_code}")
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        return Silence(f"answer is {printable(media_type, 40) or 'of no type'}, not {MEDIA_TYPE}")
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LIMIT:
            break
    return genuine(bytes(body), asked)
