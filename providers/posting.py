"""JSON sent to a server that speaks one of the small DNS protocols of ACME clients."""

import json
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from threading import Lock

from .errors import Misconfigured, ProviderError, Rejected, Unauthorized, Unavailable
from .pool import opened_pool, trusted_host

PAUSES_S = (0.5, 2.0)
"""Before a second and a third attempt, where another one may do."""

LATER = {429, 502, 503, 504}
"""Statuses of who may do it next time."""

SHOWN = 300
"""Characters of an answer that are worth showing."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; `server` is its address.

    Attributes:
        is_first: Whether nothing reached it before, so that its no is all there is.
    """

    server: str
    status: int
    text: str
    is_first: bool = False

    @property
    def is_done(self) -> bool:
        """Whether what was asked is done."""
        return 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """What the server gives as its reason; JSON of the usual form is taken apart."""
        try:
            document = json.loads(self.text)
        except (ValueError, RecursionError):
            document = None
        said = document.get("error") if isinstance(document, dict) else None
        return " ".join((said if isinstance(said, str) else self.text).split())[:SHOWN]

    def failure(self, what: str, variable: str, credentials: str) -> ProviderError:
        """Return why *what* was not done; *variable* has the address, *credentials* the login."""
        error = self._failure(what, variable, credentials)
        error.untouched = self.is_first and not isinstance(error, Unavailable)
        return error

    def _failure(self, what: str, variable: str, credentials: str) -> ProviderError:
        said = f"{self.server} answered {self.status} to {what}"
        told = f"{said}: {self.reason}" if self.reason else said
        match self.status:
            case 401:
                return Unauthorized(told, hint=f"are {credentials} right?")
            case 403:
                return Unauthorized(told, hint=f"may {credentials} write there?")
            case status if status == 429 or status >= 500:
                return Unavailable(told)
            case 404 | 405:
                return Misconfigured(told, hint=f"is {variable} the right address?")
            case status if status < 400:
                return Misconfigured(said, hint=f"set {variable} to where it really is")
            case _:
                return Rejected(told)


class Posts:
    """A server at *address*, which *variable* holds; its connections are kept.

    Raises:
        Misconfigured: What is sent there could be read on the way.
    """

    def __init__(
        self,
        variable: str,
        address: str,
        pause: Callable[[float], None] = time.sleep,  # noqa: TID251 (tests bring their own)
    ) -> None:
        self.address = address.rstrip("/")
        self._pool = opened_pool(trusted_host(variable, address))
        self._pause = pause
        self._counting = Lock()
        self.calls = 0
        weakref.finalize(self, self._pool.close)

    def post(
        self, path: str, content: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send *content* to *path*; return the answer, the last of three where it may get better.

        Raises:
            Unavailable: There is none.
        """
        is_first, pauses = True, iter(PAUSES_S)
        while True:
            seconds = next(pauses, None)
            try:
                reply = replace(self._once(path, content, headers or {}), is_first=is_first)
            except Unavailable as error:
                is_first = error.untouched = is_first and error.untouched
                if seconds is None:
                    raise
            else:
                if seconds is None or reply.status not in LATER:
                    return reply
                is_first = False
            self._pause(seconds)

    def _once(self, path: str, content: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        import httpx  # noqa: PLC0415 - loaded when the pool was made

        with self._counting:
            self.calls += 1
        wanted = {"Accept": "application/json", **headers}
        try:
            answer = self._pool.post(f"{self.address}{path}", json=dict(content), headers=wanted)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"{self.address} did not answer: {reason(error)}",
                hint="is it up, and reached from here?",
                untouched=isinstance(error, httpx.ConnectError | httpx.ConnectTimeout),
            ) from error
        return Reply(self.address, answer.status_code, answer.text)


def reason(error: BaseException) -> str:
    """Return the system's words for *error*, if it is behind it; else its own."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower()
        cause = cause.__cause__ or cause.__context__
    return str(error) or type(error).__name__
