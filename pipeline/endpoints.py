"""Who can be asked: configured servers, or the public resolvers."""

import ipaddress
import re
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .questions import Perspective, Role

PUBLIC = (
    ("Cloudflare", "1.1.1.1", "2606:4700:4700::1111"),
    ("Google", "8.8.8.8", "2001:4860:4860::8888"),
    ("Quad9", "9.9.9.10", "2620:fe::10"),
    ("UltraDNS", "64.6.64.6", "2620:74:1b::1:1"),
)
"""Operators that answer without filtering, with an address of each family."""


ENDPOINT = re.compile(
    r"\[(?P<v6>[^\]]+)\](:(?P<v6_port>\d{1,5}))?"
    r"|(?P<host>[^:\[\]]+):(?P<port>\d{1,5})"
    r"|(?P<bare>[^\[\]]+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An IP address and a port."""

    address: str
    port: int = 53

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return self.address if self.port == 53 else f"{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> "Endpoint":
        """Return *text*, ``ADDR[:PORT]`` with a v6 address in brackets if a port follows.

        Raises:
            ValueError: If it is anything else, such as a host name.
        """
        match = ENDPOINT.fullmatch(text)
        if match is None:
            raise ValueError("wanted is an IP address, or ADDR:PORT, or [v6 address]:PORT")
        port = int(match["port"] or match["v6_port"] or 53)
        if not 0 < port < 65536:
            raise ValueError(f"{port} is not a port")
        return cls(str(ipaddress.ip_address(match["v6"] or match["host"] or match["bare"])), port)


def recursors(configured: Sequence[Endpoint]) -> tuple[Perspective, ...]:
    """Return the resolvers to ask: those configured, else the public set."""
    if configured:
        return tuple(
            Perspective(at.address, at.port, Role.RECURSIVE, "configured") for at in configured
        )
    return tuple(
        Perspective(v6 if has_route(v6) and not has_route(v4) else v4, 53, Role.RECURSIVE, operator)
        for operator, v4, v6 in PUBLIC
    )


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
    return tuple(Perspective(at.address, at.port, Role.AUTHORITATIVE, str(at)) for at in endpoints)
