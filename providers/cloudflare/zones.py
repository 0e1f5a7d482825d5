"""Cloudflare's zones: what their rows say, and whether the public sees them. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from dns.name import Name

from providers.contract import Zone
from providers.errors import Unavailable

from .wire import absolute, printable

FULL = "full"  # the type of a zone that is edited and served at Cloudflare


def candidates(names: Iterable[Name]) -> Iterator[Name]:
    """Yield what could be the apex of a zone: each name and its ancestors below the TLD."""
    for name in names:
        for labels in range(len(name), 2, -1):
            yield name.split(labels)[1]


def hosted_zone(row: object) -> Zone:
    """Decode a row of ``zones``.

    Raises:
        Unavailable: It is none.
    """
    match row:
        case {"id": str(key), "name": str(name), "status": str(status), **rest}:
            assigned = host_names(rest.get("name_servers"))
            vanity = host_names(rest.get("vanity_name_servers"))
            kind = str(rest.get("type", FULL))
            hosts = tuple(dict.fromkeys(assigned + vanity))
            return Zone(absolute(name), key, hosts, obstacle(status, kind, assigned))
        case _:
            raise Unavailable("Cloudflare sent a zone without id, name or status")


def is_copy(row: object) -> bool:
    """Whether a row of ``zones`` is of a zone whose records are edited somewhere else."""
    return isinstance(row, dict) and row.get("type", FULL) != FULL


def host_names(listed: object) -> list[Name]:
    """Return the host names *listed* in a row; a zone without any has null there."""
    return [absolute(str(host)) for host in listed] if isinstance(listed, list) else []


def obstacle(status: str, kind: str, assigned: Sequence[Name]) -> str:
    """Say why the public would not see what is written to such a zone; empty: it would."""
    servers = " and ".join(map(str, assigned)) or "the name servers that the zone's page shows"
    match kind, status:
        case "full", "active":
            return ""
        case "full", "moved":
            return f"moved: Cloudflare found it delegated elsewhere, no longer to {servers}"
        case "full", _:
            return f"{printable(status)}: Cloudflare waits for the delegation to {servers}"
        case "partial", _:
            return "partial (CNAME set-up): Cloudflare does not serve it"
        case "secondary", _:
            return "secondary: Cloudflare copies it from another primary, which is to be written to"
        case _:
            return f"{printable(kind)}: not a zone that Cloudflare serves to the public"
