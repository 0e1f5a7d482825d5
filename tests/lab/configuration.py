"""The configuration file of each server, as text."""

from pathlib import Path

from . import topology
from .topology import Key, Keys

# Each of these would hide or add delay that the laboratory means to control: notify-delay is 5 s
# by default, and zero-no-soa-ttl gives negative answers to SOA questions a TTL of 0.
_PRIMARY = """
    recursion no; querylog yes; notify explicit; also-notify {{ {delay_line}; }};
    notify-delay 0; notify-rate 1000; startup-notify-rate 1000; serial-query-rate 1000;
    notify-source {address}; transfer-source {address}; zero-no-soa-ttl no;
    allow-transfer {{ key "{transfer}"; }};
"""

_RECURSOR = """
    recursion yes; querylog yes; allow-recursion { any; };
"""

_UNBOUND = """
server:
    interface: {address}
    outgoing-interface: {address}
    access-control: 127.0.0.0/8 allow
    directory: "{folder}"
    root-hints: "{folder}/hints"
    pidfile: ""
    chroot: ""
    username: ""
    use-syslog: no
    logfile: ""
    log-queries: yes
    do-daemonize: no
    do-ip6: no
    num-threads: 1
    do-not-query-localhost: no
    module-config: "{modules}"
    local-zone: "test." nodefault
    {extra}
remote-control:
    control-enable: yes
    control-use-cert: no
    control-interface: "{folder}/control"
"""

# As published for a test twin of Let's Encrypt's resolver, but keeping its cache: the hostile case.
LIKE_THE_CA = """
    use-caps-for-id: yes
    edns-buffer-size: 1232
    harden-below-nxdomain: no
    qname-minimisation: no
"""

# The key may update and nothing else: Knot then refuses a question signed with it.
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
  - id: {transfer.name}
    algorithm: hmac-sha256
    secret: {transfer.secret}
  - id: {all.name}
    algorithm: hmac-sha256
    secret: {all.secret}
remote:
  - id: primary
    address: {primary}@53
    via: {address}
    key: {transfer.name}
acl:
  - id: notify
    address: {delay_line}
    action: notify
  - id: update
    key: {all.name}
    action: update
template:
  - id: default
    storage: "{folder}"
  - id: secondary
    storage: "{folder}"
    zonefile-sync: -1
    zonefile-load: none
    journal-content: all
    master: primary
    acl: notify
zone:
"""

_KNOT_SECONDARY = """\
  - domain: {apex}
    template: secondary
"""

_KNOT_PRIMARY = """\
  - domain: {apex}
    file: {apex}zone
    acl: update
"""


def hints() -> str:
    """Return the root hints of every recursor."""
    return f". 3600000 NS a.root.\na.root. 3600000 A {topology.ROOT}\n"


def primary(folder: Path, keys: Keys) -> str:
    """Return named.conf of the primary."""
    options = _PRIMARY.format(
        address=topology.PRIMARY, delay_line=topology.DELAY_LINE, transfer=keys.transfer.name
    )
    policy = (
        f'update-policy {{ grant "{keys.all.name}" zonesub ANY; '
        f'grant "{keys.limited.name}" name {topology.LIMITED_NAME} TXT; }};'
    )
    zones = [
        f'zone "{apex}" {{ type primary; file "{apex}zone"; '
        + ("allow-update { 127.0.0.0/8; };" if apex == topology.OPEN_ZONE else policy)
        + " };"
        for apex in topology.NEGATIVE_TTL
    ]
    named_keys = [named_key(key) for key in (keys.all, keys.limited, keys.transfer)]
    return "\n".join([named(topology.PRIMARY, folder, options), *named_keys, *zones])


def recursor(folder: Path, control: Key) -> str:
    """Return named.conf of the recursor, which `rndc` reads, too."""
    address = topology.BIND_RECURSOR
    return "\n".join(
        [
            named(address, folder, _RECURSOR),
            'zone "." { type hint; file "hints"; };',
            named_key(control),
            f'controls {{ inet {address} allow {{ any; }} keys {{ "{control.name}"; }}; }};',
        ]
    )


def rndc(control: Key) -> str:
    """Return rndc.conf towards the recursor."""
    options = f'default-key "{control.name}"; default-server {topology.BIND_RECURSOR};'
    return f"{named_key(control)}\noptions {{ {options} }};\n"


def unbound(address: str, folder: Path) -> str:
    """Return unbound.conf of the recursor at *address*."""
    return unbound_with(address, folder, LIKE_THE_CA if address == topology.CA_RESOLVER else "")


def knot(folder: Path, keys: Keys) -> str:
    """Return knot.conf: secondary of the primary's zones, primary of its own."""
    values = {
        "folder": folder,
        "address": topology.KNOT,
        "primary": topology.PRIMARY,
        "delay_line": topology.DELAY_LINE,
        "transfer": keys.transfer,
        "all": keys.all,
    }
    secondaries = [_KNOT_SECONDARY.format(apex=apex) for apex in topology.NEGATIVE_TTL]
    primaries = [_KNOT_PRIMARY.format(apex=apex) for apex in topology.KNOT_ZONES]
    return "".join([_KNOT.format(**values), *secondaries, *primaries])


def nsd_parents(folder: Path) -> str:
    """Return nsd.conf of the root and the TLD."""
    zones = ['zone:\n name: "."\n zonefile: "root"', 'zone:\n name: "test."\n zonefile: "tld"']
    return "\n".join([nsd(folder, topology.ROOT, topology.TLD), *zones, ""])


def nsd_secondary(folder: Path, keys: Keys) -> str:
    """Return nsd.conf of the secondary."""
    key = keys.transfer
    zones = [
        f'zone:\n name: "{apex}"\n request-xfr: {topology.PRIMARY}@53 {key.name}\n'
        f" allow-notify: {topology.DELAY_LINE} NOKEY\n outgoing-interface: {topology.NSD}"
        for apex in topology.NEGATIVE_TTL
    ]
    nsd_key = f'key:\n name: {key.name}\n algorithm: hmac-sha256\n secret: "{key.secret}"'
    return "\n".join([nsd(folder, topology.NSD), nsd_key, *zones, ""])


def unbound_with(address: str, folder: Path, extra: str, modules: str = "iterator") -> str:
    """Return unbound.conf of a recursor with lines *extra* in its server clause."""
    return _UNBOUND.format(address=address, folder=folder, extra=extra, modules=modules)


def named(address: str, folder: Path, options: str, *, validation: str = "no") -> str:
    """Return the beginning of a named.conf."""
    return f"""options {{
    directory "{folder}"; pid-file "{folder}/pid"; session-keyfile "{folder}/session.key";
    listen-on {{ {address}; }}; listen-on-v6 {{ none; }}; query-source address {address};
    dnssec-validation {validation}; empty-zones-enable no; {options}
}};
logging {{ category lame-servers {{ null; }}; }};"""


def named_key(key: Key) -> str:
    """Return *key* as named.conf and rndc.conf have it."""
    return f'key "{key.name}" {{ algorithm hmac-sha256; secret "{key.secret}"; }};'


def nsd(folder: Path, *addresses: str) -> str:
    """Return the beginning of an nsd.conf."""
    # Rate limiting would lose answers of a test that polls one name; a serial waits for a reload.
    interfaces = "\n".join(f" ip-address: {address}" for address in addresses)
    return f"""server:
{interfaces}
 server-count: 1
 username: ""
 chroot: ""
 database: ""
 zonesdir: "{folder}"
 zonelistfile: "{folder}/zones"
 xfrdfile: "{folder}/xfrd"
 xfrdir: "{folder}"
 pidfile: ""
 rrl-ratelimit: 0
 rrl-whitelist-ratelimit: 0
 xfrd-reload-timeout: 0
remote-control:
 control-enable: no"""
