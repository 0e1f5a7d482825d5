"""An embedded server keeps the provider contract and answers like a name server."""

import random
import socket
from collections.abc import Iterator

import dns.query
import pytest
from dns.flags import AA, RA, Flag
from dns.message import Message, make_query
from dns.name import Name, from_text
from dns.rcode import Rcode
from dns.rdatatype import SOA
from dns.rrset import RRset

from providers.contract import TXT, Change, Zone
from providers.embedded import Embedded, Nameserver
from providers.embedded.authority import new_zone, respond
from providers.errors import Rejected
from providers.listener import Address, Behaviour
from providers.testing import MARK, ProviderContract

from . import faults

APEX = from_text("example.com.")
ZONE = Zone(APEX, "example.com.")
CHALLENGE = from_text("_acme-challenge", APEX)


class Clock:
    """A time that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> Iterator[Embedded]:
    """Two zones, parent and child, at one address."""
    with Embedded([APEX, from_text("child", APEX)], soa_ttl=300, minimum=60, now=clock) as embedded:
        yield embedded


def ask(server: Embedded, name: Name | str, rdtype: str = "TXT", at: int = 0) -> Message:
    host, port = server.addresses[at]
    query = make_query(name, rdtype, use_edns=0, payload=1232, flags=Flag(0))
    return dns.query.udp_with_fallback(query, host, 5, port)[0]


def texts(reply: Message) -> set[str]:
    return {rdata.to_text().strip('"') for rrset in reply.answer for rdata in rrset}


class TestContract(ProviderContract):
    """Embedded keeps the contract of every provider."""

    writers = 30
    tells = True

    @pytest.fixture
    def provider(self) -> Iterator[Embedded]:
        with Embedded([self.apex]) as self.server:
            yield self.server

    def values(self, name: Name) -> set[str]:
        return self.server.values(name)

    def alias(self, name: Name) -> None:
        self.server.alias(name, from_text("elsewhere.example.net."))

    def servers(self) -> set[Name]:
        return set(map(from_text, texts(ask(self.server, self.apex, "NS"))))


def test_answers_carry_authority(server: Embedded) -> None:
    """AA is set, RA is not, EDNS is echoed; the values are those written."""
    server.append(ZONE, [TXT(CHALLENGE, "a", 30), TXT(CHALLENGE, "b", 90)], MARK)
    reply = ask(server, CHALLENGE)
    assert reply.rcode() == Rcode.NOERROR
    assert reply.flags & AA
    assert not reply.flags & RA
    assert reply.edns == 0
    assert texts(reply) == {"a", "b"}
    assert reply.answer[0].ttl == 30  # one TTL per RRset, the first one's


def test_a_joined_rrset_keeps_its_ttl(server: Embedded) -> None:
    """An RRset that exists keeps its TTL (RFC 2181 §5.2), when values leave as well."""
    server.append(ZONE, [TXT(CHALLENGE, "a", 300)], MARK)
    server.append(ZONE, [TXT(CHALLENGE, "b", 60)], MARK)
    server.delete(ZONE, [TXT(CHALLENGE, "a", 60)])
    assert [rrset.ttl for rrset in ask(server, CHALLENGE).answer] == [300]


@pytest.mark.parametrize(
    ("name", "rdtype", "rcode"),
    [
        ("nowhere.example.com.", "TXT", Rcode.NXDOMAIN),
        ("x.y.here.example.com.", "TXT", Rcode.NXDOMAIN),
        ("here.example.com.", "A", Rcode.NOERROR),
        ("between.example.com.", "TXT", Rcode.NOERROR),
        ("example.com.", "TXT", Rcode.NOERROR),
        ("ns1.example.com.", "AAAA", Rcode.NOERROR),
    ],
    ids=["absent", "below a leaf", "other type", "empty non-terminal", "apex", "host"],
)
def test_negative_answers_say_for_how_long(
    server: Embedded, name: str, rdtype: str, rcode: Rcode
) -> None:
    """NXDOMAIN only if nothing is at the name or below; the SOA's TTL is its MINIMUM if less."""
    server.append(ZONE, [TXT(from_text("here", APEX), "v")], MARK)
    server.append(ZONE, [TXT(from_text("leaf.between", APEX), "v")], MARK)
    reply = ask(server, name, rdtype)
    assert (reply.rcode(), reply.answer) == (rcode, [])
    assert reply.flags & AA
    [soa] = reply.authority
    assert (soa.name, soa.rdtype, soa.ttl, soa[0].minimum) == (APEX, SOA, 60, 60)


def test_a_low_soa_ttl_caps_negative_answers() -> None:
    """The smaller of TTL and MINIMUM is the negative TTL (RFC 2308 §3), as at Route 53."""
    with Embedded([APEX], soa_ttl=900, minimum=86400) as server:
        [soa] = ask(server, "nowhere.example.com.").authority
        assert (soa.ttl, soa[0].minimum) == (900, 86400)
        assert ask(server, APEX, "SOA").answer[0].ttl == 900


def test_the_zone_names_its_servers() -> None:
    """The apex has SOA and NS, and the hosts named there have the addresses listened on."""
    with Embedded([APEX], [Nameserver(), Nameserver()]) as server:
        server.append(ZONE, [TXT(from_text("ns1", APEX), "v")], MARK)
        ns = ask(server, APEX, "NS")
        hosts = ["ns1.example.com.", "ns2.example.com."]
        assert sorted(texts(ns)) == hosts
        assert [(glue.name.to_text(), glue.rdtype.name) for glue in ns.additional] == [
            (host, "A") for host in hosts
        ]
        assert texts(ask(server, hosts[0], "A")) == {"127.0.0.1"}
        assert ask(server, APEX, "SOA").answer[0][0].mname == from_text(hosts[0])
        [zone] = server.zones([CHALLENGE])
        assert [host.to_text() for host in zone.nameservers] == hosts


def test_ipv6_hosts_have_ipv6_addresses() -> None:
    """AAAA where the server listens on IPv6, and no A."""
    zone = new_zone(APEX, ["127.0.0.1", "::1"], 900, 86400)
    assert texts(respond(make_query("ns2.example.com.", "AAAA"), [APEX], zone)) == {"::1"}
    assert texts(respond(make_query("ns2.example.com.", "A"), [APEX], zone)) == set()


def test_other_peoples_names_are_refused(server: Embedded) -> None:
    """Outside its zones it has no authority and says so."""
    reply = ask(server, "example.net.", "SOA")
    assert reply.rcode() == Rcode.REFUSED
    assert not reply.flags & AA


def test_a_child_zone_answers_for_itself(server: Embedded) -> None:
    """The deepest zone has the say, for questions and for writes."""
    name = from_text("_acme-challenge.child", APEX)
    assert ask(server, name).authority[0].name == from_text("child", APEX)
    assert [zone.apex for zone in server.zones([name])] == [APEX, from_text("child", APEX)]
    with pytest.raises(Rejected, match="not in the zone"):
        server.append(ZONE, [TXT(CHALLENGE, "v"), TXT(name, "v")], MARK)
    assert server.values(CHALLENGE) == set()  # all or nothing
    with pytest.raises(Rejected, match="none of the zones"):
        server.delete(ZONE, [TXT(from_text("example.net."), "v")])


def test_names_keep_the_clients_spelling(server: Embedded) -> None:
    """Lookups ignore case (RFC 4343); the question's own case comes back."""
    server.append(ZONE, [TXT(CHALLENGE, "v")], MARK)
    reply = ask(server, "_ACME-challenge.eXample.com.")
    assert texts(reply) == {"v"}
    assert reply.answer[0].name.to_text() == "_ACME-challenge.eXample.com."


def chain(rrsets: list[RRset]) -> list[str]:
    return [rrset.name.relativize(APEX).to_text() for rrset in rrsets]


def test_aliases_are_followed_at_home(server: Embedded) -> None:
    """CNAMEs are answered with what they lead to; the last name decides the rcode (RFC 6604)."""
    at = {label: from_text(label, APEX) for label in ("a", "b", "c", "gone", "out", "x", "y")}
    for alias, target in (("a", "b"), ("b", "c"), ("gone", "nowhere"), ("x", "y"), ("y", "x")):
        server.alias(at[alias], from_text(target, APEX))
    server.alias(at["out"], from_text("example.net."))
    server.append(ZONE, [TXT(at["c"], "v")], MARK)
    assert chain(ask(server, at["a"]).answer) == ["a", "b", "c"]
    assert chain(ask(server, at["a"], "CNAME").answer) == ["a"]
    assert ask(server, at["gone"]).rcode() == Rcode.NXDOMAIN
    assert ask(server, at["gone"]).authority
    assert chain(ask(server, at["out"]).answer) == ["out"]
    assert ask(server, at["out"]).rcode() == Rcode.NOERROR
    assert chain(ask(server, at["x"]).answer) == ["x", "y"]  # a loop ends


def test_large_answers_move_to_tcp(server: Embedded) -> None:
    """Forty values do not fit a datagram: TC, then all of them by TCP."""
    values = {f"{i:043}" for i in range(40)}
    server.append(ZONE, [TXT(CHALLENGE, value) for value in values], MARK)
    assert texts(ask(server, CHALLENGE)) == values
    assert [asked.tcp for asked in server.asked] == [False, True]


def test_each_address_lags_on_its_own(clock: Clock) -> None:
    """Written at t, seen from t + lag, deletes likewise; the serial moves with the content."""
    with Embedded(
        [APEX], [Nameserver(), Nameserver(lag=2), Nameserver(lag=5)], now=clock
    ) as server:

        def seen() -> list[set[str]]:
            return [texts(ask(server, CHALLENGE, at=at)) for at in range(3)]

        def serials() -> list[int]:
            return [ask(server, APEX, "SOA", at=at).answer[0][0].serial for at in range(3)]

        server.append(ZONE, [TXT(CHALLENGE, "a")], MARK)
        assert seen() == [{"a"}, set(), set()]
        clock.now += 1
        server.append(ZONE, [TXT(CHALLENGE, "b")], MARK)
        assert serials() == [3, 1, 1]
        clock.now += 0.999
        assert seen() == [{"a", "b"}, set(), set()]
        clock.now += 0.001
        assert seen() == [{"a", "b"}, {"a"}, set()]
        clock.now += 1
        server.delete(ZONE, [TXT(CHALLENGE, "a")])
        assert seen() == [{"b"}, {"a", "b"}, set()]
        clock.now += 2
        assert seen() == [{"b"}, {"b"}, {"a"}]
        assert server.values(CHALLENGE) == {"b"}
        clock.now += 60
        assert seen() == [{"b"}] * 3
        assert serials() == [4] * 3


def test_a_change_is_in_sync_when_the_last_address_shows_it(clock: Clock) -> None:
    """The provider's own word is neither early nor late."""
    with Embedded([APEX], [Nameserver(), Nameserver(lag=5)], now=clock) as server:
        change: Change = server.append(ZONE, [TXT(CHALLENGE, "a")], MARK)
        clock.now += 4.999
        assert not server.in_sync(change)
        clock.now += 0.001
        assert server.in_sync(change)
        assert texts(ask(server, CHALLENGE, at=1)) == {"a"}


def test_old_versions_are_forgotten(clock: Clock, server: Embedded) -> None:
    """Memory does not grow with the number of writes, only with the lag."""
    for i in range(20):
        clock.now += 1
        server.append(ZONE, [TXT(CHALLENGE, f"v{i}")], MARK)
    assert len(server._versions) == 2  # noqa: SLF001 - memory has no other face


def test_nothing_changed_is_no_new_serial(server: Embedded) -> None:
    """A repeated write is a no-op in the zone as well."""
    for _ in range(3):
        server.append(ZONE, [TXT(CHALLENGE, "a")], MARK)
        server.delete(ZONE, [TXT(CHALLENGE, "ghost")])
    assert ask(server, APEX, "SOA").answer[0][0].serial == 2


def test_the_log_is_in_order_of_time(clock: Clock) -> None:
    """What was asked, when, and at which address."""
    with Embedded([APEX], [Nameserver(), Nameserver()], now=clock) as server:
        for at, rdtype in ((1, "TXT"), (0, "A"), (1, "NS")):
            clock.now += 1
            ask(server, CHALLENGE, rdtype, at=at)
        first, second = server.addresses
        assert [(asked.at, asked.address, asked.rdtype.name) for asked in server.asked] == [
            (1001.0, second, "TXT"),
            (1002.0, first, "A"),
            (1003.0, second, "NS"),
        ]


@pytest.mark.parametrize(
    ("behaviour", "rcode", "flags", "values"),
    [
        (faults.failing(Rcode.SERVFAIL), Rcode.SERVFAIL, 0, set()),
        (faults.failing(Rcode.REFUSED), Rcode.REFUSED, 0, set()),
        (faults.lame, Rcode.NOERROR, 0, {"v"}),
        (faults.truncating, Rcode.NOERROR, AA, {"v"}),
        (faults.lying(["old", "older"]), Rcode.NOERROR, AA, {"old", "older"}),
    ],
)
def test_one_address_may_be_at_fault(
    behaviour: Behaviour,
    rcode: Rcode,
    flags: int,
    values: set[str],
) -> None:
    """Faults are set per address; the others go on as before."""
    with Embedded([APEX], [Nameserver(), Nameserver()]) as server:
        server.append(ZONE, [TXT(CHALLENGE, "v")], MARK)
        server.behave(server.addresses[0], behaviour)
        reply = ask(server, CHALLENGE)
        assert (reply.rcode(), reply.flags & AA) == (rcode, flags)
        assert texts(reply) == values
        assert texts(ask(server, CHALLENGE, at=1)) == {"v"}


def test_every_call_counts(server: Embedded) -> None:
    """Reads and writes count, questions by DNS do not."""
    server.zones([CHALLENGE])
    server.append(ZONE, [TXT(CHALLENGE, "v")], MARK)
    server.delete(ZONE, [TXT(CHALLENGE, "v")])
    ask(server, CHALLENGE)
    assert server.api_calls == 3


def test_a_server_that_cannot_start_leaves_nothing_behind() -> None:
    """When the second address is taken the first is given back."""
    own = f"127.54.{random.randrange(256)}.{random.randrange(1, 255)}"
    with socket.create_server((own, 0)) as taken, Embedded([APEX], [Nameserver(own)]) as free:
        address: Address = free.addresses[0]
        free.close()
        servers = [Nameserver(*address), Nameserver(*taken.getsockname())]
        with pytest.raises(OSError, match="in use"):
            Embedded([APEX], servers)
        with Embedded([APEX], servers[:1]) as again:
            assert again.addresses == (address,)
