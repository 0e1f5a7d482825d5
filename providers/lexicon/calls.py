"""Calls of dns-lexicon: within a time of ours, with errors of ours.

Its providers ask by `requests` without any timeout, say no by all kinds of
exceptions, and by the value False.
"""

from collections.abc import Callable, Collection
from concurrent.futures import Future, wait
from threading import Lock
from typing import TypeVar

from providers.errors import ProviderError, Rejected, Unauthorized, Unavailable
from providers.threads import in_thread

Result = TypeVar("Result")


class Endless(Unavailable):
    """A call that has not ended, and may yet take effect."""


class Calls:
    """Makes calls, each in a thread that nobody waits for longer than *seconds*.

    Args:
        host: Who is called, for people.
        secrets: Never shown.

    Attributes:
        count: Of the calls so far; dns-lexicon does not tell how many requests each takes.
    """

    def __init__(self, host: str, seconds: float, secrets: Collection[str]) -> None:
        self.host = host
        self.count = 0
        self._seconds = seconds
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self._counting = Lock()
        self._endless: dict[str, list[Future[object]]] = {}

    def make(self, zone: str, what: str, call: Callable[[], Result]) -> Result:
        """Return what *call* returns, which does *what* in *zone*.

        Raises:
            ProviderError: In our words, whatever it was.
        """
        with self._counting:
            self.count += 1
        future = in_thread(call)
        wait([future], timeout=self._seconds)
        if not future.done():
            with self._counting:
                self._endless.setdefault(zone, []).append(future)  # type: ignore[arg-type]
            raise Endless(
                f"{self.host} has not ended to {what} within {self._seconds:g} s",
                hint="it hangs, or is far too slow; what was asked for may yet be done",
            )
        try:
            outcome = future.result()
        except Exception as error:
            raise self._translated(what, error) from error
        if outcome is False:
            raise Unavailable(f"{self.host} failed to {what}, and does not say why")
        return outcome

    def has_endless(self, zone: str) -> bool:
        """Whether a call for *zone* may yet take effect, after what was done since."""
        with self._counting:
            return any(not future.done() for future in self._endless.get(zone, ()))

    def _translated(self, what: str, error: Exception) -> ProviderError:
        from lexicon.exceptions import AuthenticationError  # noqa: PLC0415 - loaded by now
        from requests import HTTPError  # noqa: PLC0415 - likewise

        said = f"{self.host} failed to {what}: {self._words(error)}"
        match error:
            case AuthenticationError():
                return Unauthorized(
                    said, hint="are its credentials right, and has this account the zone?"
                )
            case HTTPError() if error.response is not None:
                return verdict(error.response.status_code)(said)
            case _:
                return Unavailable(said)

    def _words(self, error: Exception) -> str:
        text = str(error)
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def verdict(status: int) -> type[ProviderError]:
    """Return what an HTTP *status* that is an error means."""
    match status:
        case 401 | 403:
            return Unauthorized
        case 408 | 429:
            return Unavailable
        case _:
            return Unavailable if status >= 500 else Rejected
