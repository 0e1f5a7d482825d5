"""One name that a host refuses does not cost the other names of its zone."""

from collections.abc import Sequence

from dns.name import Name, from_text

from pipeline.case import Case
from pipeline.clock import SystemClock
from pipeline.hosts import Hosts
from pipeline.model import Challenge, Exit, Record
from pipeline.publishing import append
from pipeline.receipts.receipt import Claim
from providers.contract import TXT, Change, Zone
from providers.errors import ProviderError, Rejected, Unavailable

ZONE = Zone(from_text("example.com."), "Z")


class Picky:
    """A host that refuses a whole batch for the sake of one name."""

    api_calls = 0

    def __init__(self, disliked: str, error: ProviderError) -> None:
        self.disliked = from_text(f"_acme-challenge.{disliked}")
        self.error = error
        self.written: set[Name] = set()
        self.batches: list[int] = []

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        return [ZONE]

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        names = {record.name for record in records}
        self.batches.append(len(names))
        if self.disliked in names:
            raise self.error
        self.written |= names
        return Change(zone)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return Change(zone)

    def in_sync(self, change: Change) -> bool:
        return True


def case(domain: str) -> Case:
    challenge = Challenge(from_text(f"_acme-challenge.{domain}"), "v")
    return Case(Claim(domain, "test", ""), records=(Record(challenge, ZONE, "picky", 60),))


def exits(host: Picky, *domains: str) -> list[Exit]:
    cases = [case(domain) for domain in domains]
    append(cases, Hosts(lambda _name: host, SystemClock()), "mark", 30.0)
    return [each.exit for each in cases]


def test_the_refused_name_alone_fails() -> None:
    """
    A refusal is put to the test name by name: the others are written.
    """
    host = Picky("b.example.com", Rejected("a CNAME is in the way"))
    found = exits(host, "a.example.com", "b.example.com", "c.example.com")
    assert found == [Exit.DONE, Exit.DATA, Exit.DONE]
    assert len(host.written) == 2
    assert host.batches == [3, 1, 1, 1]


def test_one_batch_where_nothing_is_refused() -> None:
    """
    The usual case is one call for the zone.
    """
    host = Picky("elsewhere.example.org", Rejected("no"))
    assert set(exits(host, "a.example.com", "b.example.com")) == {Exit.DONE}
    assert host.batches == [2]


def test_a_failing_host_is_not_asked_again() -> None:
    """
    A host that fails, rather than refuses, would only fail again for each name.
    """
    host = Picky("b.example.com", Unavailable("down"))
    assert set(exits(host, "a.example.com", "b.example.com")) == {Exit.UNAVAILABLE}
    assert host.batches == [2]
