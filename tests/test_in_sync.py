"""Where name servers cannot be asked, their hosts have the first word."""

from collections.abc import Callable, Sequence
from threading import Event

import pytest
from dns.name import from_text

from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Reply
from pipeline.clock import SystemClock
from pipeline.hosts import Groups, Hosts
from pipeline.model import Challenge, Record
from pipeline.propagation.in_sync import LOOK_AGAIN, PATIENCE, SETTLING, await_in_sync
from providers.contract import TXT, Change, Zone

ONE, OTHER = Zone(from_text("a.test."), "1"), Zone(from_text("b.test."), "2")
DEADLINE = 100.0


class Hand(SystemClock):
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.at = 5.0

    def now(self) -> float:
        return self.at


class Patient(Exchange):
    """Waits for nothing, by moving the clock."""

    def __init__(self, clock: Hand) -> None:
        self.clock = clock
        self.waits: list[float] = []

    def receive(self, until: float) -> list[Reply]:
        self.waits.append(until - self.clock.at)
        self.clock.at = until
        return []


class Said(Hosts):
    """Hosts whose words come from *words*, a function of the time; empty: they have none."""

    def __init__(self, clock: Hand, words: Callable[[float], dict[str, bool]]) -> None:
        super().__init__(lambda _name: pytest.fail("not to be opened"), clock)
        self.clock = clock
        self.words = words
        self.untils: list[float] = []

    def in_sync(self, groups: Groups, until: float) -> dict[tuple[str, str], bool]:
        self.untils.append(until - self.clock.now())
        said = self.words(self.clock.now())
        return {(name, said_of): word for name, _ in groups for said_of, word in said.items()}


def groups(*zones: Zone) -> Groups:
    return {("host", zone): [] for zone in zones}


def settled_at(
    words: Callable[[float], dict[str, bool]], *zones: Zone, deadline: float = DEADLINE
) -> float:
    clock = Hand()
    exchange, hosts = Patient(clock), Said(clock, words)
    await_in_sync(groups(*zones), hosts, exchange, clock, deadline)
    assert all(0 < waited <= LOOK_AGAIN for waited in exchange.waits)
    assert all(0 < patience <= PATIENCE for patience in hosts.untils)
    return clock.now()


def test_a_host_that_says_so_is_believed_at_once() -> None:
    """
    In sync: its servers have it.
    """
    assert settled_at(lambda _now: {"a.test.": True}, ONE) == 5.0


def test_a_host_is_waited_for() -> None:
    """
    Asked every two seconds, however long it takes.
    """
    assert settled_at(lambda now: {"a.test.": now >= 40.0}, ONE) == 41.0


def test_every_host_is_waited_for() -> None:
    """
    One that is ready does not speak for the others.
    """
    found = settled_at(lambda now: {"a.test.": True, "b.test.": now >= 20.0}, ONE, OTHER)
    assert found == 21.0


def test_a_host_without_a_word_gets_ten_seconds() -> None:
    """
    Nobody can tell better.
    """
    assert settled_at(lambda _now: {}, ONE) == 5.0 + SETTLING
    assert settled_at(lambda _now: {"a.test.": True}, ONE, OTHER) == 5.0 + SETTLING


def test_ten_seconds_do_not_overrule_a_host_that_says_no() -> None:
    """
    The one that has a word keeps it, beside one that has none.
    """
    assert settled_at(lambda now: {"a.test.": now >= 30.0}, ONE, OTHER) == 31.0


@pytest.mark.parametrize("deadline", [5.0, 6.5, 12.0])
def test_nobody_is_waited_for_past_the_deadline(deadline: float) -> None:
    """
    Neither for a word nor for time to pass.
    """
    assert settled_at(lambda _now: {"a.test.": False}, ONE, deadline=deadline) == deadline
    assert settled_at(lambda _now: {}, ONE, deadline=deadline) == deadline
    assert settled_at(lambda _now: {}, ONE, deadline=4.0) == 5.0, "nor is anything asked"


def test_a_host_is_not_listened_to_past_the_deadline() -> None:
    """
    The last word may take what is left, not five seconds more.
    """
    clock = Hand()
    hosts = Said(clock, lambda _now: {})
    await_in_sync(groups(ONE), hosts, Patient(clock), clock, 8.0)
    assert hosts.untils == [3.0, 1.0]


class Hanging:
    """A host that never says whether it is in sync."""

    api_calls = 0

    def __init__(self) -> None:
        self.end = Event()

    def zones(self, names: Sequence[object]) -> Sequence[Zone]:
        return [ONE]

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        return Change(zone, "7")

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return Change(zone, "8")

    def in_sync(self, change: Change) -> bool:
        self.end.wait(30.0)
        return True


def test_a_host_that_hangs_does_not_outlast_the_deadline() -> None:
    """
    On a real clock, with the real threads.
    """
    clock, host = SystemClock(), Hanging()
    hosts = Hosts(lambda _name: host, clock)
    record = Record(Challenge(from_text("_acme-challenge.a.test."), "v"), ONE, "host", 60)
    written: Groups = {("host", ONE): [record]}
    with Exchange(clock) as exchange:
        assert hosts.publish(written, "mark", clock.now() + 5.0) == {}
        deadline = clock.now() + 0.6
        await_in_sync(written, hosts, exchange, clock, deadline)
        assert deadline <= clock.now() < deadline + 3.0
    host.end.set()
