"""The only module that knows what time it is."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time as the pipeline uses it."""

    def now(self) -> float:
        """Return seconds since the process started; never goes back."""
        ...

    def today(self) -> datetime:
        """Return the time of day, aware, in UTC."""
        ...

    def time_of(self, moment: float) -> datetime:
        """Return the time of day of *moment*, a value of `now`."""
        ...

    def pause(self, seconds: float) -> None:
        """Let *seconds* go by; a signal ends that."""
        ...


class SystemClock:
    """This machine's clock."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def now(self) -> float:
        return time.monotonic() - self._started

    def today(self) -> datetime:
        return datetime.now(UTC)

    def time_of(self, moment: float) -> datetime:
        return self.today() + timedelta(seconds=moment - self.now())

    def pause(self, seconds: float) -> None:
        time.sleep(seconds)
