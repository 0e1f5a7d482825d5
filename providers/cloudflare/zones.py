"""Cloudflare's zones: what their rows say, and whether the public sees them. Pure."""

from collections.abc import Sequence

from dns.name import Name

from providers.contract import Zone
from providers.errors import Unavailable

from .wire import absolute, printable

FULL = "full"  # the type of a zone that is edited and served at Cloudflare
COPIES = {
    "partial": "a CNAME set-up, which Cloudflare does not serve",
    "secondary": "Cloudflare copies it from another primary, which is the place to write to",
}
SETTING_UP = "initializing"  # the status before pending, in which no name server knows the zone


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
            is_answered = kind == FULL and status != SETTING_UP
            hosts = tuple(dict.fromkeys(assigned + vanity)) if is_answered else ()
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
    if (kind, status) == (FULL, "active"):
        return ""
    if kind != FULL:
        why = COPIES.get(kind, "Cloudflare does not serve it to the public")
        return f"{printable(kind)}: {why}"
    servers = " and ".join(map(str, assigned)) or "the name servers that the zone's page shows"
    match status:
        case "moved":
            why = f"Cloudflare found it delegated elsewhere, no longer to {servers}"
        case _ if status == SETTING_UP:
            why = "it is not set up yet, and Cloudflare answers no questions for it"
        case _:
            why = f"Cloudflare waits for the delegation to {servers}"
    return f"{printable(status)}: {why}"
