"""The configuration file of each server, as text."""

from collections.abc import Iterable
from pathlib import Path

from tests.lab.configuration import LIKE_THE_CA, named, named_key, nsd, unbound_with
from tests.lab.topology import Key, Keys

from . import topology as at

# See tests.lab.configuration: nothing here may add delay of its own.
_PRIMARY = """
    recursion no; querylog yes; notify explicit; also-notify {{ {follower}; }};
    notify-delay 0; notify-rate 1000; startup-notify-rate 1000; serial-query-rate 1000;
    notify-source {address}; transfer-source {address}; zero-no-soa-ttl no;
    transfers-out 100; minimal-responses no;
    allow-transfer {{ key "{transfer}"; }}; key-directory "{keys}";
"""

_VALIDATING = """
    trust-anchor: "{anchor}"
    aggressive-nsec: yes
"""

# Its cache is of no use to anybody: the CA's keeps an answer for a minute at most.
_CA = """
    cache-max-ttl: 0
    cache-max-negative-ttl: 0
"""

_ENCRYPTED = """
    interface: {address}@853
    interface: {address}@443
    tls-port: 853
    https-port: 443
    tls-service-key: "{folder}/key.pem"
    tls-service-pem: "{folder}/leaf.pem"
"""

_KNOT = """
server:
    rundir: "{folder}"
    listen: {address}@53
log:
  - target: stderr
    any: warning
database:
    storage: "{folder}"
key:
  - id: {key.name}
    algorithm: hmac-sha256
    secret: {key.secret}
acl:
  - id: update
    key: {key.name}
    action: update
template:
  - id: default
    storage: "{folder}"
zone:
"""

_DNSDIST = """
setSecurityPollSuffix("")
setACL("127.0.0.0/8")
newServer({{address="{primary}:53", source="{lossy}"}})
newServer({{address="{primary}:53", source="{anycast}", pool="anycast"}})
newServer({{address="{stale}:53", source="{anycast}", pool="anycast"}})
for number = 0, 2 do getServer(number):setUp() end
setPoolServerPolicy(roundrobin, "anycast")
function to(address)
  local group = newNMG()
  group:addMask(address .. "/32")
  return NetmaskGroupRule(group, false)
end
addAction(AndRule({{to("{lossy}"), ProbaRule(0.3)}}), DropAction())
addAction(to("{servfail}"), RCodeAction(DNSRCode.SERVFAIL))
addAction(to("{slow}"), DelayAction({delay}))
addAction(AndRule({{OrRule({{to("{tc}"), to("{notcp}")}}), TCPRule(false)}}), TCAction())
addAction(AndRule({{to("{notcp}"), TCPRule(true)}}), DropAction())
addAction(to("{anycast}"), PoolAction("anycast"))
"""

DELAY_MS = 800


def primary(folder: Path, keys: Keys, signing_keys: Path) -> str:
    """Return named.conf of the primary."""
    options = _PRIMARY.format(
        address=at.PRIMARY, follower=at.FOLLOWER, transfer=keys.transfer.name, keys=signing_keys
    )
    policy = f'update-policy {{ grant "{keys.all.name}" zonesub ANY; }};'
    zones = [
        f'zone "{zone.apex}" {{ type primary; file "{zone.apex}zone"; '
        f"{policy if zone is not at.EXPIRED else ''} }};"
        for zone in (*at.DYNAMIC, at.EXPIRED)
    ]
    named_keys = [named_key(key) for key in (keys.all, keys.transfer)]
    return "\n".join([named(at.PRIMARY, folder, options), *named_keys, *zones])


def bind(address: str, folder: Path, control: Key, anchor: str) -> str:
    """Return named.conf of a recursor; it validates if it gets a trust *anchor*."""
    options = "recursion yes; querylog yes; allow-recursion { any; }; synth-from-dnssec yes;"
    parts = [
        named(address, folder, options, validation="yes" if anchor else "no"),
        'zone "." { type hint; file "hints"; };',
        named_key(control),
        f'controls {{ inet {address} allow {{ any; }} keys {{ "{control.name}"; }}; }};',
    ]
    if anchor:
        owner, _, _, flags, protocol, algorithm, *key = anchor.split()
        digits = f'{flags} {protocol} {algorithm} "{"".join(key)}"'
        parts.append(f'trust-anchors {{ "{owner}" static-key {digits}; }};')
    return "\n".join(parts)


def rndc(control: Key, address: str) -> str:
    """Return rndc.conf towards the recursor at *address*."""
    options = f'default-key "{control.name}"; default-server {address};'
    return f"{named_key(control)}\noptions {{ {options} }};\n"


def unbound(address: str, folder: Path, anchor: str) -> str:
    """Return unbound.conf of the recursor at *address*; *anchor* is the root's key."""
    validating = _VALIDATING.format(anchor=anchor), "validator iterator"
    match address:
        case at.UNBOUND:
            encrypted = _ENCRYPTED.format(address=address, folder=folder)
            return unbound_with(address, folder, encrypted)
        case at.VALIDATING_UNBOUND:
            return unbound_with(address, folder, *validating)
        case at.CA_RESOLVER:
            return unbound_with(address, folder, LIKE_THE_CA + _CA + validating[0], validating[1])
        case _:
            return unbound_with(address, folder, "access-control: 127.0.0.0/8 allow_snoop")


def knot(folder: Path, keys: Keys) -> str:
    """Return knot.conf of the other host."""
    zones = [
        f"  - domain: {zone.apex}\n    file: {zone.apex}zone\n    acl: update\n"
        for zone in at.OTHERS
    ]
    return "".join([_KNOT.format(folder=folder, address=at.OTHER, key=keys.all), *zones])


def nsd_parents(folder: Path) -> str:
    """Return nsd.conf of the root and the TLD."""
    zones = ['zone:\n name: "."\n zonefile: "root"', 'zone:\n name: "test."\n zonefile: "tld"']
    return "\n".join([nsd(folder, at.ROOT, at.TLD), *zones, ""])


def nsd_secondary(
    folder: Path, keys: Keys, addresses: Iterable[str], zones: Iterable[at.Zone]
) -> str:
    """Return nsd.conf of a secondary; whether it hears of changes is up to the primary."""
    address, *more = addresses
    key = keys.transfer
    texts = [
        f'zone:\n name: "{zone.apex}"\n request-xfr: {at.PRIMARY}@53 {key.name}\n'
        f" allow-notify: {at.PRIMARY} NOKEY\n outgoing-interface: {address}"
        for zone in zones
    ]
    nsd_key = f'key:\n name: {key.name}\n algorithm: hmac-sha256\n secret: "{key.secret}"'
    return "\n".join([nsd(folder, address, *more), nsd_key, *texts, ""])


def dnsdist() -> str:
    """Return dnsdist.conf of what stands in front of the primary and spoils its answers."""
    fronts = (at.LOSSY, at.SERVFAIL, at.SLOW, at.TRUNCATING, at.WITHOUT_TCP, at.ANYCAST)
    rules = _DNSDIST.format(
        primary=at.PRIMARY,
        stale=at.STALE,
        lossy=at.LOSSY,
        servfail=at.SERVFAIL,
        slow=at.SLOW,
        delay=DELAY_MS,
        tc=at.TRUNCATING,
        notcp=at.WITHOUT_TCP,
        anycast=at.ANYCAST,
    )
    first, *others = fronts
    listening = [f'setLocal("{first}:53")', *(f'addLocal("{each}:53")' for each in others)]
    return "\n".join([*listening, rules])
