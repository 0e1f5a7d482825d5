"""Who can be asked: configured servers, or the public resolvers."""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import dns.name
from dns import rcode, rdatatype
from dns.message import Message

from pipeline.questions import Perspective, Role, Transport

from .query import Query, Reply

if TYPE_CHECKING:
    from .exchange import Exchange

PUBLIC = (
    ("Cloudflare", "1.1.1.1", "2606:4700:4700::1111"),
    ("Google", "8.8.8.8", "2001:4860:4860::8888"),
    ("Quad9", "9.9.9.10", "2620:fe::10"),
    ("UltraDNS", "64.6.64.6", "2620:74:1b::1:1"),
)
"""Operators that answer without filtering, with an address of each family."""

ENCRYPTED = PUBLIC[:3]
"""Those that also answer over HTTPS and TLS, with certificates for these addresses."""

LABEL = {Transport.HTTPS: "DoH", Transport.TLS: "DoT"}

PATIENCE = 4.0
"""Most seconds to find out who can be reached."""

ENDPOINT = re.compile(
    r"(?:(?P<scheme>[a-z]+)://)?"
    r"(?:\[(?P<v6>[^\]]+)\](:(?P<v6_port>\d{1,5}))?"
    r"|(?P<host>[^:/\[\]]+)(:(?P<port>\d{1,5}))?"
    r"|(?P<bare_v6>[^/\[\]]+))"
    r"(?P<path>/dns-query)?",
    re.ASCII | re.IGNORECASE,
)

TRANSPORTS = {transport.scheme: transport for transport in Transport}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IP address and a port, and how questions travel there."""

    address: str
    port: int = 53
    transport: Transport = Transport.PLAIN

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return self.address if self.port == 53 else f"{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> "Endpoint":
        """Return *text*: ``ADDR[:PORT]``, ``tls://ADDR[:PORT]`` or ``https://ADDR[:PORT][/dns-query]``.

        A v6 address stands in brackets where anything else stands beside it.

        Raises:
            ValueError: If it is anything else, such as a host name.
        """
        match = ENDPOINT.fullmatch(text)
        transport = TRANSPORTS.get((match["scheme"] or "").lower()) if match else None
        if match is None or transport is None:
            raise ValueError(FORMS)
        if (match["bare_v6"] and match["scheme"]) or (
            match["path"] and transport is not Transport.HTTPS
        ):
            raise ValueError(FORMS)
        port = int(match["port"] or match["v6_port"] or transport.port)
        if not 0 < port < 65536:
            raise ValueError(f"{port} is not a port")
        try:
            address = ipaddress.ip_address(match["v6"] or match["host"] or match["bare_v6"])
        except ValueError as error:
            raise ValueError(FORMS) from error
        return cls(str(address), port, transport)


FORMS = (
    "must be an IP address, such as 8.8.8.8, or ADDR:PORT, or [v6 address]:PORT, "
    "with tls:// or https:// before it for encrypted questions"
)


def recursors(configured: Sequence[Endpoint]) -> tuple[Perspective, ...]:
    """Return the resolvers to ask: those configured, else the public set."""
    if configured:
        return tuple(
            Perspective(at.address, at.port, Role.RECURSIVE, "configured", at.transport)
            for at in configured
        )
    return tuple(
        Perspective(routed(v4, v6), 53, Role.RECURSIVE, operator) for operator, v4, v6 in PUBLIC
    )


def encrypted_public() -> tuple[Perspective, ...]:
    """Return the public resolvers over HTTPS and over TLS, one operator after the other."""
    return tuple(
        Perspective(
            routed(v4, v6), transport.port, Role.RECURSIVE, f"{operator} ({label})", transport
        )
        for operator, v4, v6 in ENCRYPTED
        for transport, label in LABEL.items()
    )


def reachable(
    exchange: "Exchange", candidates: Sequence[Perspective], left: Callable[[], float]
) -> tuple[Perspective, ...]:
    """Return one perspective of each operator: the first of its *candidates* that answers.

    All operators are asked at once, for ``. NS``, which gives nothing away and
    which everybody knows; those of an operator one after the other, or side by
    side where the first takes its time. It takes no longer than *left*
    seconds, nor than 4.
    """
    patience = min(PATIENCE, left())
    if patience <= 0:
        return ()
    asked = {root_question(via, patience * 0.75): via for via in candidates}
    races = [[*each] for _, each in groupby(asked, key=lambda query: operator(asked[query]))]
    outcomes = exchange.race(races, knows_the_root, stagger=patience * 0.25)
    return tuple(asked[replies[-1].query] for replies in outcomes if knows_the_root(replies[-1]))


def operator(via: Perspective) -> str:
    """Return who runs the resolver *via*, whatever the transport."""
    return via.server.partition(" (")[0]


def root_question(via: Perspective, timeout: float) -> Query:
    """Return the question that every resolver can answer."""
    return Query(
        dns.name.root,
        rdatatype.NS,
        via.address,
        via.port,
        recursion=True,
        timeout=timeout,
        transport=via.transport,
    )


def knows_the_root(reply: "Reply") -> bool:
    """Whether *reply* is an answer to that."""
    answer = reply.outcome
    return isinstance(answer, Message) and answer.rcode() == rcode.NOERROR and bool(answer.answer)


def routed(v4: str, v6: str) -> str:
    """Return *v4*, or *v6* where this host can go only there."""
    return v6 if has_route(v6) and not has_route(v4) else v4


def has_route(address: str) -> bool:
    """Whether this host has a route to *address*; sends nothing."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 53))
    except OSError:
        return False
    return True


def authoritative(endpoints: Iterable[Endpoint]) -> tuple[Perspective, ...]:
    """Return configured name servers, each a host of its own, named by its address."""
    return tuple(
        Perspective(at.address, at.port, Role.AUTHORITATIVE, str(at), at.transport)
        for at in endpoints
    )
