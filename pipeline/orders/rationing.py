"""Order requests under a budget: what an account may ask for, counted over all processes.

Nothing is waited for that takes a good part of the run: an order that does not fit is not asked
for, and its certificate is tried in a later run.
"""

from pipeline.clock import Clock
from pipeline.configuration.settings import Settings
from pipeline.model import Exit, Failed
from providers.errors import Unavailable
from providers.limits import Budget, Rate

from . import OrderSource
from .retry import Throttled

UNLIMITED = Rate(1000, 1.0)
"""What a source is taken to take that nobody has given a limit."""

PART = 4
"""A wait may take one in so many parts of the time that is left."""

WEEK = 7 * 86_400.0
"""Seconds for which a source is believed that it takes no more; quotas are of a week at most."""

MINUTE = 60.0
"""Seconds in which a source is let alone that takes no more, and does not say for how long."""


class Budgeted:
    """The requests to *source* until *deadline*, counted in the shared folder of *settings*."""

    def __init__(
        self, settings: Settings, clock: Clock, source: OrderSource, deadline: float
    ) -> None:
        self._clock = clock
        self._deadline = deadline
        self._budget = Budget(
            settings.order_limit or UNLIMITED,
            clock.pause,
            lambda: clock.today().timestamp(),
            longest=WEEK,
        )
        account = f"orders {source.name} {source.account}"
        self._budget.share(self._pause, settings.shared_dir, lambda: account)

    def enter(self, name: str) -> None:
        """Wait until the order of *name* may be asked for, and count it.

        Raises:
            Failed: 75, if that takes too long.
        """
        try:
            self._budget.enter()
        except Unavailable as error:
            raise Failed(
                Exit.NOT_READY,
                "order-later",
                f"the order of {name} was not asked for: {error}",
                "run again later; what was ordered goes on without a new order",
            ) from error

    def refused(self, by: Throttled) -> None:
        """Let nobody ask for as long as the source has said *by* its refusal."""
        self._budget.block(MINUTE if by.after_s is None else by.after_s)

    def _pause(self, seconds: float, reason: str) -> None:
        if seconds > (self._deadline - self._clock.now()) / PART:
            raise Unavailable(f"it would have to wait {seconds:.0f} s {reason}")
        self._clock.pause(seconds)
