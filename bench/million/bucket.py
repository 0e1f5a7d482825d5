"""A limit as whoever asks meets it: so many at once, and so many a second. Pure."""

from providers.limits import Rate


class Bucket:
    """Tokens that come back with time; those who find too few get theirs in turn, later."""

    __slots__ = ("_apart", "_burst", "_next")

    def __init__(self, rate: Rate) -> None:
        self._apart = rate.seconds / rate.calls
        self._burst = rate.seconds
        self._next = -rate.seconds

    def left(self, now: float) -> int:
        """Return how many tokens there are at *now*."""
        return max(int((now - max(self._next, now - self._burst)) / self._apart + 1e-6), 0)

    def take(self, now: float, tokens: int) -> float:
        """Take *tokens* and return when the last of them is there: *now*, or later."""
        self._next = max(self._next, now - self._burst) + tokens * self._apart
        return max(now, self._next)
