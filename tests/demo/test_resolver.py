"""The demo's resolver caches as RFC 2308 says: the "no" as well as the "yes"."""

import time
from collections.abc import Iterator

import dns.query
import pytest
from dns.flags import AA, RA, RD, Flag
from dns.message import Message, make_query
from dns.name import Name, from_text
from dns.rcode import Rcode

from pipeline.demo.resolver import Resolver
from providers.contract import TXT, Zone
from providers.embedded import Embedded, Nameserver
from providers.listener import Asked, Behaviour
from tests.providers import faults

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
    """Two authoritative addresses; a "no" lives for 20 seconds."""
    with Embedded([APEX], [Nameserver()] * 2, soa_ttl=300, minimum=20, now=clock) as embedded:
        yield embedded


@pytest.fixture
def resolver(server: Embedded, clock: Clock) -> Iterator[Resolver]:
    with Resolver({APEX: server.addresses}, clock) as resolver:
        yield resolver


def ask(
    resolver: Resolver, name: Name | str = CHALLENGE, rdtype: str = "TXT", flags: Flag = RD
) -> Message:
    host, port = resolver.address
    query = make_query(name, rdtype, use_edns=0, payload=1232, flags=flags)
    return dns.query.udp_with_fallback(query, host, 10, port)[0]


def texts(reply: Message) -> set[str]:
    return {rdata.to_text().strip('"') for rrset in reply.answer for rdata in rrset}


def write(server: Embedded, value: str, ttl: int = 60) -> None:
    server.append(ZONE, [TXT(CHALLENGE, value, ttl)], "test")


def test_answers_look_recursive(server: Embedded, resolver: Resolver) -> None:
    """RA set, AA not, RD and EDNS echoed, first time and from the cache."""
    write(server, "v")
    for _ in range(2):
        reply = ask(resolver)
        assert reply.flags & (RA | AA | RD) == RA | RD
        assert (reply.edns, texts(reply)) == (0, {"v"})


def test_a_positive_answer_is_repeated_until_its_ttl(
    server: Embedded, resolver: Resolver, clock: Clock
) -> None:
    """The TTL counts down, and a second value stays unseen until it is out."""
    write(server, "a", ttl=60)
    assert ask(resolver).answer[0].ttl == 60
    write(server, "b")
    clock.now += 0.5
    assert ask(resolver).answer[0].ttl == 60  # rounded up
    clock.now += 58.5
    reply = ask(resolver)
    assert (texts(reply), reply.answer[0].ttl) == ({"a"}, 1)
    clock.now += 0.999
    assert texts(ask(resolver)) == {"a"}
    clock.now += 0.001
    assert texts(ask(resolver)) == {"a", "b"}
    assert len(server.asked) == 2


def test_an_early_question_blinds_exactly_for_the_negative_ttl(
    server: Embedded, resolver: Resolver, clock: Clock
) -> None:
    """NXDOMAIN is repeated for min(SOA TTL, MINIMUM), and its SOA says how long still."""
    assert ask(resolver).rcode() == Rcode.NXDOMAIN
    write(server, "v")
    clock.now += 19
    reply = ask(resolver)
    assert (reply.rcode(), reply.authority[0].ttl) == (Rcode.NXDOMAIN, 1)
    clock.now += 0.999
    assert ask(resolver).rcode() == Rcode.NXDOMAIN
    clock.now += 0.001
    assert texts(ask(resolver)) == {"v"}


@pytest.mark.parametrize(("soa_ttl", "expected"), [(5, 5), (20, 20), (3600, 20)])
def test_both_soa_ttl_and_minimum_limit_the_no(
    server: Embedded, resolver: Resolver, clock: Clock, soa_ttl: int, expected: int
) -> None:
    """Also when the server did not already lower the SOA's TTL (RFC 2308 §5)."""

    def with_ttl(_: Asked, reply: Message) -> Message:
        for rrset in reply.authority:
            rrset.ttl = soa_ttl
        return reply

    for address in server.addresses:
        server.behave(address, with_ttl)
    assert ask(resolver).authority[0].ttl == expected
    write(server, "v")
    clock.now += expected - 0.001
    assert texts(ask(resolver)) == set()
    clock.now += 0.001
    assert texts(ask(resolver)) == {"v"}


@pytest.mark.parametrize("rdtype", ["A", "CNAME", "NS", "SOA"])
def test_a_missing_name_is_missing_in_every_type(
    server: Embedded, resolver: Resolver, rdtype: str
) -> None:
    """A question of any type, too early, hides the TXT (RFC 2308 §5), as in BIND."""
    assert ask(resolver, rdtype=rdtype).rcode() == Rcode.NXDOMAIN
    write(server, "v")
    assert ask(resolver).rcode() == Rcode.NXDOMAIN
    assert len(server.asked) == 1


def test_a_missing_type_is_missing_alone(server: Embedded, resolver: Resolver) -> None:
    """NODATA is remembered for that type only."""
    write(server, "v")
    for _ in range(2):
        reply = ask(resolver, rdtype="A")
        assert (reply.rcode(), reply.answer, len(reply.authority)) == (Rcode.NOERROR, [], 1)
    assert texts(ask(resolver)) == {"v"}
    assert len(server.asked) == 2


def test_a_no_says_nothing_about_names_above_or_below(server: Embedded, resolver: Resolver) -> None:
    """Neighbours in the tree are looked up on their own, as Unbound and BIND do."""
    ask(resolver, from_text("a.b", APEX))
    server.append(ZONE, [TXT(from_text("x.a.b", APEX), "v")], "test")
    assert texts(ask(resolver, from_text("x.a.b", APEX))) == {"v"}
    assert ask(resolver, from_text("b", APEX)).rcode() == Rcode.NOERROR


def test_an_alias_to_nowhere_exists_itself(server: Embedded, resolver: Resolver) -> None:
    """NXDOMAIN behind a CNAME is about its target (RFC 2308 §2.1): other types are still asked."""
    server.alias(CHALLENGE, from_text("nowhere", APEX))
    for _ in range(2):
        reply = ask(resolver)
        assert (reply.rcode(), len(reply.answer)) == (Rcode.NXDOMAIN, 1)
    assert len(server.asked) == 1
    assert ask(resolver, rdtype="CNAME").rcode() == Rcode.NOERROR


def test_a_chain_is_kept_as_long_as_its_shortest_link(
    server: Embedded, resolver: Resolver, clock: Clock
) -> None:
    """Alias and target run out on their own; the earlier one ends the whole answer."""
    target = from_text("target", APEX)
    server.alias(CHALLENGE, target, ttl=300)
    server.append(ZONE, [TXT(target, "a", 60)], "test")
    ask(resolver)
    server.append(ZONE, [TXT(target, "b")], "test")
    clock.now += 59
    assert [rrset.ttl for rrset in ask(resolver).answer] == [241, 1]
    clock.now += 1
    assert [len(rrset) for rrset in ask(resolver).answer] == [1, 2]


def test_a_no_without_soa_is_not_kept(server: Embedded, resolver: Resolver) -> None:
    """Nothing says for how long to believe it (RFC 2308 §5)."""

    def bare(_: Asked, reply: Message) -> Message:
        reply.authority = []
        return reply

    for address in server.addresses:
        server.behave(address, bare)
    assert ask(resolver).rcode() == Rcode.NXDOMAIN
    write(server, "v")
    assert texts(ask(resolver)) == {"v"}


def test_ttl_zero_is_not_kept(server: Embedded, resolver: Resolver) -> None:
    """Such an answer serves one question (RFC 1035 §3.2.1)."""
    write(server, "v", ttl=0)
    ask(resolver)
    ask(resolver)
    assert len(server.asked) == 2


def test_servers_take_turns(server: Embedded, resolver: Resolver, clock: Clock) -> None:
    """Each question goes to one address, the next one to the next."""
    for label in "abcd":
        clock.now += 1
        ask(resolver, from_text(label, APEX))
    assert [asked.address for asked in server.asked] == [*server.addresses] * 2
    assert not any(asked.query.flags & RD for asked in server.asked)


@pytest.mark.parametrize(
    "fault", [faults.failing(Rcode.SERVFAIL), faults.failing(Rcode.REFUSED), faults.lame]
)
def test_a_bad_server_is_passed_over(
    server: Embedded, resolver: Resolver, fault: Behaviour
) -> None:
    """The next one is asked; if all fail it is SERVFAIL, and not remembered."""
    write(server, "v")
    server.behave(server.addresses[0], fault)
    assert texts(ask(resolver)) == {"v"}
    server.behave(server.addresses[1], fault)
    assert ask(resolver, rdtype="A").rcode() == Rcode.SERVFAIL
    server.behave(server.addresses[1], lambda _, reply: reply)
    assert ask(resolver, rdtype="A").rcode() == Rcode.NOERROR


def test_a_dead_server_is_passed_over(server: Embedded, clock: Clock) -> None:
    """Neither silence, nor no route, nor a connection cut keeps the answer away."""
    write(server, "v")
    silent, answering = server.addresses
    server.behave(silent, faults.silent)
    routeless = ("127.0.0.1", 0)
    with Embedded([APEX]) as broken:

        def cut(asked: Asked, reply: Message) -> Message:
            if asked.tcp:
                broken.close()
            return faults.truncating(asked, reply)

        broken.behave(broken.addresses[0], cut)
        servers = [silent, routeless, *broken.addresses, answering]
        with Resolver({APEX: servers}, clock) as resolver:
            assert texts(ask(resolver)) == {"v"}
        assert [asked.tcp for asked in broken.asked] == [False, True]


def test_large_answers_pass_by_tcp_on_both_sides(server: Embedded, resolver: Resolver) -> None:
    """Forty values are fetched and given by TCP."""
    values = {f"{i:043}" for i in range(40)}
    server.append(ZONE, [TXT(CHALLENGE, value) for value in values], "test")
    assert texts(ask(resolver)) == values
    assert [asked.tcp for asked in server.asked] == [False, True]
    assert [asked.tcp for asked in resolver.asked] == [False, True]


def test_a_client_finds_the_zones_servers(resolver: Resolver) -> None:
    """NS and their addresses come through."""
    hosts = texts(ask(resolver, APEX, "NS"))
    assert hosts == {"ns1.example.com.", "ns2.example.com."}
    assert all(texts(ask(resolver, host, "A")) == {"127.0.0.1"} for host in hosts)
    assert ask(resolver, APEX, "SOA").answer[0][0].mname == from_text("ns1.example.com.")


def test_other_zones_are_refused(resolver: Resolver) -> None:
    """It does not know where they are."""
    assert ask(resolver, "example.net.").rcode() == Rcode.REFUSED


def test_the_deepest_zone_is_asked(server: Embedded, clock: Clock) -> None:
    """A child zone on servers of its own gets the questions below it."""
    child = from_text("child", APEX)
    with (
        Embedded([child]) as other,
        Resolver({APEX: server.addresses, child: other.addresses}, clock) as resolver,
    ):
        ask(resolver, from_text("_acme-challenge", child))
        assert len(other.asked) == 1
    assert server.asked == []


def test_without_rd_only_the_cache_speaks(server: Embedded, resolver: Resolver) -> None:
    """RD=0 asks nobody else: REFUSED, or what is remembered."""
    write(server, "v")
    assert ask(resolver, flags=Flag(0)).rcode() == Rcode.REFUSED
    assert server.asked == []
    ask(resolver)
    assert texts(ask(resolver, flags=Flag(0))) == {"v"}


def test_every_client_spells_its_own_way(server: Embedded, resolver: Resolver) -> None:
    """The cache ignores case, the reply keeps the question's."""
    write(server, "v")
    for spelling in ("_ACME-CHALLENGE.example.com.", "_acme-challenge.EXAMPLE.com."):
        assert ask(resolver, spelling).answer[0].name.to_text() == spelling
    assert len(server.asked) == 1


def test_the_log_has_every_question_by_clients(resolver: Resolver, clock: Clock) -> None:
    """Cached or not, with the time on its clock."""
    ask(resolver)
    clock.now += 1
    ask(resolver)
    assert [(asked.at, asked.name) for asked in resolver.asked] == [
        (1000.0, CHALLENGE),
        (1001.0, CHALLENGE),
    ]


def test_it_can_be_at_fault_and_closed(server: Embedded) -> None:
    """Behaviours work as at a `Listener`; closing twice is no error."""
    resolver = Resolver({APEX: server.addresses}, time.monotonic)
    resolver.behave(faults.failing(Rcode.SERVFAIL))
    assert ask(resolver).rcode() == Rcode.SERVFAIL
    resolver.close()
    resolver.close()
