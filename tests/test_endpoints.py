"""Whom to ask, by which transport, and who of them can be reached."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from dns import flags, rcode, rdatatype
from dns.message import Message, make_response
from dns.name import root
from dns.rrset import from_text as rrset

from pipeline.asking import endpoints
from pipeline.asking.endpoints import (
    Endpoint,
    authoritative,
    encrypted_public,
    reachable,
    recursors,
)
from pipeline.asking.exchange import Exchange
from pipeline.clock import SystemClock
from pipeline.questions import Perspective, Role, Transport
from providers.listener import Asked, Listener, proper

TLS, HTTPS = Transport.TLS, Transport.HTTPS


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("tls://192.0.2.1", Endpoint("192.0.2.1", 853, TLS)),
        ("tls://192.0.2.1:8853", Endpoint("192.0.2.1", 8853, TLS)),
        ("tls://[2001:DB8::1]", Endpoint("2001:db8::1", 853, TLS)),
        ("TLS://[2001:db8::1]:53", Endpoint("2001:db8::1", 53, TLS)),
        ("https://192.0.2.1", Endpoint("192.0.2.1", 443, HTTPS)),
        ("https://192.0.2.1/dns-query", Endpoint("192.0.2.1", 443, HTTPS)),
        ("https://192.0.2.1:8443/dns-query", Endpoint("192.0.2.1", 8443, HTTPS)),
        ("https://[2001:db8::1]/dns-query", Endpoint("2001:db8::1", 443, HTTPS)),
        ("[2001:db8::1]", Endpoint("2001:db8::1", 53)),
        ("2001:db8::1", Endpoint("2001:db8::1", 53)),
    ],
)
def test_the_scheme_is_the_transport(text: str, wanted: Endpoint) -> None:
    """
    ``tls://`` and ``https://`` have ports of their own; the one path that there is may be named.
    """
    assert Endpoint.parse(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "tls://dns.example",
        "https://dns.example/dns-query",
        "https://192.0.2.1/",
        "https://192.0.2.1/dns-query/",
        "https://192.0.2.1/dns-query?dns=x",
        "https://192.0.2.1/resolve",
        "https://192.0.2.1:443:443",
        "https://user@192.0.2.1",
        "https://2001:db8::1",
        "tls://192.0.2.1/dns-query",
        "192.0.2.1/dns-query",
        "192.0.2.1:53/dns-query",
        "http://192.0.2.1",
        "quic://192.0.2.1",
        "://192.0.2.1",
        "tls://",
        "tls://192.0.2.1:0",
        "tls:// 192.0.2.1",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """
    Host names (whom would we ask for their address?), other paths, schemes and loose v6 addresses.
    """
    with pytest.raises(ValueError, match=r"."):
        Endpoint.parse(text)


def test_text_is_the_address_and_the_port_unless_53() -> None:
    """
    Reports show the IP, and the port where it is not 53, whatever the transport.
    """
    [via] = recursors([Endpoint.parse("https://[2001:db8::1]")])
    assert str(via) == str(Endpoint.parse("https://[2001:db8::1]")) == "[2001:db8::1]:443"
    assert str(Endpoint.parse("tls://192.0.2.1")) == "192.0.2.1:853"


def test_the_transport_of_configured_servers_is_kept() -> None:
    """
    Who says TLS gets TLS.
    """
    named = [Endpoint.parse("tls://192.0.2.1"), Endpoint.parse("192.0.2.2")]
    assert [via.transport for via in recursors(named)] == [TLS, Transport.PLAIN]
    assert [via.transport for via in authoritative(named)] == [TLS, Transport.PLAIN]


@pytest.mark.parametrize("v6_only", [False, True])
def test_public_resolvers_speak_both(monkeypatch: pytest.MonkeyPatch, *, v6_only: bool) -> None:
    """
    Three operators, HTTPS before TLS each, on their own ports, where this host has a route.
    """
    monkeypatch.setattr(endpoints, "has_route", lambda address: (":" in address) is v6_only)
    found = encrypted_public()
    assert [(via.server, via.transport, via.port) for via in found] == [
        (f"{operator} ({label})", transport, port)
        for operator in ("Cloudflare", "Google", "Quad9")
        for label, transport, port in (("DoH", HTTPS, 443), ("DoT", TLS, 853))
    ]
    assert all((":" in via.address) is v6_only for via in found)
    assert all(via.role is Role.RECURSIVE for via in found)


# Who can be reached: transports are the Exchange's matter, so plain servers do here


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange(SystemClock()) as opened:
        yield opened


def knowing(query: Message) -> Message:
    [question] = query.question
    assert (question.name, question.rdtype) == (root, rdatatype.NS)
    assert query.flags & flags.RD
    reply = make_response(query)
    reply.answer.append(rrset(root, 60, "IN", "NS", "a.root-servers.net."))
    return reply


def refusing(_asked: Asked, reply: Message) -> Message:
    reply.set_rcode(rcode.REFUSED)
    reply.answer.clear()
    return reply


def mute(_asked: Asked, _reply: Message) -> None:
    return None


def test_one_of_each_operator_is_reachable(exchange: Exchange) -> None:
    """
    The first candidate is preferred; the next takes its place where it refuses or says nothing;
    an operator that nobody answers for is left out.
    """
    behaviours = [proper, proper, refusing, proper, mute, proper, mute, refusing]
    names = [f"{operator} ({label})" for operator in "ABCD" for label in ("DoH", "DoT")]
    with ExitStack() as stack:
        candidates = []
        for name, behaviour in zip(names, behaviours, strict=True):
            server = stack.enter_context(Listener(("127.0.0.1", 0), knowing, SystemClock().now))
            server.behaviour = behaviour
            candidates.append(Perspective(*server.address, Role.RECURSIVE, name))
        found = reachable(exchange, candidates, lambda: 2.0)
    assert [via.server for via in found] == ["A (DoH)", "B (DoT)", "C (DoT)"]
    assert found == (candidates[0], candidates[3], candidates[5])


@pytest.mark.parametrize("left", [0.0, 0.6])
def test_it_ends_with_the_run(exchange: Exchange, left: float) -> None:
    """
    Nobody answering takes no more than the time that is left; without any nobody is asked.
    """
    clock = SystemClock()
    with Listener(("127.0.0.1", 0), knowing, clock.now) as server:
        server.behaviour = mute
        via = Perspective(*server.address, Role.RECURSIVE, "A (DoH)")
        again = replace(via, server="A (DoT)")
        assert reachable(exchange, [via, again], lambda: left) == ()
        assert bool(server.asked) == bool(left)
    assert clock.now() < left + 1.0
