"""Let adapters wait: as long as whoever called them does, and so that it shows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from threading import Event, Lock
from weakref import WeakSet

from providers.errors import Unavailable

from .clock import Clock

SHOWN = 1.0
"""Seconds from which on a wait is worth a line."""

QUIET = 5.0
"""Seconds between two lines about one provider: many calls may wait at once."""

PATIENCE = 30.0
"""Seconds that a call may wait which nobody has given a time."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Term:
    """The time that the calls of an operation have, and whether it was called off."""

    until: float
    off: Event = field(default_factory=Event)


TERM: ContextVar[Term | None] = ContextVar("TERM", default=None)
"""The term of the call that runs in this thread; threads that it starts inherit it."""


class Pauses:
    """What the calls of one run wait for, besides answers."""

    def __init__(self, clock: Clock, say: Callable[[str], None]) -> None:
        self._clock, self._say = clock, say
        self._terms: WeakSet[Term] = WeakSet()
        self._told: dict[str, float] = {}
        self._telling = Lock()

    @contextmanager
    def within(self, until: float) -> Iterator[None]:
        """Let calls that begin in here wait until then, and no longer."""
        term = Term(until)
        self._terms.add(term)
        before = TERM.set(term)
        try:
            yield
        finally:
            TERM.reset(before)

    def call_off(self) -> None:
        """End every wait of the calls that have begun: their outcome is of no more use."""
        for term in list(self._terms):
            term.off.set()

    def pause(self, provider: str, seconds: float, reason: str) -> None:
        """Wait, and say so.

        Raises:
            Unavailable: The call has not that much time, or was called off.
        """
        now = self._clock.now()
        term = TERM.get() or Term(now + PATIENCE)
        if now + seconds > term.until:
            raise Unavailable(
                f"would have to wait {max(seconds, 1.0):.0f} s {reason}, and has less time left",
                hint=f"try again after {self._clock.time_of(now + seconds):%H:%M:%S} UTC",
            )
        if seconds >= SHOWN:
            self._tell(provider, now, f"{provider}: waiting {seconds:.0f} s {reason}")
        if term.off.wait(seconds):
            raise Unavailable(f"called off while waiting {reason}")

    def _tell(self, provider: str, now: float, line: str) -> None:
        with self._telling:
            if now < self._told.get(provider, now):
                return
            self._told[provider] = now + QUIET
        self._say(line)
