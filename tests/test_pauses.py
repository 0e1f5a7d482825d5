"""Adapters wait no longer than the run they work for, and a person sees for what."""

import time
from collections.abc import Sequence
from pathlib import Path
from threading import Event, Thread

import pytest
from dns.name import Name, from_text

from pipeline.clock import SystemClock
from pipeline.hosts import Groups, Hosts
from pipeline.model import Challenge, Exit, Failed, Record
from pipeline.pauses import PATIENCE, QUIET, SHOWN, Pauses
from providers.contract import TXT, Change, Pause, Zone
from providers.errors import Unavailable
from providers.threads import each

REASON = "for the moon to rise"


class Waiting:
    """A provider that waits so many seconds before it does anything."""

    api_calls = 0

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.done: list[str] = []
        self.shared: Path | None = None
        self.began = Event()

    def pace(self, pause: Pause, shared: Path | None) -> None:
        self.pause, self.shared = pause, shared

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        each(lambda _: self.pause(self.seconds, REASON), [1, 2], 2)
        return []

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        self.began.set()
        self.pause(self.seconds, REASON)
        self.done.append("append")
        return Change(zone, "x")

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        self.done.append("delete")
        return Change(zone)

    def in_sync(self, change: Change) -> bool:
        self.pause(self.seconds, REASON)
        return True


ZONE = Zone(from_text("example."), "z")
ONE: Groups = {
    ("host", ZONE): [
        Record(Challenge(from_text("_acme-challenge.example."), "v"), ZONE, "host", 60)
    ]
}


def hosts(provider: Waiting) -> Hosts:
    return Hosts(lambda _name: provider, SystemClock(), shared=Path("/shared"))


def test_a_provider_is_told_where_to_count() -> None:
    """
    Whoever can be paced gets the folder of all runs, when it is opened.
    """
    provider = Waiting()
    hosts(provider).open("host")
    assert provider.shared == Path("/shared")


def test_a_wait_that_cannot_end_in_time_is_refused_at_once() -> None:
    """
    Half of the time that is left is an operation's; in threads of the adapter's, too.
    """
    asked, began = hosts(Waiting(20.0)), time.monotonic()
    with pytest.raises(Failed, match=rf"would have to wait 20 s {REASON}") as caught:
        asked.zones("host", [], 30.0)
    assert caught.value.exit is Exit.UNAVAILABLE
    assert caught.value.problem.hint.startswith("try again after ")
    [failed] = asked.publish(ONE, "", 30.0).values()
    assert failed.exit is Exit.UNAVAILABLE
    assert time.monotonic() - began < 15


def test_a_wait_that_fits_is_waited() -> None:
    """
    What ends before the operation's time is over holds nobody up but itself.
    """
    provider = Waiting(0.2)
    assert hosts(provider).publish(ONE, "", 60.0) == {}
    assert provider.done == ["append"]


def test_a_word_on_sync_waits_no_longer_than_asked() -> None:
    """
    `in_sync` has a time of its own.
    """
    provider = Waiting()
    asked = hosts(provider)
    asked.publish(ONE, "", 60.0)
    clock = SystemClock()
    provider.seconds = 5.0
    assert asked.in_sync(ONE, clock.now() + 1.0) == {}


def test_a_withdrawal_ends_the_waits_before_it() -> None:
    """
    After a signal nobody waits for a write that only waits for its turn; it does not come later.
    """
    provider = Waiting(300.0)
    asked = hosts(provider)
    publishing = Thread(target=lambda: asked.publish(ONE, "", 1000.0))
    publishing.start()
    assert provider.began.wait(10)
    began = time.monotonic()
    assert asked.withdraw(ONE, SystemClock().now() + 60) == {}
    assert time.monotonic() - began < 15
    publishing.join(20)
    assert not publishing.is_alive()
    assert provider.done == ["delete"]


class StoppedClock(SystemClock):
    """Seconds as a test says."""

    seconds = 0.0

    def now(self) -> float:
        return self.seconds


def test_waits_are_shown_and_not_each_of_them() -> None:
    """
    A line for a wait that one notices; many calls that wait at once say it once.
    """
    said: list[str] = []
    clock = StoppedClock()
    pauses = Pauses(clock, said.append)
    with pauses.within(1000.0):
        pauses.call_off()  # so that nothing here takes its time
        for seconds in (SHOWN / 2, 12.4, 13.0):
            with pytest.raises(Unavailable, match="called off"):
                pauses.pause("host", seconds, REASON)
        with pytest.raises(Unavailable, match="called off"):
            pauses.pause("another", 2.0, REASON)
        clock.seconds = QUIET
        with pytest.raises(Unavailable, match="called off"):
            pauses.pause("host", 9.0, REASON)
    assert said == [
        f"host: waiting 12 s {REASON}",
        f"another: waiting 2 s {REASON}",
        f"host: waiting 9 s {REASON}",
    ]


def test_who_has_no_time_given_waits_for_a_little() -> None:
    """
    A call outside of any operation has half a minute.
    """
    pauses = Pauses(SystemClock(), lambda _line: None)
    pauses.pause("host", 0.01, REASON)
    with pytest.raises(Unavailable):
        pauses.pause("host", PATIENCE + 1, REASON)


def test_the_hint_tells_when() -> None:
    """
    The time of day is when the wait would have been over.
    """
    clock = StoppedClock()
    with pytest.raises(Unavailable) as caught:
        Pauses(clock, lambda _line: None).pause("host", 3600.0, REASON)
    assert f"{clock.time_of(3600.0):%H:%M}" in caught.value.hint
