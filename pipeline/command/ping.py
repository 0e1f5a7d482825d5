"""Tell a watcher that a job has begun, and how it ended, in the way of healthchecks.

``URL/start``, then ``URL`` for exit status 0 or ``URL/<exit>`` for another. A
watcher that hears nothing raises the alarm, so a ping that fails changes nothing.
"""

from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from pipeline import __version__
from pipeline.configuration.environment import Environment
from pipeline.configuration.values import is_local
from pipeline.model import SIGNALLED
from pipeline.text import printable
from providers.threads import in_thread

VARIABLE = "DNS01_PING_URL"
TIMEOUT = 5.0
"""Seconds for one ping, the answer included."""

HURRIED = 2.0
"""Seconds for the one ping after a signal: who sent it will not wait for long."""

PAUSE = 1.0
"""Seconds before a ping is tried again."""

LARGEST = 10_000
"""Octets of a body; more is not kept by those who keep it."""

KEY = 16
"""Characters from which on a part of the path is the key in it."""

Pause = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Watcher:
    """Where pings go. The URL is a key: who knows it can say that all is well."""

    base: str = field(repr=False)
    query: str = field(repr=False)
    is_local: bool

    def url(self, path: str, run: str) -> str:
        """Return where to say *path* of the run *run*."""
        return f"{self.base}{path}?{self.query}{'&' if self.query else ''}rid={run}"


def watcher(environment: Environment) -> Watcher | None:
    """Return who is to be told, if anybody; its URL is secret from now on.

    Raises:
        Failed: 78, if it is neither https nor on the loopback, or cannot be read.
    """
    given = environment.secret(VARIABLE, whole=True)
    if not given:
        return None
    base, _, query = given.partition("?")
    local = is_local(VARIABLE, base)
    parts = urlsplit(base).path.split("/")
    environment.secrets.add(next((p for p in parts if len(p) >= KEY), ""), whole=True)
    return Watcher(base.rstrip("/"), query, local)


class Ping:
    """The pings of one run, which share an id."""

    def __init__(self, to: Watcher, pause: Pause) -> None:
        from uuid import uuid4  # noqa: PLC0415 - only who is watched needs it

        self._to = to
        self._pause = pause
        self._run = str(uuid4())
        self._begun: Future[str] | None = None
        self._is_there = False

    def begin(self) -> None:
        """Say that the run has begun, and wait for nobody."""
        self._begun = in_thread(lambda: self._post("/start", ""))

    def end(self, status: int, body: str) -> str:
        """Say that the run ended with *status*, twice if need be; return why nobody heard it.

        Once, if nothing was heard of the first ping: who is gone is not worth the wait.
        """
        seconds = HURRIED if status > SIGNALLED else TIMEOUT
        left = seconds
        if self._begun and not self._begun.done():
            # Before that has come the watcher would take us for running.
            wait([self._begun], timeout=seconds / 2)
            left = seconds / 2
        is_gone = self._begun is not None and not self._is_there
        why = self._say(status, body, left)
        if why and not is_gone and status <= SIGNALLED:
            self._pause(PAUSE)
            why = self._say(status, body, seconds)
        return why

    def _say(self, status: int, body: str, seconds: float) -> str:
        said = in_thread(lambda: self._post(f"/{status}" if status else "", body))
        wait([said], timeout=seconds)
        return said.result() if said.done() else f"no answer within {seconds:g} s"

    def _post(self, path: str, body: str) -> str:
        """Return why *body* did not arrive, without the URL; empty: it did."""
        import httpx  # noqa: PLC0415 - 60 ms that only who is watched needs

        url, agent = self._to.url(path, self._run), f"dns01/{__version__}"
        content = body.encode("utf-8", "replace")[:LARGEST]
        heads = {"User-Agent": agent, "Content-Type": "text/plain; charset=utf-8"}
        try:
            with (
                httpx.Client(timeout=TIMEOUT, trust_env=not self._to.is_local) as client,
                client.stream("POST", url, content=content, headers=heads) as response,
            ):
                self._is_there = True
                return "" if response.is_success else f"it answers {response.status_code}"
        except httpx.TransportError as error:
            return printable(str(error)) or type(error).__name__
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            OSError,
            ValueError,
            KeyError,
        ) as error:  # a proxy, a CA bundle
            return type(error).__name__
