"""An order's end is the run's end, and one that has ended is none."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from pipeline.case import Case
from pipeline.clock import SystemClock
from pipeline.configuration.settings import Settings
from pipeline.model import Exit, Failed, Order
from pipeline.orders.acquire import Acquisition
from pipeline.orders.expiry import bounded
from pipeline.receipts.receipt import Claim

if TYPE_CHECKING:
    from pipeline.case import Tools
    from pipeline.receipts.ledger import Ledger

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SETTINGS = Settings(Path("/nowhere"), timeout=300.0)


class Noon(SystemClock):
    """It has been noon for as long as the process has run; that is ten seconds."""

    def now(self) -> float:
        return 10.0

    def today(self) -> datetime:
        return NOON


def case(name: str, seconds: float | None, status: str = "pending") -> Case:
    """Return the case of an order that ends in *seconds*."""
    expires = None if seconds is None else NOON + timedelta(seconds=seconds)
    claim = Claim(name, "acme", "account")
    return Case(claim, Order(name, "acme", f"https://ca.example/{name}", status, expires=expires))


@pytest.mark.parametrize(
    ("ends", "until", "told"),
    [
        ([None], 300.0, ""),
        ([290.0], 300.0, ""),
        ([289.0], 299.0, "a"),
        ([100.0, 20.0], 30.0, "b"),
        ([None, 20.0], 30.0, "b"),
        ([7 * 86400.0], 300.0, ""),
    ],
)
def test_the_first_end_is_the_deadline(ends: list[float | None], until: float, told: str) -> None:
    """
    Where that is before the timeout; and the user is told whose order it is.
    """
    cases = [case(name, end) for name, end in zip("abc", ends, strict=False)]
    settings, problems = bounded(SETTINGS, cases, Noon())
    assert settings.timeout == until
    assert settings == replace(SETTINGS, timeout=until)
    assert [f"order {told} expires" in each.message for each in problems] == [True] * bool(told)


def test_what_is_past_validation_ends_nothing() -> None:
    """
    Nothing is waited for then.
    """
    assert bounded(SETTINGS, [case("a", 5.0, "ready")], Noon()) == (SETTINGS, ())


class Blank:
    """A ledger that keeps nothing, but for what it is made with."""

    def __init__(self, kept: Claim | None = None) -> None:
        self._kept = kept

    def begin(self, _claims: object) -> tuple[()]:
        return ()

    def kept(self, _key: object) -> Claim | None:
        return self._kept

    def save(self, *_: object) -> None:
        pass


class Silent:
    """Nobody is told anything."""

    def say(self, _line: str) -> None:
        pass


@dataclass
class Source:
    """A source that can be asked again; `now` is what became of a kept order."""

    new: Order
    now: Order | Failed | None = None
    name: str = "acme"
    account: str = "account"
    resumes: bool = True
    fetched: int = 0

    def fetch(self, _name: str) -> Order:
        self.fetched += 1
        return self.new

    def current(self, _order: Order) -> Order | None:
        if isinstance(self.now, Failed):
            raise self.now
        return self.now

    def respond(self, _orders: object, _until: float) -> dict[str, Order | Failed]:
        return {}


def acquire(source: Source, name: str = "a", kept: Claim | None = None) -> Case:
    """Return the case of *name* once *source* was asked."""
    found = Case(Claim(name, source.name, source.account))
    ledger = cast("Ledger", Blank(kept))
    tools = cast("Tools", SimpleNamespace(clock=Noon(), progress=Silent(), ration=None))
    Acquisition(source, ledger, tools, 300.0).acquire([found])
    return found


@pytest.mark.parametrize(("seconds", "alive"), [(1.0, True), (0.0, False), (-60.0, False)])
def test_an_order_that_has_expired_is_refused(seconds: float, alive: bool) -> None:  # noqa: FBT001
    """
    When it comes already, as that of a URL may: 65, with when.
    """
    order = case("a", seconds).order
    assert order
    found = acquire(Source(order))
    assert found.alive == alive
    if found.failure:
        assert found.failure.exit == Exit.DATA
        assert "expired at 2026-11-23T" in str(found.failure)


def test_a_kept_order_is_looked_at_again() -> None:
    """
    As it is now it goes on; of no use, another is made; a service that fails ends it.
    """
    old, new = case("a", None).order, case("a", 600.0).order
    assert old
    assert new
    kept = Claim("a", "acme", "account", NOON, old)
    now = replace(old, status="ready")
    source = Source(new, now)
    found = acquire(source, kept=kept)
    assert (found.order, found.resumed, found.claim.order) == (now, True, now)
    assert source.fetched == 0
    source = Source(new, None)
    found = acquire(source, kept=kept)
    assert (found.order, found.resumed, source.fetched) == (new, False, 1)
    source = Source(new, Failed(Exit.UNAVAILABLE, "order-api", "down"))
    found = acquire(source, kept=kept)
    assert found.failure
    assert (found.failure.exit, source.fetched) == (Exit.UNAVAILABLE, 0)


def test_an_order_keeps_the_name_it_was_asked_for_by() -> None:
    """
    A URL stays the claim's name, so that the next run finds it; the order has its domains.
    """
    order = case("example.com,*.example.com", None).order
    assert order
    found = acquire(Source(order), "https://ca.example/order/1")
    assert found.claim.name == "https://ca.example/order/1"
    assert found.order
    assert found.order.name == "example.com,*.example.com"
    assert acquire(Source(order), "").claim.name == "example.com,*.example.com"
