"""Order requests under a budget: by a limit of the user's, and by the word of the source."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from pipeline.configuration.settings import Settings
from pipeline.configuration.values import limit
from pipeline.model import Exit, Failed
from pipeline.orders.rationing import Budgeted
from pipeline.orders.retry import Throttled, after_s, replenished_s
from providers.limits import Rate

if TYPE_CHECKING:
    from pipeline.orders import OrderSource

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Clock:
    """Time that goes by when somebody waits."""

    seconds: float = 0.0
    waited: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def today(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def time_of(self, moment: float) -> datetime:
        return NOON + timedelta(seconds=moment)

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.seconds += seconds


def source(account: str, name: str) -> "OrderSource":
    """Return a source, as far as it is looked at."""
    return cast("OrderSource", SimpleNamespace(name=name, account=account))


@pytest.fixture
def budgeted(tmp_path: Path) -> Callable[..., Budgeted]:
    """Return what makes the budget of another process."""
    (tmp_path / "shared").mkdir(mode=0o700)

    def make(
        clock: Clock, rate: Rate | None, account: str = "ours", run: str = "", name: str = "rcl"
    ) -> Budgeted:
        settings = Settings(
            tmp_path,
            timeout=300.0,
            order_limit=rate,
            shared_dir=tmp_path / "shared",
            fleet_run=run,
        )
        of = source(account, name)
        return Budgeted(settings, clock, of, settings.timeout, clock.said.append)

    return make


def asked(ration: Budgeted, times: int) -> int:
    """Return how many of so many *times* an order may be asked for."""
    count = 0
    for _ in range(times):
        with suppress(Failed):
            ration.enter()
            count += 1
    return count


def test_all_processes_share_a_limit(budgeted: Callable[..., Budgeted]) -> None:
    """What an account may ask for it asks for, whichever process does; and not one more."""
    clock, rate = Clock(), Rate(5, 10_800.0)
    assert asked(budgeted(clock, rate), 3) == 3
    assert asked(budgeted(clock, rate), 4) == 2
    assert asked(budgeted(clock, rate, "another"), 1) == 1
    clock.seconds += 10_800.0
    assert asked(budgeted(clock, rate), 1) == 1
    assert clock.waited == []


DOWN = Failed(Exit.UNAVAILABLE, "order-api", "HTTP 500")


def requests(ration: Budgeted, outcomes: Sequence[Failed | None]) -> int:
    """Return how many requests a wave sends, which end as *outcomes*, until it is told not to."""
    for count, outcome in enumerate(outcomes):
        if not asked(ration, 1):
            return count
        ration.learn(outcome)
    return len(outcomes)


def test_a_source_let_alone_is_tried_by_each_wave(budgeted: Callable[..., Budgeted]) -> None:
    """A wave that has asked for nothing asks for one; if that comes, the source is up again."""
    wave = partial(budgeted, Clock(), None, run="a run")
    assert requests(wave(), [DOWN] * 9) == 3
    assert requests(wave(), [DOWN] * 9) == 1
    before = wave()
    assert requests(before, [DOWN]) == 1
    assert requests(wave(), [None] * 9) == 9
    assert requests(before, [None] * 9) == 9


def test_no_certificate_stays_first(budgeted: Callable[..., Budgeted]) -> None:
    """Each run asks in an order of its own, so those that fail always hold up the same for once.

    Processes of a run agree; whoever gave the names one after the other has them asked for so.
    """
    names = [f"h{at}.example" for at in range(20)]

    def first(run: str) -> str:
        return min(names, key=budgeted(Clock(), None, run=run).turn)

    assert len({first(f"run {at}") for at in range(20)}) > 5
    assert first("a run") == first("a run")
    assert sorted(names, key=budgeted(Clock(), None).turn) == names


def later(ration: Budgeted) -> str:
    """Return why an order may not be asked for now."""
    with pytest.raises(Failed) as caught:
        ration.enter()
    assert (caught.value.exit, caught.value.problem.code) == (Exit.NOT_READY, "order-later")
    assert "run again then" in caught.value.problem.hint
    return caught.value.problem.message


def test_what_does_not_fit_is_later(budgeted: Callable[..., Budgeted]) -> None:
    """75, with the limit, where it is set, and when how many go; nobody waits for hours.

    No place is kept for those who do not wait, so all are told the same.
    """
    clock = Clock()
    ration = budgeted(clock, Rate(3, 7200.0))
    for pause in (30.0, 600.0, 0.0):
        ration.enter()
        clock.seconds += pause
    told = "order_limit 3/2h (DNS01_ORDER_LIMIT) is used up: "
    assert later(ration) == f"{told}the next order from 14:00 UTC, 3 from 14:11 UTC"
    assert later(ration) == later(budgeted(clock, Rate(3, 7200.0)))
    assert clock.waited == []
    clock.seconds = 7200.0 + 630.0
    assert asked(budgeted(clock, Rate(3, 7200.0)), 9) == 3
    assert later(ration) == f"{told}3 from 16:11 UTC"


def test_tomorrow_has_a_date(budgeted: Callable[..., Budgeted]) -> None:
    """A time that is not today's is told with its day."""
    ration = budgeted(Clock(), Rate(1, 604_800.0))
    ration.enter()
    assert "order_limit 1/7d" in (told := later(ration))
    assert told.endswith(" 1 from 2026-11-30 12:00 UTC")


def test_a_short_wait_is_waited(budgeted: Callable[..., Budgeted]) -> None:
    """A limit by the second slows a run down, refuses nothing, and the wait is told."""
    clock = Clock()
    assert asked(budgeted(clock, Rate(1, 2.0)), 5) == 5
    assert clock.seconds == pytest.approx(8.0)
    assert clock.said == ["orders: waiting 2 s until the order API may be asked"] * 4


def full(after: float | None) -> Throttled:
    """Return what a source says that takes no more."""
    return Throttled.like(Failed(Exit.UNAVAILABLE, "order-api", "HTTP 429"), after)


@pytest.mark.parametrize("seconds", [None, 11.0, 600.0, 3600.0, 7200.0, 604_800.0])
def test_nobody_asks_within_a_block(
    seconds: float | None, budgeted: Callable[..., Budgeted]
) -> None:
    """Once one was told to come later no process asks before, or waits: 75 at once, and until when.

    Who does not say for how long means a minute.
    """
    clock = Clock()
    budgeted(clock, None).learn(full(seconds))
    for _ in range(3):  # who was on the way is told the same
        assert asked(budgeted(clock, None), 3) == 0
        budgeted(clock, None).learn(full(seconds))
    assert clock.waited == []
    clock.seconds = (seconds or 60.0) - 1
    assert asked(budgeted(clock, None), 1) in {0, 1}  # that last second may be waited
    clock.seconds = seconds or 60.0
    assert asked(budgeted(clock, None), 1) == 1


def test_a_block_is_the_sources(budgeted: Callable[..., Budgeted]) -> None:
    """It is told who takes no order, until when, and of no DNS host and no other certificate."""
    clock = Clock()
    budgeted(clock, None).learn(full(70.0))
    assert later(budgeted(clock, None)) == "the order API takes no order before 12:01:10 UTC"
    budgeted(clock, Rate(5, 10_800.0), name="acme").learn(full(90_000.0))
    told = later(budgeted(clock, Rate(5, 10_800.0), name="acme"))
    assert told == "the CA takes no order before 2026-11-24 13:00:00 UTC"


def test_a_breath_is_waited(budgeted: Callable[..., Budgeted]) -> None:
    """A source that wants a few seconds has them, shown, and the order is asked for."""
    clock = Clock()
    budgeted(clock, None).learn(full(5.0))
    assert asked(budgeted(clock, None), 2) == 2
    assert clock.waited[0] == pytest.approx(5.0)
    assert clock.said == ["orders: waiting 5 s until the order API may be asked"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Mon, 23 Nov 2026 12:10:00 GMT"}, None),
        (
            {
                "Retry-After": "Mon, 23 Nov 2026 12:10:00 GMT",
                "Date": "Mon, 23 Nov 2026 12:00:00 GMT",
            },
            600.0,
        ),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "-5"}, None),
        (
            {
                "Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT",
                "Date": "Mon, 23 Nov 2026 12:00:00 GMT",
            },
            None,
        ),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, or a date by the answer's own clock; anything else, and the past, says nothing."""
    assert after_s(headers) == seconds


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Out of call volume quota. Quota will be replenished in 3.05:00:00.", 277_200.0),
        ("Quota will be replenished in 00:10:05", 605.0),
        ("Quota will be replenished in 00:00:00.", None),
        ("Quota will be replenished soon: 00:10:05", None),
        ("replenished in 9999.00:00:00", None),
    ],
)
def test_quotas_say_when(words: str, seconds: float | None) -> None:
    """Days and time of day, as the gateway spells a span; anything else says nothing."""
    assert replenished_s(words) == seconds


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("300/3h", Rate(300, 10_800.0)),
        (" 100/7d ", Rate(100, 604_800.0)),
        ("20/1s", Rate(20, 1.0)),
        ("0/1s", None),
        ("5/0s", None),
        ("5", None),
        ("5/3w", None),
    ],
)
def test_limits(text: str, rate: Rate | None) -> None:
    """A limit is so many in a time; anything else is refused."""
    if rate:
        assert limit(text) == rate
    else:
        with pytest.raises(ValueError, match="such as 300/3h"):
            limit(text)
