"""One name that a host refuses does not cost the other names of its zone."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dns.name import Name, from_text

from pipeline.case import Case
from pipeline.clock import SystemClock
from pipeline.hosts import Hosts
from pipeline.model import Challenge, Exit, Record
from pipeline.publishing import append
from pipeline.receipts.receipt import Claim
from providers.contract import TXT, Change, Zone
from providers.errors import ProviderError, Rejected, Unavailable, refused

if TYPE_CHECKING:
    from pipeline.receipts.folder import Place

ZONE = Zone(from_text("example.com."), "Z")


class Picky:
    """A host that refuses a whole batch for the sake of some names; it may tell which."""

    api_calls = 0

    def __init__(self, error: ProviderError, *disliked: str, tells: bool = False) -> None:
        self.disliked = {from_text(f"_acme-challenge.{name}") for name in disliked}
        self.error = error
        self.tells = tells
        self.written: set[Name] = set()
        self.batches: list[int] = []

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        return [ZONE]

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        names = {record.name for record in records}
        self.batches.append(len(names))
        if bad := sorted(self.disliked & names):
            if self.tells:
                raise refused({name: Rejected(f"not {name}", untouched=True) for name in bad})
            raise self.error
        self.written |= names
        return Change(zone, written=frozenset((record.name, record.value) for record in records))

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return Change(zone)

    def in_sync(self, change: Change) -> bool:
        return True


def case(domain: str) -> Case:
    challenge = Challenge(from_text(f"_acme-challenge.{domain}"), "v")
    return Case(Claim(domain, "test", ""), records=(Record(challenge, ZONE, "picky", 60),))


def published(host: Picky, *domains: str) -> tuple[list[Case], "set[Place]"]:
    cases = [case(domain) for domain in domains]
    return cases, append(cases, Hosts(lambda _name: host, SystemClock()), "mark", 30.0)


def exits(host: Picky, *domains: str) -> list[Exit]:
    return [each.exit for each in published(host, *domains)[0]]


def test_the_refused_name_alone_fails() -> None:
    """
    A refusal that names nobody is put to the test by halves: the others are written.
    """
    host = Picky(Rejected("a CNAME is in the way"), "b.example.com")
    found = exits(host, "a.example.com", "b.example.com", "c.example.com")
    assert found == [Exit.DONE, Exit.DATA, Exit.DONE]
    assert len(host.written) == 2
    assert host.batches == [3, 1, 2, 1, 1]


def test_a_refusal_costs_no_call_for_each_name() -> None:
    """
    One refused name of 64 takes two calls for each halving, not one for each name.
    """
    host = Picky(Rejected("a CNAME is in the way"), "n41.example.com")
    found = exits(host, *(f"n{i}.example.com" for i in range(64)))
    assert [i for i, exit_code in enumerate(found) if exit_code is not Exit.DONE] == [41]
    assert len(host.written) == 63
    assert len(host.batches) == 1 + 2 * 6


def test_who_is_refused_by_name_fails_at_once() -> None:
    """
    Where the host tells which names it refuses, each fails in words of its own, and one more
    call writes all others.
    """
    host = Picky(Rejected("no"), "n3.example.com", "n41.example.com", tells=True)
    cases, touched = published(host, *(f"n{i}.example.com" for i in range(64)))
    failures = {i: each.failure for i, each in enumerate(cases) if each.failure}
    assert failures.keys() == {3, 41}
    for i, failure in failures.items():
        assert f"not _acme-challenge.n{i}.example.com." in str(failure)
        assert failure.exit is Exit.DATA
    assert host.batches == [64, 62]
    assert touched == {
        record.place for each in cases if not each.failure for record in each.records
    }


def test_what_is_refused_before_a_write_tells_nothing_of_what_was_found() -> None:
    """
    A refusal that has done nothing leaves it known which values of the zone the others found.
    """
    host = Picky(Rejected("no"), "b.example.com", tells=True)
    hosts = Hosts(lambda _name: host, SystemClock())
    cases = [case("a.example.com"), case("b.example.com")]
    append(cases, hosts, "mark", 30.0)
    [other] = case("c.example.com").records
    assert hosts.additions.lack(other)
    assert not hosts.additions.lack(*cases[0].records)


def test_one_batch_where_nothing_is_refused() -> None:
    """
    The usual case is one call for the zone.
    """
    host = Picky(Rejected("no"), "elsewhere.example.org")
    assert set(exits(host, "a.example.com", "b.example.com")) == {Exit.DONE}
    assert host.batches == [2]


def test_a_failing_host_is_not_asked_again() -> None:
    """
    A host that fails, rather than refuses, would only fail again for each name.
    """
    host = Picky(Unavailable("down"), "b.example.com")
    assert set(exits(host, "a.example.com", "b.example.com")) == {Exit.UNAVAILABLE}
    assert host.batches == [2]
