"""How fast a fleet goes, and when it will be through, once that can be known. Pure.

A wave waits for DNS most of its time, so nothing is told from within one: of two waves that
begin together neither is half done at half time. What is known is how long whole waves took.
With as many behind us as run at once, and one more, the rest takes as long for each certificate
as the last of them did (`RECENT` rounds), for a host may have slowed down since.
"""

from dataclasses import dataclass, field

RECENT = 3
"""Rounds of waves that tell of the present pace."""


@dataclass(slots=True)
class Pace:
    """The moments at which waves ended, in seconds, and how many certificates were done by then."""

    total: int
    jobs: int
    begun: float
    _ends: list[tuple[float, int]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """How many certificates are through."""
        return self._ends[-1][1] if self._ends else 0

    def ended(self, now: float, certificates: int) -> None:
        """Take note that a wave of so many *certificates* has ended."""
        self._ends = [*self._ends, (now, self.done + certificates)]

    def rate(self, now: float) -> float:
        """Return the certificates a second since the beginning."""
        return self.done / (now - self.begun) if now > self.begun else 0.0

    def left(self, now: float) -> float | None:
        """Return the seconds that the rest will most likely take; None: nobody can know."""
        if len(self._ends) <= self.jobs or self.done >= self.total:
            return None
        window = self._ends[-(RECENT * self.jobs + 1) :]
        (before, first), (last, count) = window[0], window[-1]
        if len(window) == len(self._ends):  # since the beginning
            before, first = self.begun, 0
        if count == first:  # waves of those whom others have
            return None
        spent = max(last - before, 1e-3)
        return max((self.total - count) * spent / (count - first) - (now - last), 0.0)


def rounded(seconds: float) -> str:
    """Return *seconds* as roughly as they are known."""
    for limit, unit, size in ((90, "s", 1), (90 * 60, "min", 60)):
        if seconds < limit:
            return f"{max(round(seconds / size), 1)} {unit}"
    return f"{seconds / 3600:.1f} h"
