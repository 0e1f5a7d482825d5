"""The smallest API token that publishing at some names takes. Pure.

A token can be held to zones and to a group of permissions, not to names or types.
"""

import json
import re
from collections.abc import Mapping, Sequence

from dns.name import Name

from providers.contract import Privilege
from providers.errors import Misconfigured

from .wire import spelled

DNS_WRITE = {"id": "4755a26eedb94da69e1066d98aa820be", "name": "DNS Write"}
ZONE_READ = {"id": "c8fed203ed3043cba015a93ad1616f1f", "name": "Zone Read"}
"""As ``GET /user/tokens/permission_groups`` lists them; the same in every account."""

ZONE = "com.cloudflare.api.account.zone.{}"
ID = re.compile("[0-9a-f]{32}")
"""Of a zone; ``*`` in its place would be all zones."""
UNKNOWN = "ID-OF-THE-ZONE-OF-{}"

HOW = (
    "this is the body of POST /user/tokens; in the dashboard, give the same permissions"
    " (DNS: Edit, Zone: Read) and include these zones only"
)
HOW_WIDE = (
    "Cloudflare holds a token to zones, not to names or types: whoever has it can change every"
    " record there; less takes a zone of its own for challenges, and CNAME records into it"
)


def policy(names: Sequence[Name], zones: Mapping[Name, str]) -> Privilege:
    """Return the body of ``POST /user/tokens`` for writing at *names*.

    *zones* are ids by apex, where known; where they are not, the zone has to be found.

    Raises:
        Misconfigured: An id that is needed is none of a zone.
    """
    ids = {name: zone_of(name, zones) for name in sorted(names)}
    known = list(dict.fromkeys(key for key in ids.values() if key))
    unknown = [UNKNOWN.format(spelled(name)) for name, key in ids.items() if not key]
    policies = [granted(DNS_WRITE, [*known, *unknown])]
    if unknown:
        policies.append(granted(ZONE_READ, unknown))
    body = {"name": "dns01", "policies": policies}
    return Privilege(json.dumps(body, indent=2), remarks(unknown))


def zone_of(name: Name, zones: Mapping[Name, str]) -> str:
    """Return the id of the closest of *zones* that encloses *name*, or nothing."""
    apexes = [apex for apex in zones if name.is_subdomain(apex)]
    return key_of(max(apexes, key=len), zones) if apexes else ""


def key_of(apex: Name, zones: Mapping[Name, str]) -> str:
    """Return the id of the zone *apex*."""
    key = zones[apex]
    if not ID.fullmatch(key):
        raise Misconfigured(
            f"the zone_id of {apex} is not that of a zone: {key!r}",
            hint="32 hexadecimal digits; the zone of another host needs its provider",
        )
    return key


def granted(group: Mapping[str, str], zones: Sequence[str]) -> dict[str, object]:
    """Return what allows *group* in *zones*."""
    return {
        "effect": "allow",
        "permission_groups": [group],
        "resources": {ZONE.format(zone): "*" for zone in zones},
    }


def remarks(unknown: Sequence[str]) -> tuple[str, ...]:
    """Return what a person should know about the token."""
    found = [HOW, HOW_WIDE]
    if unknown:
        found.append(
            "put each zone's id, which its overview page shows, in place of"
            f" {', '.join(unknown[:3])}{' and so on' if len(unknown) > 3 else ''},"
            " once where names share a zone; with it as zone_id in the configuration, Zone Read is"
            " not needed"
        )
    return tuple(found)
