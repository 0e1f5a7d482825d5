"""DNS over HTTPS (RFC 8484): POST over HTTP/2, to a server named by its address."""

from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Lock, Semaphore, Thread
from typing import TYPE_CHECKING

from dns.message import Message

from pipeline import __version__
from pipeline.clock import Clock
from pipeline.flight import Query, question
from pipeline.questions import Silence
from pipeline.text import printable

from . import Deliver, Outcome
from .answers import genuine
from .trust import context, failure

if TYPE_CHECKING:
    import httpx

LANES = 64
"""Requests to one server at a time, on one connection: HTTP/2 servers allow 100 or more."""

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

    def __init__(self, address: str, port: int, clock: Clock, deliver: Deliver) -> None:
        host = f"[{address}]" if ":" in address else address
        self._url = f"https://{host}:{port}/dns-query"
        self._clock = clock
        self._deliver = deliver
        self._inbox: SimpleQueue[tuple[Query, float] | None] = SimpleQueue()
        self._idle = Semaphore(0)
        self._lanes = 0
        self._client: httpx.Client | None = None
        self._first = Lock()
        self._works = Event()

    def ask(self, query: Query) -> None:
        """Send *query*; what comes of it is delivered, late if the server takes its time."""
        self._inbox.put((query, self._clock.now() + query.timeout))
        if not self._idle.acquire(blocking=False) and self._lanes < LANES:
            self._lanes += 1
            Thread(target=self._work, daemon=True).start()

    def close(self) -> None:
        """End the threads, and with the last of them the connection."""
        for _ in range(self._lanes):
            self._inbox.put(None)

    def _work(self) -> None:
        while (errand := self._next()) is not None:
            self._deliver(errand[0], self._outcome(*errand))
        with self._first:
            self._lanes -= 1
            if self._client and not self._lanes:
                self._client.close()

    def _next(self) -> tuple[Query, float] | None:
        with suppress(Empty):
            return self._inbox.get_nowait()
        self._idle.release()
        return self._inbox.get()

    def _outcome(self, query: Query, until: float) -> Outcome:
        """Return what comes of *query*, for which nobody waits after *until* (our clock)."""
        if self._works.is_set():
            return self._post(query, until)
        with self._first:  # one opens the connection; the others would only queue up behind it
            if self._clock.now() >= until:
                return Silence("timeout")
            if not self._works.is_set():
                return self._post(query, until)
        return self._post(query, until)

    def _post(self, query: Query, until: float) -> Outcome:
        import httpx  # noqa: PLC0415 - 100 ms that only encrypted questions need

        message = question(query)
        message.id = 0  # RFC 8484 §4.1
        try:
            self._client = self._client or opened()
            request = self._client.stream(
                "POST", self._url, content=message.to_wire(), timeout=query.timeout
            )
            with request as response:
                self._works.set()
                return judged(response, message)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            self._works.clear()
            return failure(error)
        except httpx.TimeoutException:
            # Another request's patience may have ended before ours, and with it the connection.
            return Silence("timeout") if self._clock.now() >= until else None
        except httpx.TransportError:
            return None
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            return failure(error)


def opened() -> "httpx.Client":
    """Return a client that trusts SSL_CERT_FILE and goes through HTTPS_PROXY, if they are set."""
    import httpx  # noqa: PLC0415 - see above

    return httpx.Client(
        http2=True,
        headers=HEADERS,
        verify=context(),
        limits=httpx.Limits(keepalive_expiry=KEPT_S),
    )


def judged(response: "httpx.Response", asked: Message) -> Message | Silence:
    """Return the answer to *asked* in *response*, or what is wrong with it (RFC 8484 §4.2)."""
    if response.http_version != "HTTP/2":
        return Silence(f"speaks {printable(response.http_version, 20)}, and HTTP/2 is needed")
    if response.status_code != 200:
        return Silence(f"HTTP status {response.status_code}")
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        return Silence(f"answer is {printable(media_type, 40) or 'of no type'}, not {MEDIA_TYPE}")
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > LIMIT:
            break
    return genuine(bytes(body), asked)
