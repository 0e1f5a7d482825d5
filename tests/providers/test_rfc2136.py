"""The RFC 2136 adapter against BIND and Knot: the contract, and how they say no."""

import time
from types import SimpleNamespace

import dns.message
import pytest
from dns.name import Name, from_text

from providers.contract import TXT, Assuring, Provider, Zone
from providers.errors import ProviderError, Rejected, Unauthorized
from providers.rfc2136 import ADAPTER
from providers.testing import MARK, ProviderContract
from tests.lab import Lab
from tests.lab import topology as at

pytestmark = pytest.mark.servers

EXAMPLE = Zone(from_text("example.test."), "example.test.")


def opened(lab: Lab, address: str = at.PRIMARY, **settings: str) -> Provider:
    """Return the provider for *address* under the key that may do all, but for *settings*."""
    defaults = {
        "RFC2136_NAMESERVER": address,
        "RFC2136_TSIG_KEY": lab.keys.all.name,
        "RFC2136_TSIG_SECRET": lab.keys.all.secret,
    }
    return ADAPTER.open({**defaults, **settings})


def unsigned(address: str = at.PRIMARY) -> Provider:
    return ADAPTER.open({"RFC2136_NAMESERVER": address})


def failure(provider: Provider, zone: Zone = EXAMPLE, name: str = "a.example.test.") -> str:
    """Return what the provider says when it fails to append: kind, message and hint."""
    with pytest.raises(ProviderError) as caught:
        provider.append(zone, [TXT(from_text(name), "v")], MARK)
    return f"{type(caught.value).__name__}: {caught.value} [{caught.value.hint}]"


class Real(ProviderContract):
    """The contract at a real server."""

    address: str
    writers = 30
    tells = True

    @pytest.fixture(autouse=True)
    def _laboratory(self, lab: Lab) -> None:
        self.lab = lab

    @pytest.fixture
    def provider(self, lab: Lab) -> Provider:
        return opened(lab, self.address)

    def values(self, name: Name) -> set[str]:
        return self.lab.txt(name, self.address)

    def alias(self, name: Name) -> None:
        self.lab.update(self.apex, name, "CNAME", ["alias.acme.test."], address=self.address)

    def servers(self) -> set[Name]:
        [rrset] = self.lab.ask(self.address, self.apex.to_text(), "NS").answer
        return {rdata.target for rdata in rrset}

    def test_an_existing_rrset_keeps_its_ttl(
        self, provider: Provider, zone: Zone, name: Name
    ) -> None:
        """
        One RRset has one TTL (RFC 2181 §5.2), and it is not ours to change.
        """
        self.lab.update(self.apex, name, "TXT", ["theirs"], ttl=300, address=self.address)
        provider.append(zone, [TXT(name, "ours", ttl=60)], MARK)
        [rrset] = self.lab.ask(self.address, name).answer
        assert (len(rrset), rrset.ttl) == (2, 300)

    def test_one_name_in_the_way_stops_all(
        self, provider: Provider, zone: Zone, name: Name
    ) -> None:
        """
        An update is atomic, and the error names the culprit and where it points.
        """
        culprit, innocent = from_text("culprit", name), from_text("innocent", name)
        self.alias(culprit)
        with pytest.raises(Rejected, match=f"{culprit} .*alias.acme.test.") as caught:
            provider.append(zone, [TXT(innocent, "v"), TXT(culprit, "v")], MARK)
        assert str(innocent) not in str(caught.value)
        assert self.values(innocent) == set()

    def test_a_hundred_names_are_one_update(
        self, provider: Provider, zone: Zone, name: Name
    ) -> None:
        """
        Size costs no requests as long as one message holds it.
        """
        provider.append(zone, [TXT(from_text(f"n{i}", name), "v" * 43) for i in range(100)], MARK)
        assert provider.api_calls == 1

    def test_vacant_names_are_told_by_conditions(self, provider: Provider, name: Name) -> None:
        """
        Nothing stands at them, be it that others do below; an alias, values, a delegation at or
        above a name, or a DNAME above, and the server does not vouch for any.
        """
        assert isinstance(provider, Assuring)
        here = {(self.address, 53)}
        free = [from_text(f"n{i}", name) for i in range(100)]
        assert provider.vacant(self.apex, [*free, name], here) == [*free, name]
        taken = {label: from_text(label, name) for label in ("alias", "value", "cut", "away")}
        self.alias(taken["alias"])
        provider.append(Zone(self.apex, self.apex.to_text()), [TXT(taken["value"], "v")], MARK)
        for label, rdtype in (("cut", "NS"), ("away", "DNAME")):
            self.lab.update(self.apex, taken[label], rdtype, ["x.acme.test."], address=self.address)
        below = [from_text("_acme-challenge", taken[label]) for label in ("cut", "away")]
        for each in (*taken.values(), *below):
            assert list(provider.vacant(self.apex, [*free, each], here)) == [], each
        assert provider.vacant(self.apex, [*free, name], here) == [*free, name]
        assert provider.api_calls == 1
        for label, rdtype in (("alias", "CNAME"), ("cut", "NS"), ("away", "DNAME")):
            self.lab.update(self.apex, taken[label], rdtype, [], address=self.address)


class TestBind(Real):
    apex = from_text("example.test.")
    address = at.PRIMARY


class TestKnot(Real):
    apex = from_text("knot.test.")
    address = at.KNOT


def test_a_parent_beside_its_child(lab: Lab) -> None:
    """
    Every zone hosted here that encloses a name is returned, not the closest alone.
    """
    names = [from_text("_acme-challenge.a.sub.example.test."), from_text("x.cf.test.")]
    apexes = {str(zone.apex) for zone in opened(lab).zones(names)}
    assert apexes == {"sub.example.test.", "example.test.", "cf.test."}


def test_the_zone_of_an_alias_is_not_that_of_its_target(lab: Lab) -> None:
    """
    The search ends where the name is, whatever it points to; a delegated child is not hosted.
    """
    names = [
        from_text("_acme-challenge.alias.example.test."),
        from_text("_acme-challenge.hops.example.test."),
        from_text("_acme-challenge.away.example.test."),
    ]
    assert [zone.apex for zone in opened(lab).zones(names)] == [from_text("example.test.")]


def test_few_questions_find_the_zones(lab: Lab) -> None:
    """
    One question per name and one per level above the zone, each asked once; and where it is
    served from.
    """
    provider = opened(lab)
    before = len(lab.questions(at.PRIMARY))
    provider.zones([from_text(f"_acme-challenge.{host}") for host in at.HOSTS])
    asked = lab.questions(at.PRIMARY)[before:]
    assert len([q for q in asked if q.client == at.PRIMARY]) == len(at.HOSTS) + 3
    assert provider.api_calls == 0
    provider.zones([from_text("a.nowhere.test."), from_text("b.c.nowhere.test.")])
    asked = lab.questions(at.PRIMARY)[before + len(asked) :]
    names = [str(q.name) for q in asked if q.client == at.PRIMARY]
    assert sorted(names) == sorted({*names}), "each once"


def test_updates_by_address_need_no_key(lab: Lab) -> None:
    """
    A name server alone is a complete configuration where the zone permits this host.
    """
    name = from_text("a.open.test.")
    provider = unsigned()
    [zone] = provider.zones([name])
    provider.append(zone, [TXT(name, "v")], MARK)
    assert lab.txt(name) == {"v"}
    provider.delete(zone, [TXT(name, "v")])
    assert lab.txt(name) == set()


def test_a_limited_key_does_its_one_job(lab: Lab) -> None:
    """
    A key for TXT at one name suffices, and at another name the error says what to permit.
    """
    key = {
        "RFC2136_TSIG_KEY": lab.keys.limited.name,
        "RFC2136_TSIG_SECRET": lab.keys.limited.secret,
    }
    provider, name = opened(lab, **key), from_text(at.LIMITED_NAME)
    [zone] = provider.zones([name])
    provider.append(zone, [TXT(name, "v")], MARK)
    assert lab.txt(name) == {"v"}
    provider.delete(zone, [TXT(name, "v")])
    both = [TXT(name, "v"), TXT(from_text("a.example.test."), "v")]
    with pytest.raises(Unauthorized, match=r"one of _acme-challenge.* and 1 more"):
        provider.append(zone, both, MARK)
    assert lab.txt(name) == set()
    said = failure(provider)
    assert said.startswith("Unauthorized: 127.0.0.20 does not let TSIG key limited.lab. ")
    assert "(REFUSED) [" in said
    assert "grant limited.lab. name a.example.test. TXT;" in said


@pytest.mark.parametrize(
    ("address", "zone"), [(at.PRIMARY, "example.test."), (at.KNOT, "knot.test.")]
)
class TestRefusals:
    def test_unsigned(self, lab: Lab, address: str, zone: str) -> None:
        """
        BIND says REFUSED, Knot NOTAUTH; both mean that a key is wanted.
        """
        said = failure(unsigned(address), Zone(from_text(zone), zone), f"a.{zone}")
        assert said.startswith(f"Unauthorized: {address} takes no unsigned update of {zone}")
        assert "RFC2136_TSIG_KEY" in said

    @pytest.mark.parametrize(
        "wrong",
        [{"RFC2136_TSIG_KEY": "nobody.lab"}, {"RFC2136_TSIG_ALGORITHM": "hmac-sha512"}],
        ids=["name", "algorithm"],
    )
    def test_key(self, lab: Lab, address: str, zone: str, wrong: dict[str, str]) -> None:
        """
        An unknown key and a known one of another algorithm: the error shows both.
        """
        said = failure(opened(lab, address, **wrong), Zone(from_text(zone), zone), f"a.{zone}")
        assert said.startswith("Unauthorized")
        assert "BADKEY" in said
        assert f"{wrong.get('RFC2136_TSIG_KEY', 'all.lab')}. (hmac-sha" in said

    def test_secret(self, lab: Lab, address: str, zone: str) -> None:
        """
        A wrong secret shows with the first question, before anything is written.
        """
        provider = opened(lab, address, RFC2136_TSIG_SECRET=lab.keys.limited.secret)
        with pytest.raises(Unauthorized, match="BADSIG"):
            provider.zones([from_text(zone)])
        with pytest.raises(Unauthorized, match="BADSIG"):
            provider.append(Zone(from_text(zone), zone), [TXT(from_text(f"a.{zone}"), "v")], MARK)
        assert provider.api_calls == 0

    def test_clock(
        self, lab: Lab, address: str, zone: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Signatures made 1000 s ago are not taken, and the error speaks of clocks.
        """
        late = SimpleNamespace(time=lambda: time.time() - 1000)
        monkeypatch.setattr(dns.message, "time", late)
        with pytest.raises(Unauthorized, match="BADTIME") as caught:
            opened(lab, address).zones([from_text(zone)])
        assert "NTP" in caught.value.hint

    def test_zone(self, lab: Lab, address: str, zone: str) -> None:
        """
        A zone that is not there is a matter of configuration.
        """
        elsewhere = Zone(from_text("elsewhere.test."), "elsewhere.test.")
        assert list(opened(lab, address).zones([elsewhere.apex])) == []
        provider = opened(lab, address)
        assert failure(provider, elsewhere, "a.elsewhere.test.").startswith("Misconfigured")
        assert provider.api_calls == 0


@pytest.mark.parametrize(
    ("address", "zone", "name"),
    [(at.PRIMARY, "example.test.", "a.cf.test."), (at.KNOT, "knot.test.", "a.acme.test.")],
)
def test_a_name_of_another_zone(lab: Lab, address: str, zone: str, name: str) -> None:
    """
    The server itself refuses to mix two zones of its own.
    """
    said = failure(opened(lab, address), Zone(from_text(zone), zone), name)
    assert said.startswith(f"Rejected: {address} refuses to update {name} in {zone} (NOTZONE)")


@pytest.mark.parametrize(
    ("name", "cut"),
    [("a.away.example.test.", "away.example.test."), ("a.sub.example.test.", "sub.example.test.")],
    ids=["elsewhere", "here"],
)
def test_below_a_zone_cut_nothing_is_written(lab: Lab, name: str, cut: str) -> None:
    """
    The server would say NOERROR and serve nothing, whether it hosts the child or not.
    """
    provider = opened(lab)
    said = failure(provider, name=name)
    assert said.startswith(f"Rejected: {name} is not in the zone example.test.: it is delegated")
    assert cut in said
    assert provider.api_calls == 0


def test_one_name_below_a_zone_cut_stops_all(lab: Lab) -> None:
    """
    The update itself says on what condition it may be done, so nothing is hidden anywhere.
    """
    innocent = from_text("innocent.example.test.")
    records = [TXT(innocent, "v"), TXT(from_text("a.b.away.example.test."), "v")]
    with pytest.raises(Rejected, match=r"a\.b\.away\.example\.test\. is not"):
        opened(lab).append(EXAMPLE, records, MARK)
    assert lab.txt(innocent) == set()


def test_a_thousand_names_are_a_few_updates(lab: Lab) -> None:
    """
    Each as large as a message may be; nothing is asked name by name, and all are served.
    """
    provider, before = opened(lab), len(lab.questions(at.PRIMARY))
    records = [TXT(from_text(f"_acme-challenge.n{n}.example.test."), "v" * 43) for n in range(1000)]
    change = provider.append(EXAMPLE, records, MARK)
    assert change.written == frozenset((record.name, record.value) for record in records)
    assert provider.api_calls <= 4
    mine = [q for q in lab.questions(at.PRIMARY)[before:] if q.client == at.PRIMARY]
    assert len(mine) == 2
    assert all(lab.txt(record.name) == {record.value} for record in records[::97])
    provider.delete(EXAMPLE, records)
    assert not any(lab.txt(record.name) for record in records[::97])


def test_a_wildcard_cname_is_not_in_the_way(lab: Lab) -> None:
    """
    A CNAME that a wildcard synthesizes ends where a TXT stands (RFC 4592 §2.2.1).
    """
    name = from_text("_acme-challenge.wild.example.test.")
    assert lab.ask(at.PRIMARY, name).answer[0].to_text().count("CNAME") == 1
    opened(lab).append(EXAMPLE, [TXT(name, "v")], MARK)
    assert lab.txt(name) == {"v"}
    opened(lab).delete(EXAMPLE, [TXT(name, "v")])


def test_more_than_a_message_holds(lab: Lab) -> None:
    """
    Updates split below 64 kB, and every value arrives.
    """
    provider = opened(lab)
    records = [TXT(from_text(f"n{i}.large.example.test."), "v" * 255) for i in range(250)]
    provider.append(EXAMPLE, records, MARK)
    assert provider.api_calls == 2
    assert all(lab.txt(record.name) == {record.value} for record in records)
    provider.delete(EXAMPLE, records)
    assert not any(lab.txt(record.name) for record in records)


@pytest.mark.parametrize(
    ("address", "kind"),
    [(at.KNOT, "Unauthorized"), (at.NSD, "Unavailable")],
)
def test_a_secondary_is_no_primary(lab: Lab, address: str, kind: str) -> None:
    """
    A secondary has the zone but does not take updates: Knot for want of a permission for
    the key, NSD since it never does, nor knows the key.
    """
    provider = opened(lab, address)
    assert [zone.apex for zone in provider.zones([EXAMPLE.apex])] == [EXAMPLE.apex]
    assert failure(provider).startswith(f"{kind}: {address} ")


@pytest.mark.parametrize("address", [at.UNBOUND, at.BIND_RECURSOR])
def test_a_recursor_hosts_nothing(lab: Lab, address: str) -> None:
    """
    What a resolver has in its cache is hearsay, with a key or without.
    """
    lab.ask(address, "example.test.", "SOA")
    for provider in (unsigned(address), opened(lab, address)):
        assert list(provider.zones([from_text("a.example.test.")])) == []
        assert "no authority" in failure(provider)
