"""Who lives where: addresses and zones of the laboratory of faults."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ROOT = "127.0.1.10"
TLD = "127.0.1.11"
PRIMARY = "127.0.1.20"
OTHER = "127.0.1.21"
FOLLOWER = "127.0.1.22"
STALE = "127.0.1.23"
LAME = "127.0.1.24"
RECURSOR_AS_SERVER = "127.0.1.25"
LOSSY = "127.0.1.30"
SERVFAIL = "127.0.1.31"
SLOW = "127.0.1.32"
TRUNCATING = "127.0.1.33"
WITHOUT_TCP = "127.0.1.34"
ANYCAST = "127.0.1.35"
NOT_AUTHORITATIVE = "127.0.1.40"
FLAPPING = "127.0.1.41"
LOWER_CASE = "127.0.1.42"
CASE_DENIES = "127.0.1.43"
EDNS_DROPPED = "127.0.1.44"
EDNS_FORMERR = "127.0.1.45"
CAA_SERVFAIL = "127.0.1.46"
SILENT = "127.0.1.48"
SILENT_2 = "127.0.1.49"
NOBODY = "127.0.1.99"
ROUTELESS = "192.0.2.53"
ROUTELESS_V6 = "2001:db8:1::53"
SILENT_V6 = "2001:db8::53"
UNBOUND = "127.0.1.101"
CA_RESOLVER = "127.0.1.104"
BIND = "127.0.1.105"
VALIDATING_UNBOUND = "127.0.1.111"
VALIDATING_BIND = "127.0.1.115"

RECURSORS = (UNBOUND, BIND, VALIDATING_UNBOUND, VALIDATING_BIND)
"""Keep what they hear, and serve everybody."""

ADDED = (PRIMARY, BIND, VALIDATING_BIND, SILENT_V6)
"""What the loopback interface must have: named listens on no other, and no host has 2001:db8::/32.

As source of a packet to itself the kernel then takes the address, not 127.0.0.1.
"""

LEFT_OVER = tuple(f"left-over-{number:02}-{'x' * 30}" for number in range(60))
STANDING = "standing-value"
"""A TXT value that is there from the start, where a table below says so."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone, and who says what of its servers.

    Attributes:
        apex: Absolute.
        servers: NS hosts and their addresses, as the zone itself has them.
        delegated: The same as its parent has them.
        negative_ttl: Seconds.
        lines: Its other records, in presentation format with absolute names.
    """

    apex: str
    servers: Mapping[str, str]
    delegated: Mapping[str, str]
    negative_ttl: int = 5
    lines: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The zone file."""
        ns = [f"{self.apex} NS {host}" for host in self.servers]
        host = next(iter(self.servers))
        soa = f"{self.apex} 3600 IN SOA {host} hostmaster.test. 1 86400 86400 864000"
        addresses = glue(self.servers, within=self.apex)
        records = [f"{soa} {self.negative_ttl}", *ns, *addresses, *self.lines]
        return "\n".join(["$TTL 60", *records, ""])

    @property
    def delegation(self) -> list[str]:
        """The records about it at its parent."""
        return [f"{self.apex} NS {host}" for host in self.delegated] + glue(self.delegated)


def glue(hosts: Mapping[str, str], within: str = ".") -> list[str]:
    """Return the address records of those *hosts* that are *within* a zone."""
    return [
        f"{host} {'AAAA' if ':' in at else 'A'} {at}"
        for host, at in hosts.items()
        if at and host.endswith(within)
    ]


def zone(
    apex: str,
    *addresses: str,
    lines: Iterable[str] = (),
    negative_ttl: int = 5,
    delegated: Mapping[str, str] | None = None,
) -> Zone:
    """Return a zone whose servers are ns1, ns2 and so on at *addresses*."""
    servers = {f"ns{number}.{apex}": at for number, at in enumerate(addresses, 1)}
    records = (f"www.{apex} A 192.0.2.1", *lines)
    return Zone(apex, servers, delegated or servers, negative_ttl, records)


def caa(apex: str, *sets: str) -> list[str]:
    """Return CAA records of names below *apex*, each given as ``label flags tag value``."""
    return [
        f"{label}.{apex} CAA {rest}" for label, _, rest in (each.partition(" ") for each in sets)
    ]


_CHALLENGE = "_acme-challenge"

_CHAINS = [
    f"{_CHALLENGE}.one.chains.test. CNAME one.validation.test.",
    f"{_CHALLENGE}.two.chains.test. CNAME two.hop.test.",
    f"{_CHALLENGE}.loop.chains.test. CNAME loop.hop.test.",
    f"{_CHALLENGE}.long.chains.test. CNAME l01.hop.test.",
    f"{_CHALLENGE}.gone.chains.test. CNAME gone.nowhere.test.",
    f"{_CHALLENGE}.late.chains.test. CNAME late.stale.test.",
    f"{_CHALLENGE}.far.chains.test. CNAME far.far.test.",
]
_HOPS = [
    "two.hop.test. CNAME two.validation.test.",
    f"loop.hop.test. CNAME {_CHALLENGE}.loop.chains.test.",
    *(f"l{number:02}.hop.test. CNAME l{number + 1:02}.hop.test." for number in range(1, 17)),
    "l17.hop.test. CNAME long.validation.test.",
]

FOLLOWED = (
    zone("well.test.", PRIMARY, FOLLOWER),
    zone(
        "apart.test.",
        PRIMARY,
        STALE,
        delegated={"ns1.apart.test.": PRIMARY, "ns3.apart.test.": FOLLOWER},
        lines=[f"ns3.apart.test. A {FOLLOWER}"],
    ),
    zone(
        "glue.test.",
        PRIMARY,
        FOLLOWER,
        delegated={"ns1.glue.test.": STALE, "ns2.glue.test.": FOLLOWER},
    ),
    zone("secure.test.", PRIMARY, FOLLOWER, negative_ttl=300),
    zone("secure3.test.", PRIMARY, FOLLOWER, negative_ttl=300),
    zone("poisoned.test.", PRIMARY, FOLLOWER, negative_ttl=300),
    zone("quick.test.", PRIMARY, FOLLOWER, negative_ttl=3),
    zone("spare.test.", PRIMARY, FOLLOWER, SILENT),
    zone("sparelame.test.", PRIMARY, FOLLOWER, STALE),
    zone("sparefail.test.", PRIMARY, FOLLOWER, SERVFAIL),
    zone("sparev6.test.", PRIMARY, FOLLOWER, ROUTELESS_V6),
)
"""The primary has them, the follower too: it hears of every change."""

LEFT_BEHIND = (
    zone("stale.test.", PRIMARY, STALE),
    zone("anycast.test.", PRIMARY, ANYCAST),
    zone("serials.test.", PRIMARY, STALE, lines=[f'{_CHALLENGE}.serials.test. TXT "{STANDING}"']),
)
"""The primary has them, the stale secondary did when it started."""

OUTDATED = (
    *LEFT_BEHIND,
    *(zone for zone in FOLLOWED if zone.apex in {"apart.test.", "glue.test."}),
)
"""The stale secondary's zones."""

ALONE = (
    zone("lame.test.", PRIMARY, LAME),
    zone("recursor.test.", PRIMARY, RECURSOR_AS_SERVER),
    zone("lossy.test.", PRIMARY, LOSSY),
    zone("servfail.test.", PRIMARY, SERVFAIL),
    zone("slow.test.", PRIMARY, SLOW),
    zone("tc.test.", PRIMARY, TRUNCATING),
    zone("notcp.test.", PRIMARY, WITHOUT_TCP),
    zone("noaa.test.", PRIMARY, NOT_AUTHORITATIVE),
    zone("flap.test.", PRIMARY, FLAPPING),
    zone("lower.test.", PRIMARY, LOWER_CASE),
    zone("mixed.test.", PRIMARY, CASE_DENIES),
    zone("noedns.test.", PRIMARY, EDNS_DROPPED),
    zone("formerr.test.", PRIMARY, EDNS_FORMERR),
    zone("silent.test.", PRIMARY, SILENT),
    zone("mute.test.", SILENT, SILENT_2),
    zone("dead.test.", PRIMARY, NOBODY),
    zone("noroute.test.", PRIMARY, ROUTELESS),
    zone("v6dead.test.", PRIMARY, ROUTELESS_V6),
    zone("v6silent.test.", PRIMARY, SILENT_V6),
    zone(
        "parent.test.",
        PRIMARY,
        lines=["child.parent.test. NS ns1.child.parent.test.", f"ns1.child.parent.test. A {OTHER}"],
    ),
    zone("shadow.test.", PRIMARY, delegated={"ns1.shadow.test.": OTHER}),
    zone("half.test.", PRIMARY, OTHER),
    zone(
        "cut.test.",
        PRIMARY,
        lines=[f"{_CHALLENGE}.cut.test. NS ns1.other.test."],
    ),
    zone("chains.test.", PRIMARY, lines=_CHAINS),
    zone("hop.test.", PRIMARY, lines=_HOPS),
    zone("validation.test.", PRIMARY),
    zone("dname.test.", PRIMARY, lines=["old.dname.test. DNAME validation.test."]),
    zone("wild.test.", PRIMARY, lines=["*.wild.test. CNAME www.validation.test."]),
    zone("text.test.", PRIMARY, lines=['*.text.test. TXT "wildcard"']),
    zone(
        "doubled.test.",
        PRIMARY,
        lines=[f'{_CHALLENGE}.doubled.test.doubled.test. TXT "{STANDING}"'],
    ),
    zone(
        "leftover.test.",
        PRIMARY,
        lines=[f'{_CHALLENGE}.leftover.test. TXT "{value}"' for value in LEFT_OVER],
    ),
    zone("caafail.test.", CAA_SERVFAIL),
    zone(
        "caa.test.",
        PRIMARY,
        lines=[
            'caa.test. CAA 0 issue "letsencrypt.org"',
            *caa(
                "caa.test.",
                'allow 0 issue "letsencrypt.org"',
                'deny 0 issue ";"',
                'else 0 issue "ca.example.net"',
                'wild 0 issue "letsencrypt.org"',
                'wild 0 issuewild ";"',
                'critical 128 tbs "unknown"',
                'unknown 0 tbs "unknown"',
                'account 0 issue "letsencrypt.org; accounturi=https://ca.test/acct/1"',
                'method 0 issue "letsencrypt.org; validationmethods=http-01"',
                'dns 0 issue "letsencrypt.org; validationmethods=dns-01"',
            ),
            "alias.caa.test. CNAME deny.caa.test.",
        ],
    ),
    zone("bogus.test.", PRIMARY),
)
"""The primary has them, and nobody else as a secondary."""

EXPIRED = zone("expired.test.", PRIMARY, lines=[f'{_CHALLENGE}.expired.test. TXT "{STANDING}"'])
"""At the primary, which may not change it, for it would sign it anew."""

OTHERS = (
    zone("other.test.", OTHER),
    zone("child.parent.test.", OTHER),
    zone("shadow.test.", OTHER),
    Zone("half.test.", *({"ns2.half.test.": OTHER, "ns1.half.test.": PRIMARY},) * 2),
    Zone(f"{_CHALLENGE}.cut.test.", *({"ns1.other.test.": OTHER},) * 2),
    zone("far.test.", OTHER),
)
"""Zones of the other host, a primary that has nothing to do with ours."""

UNSERVED = (
    zone("unborn.test.", LAME, FOLLOWER),
    Zone("ghost.test.", *({"ns1.nowhere.test.": ""},) * 2),
)
"""Delegated, and that is all there is of them."""

DYNAMIC = (*FOLLOWED, *LEFT_BEHIND, *ALONE)
"""What may be changed at the primary."""

SIGNED: Mapping[str, tuple[str, ...]] = {
    "secure.test.": (),
    "secure3.test.": ("-3", "-", "-H", "0"),
    "bogus.test.": (),
    "expired.test.": ("-P", "-s", "20240101000000", "-e", "20240201000000"),
}
"""How dnssec-signzone signs which zone."""


def root_zone() -> Zone:
    """Return the private root, but for the DS record of ``test.``."""
    lines = ("test. NS a.nic.test.", f"a.nic.test. A {TLD}")
    servers = {"a.root.": ROOT}
    return Zone(".", servers, servers, lines=lines)


def tld_zone(ds: Iterable[str]) -> Zone:
    """Return ``test.`` with every delegation, and the DS records *ds* of those signed."""
    every = {each.apex: each for each in (*OTHERS, *DYNAMIC, EXPIRED, *UNSERVED)}
    children = [each for apex, each in every.items() if apex.count(".") == 2]
    lines = [line for child in children for line in child.delegation]
    servers = {"a.nic.test.": TLD}
    return Zone("test.", servers, servers, lines=(*lines, *ds))
