"""Whom to ask is found without ever asking a recursor about a challenge name."""

from collections.abc import Iterator

import pytest
from dns import flags, rcode
from dns.message import Message
from dns.name import Name, from_text

from pipeline import endpoints
from pipeline.clock import SystemClock
from pipeline.demo.resolver import Resolver
from pipeline.endpoints import Endpoint, authoritative, has_route, recursors
from pipeline.exchange import Exchange
from pipeline.model import Exit, Failed
from pipeline.questions import Perspective, Role
from pipeline.resolvers import Resolvers
from providers.embedded import Embedded, Nameserver
from providers.listener import Asked

from .lab import Lab, topology

ZONE = from_text("example.com.")
CHALLENGE = from_text("_acme-challenge.example.com.")


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange(SystemClock()) as opened:
        yield opened


def recursive(address: str, port: int = 53) -> Perspective:
    return Perspective(address, port, Role.RECURSIVE, "configured")


# Endpoints


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("192.0.2.1", Endpoint("192.0.2.1", 53)),
        ("192.0.2.1:5353", Endpoint("192.0.2.1", 5353)),
        ("2001:db8::1", Endpoint("2001:db8::1", 53)),
        ("[2001:db8::1]", Endpoint("2001:db8::1", 53)),
        ("[2001:DB8::1]:5353", Endpoint("2001:db8::1", 5353)),
    ],
)
def test_endpoints_are_read(text: str, wanted: Endpoint) -> None:
    """
    An address, with a port if it is not 53; v6 in brackets where a port follows.
    """
    assert Endpoint.parse(text) == wanted


@pytest.mark.parametrize(
    "text",
    ["", "dns.example", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:x", "192.0.2.1:65536", "[::1"],
)
def test_anything_else_is_refused(text: str) -> None:
    """
    Host names, bad ports and loose brackets are mistakes worth saying.
    """
    with pytest.raises(ValueError, match=r"."):
        Endpoint.parse(text)


def test_the_public_set_is_four_operators() -> None:
    """
    One perspective each; configured resolvers replace them all.
    """
    public = recursors([])
    assert [via.server for via in public] == ["Cloudflare", "Google", "Quad9", "UltraDNS"]
    assert all(via.role is Role.RECURSIVE and via.port == 53 for via in public)
    assert [str(via) for via in recursors([Endpoint("::1", 54)])] == ["[::1]:54"]


def test_the_public_set_falls_back_to_v6(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A host with IPv6 only asks the operators there.
    """
    monkeypatch.setattr(endpoints, "has_route", lambda address: ":" in address)
    assert all(":" in via.address for via in recursors([]))


def test_routes_are_told_without_sending() -> None:
    """
    Loopback is always reachable; an address without a zone is not.
    """
    assert has_route("127.0.0.1")
    assert not has_route("fe80::1")


def test_configured_servers_are_hosts_of_their_own() -> None:
    """
    Each configured address counts as one NS host.
    """
    found = authoritative([Endpoint("192.0.2.1"), Endpoint("192.0.2.2", 54)])
    assert len({via.server for via in found}) == 2


# Look-ups by a resolver alone


def test_a_zone_nobody_knows_is_a_configuration_matter(exchange: Exchange) -> None:
    """
    Without a delegation there is nobody to ask: 78, with the way to name the servers.
    """
    with Embedded([ZONE]) as server, Resolver({ZONE: server.addresses}, SystemClock().now) as via:
        resolvers = Resolvers(exchange, [recursive(*via.address)], (), lambda: 30.0)
        with pytest.raises(Failed) as caught:
            resolvers.nameservers(from_text("nowhere.example.com."))
    assert caught.value.exit is Exit.CONFIG
    assert "nameservers" in caught.value.problem.hint


def test_nobody_answering_is_unavailable(exchange: Exchange) -> None:
    """
    Silent resolvers are 69, each named, with the suspicion that port 53 is filtered.
    """
    with Embedded([ZONE]) as server:
        server.behave(server.addresses[0], lambda _asked, _reply: None)
        resolvers = Resolvers(exchange, [recursive(*server.addresses[0])], (), lambda: 30.0)
        with pytest.raises(Failed, match=r"127\.0\.0\.1:\d+ .*timeout") as caught:
            resolvers.nameservers(ZONE)
    assert caught.value.exit is Exit.UNAVAILABLE
    assert "port 53" in caught.value.problem.hint


def test_a_deaf_resolver_is_asked_last_from_then_on(exchange: Exchange) -> None:
    """
    Its timeout is paid once.
    """
    clock = SystemClock()
    with Embedded([ZONE]) as server, Embedded([ZONE]) as deaf:
        deaf.behave(deaf.addresses[0], lambda _asked, _reply: None)
        with Resolver({ZONE: server.addresses}, clock.now) as via:
            asked = [recursive(*deaf.addresses[0]), recursive(*via.address)]
            resolvers = Resolvers(exchange, asked, (), lambda: 30.0)
            hosts = resolvers.hosts(ZONE)
            assert hosts == {from_text("ns1.example.com.")}
            before = len(deaf.asked)
            assert resolvers.hosts(ZONE) == hosts
            assert len(deaf.asked) == before


def test_errors_are_not_answers(exchange: Exchange) -> None:
    """
    A resolver that fails is passed over; if all fail, the failure is theirs to explain.
    """

    def fail(_asked: Asked, reply: Message) -> Message:
        reply.set_rcode(rcode.SERVFAIL)
        reply.flags |= flags.RA
        return reply

    with Embedded([ZONE]) as server:
        server.behave(server.addresses[0], fail)
        resolvers = Resolvers(exchange, [recursive(*server.addresses[0])], (), lambda: 30.0)
        with pytest.raises(Failed, match="SERVFAIL"):
            resolvers.nameservers(ZONE)


def test_a_resolver_is_never_asked_below_a_challenge(exchange: Exchange) -> None:
    """
    Not even by mistake in our own code: the one place that asks resolvers refuses.
    """
    resolvers = Resolvers(exchange, [recursive("127.0.0.1")], {CHALLENGE}, lambda: 30.0)
    below = from_text("ns.x", CHALLENGE)
    with pytest.raises(ValueError, match="challenge name"):
        resolvers.hosts(below)
    with pytest.raises(ValueError, match="challenge name"):
        resolvers.hosts(CHALLENGE)
    assert exchange.sent == 0


# The tree, on real servers


def found(lab: Lab, exchange: Exchange, name: str, *challenges: str) -> tuple[Name, set[str]]:
    """Return the apex and the addresses that the walk to *name* finds."""
    lab.flush()
    off_limits = [from_text(challenge) for challenge in challenges]
    resolvers = Resolvers(exchange, [recursive(topology.UNBOUND)], off_limits, lambda: 30.0)
    apex, servers = resolvers.walk(from_text(name))
    return apex, {via.address for via in servers}


@pytest.mark.servers
@pytest.mark.parametrize(
    ("name", "apex", "addresses"),
    [
        ("_acme-challenge.example.test.", "example.test.", topology.AUTHORITATIVE),
        ("_acme-challenge.h001.example.test.", "example.test.", topology.AUTHORITATIVE),
        ("_acme-challenge.no.such.host.example.test.", "example.test.", topology.AUTHORITATIVE),
        ("_acme-challenge.www.sub.example.test.", "sub.example.test.", topology.AUTHORITATIVE),
        ("_acme-challenge.away.example.test.", "away.example.test.", (topology.KNOT,)),
        ("_acme-challenge.knot.test.", "knot.test.", (topology.KNOT,)),
        ("example.test.", "example.test.", topology.AUTHORITATIVE),
    ],
)
def test_the_walk_finds_the_zone(
    lab: Lab, exchange: Exchange, name: str, apex: str, addresses: tuple[str, ...]
) -> None:
    """
    Cuts are found on the way down, whether parent and child share their servers or not.
    """
    assert found(lab, exchange, name, name) == (from_text(apex), set(addresses))


@pytest.mark.servers
def test_the_walk_asks_recursors_only_about_names_above(lab: Lab, exchange: Exchange) -> None:
    """
    What the recursor hears of the way down is the top-level zone and the servers' addresses.
    """
    name = "_acme-challenge.no.such.host.example.test."
    before = len(lab.questions(topology.UNBOUND))
    found(lab, exchange, name, name)
    asked = {question.name for question in lab.questions(topology.UNBOUND)[before:]}
    host = from_text("host.example.test.")
    assert not any(each.is_subdomain(host) for each in asked)
    assert from_text("test.") in asked


@pytest.mark.servers
def test_nothing_is_asked_below_a_name_that_does_not_exist(lab: Lab, exchange: Exchange) -> None:
    """
    Once a resolver has said NXDOMAIN, questions below it would only spread that answer.
    """
    before = len(lab.questions(topology.UNBOUND))
    with pytest.raises(Failed, match="no name servers") as caught:
        found(lab, exchange, "_acme-challenge.www.no-such-zone.")
    assert caught.value.exit is Exit.CONFIG
    asked = {question.name for question in lab.questions(topology.UNBOUND)[before:]}
    assert asked == {from_text("no-such-zone.")}


@pytest.mark.servers
def test_every_address_of_every_server(lab: Lab, exchange: Exchange) -> None:
    """
    The zone's NS set is resolved completely, with the host of each address.
    """
    lab.flush()
    resolvers = Resolvers(exchange, [recursive(topology.UNBOUND)], (), lambda: 30.0)
    servers = resolvers.nameservers(from_text("example.test."))
    assert {(via.server, via.address) for via in servers} == {
        (f"ns{number}.example.test.", address)
        for number, address in enumerate(topology.AUTHORITATIVE, 1)
    }


def test_look_ups_end_with_the_run(exchange: Exchange) -> None:
    """
    Several mute resolvers do not add up to more than the time that is left.
    """
    clock = SystemClock()
    with Embedded([ZONE], [Nameserver(), Nameserver(), Nameserver()]) as server:
        for address in server.addresses:
            server.behave(address, lambda _asked, _reply: None)
        via = [recursive(*address) for address in server.addresses]
        resolvers = Resolvers(exchange, via, (), lambda: 0.5 - clock.now())
        with pytest.raises(Failed, match="timeout"):
            resolvers.nameservers(ZONE)
    assert clock.now() < 1.5
