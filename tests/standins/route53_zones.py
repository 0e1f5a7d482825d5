"""Listing zones by name, in Route 53's order: labels reversed, then as text, final dot included.

ministack sorts by the plain alphabet.
"""

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from .route53_rules import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_route53.type_defs import HostedZoneTypeDef

MOST = 100


def by_name(every: "Iterable[HostedZoneTypeDef]", query: str) -> bytes:
    """Return the answer to *query* in an account that has *every* zone."""
    start = key(parse_qs(query)["dnsname"][0])
    zones = sorted(
        (zone for zone in every if key(zone["Name"]) >= start), key=lambda zone: key(zone["Name"])
    )
    listed = "".join(
        f"<HostedZone><Id>{zone['Id']}</Id><Name>{zone['Name']}</Name>"
        f"<CallerReference>{zone['CallerReference']}</CallerReference>"
        f"<Config><PrivateZone>{str(zone['Config']['PrivateZone']).lower()}</PrivateZone></Config>"
        "</HostedZone>"
        for zone in zones[:MOST]
    )
    more = "".join(f"<NextDNSName>{zone['Name']}</NextDNSName>" for zone in zones[MOST : MOST + 1])
    return (
        f'<ListHostedZonesByNameResponse xmlns="{NAMESPACE["r"]}"><HostedZones>{listed}'
        f"</HostedZones><IsTruncated>{str(bool(more)).lower()}</IsTruncated>{more}"
        f"<MaxItems>{MOST}</MaxItems></ListHostedZonesByNameResponse>"
    ).encode()


def key(name: str) -> str:
    """Return the reversed name by which Route 53 sorts."""
    return "".join(f"{label}." for label in reversed(name.lower().removesuffix(".").split(".")))
