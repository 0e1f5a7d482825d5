"""What is ready is validated by those sources that can, and no longer than there is time."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from pipeline.case import Case
from pipeline.clock import SystemClock
from pipeline.model import Exit, Failed, Order
from pipeline.orders.validation import validate
from pipeline.receipts.receipt import Claim

if TYPE_CHECKING:
    from pipeline.case import Tools


@dataclass
class Hand:
    """The tools that are needed here."""

    clock: SystemClock = field(default_factory=SystemClock)
    said: list[str] = field(default_factory=list)

    @property
    def progress(self) -> "Hand":
        return self

    def say(self, line: str) -> None:
        self.said.append(line)


@dataclass
class Source:
    """A CA with its mind made up; without *outcomes* it never answers."""

    outcomes: Mapping[str, Order | Failed] | None
    name: str = "acme"
    account: str = ""
    resumes: bool = True
    asked: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def fetch(self, _name: str) -> Order:
        raise AssertionError("no order is made here")

    def current(self, _order: Order) -> Order | None:
        raise AssertionError("nor looked at")

    def respond(self, orders: Sequence[Order], _until: float) -> Mapping[str, Order | Failed]:
        self.asked += [order.uri for order in orders]
        if self.outcomes is None:
            self.over.wait()
        return self.outcomes or {}


def order(name: str, status: str = "pending") -> Order:
    return Order(name, "acme", f"https://ca.example/{name}", status)


def case(name: str, status: str = "pending") -> Case:
    return Case(Claim(name, "acme", ""), order(name, status))


def test_each_order_gets_its_own_word() -> None:
    """
    Valid, refused, and one that needed nothing: that is not asked about.
    """
    failed = Failed(Exit.DATA, "validation", "no TXT found")
    good, bad, done = case("good"), case("bad"), case("done", "ready")
    source = Source({good.order.uri: order("good", "ready"), bad.order.uri: failed})  # type: ignore[union-attr]
    hand = Hand()
    validate([good, bad, done], source, cast("Tools", hand), 300.0)
    assert source.asked == ["https://ca.example/good", "https://ca.example/bad"]
    assert good.order == order("good", "ready")
    assert (good.failure, bad.failure, done.failure) == (None, failed, None)
    assert hand.said == [
        "asking the CA to validate 2 orders",
        "order good: ready, all of it is validated",
    ]


def test_a_ca_that_says_nothing_is_not_waited_for() -> None:
    """
    Past the deadline by a moment: 75, and the same order goes on with the next run.
    """
    silent, source = case("silent"), Source(None)
    validate([silent], source, cast("Tools", Hand()), 0.0)
    source.over.set()
    assert silent.failure
    assert silent.failure.exit == Exit.NOT_READY
    assert silent.failure.problem.code == "validation-pending"


def test_other_sources_are_left_alone() -> None:
    """
    Nobody can be asked to validate an order of theirs.
    """

    class Other:
        name, account, resumes = "rcl", "", True

        def fetch(self, _name: str) -> Order:
            raise AssertionError("no order is made here")

    mine = case("mine")
    validate([mine], Other(), cast("Tools", Hand()), 300.0)
    assert mine.alive
