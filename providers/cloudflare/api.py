"""Calls to Cloudflare's API (client/v4): paced, repeated where safe, and judged.

The official SDK carries them but decides nothing. It would take 200 with
``"success": false`` for an empty list, decode a TXT row that lacks a field as an
A record, repeat a POST whose answer was lost, call again before a long
``Retry-After`` is over, and never read ``Ratelimit``. So it hands out raw answers.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from providers.contract import Pause
from providers.errors import ProviderError, Unavailable
from providers.limits import Budget, Rate

from .wire import Again, judged, unanswered

if TYPE_CHECKING:
    import httpx
    from cloudflare import Cloudflare

ATTEMPTS = 4
MOST_PAGES = 1_000  # far more than an account fills; a count without end would never end
FIRST_PAUSE = 1.0  # seconds; doubles with every attempt, full jitter
RATE = Rate(240, 60.0)  # 1,200 in five minutes, and never a burst that leaves others nothing
SCARCE = 10  # requests left, from which on they are spread over the time until there are more
BLOCK = 300.0  # seconds a 429 lasts where the answer does not say (API documentation)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as the API sent them, and the number of the last page."""

    rows: Sequence[object]
    last: int


class Throttled(Again):
    """The host takes no calls of this account for a while, and did not do this one."""


class Line:
    """The way to the host: counts requests, keeps within the quota, spaces repetitions.

    One for all tokens and threads, since the quota (1,200 requests in five
    minutes) is the user's, and going over it blocks every call for five more.

    Args:
        account: Tells whose quota it is from others'; no secret.
    """

    def __init__(
        self,
        pause: Callable[[float], None],
        random: Callable[[], float],
        now: Callable[[], float],
        account: str = "",
    ) -> None:
        self.calls = 0
        self._budget = Budget(RATE, pause, now)
        self._random, self._account = random, account
        self._lock = threading.Lock()

    def share(self, pause: Pause, shared: Path | None) -> None:
        """Do as `Paced.pace` says."""
        self._budget.share(pause, shared, lambda: self._account)

    def enter(self) -> None:
        """Count a request, once it may go.

        Raises:
            Unavailable: Nobody would wait that long.
        """
        self._budget.enter()
        with self._lock:
            self.calls += 1

    def heed(self, response: "httpx.Response") -> None:
        """Let fewer calls go, or none, where the host says so."""
        if response.status_code == 429:
            after = re.fullmatch(r"\d{1,6}", response.headers.get("Retry-After", ""))
            self._budget.block(max(float(after[0]), 1.0) if after else BLOCK)
        elif left := re.search(r"\br=(\d{1,6});t=(\d{1,6})", response.headers.get("Ratelimit", "")):
            requests, seconds = int(left[1]), float(left[2])
            if requests == 0:
                self._budget.block(seconds)
            elif requests < SCARCE:
                self._budget.spread(requests, seconds)

    def persist(self, action: Callable[[], T]) -> T:
        """Return what *action* returns, repeating it while it raises `Again`."""
        attempt = 1
        while True:
            try:
                return action()
            except Again as again:
                is_throttled = isinstance(again, Throttled)  # then `enter` waits: no pause here
                if is_throttled and not self._budget.is_bounded:
                    continue
                if attempt == ATTEMPTS:
                    raise again.verdict from again
                pause = 0.0 if is_throttled else self._random() * FIRST_PAUSE * 2 ** (attempt - 1)
                self._rest(pause, again.verdict)
            attempt += 1

    def _rest(self, seconds: float, verdict: ProviderError) -> None:
        try:
            if seconds > 0:
                self._budget.pause(seconds, "to try again")
        except Unavailable as refusal:
            raise verdict from refusal


class Api:
    """Calls with one token.

    Args:
        permission: What the token must be allowed to do, as a hint to a person.
    """

    def __init__(self, client: "Cloudflare", line: Line, permission: str) -> None:
        self._client, self._line, self._permission = client, line, permission

    def page(self, path: str, number: int, filters: Mapping[str, str | int]) -> Page:
        """Return one page of a listing, counted from 1."""
        query = {**filters, "page": number}
        body = self._line.persist(lambda: self._call("GET", path, query=query))
        match body:
            case {"result": list(rows), "result_info": {"total_pages": int(last)}} if (
                last <= MOST_PAGES
            ):
                return Page(rows, last)
            case _:
                raise Unavailable(f"Cloudflare sent no list and number of pages for {path}")

    def rows(
        self, path: str, filters: Mapping[str, str | int], first: Page | None = None
    ) -> list[object]:
        """Return every row of a listing; no call beyond its last page."""
        page = first or self.page(path, 1, filters)
        rows = list(page.rows)
        for number in range(2, page.last + 1):
            rows += self.page(path, number, filters).rows
        return rows

    def write(self, path: str, kind: str, operations: Sequence[object]) -> None:
        """Send one batch of *operations*, all of a *kind*, once.

        Raises:
            Again: It may have been made or not, or builds on an outdated listing.
        """
        match self._call("POST", path, body={kind: operations}):
            case {"result": dict(done)} if isinstance(rows := done.get(kind), list):
                is_told = len(rows) == len(operations)
            case _:
                is_told = False
        if not is_told:
            raise Again(Unavailable(f"Cloudflare did not tell what it did at POST {path}"))

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Mapping[object, object]:
        import cloudflare  # noqa: PLC0415 - loaded when the client was made
        import httpx  # noqa: PLC0415

        self._line.enter()
        try:
            if method == "GET":
                response = self._client.get(
                    path, cast_to=httpx.Response, options={"params": query or {}}
                )
            else:
                response = self._client.post(path, cast_to=httpx.Response, body=body)
        except cloudflare.APIStatusError as error:
            response = error.response
        except cloudflare.APIConnectionError as error:
            raise unanswered(f"{method} {path}", error.__cause__ or error) from error
        self._line.heed(response)
        try:
            return judged(response, f"{method} {path}", self._permission)
        except Again as again:
            if response.status_code == 429:
                raise Throttled(again.verdict) from again
            raise
