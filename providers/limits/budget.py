"""One account's budget of requests, and who waits for it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TypeVar

from providers.contract import Pause
from providers.errors import Unavailable

from .store import Memory, Shared
from .turn import turn
from .window import (
    HORIZON,
    Opening,
    Rate,
    State,
    blocked,
    claim,
    opening,
    reserve,
    slowed,
    spread,
    without,
)

BUDGET = "for the account's request budget"
BLOCK = "until the host's block of this account ends"

PATIENCE = 30.0
"""Seconds that one wait may take where nobody says how long a run may."""

DAY = 86_400.0
"""Seconds for which a host is believed that it takes nothing."""

Answer = TypeVar("Answer")
Step = Callable[[State, Rate, float], tuple[State, float]]
Lesson = Callable[[State, float], State]


class Budget:
    """The requests that one account may make, counted over all processes that share it.

    Until `share` is called, the budget is this process's own, and a wait of more
    than `PATIENCE` is refused. Thread-safe.

    Args:
        rate: What the host takes, as far as is known beforehand.
        sleep: Waits so many seconds.
        now: Returns seconds, by a clock that all processes of the machine have.
        longest: Seconds for which the host is believed that it takes nothing.
    """

    def __init__(
        self,
        rate: Rate,
        sleep: Callable[[float], None],
        now: Callable[[], float],
        longest: float = DAY,
    ) -> None:
        self._rate, self._sleep, self._now = rate, sleep, now
        self._longest = longest
        self._horizon = max(HORIZON, 2 * rate.seconds)
        self._own = Memory()
        self._store: Memory | Shared | Callable[[], Shared] = self._own
        self.pause: Pause = self._briefly
        self.is_bounded = True

    def share(self, pause: Pause, folder: Path | None, account: Callable[[], str]) -> None:
        """Wait by *pause* from now on, and count in *folder* with all who have the same *account*.

        *account* is asked when the first request is about to go, for it may take
        some asking. Where the folder cannot be used, the budget stays this process's own.
        """
        self.pause, self.is_bounded = pause, False
        if folder is not None:
            self._store = lambda: Shared(folder, account(), self._sleep, self._horizon)

    def enter(self) -> None:
        """Wait until a request may go, and count it.

        Raises:
            Unavailable: Nobody would wait that long.
        """
        slot, reason = self._line_up(reserve)
        while (wait := slot - self._now()) > 0:
            try:
                self.pause(wait, reason)
            except Unavailable:
                self._give_back(slot)
                raise
            slot, reason = self._line_up(partial(claim, slot=slot))

    def opening(self) -> Opening:
        """Return when requests may go."""
        return self._change(lambda state, now: (state, opening(state, self._rate, now)))

    def block(self, seconds: float) -> None:
        """Let nobody send anything for *seconds*: the host has said so."""
        seconds = min(seconds, self._longest)
        self._learn(lambda state, now: blocked(state, self._rate, now, seconds))

    def spread(self, left: int, seconds: float) -> None:
        """Let the *left* requests that the host takes in the next *seconds* go evenly apart."""
        self._learn(lambda state, now: spread(state, now, left, seconds))

    def slow(self) -> None:
        """Let less go: the host has throttled a request."""
        self._learn(lambda state, now: slowed(state, self._rate, now))

    def turn(self, zone_id: str) -> AbstractContextManager[None]:
        """Be the only one of the machine's processes to write to a zone; see `turn`."""
        shared = self._shared()
        if shared is None:
            return nullcontext()
        return turn(shared.sibling(zone_id), self.pause, self._now)

    def _give_back(self, slot: float) -> None:
        self._learn(lambda state, _now: without(state, slot))

    def _line_up(self, step: Step) -> tuple[float, str]:
        """Return what *step* gives as slot, and what is waited for until then."""

        def edit(state: State, now: float) -> tuple[State, tuple[float, str]]:
            after, slot = step(state, self._rate, now)
            return after, (slot, BLOCK if after.blocked_until > now else BUDGET)

        return self._change(edit)

    def _learn(self, lesson: Lesson) -> None:
        self._change(lambda state, now: (lesson(state, now), None))

    def _change(self, edit: Callable[[State, float], tuple[State, Answer]]) -> Answer:
        if shared := self._shared():
            try:
                return shared.change(edit, self._now)
            except OSError:
                self._store = self._own  # nobody to share with, and that is no reason to stop
        return self._own.change(edit, self._now)

    def _shared(self) -> Shared | None:
        if callable(self._store):
            self._store = self._store()
        return self._store if isinstance(self._store, Shared) else None

    def _briefly(self, seconds: float, reason: str) -> None:
        if seconds > PATIENCE:
            raise Unavailable(
                f"would have to wait {seconds:.0f} s {reason}", hint="try again later"
            )
        self._sleep(seconds)
