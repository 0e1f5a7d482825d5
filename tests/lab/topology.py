"""Who lives where: addresses, zones and TSIG keys of the laboratory."""

import base64
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

ROOT = "127.0.0.10"
TLD = "127.0.0.11"
PRIMARY = "127.0.0.20"
KNOT = "127.0.0.21"
NSD = "127.0.0.22"
DELAY_LINE = "127.0.0.29"
PEBBLE = "127.0.0.30"
UNBOUND = "127.0.0.101"
UNBOUND_2 = "127.0.0.102"
CA_RESOLVER = "127.0.0.104"
BIND_RECURSOR = "127.0.0.105"

AUTHORITATIVE = (PRIMARY, KNOT, NSD)
PUBLIC_RECURSORS = (UNBOUND, UNBOUND_2, BIND_RECURSOR)
RECURSORS = (*PUBLIC_RECURSORS, CA_RESOLVER)

# named listens only on addresses that an interface really has; the others answer on any of 127/8.
ADDED = (PRIMARY, BIND_RECURSOR)

# Negative TTL in seconds of each zone that the primary is the primary of. 5 keeps tests short.
NEGATIVE_TTL = {
    "example.test.": 5,
    "sub.example.test.": 5,
    "slow.test.": 300,
    "acme.test.": 2,
    "r53.test.": 5,
    "cf.test.": 5,
    "open.test.": 5,
}
OPEN_ZONE = "open.test."
KNOT_ZONES = ("knot.test.", "away.example.test.")
HOSTS = tuple(f"h{number:03}.example.test." for number in range(1, 101))
LIMITED_NAME = "_acme-challenge.example.test."


@dataclass(frozen=True, slots=True)
class Key:
    """A TSIG key of one run, hmac-sha256.

    Attributes:
        name: Owner name, absolute.
        secret: In base64.
    """

    name: str
    secret: str = field(
        default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode(), repr=False
    )


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one run.

    Attributes:
        all: May change everything, at the primary and at Knot.
        limited: May change TXT at `LIMITED_NAME`, nothing else.
        transfer: Lets the secondaries fetch zones.
    """

    all: Key = field(default_factory=lambda: Key("all.lab."))
    limited: Key = field(default_factory=lambda: Key("limited.lab."))
    transfer: Key = field(default_factory=lambda: Key("transfer.lab."))


def root_zone() -> str:
    """Return the private root: it delegates ``test.`` and nothing else."""
    return _zone(".", 5, ["a.root."], ["a.root. A " + ROOT, "test. NS a.nic.test.", _TLD_GLUE])


def tld_zone() -> str:
    """Return ``test.`` with delegations and glue for every zone that is not below another."""
    children = [apex for apex in NEGATIVE_TTL if apex.count(".") == 2]
    lines = [_TLD_GLUE, f"ns1.knot.test. A {KNOT}", "knot.test. NS ns1.knot.test."]
    lines += [f"{apex} NS {server}" for apex in children for server in _NAMESERVERS]
    return _zone("test.", 5, ["a.nic.test."], [*lines, *_GLUE])


def primary_zone(apex: str) -> str:
    """Return *apex* as the primary loads it at its start."""
    extra = _EXAMPLE if apex == "example.test." else [f"www.{apex} A 192.0.2.1"]
    return _zone(apex, NEGATIVE_TTL[apex], _NAMESERVERS, extra)


def knot_zone(apex: str) -> str:
    """Return *apex* as Knot, its only server, loads it at its start."""
    glue = [f"ns1.knot.test. A {KNOT}"] if apex == "knot.test." else []
    return _zone(apex, 5, ["ns1.knot.test."], glue)


def _zone(apex: str, negative_ttl: int, nameservers: Iterable[str], lines: Iterable[str]) -> str:
    # The negative TTL is min(TTL of the SOA record, MINIMUM): without a TTL of its own the SOA
    # would take $TTL and cut a longer MINIMUM. Refresh is out of the way: NOTIFY alone counts.
    soa = f"{apex} 3600 IN SOA {next(iter(nameservers))} hostmaster.test. 1 86400 86400 864000"
    ns = [f"{apex} NS {server}" for server in nameservers]
    return "\n".join(["$TTL 60", f"{soa} {negative_ttl}", *ns, *lines, ""])


_TLD_GLUE = f"a.nic.test. A {TLD}"
_NAMESERVERS = ["ns1.example.test.", "ns2.example.test.", "ns3.example.test."]
_GLUE = [
    f"{server} A {address}" for server, address in zip(_NAMESERVERS, AUTHORITATIVE, strict=True)
]
_EXAMPLE = [
    *_GLUE,
    *[f"{host} A 192.0.2.1" for host in HOSTS],
    *[f"sub.example.test. NS {server}" for server in _NAMESERVERS],
    "away.example.test. NS ns1.knot.test.",
    "_acme-challenge.alias.example.test. CNAME alias.acme.test.",
    "_acme-challenge.hops.example.test. CNAME hop.example.test.",
    "hop.example.test. CNAME hops.acme.test.",
    "*.wild.example.test. CNAME www.acme.test.",
]
