"""How patient a wait is, and whose word it needs. Pure."""

from dataclasses import dataclass
from enum import Enum


class Require(Enum):
    """Whose confirmation is needed."""

    QUORUM = "quorum"
    ALL = "all"
    AUTHORITATIVE = "authoritative"


@dataclass(frozen=True, slots=True)
class Policy:
    """How patient we are. Times in seconds on the clock of `decide`'s *now*.

    Attributes:
        shortest: Between two polls, from when as much has been waited.
    """

    started: float
    deadline: float
    require: Require = Require.QUORUM
    streak: int = 2
    fresh: float = 5.0
    shortest: float = 0.1
    longest: float = 5.0
    silent_attempts: int = 3
    silent_for: float = 10.0

    def pause(self, waited: float) -> float:
        """Return how long to wait for the next poll after *waited* seconds (rule 5).

        As long again at first: secondaries on the same wire have it in milliseconds.
        """
        first = min(max(waited, self.shortest / 10), self.shortest)
        return min(max(waited / 20, first), self.longest)


def allowed_failures(resolvers: int) -> int:
    """Return how many of *resolvers* may stay unconfirmed (rule 4).

    The tolerance a CA grants its own remote network perspectives: one of 2 to
    5, two of 6 or more (CA/Browser Forum Baseline Requirements §3.2.2.9).
    """
    if resolvers < 2:
        return 0
    return 1 if resolvers < 6 else 2
