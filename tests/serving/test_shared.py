"""What requests share: providers, opened once and paced once, where their writes meet."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.clock import SystemClock
from pipeline.hosts import Hosts
from pipeline.model import Failed
from pipeline.serving.shared import Shared
from providers.contract import TXT, Change, Paced, Pause, Zone, lingers_s
from providers.errors import Unavailable

ZONE = Zone(from_text("example.com."), "example.com")
RECORD = TXT(from_text("_acme-challenge.example.com."), "v")


class Counted:
    """A provider that must be paced before anything else, and only then."""

    api_calls = 7
    lingers_s = 12.0

    def __init__(self) -> None:
        self.pauses: list[Pause] = []
        self.asked: list[str] = []

    def pace(self, pause: Pause, shared: Path | None) -> None:
        assert not self.asked
        self.pauses.append(pause)

    def zones(self, names: object) -> list[Zone]:
        self.asked.append("zones")
        return [ZONE]

    def append(self, zone: Zone, records: object, mark: str) -> Change:
        self.asked.append("append")
        self.pauses[0](3600, "for an hour")
        return Change(zone)

    def delete(self, zone: Zone, records: object) -> Change:
        self.asked.append("delete")
        return Change(zone)

    def in_sync(self, change: Change) -> bool:
        self.asked.append("in_sync")
        return True


def test_a_provider_is_opened_and_paced_once() -> None:
    """
    However many requests want it at the same time; what they do with it reaches the same one.
    """
    opened: list[Counted] = []

    def opener(_name: str) -> Counted:
        opened.append(Counted())
        return opened[-1]

    shared = Shared(Hosts(opener, SystemClock()), SystemClock())
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: shared.hosts().open("it"), range(8)))
    assert len(opened) == len(opened[0].pauses) == 1
    assert not any(isinstance(provider, Paced) for provider in found)
    provider = found[0]
    assert provider.zones([RECORD.name]) == [ZONE]
    assert provider.in_sync(provider.delete(ZONE, [RECORD]))
    assert opened[0].asked == ["zones", "delete", "in_sync"]
    assert {(each.api_calls, lingers_s(each)) for each in found} == {(7, 12.0)}


def test_a_request_waits_for_its_host_no_longer_than_it_may() -> None:
    """
    Though the provider was paced by another: the time is that of whoever calls.
    """
    clock = SystemClock()
    hosts = Shared(Hosts(lambda _name: Counted(), clock), clock).hosts()
    provider = hosts.open("it")
    with pytest.raises(Failed, match="for an hour") as caught:
        hosts.ask("it", lambda: provider.append(ZONE, [RECORD], ""), clock.now() + 5)
    assert isinstance(caught.value.__cause__, Unavailable)
