"""The provider contract as tests: subclass it, supply the fixtures, run pytest.

A subclass names an apex its account hosts and says what the host really
stores; every test starts from a name of its own, so one account serves all.
"""

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from dns.name import Name, from_text

from .contract import TXT, Provider, Zone
from .errors import Rejected

MARK = "dns01 contract test"


class ProviderContract:
    """What `providers.contract.Provider` promises, one test per promise.

    Subclasses define a pytest fixture ``provider`` and the members below.

    Attributes:
        apex: A zone the account hosts.
        writers: How many concurrent writers of one name must all succeed.
        settle: Most calls of `in_sync` until a change is in sync.
        tells: Whether changes say what an append found missing.
    """

    apex: Name = from_text("example.com.")
    writers: int = 8
    settle: int = 20
    tells: bool = False

    def values(self, name: Name) -> set[str]:
        """Return the unquoted TXT values the host stores at *name*."""
        raise NotImplementedError

    def alias(self, name: Name) -> None:
        """Store a CNAME at *name*."""
        raise NotImplementedError

    def servers(self) -> set[Name]:
        """Return the hosts that the apex is served from; empty where the host does not say."""
        return set()

    @pytest.fixture
    def name(self) -> Name:
        return from_text(f"_acme-challenge.t{secrets.token_hex(4)}", self.apex)

    @pytest.fixture
    def zone(self, provider: Provider) -> Zone:
        [zone] = [zone for zone in provider.zones([self.apex]) if zone.apex == self.apex]
        return zone

    def test_zones_enclose_the_names(self, provider: Provider, name: Name) -> None:
        """A zone is found from any depth below it, and once for many names."""
        deep = from_text("_acme-challenge.a.b.c", self.apex)
        assert [zone.apex for zone in provider.zones([name, deep, self.apex])] == [self.apex]

    def test_zones_match_whole_labels(self, provider: Provider) -> None:
        """A name that merely ends in the same letters is not in the zone."""
        lookalike = from_text("x" + self.apex.to_text())
        assert list(provider.zones([lookalike, self.apex.parent()])) == []

    def test_a_zone_says_where_it_is_served(self, provider: Provider, zone: Zone) -> None:
        """The hosts to compare with the delegation, wherever the host can tell."""
        assert set(zone.nameservers) == self.servers()
        assert all(host.is_absolute() for host in zone.nameservers)
        assert zone.obstacle == ""

    def test_append_keeps_neighbours(self, provider: Provider, zone: Zone, name: Name) -> None:
        """Values that were there stay; two values of one call share the name."""
        provider.append(zone, [TXT(name, "theirs")], MARK)
        provider.append(zone, [TXT(name, "ours"), TXT(name, "wild")], MARK)
        assert self.values(name) == {"theirs", "ours", "wild"}

    def test_append_twice_is_append_once(self, provider: Provider, zone: Zone, name: Name) -> None:
        """Repeating a write, whole or in part, changes nothing and is no error."""
        provider.append(zone, [TXT(name, "v")], MARK)
        provider.append(zone, [TXT(name, "v")], MARK)
        provider.append(zone, [TXT(name, "v"), TXT(name, "v"), TXT(name, "w")], MARK)
        assert self.values(name) == {"v", "w"}

    def test_values_are_compared_exactly(self, provider: Provider, zone: Zone, name: Name) -> None:
        """Case, prefixes and leading hyphens make different values."""
        values = {"AbC", "aBc", "Ab", "-AbC", "_AbC--", "A" * 255}
        provider.append(zone, [TXT(name, value) for value in values - {"aBc"}], MARK)
        provider.append(zone, [TXT(name, "aBc")], MARK)
        assert self.values(name) == values
        provider.delete(zone, [TXT(name, "abc"), TXT(name, "AbC")])
        assert self.values(name) == values - {"AbC"}

    def test_names_are_compared_without_case(
        self, provider: Provider, zone: Zone, name: Name
    ) -> None:
        """DNS names ignore case (RFC 4343), also when deleting."""
        upper = from_text(name.to_text().upper())
        provider.append(zone, [TXT(upper, "v")], MARK)
        provider.append(zone, [TXT(name, "w")], MARK)
        assert self.values(name) == {"v", "w"}
        provider.delete(zone, [TXT(upper, "w"), TXT(name, "v")])
        assert self.values(name) == set()

    def test_many_names_in_one_call(self, provider: Provider, zone: Zone, name: Name) -> None:
        """One call writes many names and one call removes them."""
        records = [TXT(from_text(f"n{i}", name), f"v{i}") for i in range(25)]
        provider.append(zone, records, MARK)
        assert all(self.values(record.name) == {record.value} for record in records)
        provider.delete(zone, records)
        assert not any(self.values(record.name) for record in records)

    def test_nothing_to_do_is_done(self, provider: Provider, zone: Zone) -> None:
        """Empty writes succeed."""
        provider.append(zone, [], MARK)
        provider.delete(zone, [])

    def test_delete_removes_exactly_that_value(
        self, provider: Provider, zone: Zone, name: Name
    ) -> None:
        """Neighbours survive a delete; the last one out leaves nothing."""
        provider.append(zone, [TXT(name, "a"), TXT(name, "b")], MARK)
        provider.delete(zone, [TXT(name, "a")])
        assert self.values(name) == {"b"}
        provider.delete(zone, [TXT(name, "b")])
        assert self.values(name) == set()

    def test_delete_of_the_absent_is_silent(
        self, provider: Provider, zone: Zone, name: Name
    ) -> None:
        """Neither a missing value nor a missing RRset is an error, alone or mixed."""
        provider.delete(zone, [TXT(name, "ghost")])
        provider.append(zone, [TXT(name, "real")], MARK)
        provider.delete(zone, [TXT(name, "ghost"), TXT(name, "real"), TXT(name, "real")])
        assert self.values(name) == set()

    def test_concurrent_appends_all_survive(
        self, provider: Provider, zone: Zone, name: Name
    ) -> None:
        """Writers of one name at the same time lose nothing."""
        values = {f"v{i}" for i in range(self.writers)}
        self._at_once(partial(provider.append, zone, [TXT(name, value)], MARK) for value in values)
        assert self.values(name) == values

    def test_concurrent_deletes_spare_the_rest(
        self, provider: Provider, zone: Zone, name: Name
    ) -> None:
        """Appends and deletes of one name at the same time each get their way."""
        old = [TXT(name, f"old{i}") for i in range(self.writers)]
        new = [TXT(name, f"new{i}") for i in range(self.writers)]
        provider.append(zone, old, MARK)
        self._at_once(
            [partial(provider.delete, zone, [txt]) for txt in old]
            + [partial(provider.append, zone, [txt], MARK) for txt in new]
        )
        assert self.values(name) == {txt.value for txt in new}

    def test_concurrent_callers_fail_alone(
        self, provider: Provider, zone: Zone, name: Name
    ) -> None:
        """One caller's refused record is nobody else's failure, however calls are gathered."""
        culprit = from_text("culprit", name)
        self.alias(culprit)
        values = {f"v{i}" for i in range(self.writers)}
        with ThreadPoolExecutor(self.writers + 1) as pool:
            refused = pool.submit(provider.append, zone, [TXT(culprit, "v")], MARK)
            for call in [
                pool.submit(provider.append, zone, [TXT(name, value)], MARK) for value in values
            ]:
                call.result()
            assert isinstance(refused.exception(), Rejected)
        assert self.values(name) == values

    def test_a_change_tells_what_was_missing(
        self, provider: Provider, zone: Zone, name: Name
    ) -> None:
        """What an append found missing, if changes tell; nothing where all was there."""
        steps = ((["v"], {"v"}), (["v", "w"], {"w"}), (["v", "w"], set[str]()))
        for values, missing in steps:
            change = provider.append(zone, [TXT(name, value) for value in values], MARK)
            told = {(name, value) for value in missing} if self.tells else None
            assert change.written == told

    def test_a_change_gets_in_sync(self, provider: Provider, zone: Zone, name: Name) -> None:
        """The host's own word arrives, for writes and for no-ops."""
        for change in (
            provider.append(zone, [TXT(name, "v")], MARK),
            provider.append(zone, [TXT(name, "v")], MARK),
            provider.delete(zone, [TXT(name, "v")]),
        ):
            assert any(provider.in_sync(change) for _ in range(self.settle))

    def test_a_cname_in_the_way_is_said(self, provider: Provider, zone: Zone, name: Name) -> None:
        """No TXT can stand beside a CNAME (RFC 1034 §3.6.2): an error, never a silent loss."""
        self.alias(name)
        with pytest.raises(Rejected, match="CNAME"):
            provider.append(zone, [TXT(name, "v")], MARK)
        assert self.values(name) == set()

    def test_calls_are_counted(self, provider: Provider, zone: Zone, name: Name) -> None:
        """Every request to the host shows in the count."""
        before = provider.api_calls
        provider.append(zone, [TXT(name, "v")], MARK)
        assert provider.api_calls > before

    def _at_once(self, calls: Iterable[Callable[[], object]]) -> None:
        calls = list(calls)
        with ThreadPoolExecutor(len(calls)) as pool:
            for call in [pool.submit(call) for call in calls]:
                call.result()
