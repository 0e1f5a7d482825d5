"""Order requests under a budget: what an account may ask for, counted over all processes.

Nothing is waited for that takes a good part of the run: an order that does not fit is not asked
for, and its certificate is tried in a later run. A source that fails is let alone, and tried once
by each wave.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from math import ceil
from secrets import token_hex

from pipeline.clock import Clock
from pipeline.configuration.settings import Settings
from pipeline.model import Exit, Failed
from providers.errors import Unavailable
from providers.limits import Budget, Rate
from providers.limits.budget import BLOCK

from . import OrderSource
from .refusals import ENOUGH, Met, Refusals
from .retry import Throttled

UNLIMITED = Rate(1000, 1.0)
"""What a source is taken to take that nobody has given a limit."""

PART = 4
"""A wait may take one in so many parts of the time that is left."""

BRIEF = 10.0
"""Seconds that a source's word is waited for; it may say the same again to whoever has waited."""

SHOWN = 1.0
"""Seconds from which on a wait is worth a line."""

WEEK = 7 * 86_400.0
"""Seconds for which a source is believed that it takes no more; quotas are of a week at most."""

MINUTE = 60.0
"""Seconds in which a source is let alone that takes no more, and does not say for how long."""

WHO = {"acme": "the CA"}
UNITS = {86_400: "d", 3600: "h", 60: "m", 1: "s"}


class Budgeted:
    """The requests to *source* until *deadline*, counted in the shared folder of *settings*."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        source: OrderSource,
        deadline: float,
        say: Callable[[str], None],
    ) -> None:
        self._clock, self._deadline, self._say = clock, deadline, say
        self._who = WHO.get(source.name, "the order API")
        self._rate = settings.order_limit or UNLIMITED
        self._budget = Budget(
            self._rate, clock.pause, lambda: clock.today().timestamp(), longest=WEEK
        )
        account = f"orders {source.name} {source.account}"
        self._budget.share(self._pause, settings.shared_dir, lambda: account)
        run = settings.fleet_run
        self._refusals = Refusals(settings.shared_dir, account, run, clock.pause)
        self._seed = run or (token_hex(8) if settings.is_wave else "")
        self._has_asked = False

    def turn(self, name: str) -> str:
        """Return what the names of a wave are asked for by: an order that each run has for itself.

        Else those that always fail, be they three, would always hold up the same others.
        """
        return sha256(f"{self._seed} {name}".encode()).hexdigest() if self._seed else ""

    def enter(self) -> None:
        """Wait until an order may be asked for, and count it.

        Raises:
            Failed: 75, if that takes too long; 69, 77 or 78, if asking is of no use in this run.
        """
        met = self._refusals.met()
        if met.is_enough and self._has_asked:
            raise self._useless(met)
        try:
            self._budget.enter()
        except Unavailable as error:
            raise Failed(
                Exit.NOT_READY,
                "order-later",
                self._later(),
                "run again then; what was ordered goes on without a new order",
            ) from error

    def learn(self, failure: Failed | None) -> None:
        """Take to heart what a request has met: *failure*, or none."""
        self._has_asked = True
        self._refusals.learn(failure)
        if isinstance(failure, Throttled):
            self._budget.block(MINUTE if failure.after_s is None else failure.after_s)

    def _pause(self, seconds: float, reason: str) -> None:
        most = (self._deadline - self._clock.now()) / PART
        if seconds > (min(most, BRIEF) if reason == BLOCK else most):
            raise Unavailable(f"would have to wait {seconds:.0f} s {reason}")
        if seconds >= SHOWN:
            self._say(f"orders: waiting {seconds:.0f} s until {self._who} may be asked")
        self._clock.pause(seconds)

    def _later(self) -> str:
        """Return why no order was asked for, and when one may be: the same for all who wait."""
        opening = self._budget.opening()
        if opening.is_block:
            return f"{self._who} takes no order before {self._time(opening.one, 1)}"
        rate, one, every = self._rate, self._time(opening.one, 60), self._time(opening.every, 60)
        limit = f"order_limit {spelled(rate)} (DNS01_ORDER_LIMIT) is used up"
        if one == every:
            return f"{limit}: {rate.calls} from {every}"
        return f"{limit}: the next order from {one}, {rate.calls} from {every}"

    def _time(self, moment: float, unit: int) -> str:
        """Return the time of day of *moment* in words, to the next whole *unit* of seconds."""
        then = datetime.fromtimestamp(ceil(moment / unit) * unit, UTC)
        day = "" if then.date() == self._clock.today().date() else f"{then:%Y-%m-%d} "
        return f"{day}{then:{'%H:%M:%S' if unit == 1 else '%H:%M'}} UTC"

    def _useless(self, met: Met) -> Failed:
        """Return the failure of an order that was not asked for, as *met* by others of the run."""
        is_refused = met.exit is Exit.REFUSED
        what = (
            "has refused the credentials" if is_refused else f"has failed {ENOUGH} times in a row"
        )
        return Failed(
            met.exit,
            met.code,
            f"{self._who} {what}, and was not asked for this order",
            "nothing was asked for, so nothing counts; see the failure before, then run again",
        )


def spelled(rate: Rate) -> str:
    """Return *rate* as the configuration has it, such as 300/3h."""
    unit = next(unit for unit in UNITS if rate.seconds % unit == 0)
    return f"{rate.calls}/{rate.seconds / unit:.0f}{UNITS[unit]}"
