"""What is due when. Pure."""

from heapq import heappop, heappush
from itertools import count
from typing import Generic, TypeVar

T = TypeVar("T")


class Timers(Generic[T]):
    """Things by the time they are due; none is cancelled, so some no longer matter by then."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, T]] = []
        self._order = count()

    def set(self, at: float, thing: T) -> None:
        """Have *thing* due at that time."""
        heappush(self._heap, (at, next(self._order), thing))

    @property
    def next_at(self) -> float:
        """When the first is due, and infinity if there is none."""
        return self._heap[0][0] if self._heap else float("inf")

    def due(self, now: float) -> list[T]:
        """Return what is due *now*, first things first, and forget it."""
        things = []
        while self.next_at <= now:
            things.append(heappop(self._heap)[2])
        return things
