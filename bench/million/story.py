"""What happens to a fleet, and what comes of it day by day. Pure."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Story:
    """What happens to a fleet, in seconds from the beginning.

    Attributes:
        at_once: Whether every certificate was issued in the same hour.
        down_from, down_to: No order is taken in between.
        revoked_at: Every certificate is good for `notice_s` more from here, and due.
    """

    name: str
    at_once: bool = False
    down_from: float = 0.0
    down_to: float = 0.0
    revoked_at: float | None = None
    notice_s: float = 0.0


STEADY = Story("an ordinary day")


@dataclass(slots=True)
class Day:
    """What was asked on one day, and how it ended.

    Attributes:
        late: Certificates that were renewed after their end; on the last day also those that
            have passed it and still wait.
        busy_s: Seconds that processes took, of those that ended.
        waiting: In line at its end.
        least_left_s: Of all that were renewed, the shortest time that one was still good for.
        account_calls, ca_orders: By account.
    """

    renewed: int = 0
    late: int = 0
    orders: int = 0
    waves: int = 0
    zones: int = 0
    calls: int = 0
    busy_s: float = 0.0
    waiting: int = 0
    least_left_s: float = float("inf")
    account_calls: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    ca_orders: dict[int, int] = field(default_factory=lambda: defaultdict(int))
