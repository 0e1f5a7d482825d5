"""Providers are kept to their contract, in time, whatever an adapter does."""

import time
from collections.abc import Callable, Sequence
from threading import Event, Thread, Timer

import pytest
from dns.name import Name, from_text

from pipeline.case import Interrupted
from pipeline.clock import SystemClock
from pipeline.hosts import AT_ONCE, Hosts
from pipeline.model import Challenge, Exit, Failed, Record
from providers.contract import TXT, Change, Zone
from providers.errors import (
    Misconfigured,
    ProviderError,
    Rejected,
    Unauthorized,
    Unavailable,
)

from .bridge import until


class Slow:
    """A provider that does what a test says, for each zone."""

    api_calls = 0

    def __init__(self, act: Callable[[str], object] = lambda _apex: None) -> None:
        self.act = act
        self.most = self.now = 0
        self.done: list[str] = []

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        self.act("zones")
        return []

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        self.now += 1
        self.most = max(self.most, self.now)
        self.act(zone.id)
        self.now -= 1
        self.done.append(f"append {zone.id}")
        return Change(zone, "x")

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        self.done.append(f"delete {zone.id}")
        return Change(zone)

    def in_sync(self, change: Change) -> bool:
        self.act("in_sync")
        return True


def groups(count: int) -> dict[tuple[str, Zone], list[Record]]:
    found = {}
    for i in range(count):
        zone = Zone(from_text(f"z{i}.example."), f"z{i}")
        challenge = Challenge(from_text("_acme-challenge", zone.apex), "v")
        found["slow", zone] = [Record(challenge, zone, "slow", 60)]
    return found


def hosts(provider: Slow) -> Hosts:
    return Hosts(lambda _name: provider, SystemClock())


def raising(error: BaseException) -> Callable[[str], object]:
    def act(_apex: str) -> object:
        raise error

    return act


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unauthorized("no", hint="ask"), Exit.REFUSED),
        (Unavailable("no"), Exit.UNAVAILABLE),
        (Rejected("no"), Exit.DATA),
        (Misconfigured("no"), Exit.CONFIG),
        (ProviderError("none of the four"), Exit.BUG),
        (ValueError("no"), Exit.BUG),
        (SystemExit(0), Exit.BUG),
        (TimeoutError("no"), Exit.BUG),
    ],
)
def test_every_error_is_an_outcome(error: BaseException, code: Exit) -> None:
    """
    The four kinds have their exits; whatever else an adapter raises is its fault, and says so.
    """
    asked = hosts(Slow(raising(error)))
    with pytest.raises(Failed, match="slow") as caught:
        asked.zones("slow", [], 9.0)
    assert caught.value.exit is code
    assert caught.value.problem.hint or code is not Exit.BUG
    assert [failed.exit for failed in asked.publish(groups(1), "", 9.0).values()] == [code]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Misconfigured("two keys"), Exit.CONFIG),
        (Failed(Exit.CONFIG, "provider", "no such provider"), Exit.CONFIG),
        (ImportError("no boto3"), Exit.BUG),
    ],
)
def test_a_provider_that_does_not_open(error: Exception, code: Exit) -> None:
    """
    It fails its own zones; those of the others are written.
    """
    good = Slow()

    def opener(name: str) -> Slow:
        if name == "bad":
            raise error
        return good

    both = groups(1) | {("bad", zone): records for (_, zone), records in groups(1).items()}
    failures = Hosts(opener, SystemClock()).publish(both, "", 9.0)
    assert {name: failed.exit for (name, _), failed in failures.items()} == {"bad": code}
    assert good.done == ["append z0"]


def test_foreign_words_are_made_harmless() -> None:
    """
    What a host says reaches people as one line without markup or commands.
    """
    with pytest.raises(Failed) as caught:
        hosts(Slow(raising(Rejected("<b>no</b>\n::error::x", hint="\x1b[31mask")))).zones(
            "slow", [], 9.0
        )
    assert str(caught.value) == "slow: no :error:x"
    assert caught.value.problem.hint == "ask"


def test_a_few_at_once() -> None:
    """
    However many zones: never more than AT_ONCE calls at a time, and all of them done.
    """
    slow = Slow(lambda _zone: time.sleep(0.02))
    assert hosts(slow).publish(groups(3 * AT_ONCE), "", 9.0) == {}
    assert len(slow.done) == 3 * AT_ONCE
    assert 1 < slow.most <= AT_ONCE


def test_one_that_hangs_holds_up_no_other() -> None:
    """
    A zone that hangs takes its own place, not that of those behind it.
    """
    never = Event()
    slow = Slow(lambda zone: zone == "z0" and never.wait(60))
    failures = hosts(slow).publish(groups(2 * AT_ONCE), "", 4.0)
    never.set()
    assert [zone.id for _, zone in failures] == ["z0"]


class Placed(Slow):
    """The same, at a server that a setting names."""

    address = "192.0.2.1 (SLOW_SERVER)"


@pytest.mark.parametrize(
    ("kind", "called"), [(Slow, "slow"), (Placed, r"slow: 192\.0\.2\.1 \(SLOW_SERVER\)")]
)
def test_who_did_not_answer_is_named(kind: type[Slow], called: str) -> None:
    """
    With its address and the setting that has it, as far as the provider says so.
    """
    never = Event()
    slow = kind(lambda _zone: never.wait(60))
    [failed] = hosts(slow).publish(groups(1), "", 1.0).values()
    with pytest.raises(Failed, match=f"^{called} did not answer in the time there was") as caught:
        hosts(slow).zones("slow", [], 1.0)
    never.set()
    assert failed.problem.message == caught.value.problem.message


class Curious(Slow):
    """The same, which asks DNS questions itself."""

    dns_queries = 3


def test_questions_of_providers_are_counted() -> None:
    """
    Of all that were opened and ask any.
    """
    found = Hosts(
        {"slow": Slow(), "curious": Curious(), "other": Curious()}.__getitem__, SystemClock()
    )
    assert found.dns_queries == 0
    for name in ("slow", "curious", "other"):
        found.open(name)
    assert (found.dns_queries, found.api_calls) == (6, 0)


def test_nothing_starts_after_its_time() -> None:
    """
    What has not begun by the deadline is not begun: nobody would undo it.
    """
    go_on = Event()
    slow = Slow(lambda _zone: go_on.wait(60))
    failures = hosts(slow).publish(groups(AT_ONCE + 2), "", 2.0)
    assert len(failures) == AT_ONCE + 2
    go_on.set()
    until(lambda: len(slow.done) >= AT_ONCE)
    time.sleep(0.3)  # in which the others would come
    assert len(slow.done) == AT_ONCE


def test_a_write_that_does_not_end_is_not_undone() -> None:
    """
    A delete that overtakes a hanging append proves nothing: the group counts as left in DNS.
    """
    never = Event()
    slow = Slow(lambda _zone: never.wait(60))
    asked, one = hosts(slow), groups(1)
    asked.publish(one, "", 1.0)
    [failed] = asked.withdraw(one, 3.0).values()
    never.set()
    assert (failed.exit, slow.done[0]) == (Exit.UNAVAILABLE, "delete z0")
    assert "may yet take effect" in str(failed)


def test_a_word_on_sync_is_only_a_word() -> None:
    """
    A host that fails to say, or takes too long, is left out: it never gates.
    """
    slow = Slow()
    asked, one = hosts(slow), groups(1)
    assert asked.in_sync(one, 9.0) == {}
    asked.publish(one, "", 9.0)
    assert asked.in_sync(one, 9.0) == {("slow", "z0.example."): True}
    slow.act = raising(Unavailable("no"))
    assert asked.in_sync(one, 9.0) == {}
    slow.act = lambda _zone: time.sleep(0.2)
    assert asked.in_sync(one, 0.0) == {}


def test_a_write_is_known_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A signal that comes while the thread of a write starts finds the write listed, and what follows
    waits for its end.
    """
    gate = Event()
    slow = Slow(lambda _apex: gate.wait(60))
    hosts = Hosts(lambda _name: slow, SystemClock())
    real = Thread.start

    def interrupted(thread: Thread) -> None:
        real(thread)
        monkeypatch.setattr(Thread, "start", real)
        raise Interrupted(15)

    monkeypatch.setattr(Thread, "start", interrupted)
    listed = groups(1)
    with pytest.raises(Interrupted):
        hosts.publish(listed, "mark", time.monotonic() + 60)
    Timer(0.2, gate.set).start()
    assert hosts.withdraw(listed, SystemClock().now() + 60) == {}
    assert slow.done == ["append z0", "delete z0"]
