"""What `check` reports of each domain, as JSON values and as lines for people. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.text import counted


@dataclass(frozen=True, slots=True)
class NameserverLine:
    """A name server's host: its addresses, and who names it: `parent`, `child`, `both`.

    `configuration` stands for a server that the user named.
    """

    host: str
    addresses: tuple[str, ...]
    named_by: str


@dataclass(frozen=True, slots=True)
class CheckLine:
    """What a domain's validation would meet; all foreign text is printable.

    Attributes:
        domain: As the user wrote it.
        name: The challenge's; empty if *domain* is no domain name.
        target: Where its values belong, if *name* is an alias; else empty.
        zone: The one that holds the values; empty if none was found.
        issuers: The CAs that CAA allows; None: any, or not known.
        dnssec: A word of `signatures.Chain`.
        negative_ttl_s: For how long resolvers remember that a name does not
            exist; None: not known.
        hears_caa: Whether what CAA says is known.
    """

    domain: str
    name: str = ""
    target: str = ""
    zone: str = ""
    servers: tuple[NameserverLine, ...] = ()
    issuers: tuple[str, ...] | None = None
    dnssec: str = "unknown"
    negative_ttl_s: int | None = None
    hears_caa: bool = True


def check_out(line: CheckLine) -> dict[str, object]:
    """Return *line* as JSON values."""
    return {
        "domain": line.domain,
        "name": line.name or None,
        "target": line.target or None,
        "zone": line.zone or None,
        "name_servers": [
            {
                "host": server.host,
                "addresses": list(server.addresses),
                "named_by": server.named_by,
            }
            for server in line.servers
        ],
        "issuers": None if line.issuers is None else list(line.issuers),
        "dnssec": line.dnssec,
        "negative_ttl_s": line.negative_ttl_s,
    }


def check_details(lines: Iterable[CheckLine]) -> list[str]:
    """Return a few lines for each domain, the name servers of a zone only once."""
    shown: set[str] = set()
    text = []
    for line in lines:
        text += summary(line)
        if line.zone and line.zone not in shown:
            shown.add(line.zone)
            text += [f"    {nameserver(server)}" for server in line.servers]
    return text


def summary(line: CheckLine) -> list[str]:
    """Return what counts for one domain."""
    if not line.zone:
        return [f"  {line.domain}: its zone is not known"]
    match line.issuers:
        case None if line.dnssec == "unknown" or not line.hears_caa:
            may = "who may issue is not known"
        case None:
            may = "any CA may issue"
        case ():
            may = "no CA may issue"
        case some:
            may = f"CAA lets {', '.join(some)} issue"
    alias = f", an alias for {line.target}" if line.target else ""
    memory = f", absent names remembered for {line.negative_ttl_s} s"
    return [
        f"  {line.domain}: TXT belongs at {line.name}{alias}",
        f"    {may}; zone {line.zone}: DNSSEC {line.dnssec}"
        + (memory if line.negative_ttl_s is not None else "")
        + f", {counted(len(line.servers), 'name server')}",
    ]


def nameserver(line: NameserverLine) -> str:
    """Return one name server as a line."""
    by = {"parent": " (only its parent names it)", "child": " (only the zone names it)"}
    return f"{line.host} {', '.join(line.addresses) or 'no address'}{by.get(line.named_by, '')}"
