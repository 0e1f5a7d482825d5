"""What is said of orders that do not come."""

import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from pipeline.case import Case, Interrupted
from pipeline.clock import SystemClock
from pipeline.model import Exit, Order
from pipeline.orders import acquire
from pipeline.orders.acquire import Acquisition
from pipeline.receipts.receipt import Claim

if TYPE_CHECKING:
    from pipeline.case import Tools
    from pipeline.receipts.ledger import Ledger

QUOTA = "run again later; a request may have counted against a quota"
DOCUMENT = "has its writer written it, and closed it? or give it a longer --timeout"


@dataclass
class Mute:
    """A source that never answers; *resumes* is true of those that are asked for new orders."""

    resumes: bool
    name: str = "mute"
    account: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def fetch(self, _name: str) -> Order:
        self.over.wait()
        raise AssertionError("nobody waits any more")


class Blank:
    """A ledger that keeps nothing."""

    def begin(self, _claims: object) -> Sequence[object]:
        return ()

    def kept(self, _key: object) -> None:
        return None

    def save(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("resumes", "name", "patience", "message", "hint"),
    [
        (True, "a.example", 0.4, "the mute source gave no order of a.example within 0 s", QUOTA),
        (False, "", 0.4, "the mute source gave no order within 0 s", DOCUMENT),
        (
            True,
            "a.example",
            -1.0,
            "no time was left to ask the mute source for the order of a.example",
            "nothing was asked for, so nothing counts; give it a longer --timeout, or fewer names",
        ),
        (
            False,
            "",
            -1.0,
            "no time was left to ask the mute source for the order",
            "give it a longer --timeout",
        ),
    ],
)
def test_an_order_that_does_not_come(
    resumes: bool,  # noqa: FBT001 - a column
    name: str,
    patience: float,
    message: str,
    hint: str,
) -> None:
    """
    The name is named if there is one; of quotas is spoken only where requests count.
    """
    clock, source = SystemClock(), Mute(resumes)
    case = Case(Claim(name, source.name, ""))
    tools = cast("Tools", SimpleNamespace(clock=clock, progress=None, ration=None))
    Acquisition(source, cast("Ledger", Blank()), tools, clock.now() + patience).acquire([case])
    source.over.set()
    assert case.failure
    assert case.failure.exit is Exit.UNAVAILABLE
    assert (case.failure.problem.message, case.failure.problem.hint) == (message, hint)


class Ration:
    """Lets everybody ask, the last name first."""

    def turn(self, name: str) -> str:
        return str(255 - ord(name[0]))

    def enter(self) -> None:
        pass

    def learn(self, _failure: object) -> None:
        pass


class Quick:
    """A source that notes whose orders it is asked for."""

    name, account, resumes = "quick", "", True

    def __init__(self) -> None:
        self.asked: list[str] = []

    def fetch(self, name: str) -> Order:
        self.asked.append(name)
        return Order(name, "quick", "", "pending")


@pytest.mark.parametrize("is_rationed", [True, False])
def test_whose_order_is_asked_for_first(is_rationed: bool) -> None:  # noqa: FBT001 - a column
    """Whoever has a ration has it say so; else it goes by the names as they were given."""
    clock, source = SystemClock(), Quick()
    cases = [Case(Claim(name, source.name, "")) for name in ("b.example", "c.example", "a.example")]
    ration = (lambda *_: Ration()) if is_rationed else None
    progress = SimpleNamespace(say=lambda _line: None)
    tools = cast("Tools", SimpleNamespace(clock=clock, progress=progress, ration=ration))
    Acquisition(source, cast("Ledger", Blank()), tools, clock.now() + 60).acquire(cases)
    assert "".join(name[0] for name in source.asked) == ("cba" if is_rationed else "bca")


class Slow:
    """A source that is told to stop by a signal while it makes the order of a name."""

    name, account, resumes = "slow", "", True

    def __init__(self, *, answers: bool) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def fetch(self, name: str) -> Order:
        self.asked.append(name)
        if main := threading.main_thread().ident:
            signal.pthread_kill(main, signal.SIGUSR1)
        threading.Event().wait(0.2 if self.answers else 30)
        return Order(name, "slow", "", "pending")


class Kept(Blank):
    """A ledger that remembers what it was given last."""

    claims: Sequence[Claim] = ()

    def save(self, *what: object) -> None:
        self.claims = cast("Sequence[Claim]", what[1])


@pytest.mark.parametrize("answers", [True, False])
def test_a_signal_while_an_order_is_made(answers: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column
    """An order that comes soon after is kept, and no other is asked for; for a mute source
    nobody waits beyond `LAST`.
    """

    def interrupt(signum: int, _frame: object) -> None:
        raise Interrupted(signum)

    monkeypatch.setattr(acquire, "LAST", 20.0 if answers else 0.1)
    clock, source, ledger = SystemClock(), Slow(answers=answers), Kept()
    cases = [Case(Claim(name, source.name, "")) for name in ("a.example", "b.example")]
    progress = SimpleNamespace(say=lambda _line: None)
    tools = cast("Tools", SimpleNamespace(clock=clock, progress=progress, ration=None))
    acquisition = Acquisition(source, cast("Ledger", ledger), tools, clock.now() + 60)
    before = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(Interrupted):
            acquisition.acquire(cases)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert source.asked == ["a.example"]
    kept = [claim.name for claim in ledger.claims if claim.order]
    assert kept == (["a.example"] if answers else [])
    assert clock.now() < 20
