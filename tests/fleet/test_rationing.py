"""Order requests under a budget: by a limit of the user's, and by the word of the source."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from pipeline.configuration.settings import Settings
from pipeline.configuration.values import limit
from pipeline.model import Exit, Failed
from pipeline.orders.rationing import Budgeted
from pipeline.orders.retry import Throttled, after_s
from providers.limits import Rate

if TYPE_CHECKING:
    from pipeline.orders import OrderSource

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class Clock:
    """Time that goes by when somebody waits."""

    seconds: float = 0.0
    waited: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    def today(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def time_of(self, moment: float) -> datetime:
        return NOON + timedelta(seconds=moment)

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.seconds += seconds


def source(account: str = "ours") -> "OrderSource":
    """Return a source, as far as it is looked at."""
    return cast("OrderSource", SimpleNamespace(name="rcl", account=account))


@pytest.fixture
def budgeted(tmp_path: Path) -> Callable[..., Budgeted]:
    """Return what makes the budget of another process."""
    (tmp_path / "shared").mkdir(mode=0o700)

    def make(clock: Clock, rate: Rate | None, account: str = "ours") -> Budgeted:
        settings = Settings(
            tmp_path, timeout=300.0, order_limit=rate, shared_dir=tmp_path / "shared"
        )
        return Budgeted(settings, clock, source(account), settings.timeout)

    return make


def asked(ration: Budgeted, times: int) -> int:
    """Return how many of so many *times* an order may be asked for."""
    count = 0
    for _ in range(times):
        with suppress(Failed):
            ration.enter("example.com")
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


def test_what_does_not_fit_is_later(budgeted: Callable[..., Budgeted]) -> None:
    """It ends with 75 and says what to do; nobody waits for hours, and no place is kept for it."""
    clock = Clock()
    ration = budgeted(clock, Rate(1, 7200.0))
    ration.enter("example.com")
    with pytest.raises(Failed) as caught:
        ration.enter("example.com")
    assert caught.value.exit is Exit.NOT_READY
    assert caught.value.problem.code == "order-later"
    assert "run again later" in caught.value.problem.hint
    assert clock.waited == []


def test_a_short_wait_is_waited(budgeted: Callable[..., Budgeted]) -> None:
    """A limit by the second slows a run down, and refuses nothing."""
    clock = Clock()
    assert asked(budgeted(clock, Rate(1, 2.0)), 5) == 5
    assert clock.seconds == pytest.approx(8.0)


@pytest.mark.parametrize(
    ("said", "most", "seconds"),
    [(None, 3, 60.0), *((said, 0, said) for said in (600.0, 3600.0, 7200.0, 604_800.0))],
)
def test_nobody_asks_within_a_block(
    said: float | None, most: int, seconds: float, budgeted: Callable[..., Budgeted]
) -> None:
    """Once one was told to come later no process asks before; a minute is waited, ten are not."""
    clock = Clock()
    full = Throttled(Exit.UNAVAILABLE, "order-api", "HTTP 429")
    full.after_s = said
    budgeted(clock, None).refused(full)
    assert asked(budgeted(clock, None), 3) == most
    assert clock.seconds >= (seconds if most else 0)
    for again in range(3):  # who was on the way is told the same
        if said:
            budgeted(clock, None).refused(full)
            assert asked(budgeted(clock, None), 3) == 0, again
    clock.seconds = max(clock.seconds, seconds)
    assert asked(budgeted(clock, None), 1) == 1


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
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, or a date by the answer's own clock; anything else says nothing."""
    assert after_s(headers) == seconds


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
