"""How much wider a Cloudflare token is than the zones it is needed for, as far as reading shows."""

from collections.abc import Iterator, Sequence

from providers.contract import Zone
from providers.errors import ProviderError

from .api import Api
from .wire import printable
from .zones import hosted_zone

NEEDED = {"#zone:read", "#dns_records:read", "#dns_records:edit"}
"""As the rows of ``zones`` spell DNS:Edit and Zone:Read."""
SHOWN = 3
ZONES_PER_PAGE = 50  # the API's maximum


def excess(dns: Api, zones: Sequence[Zone]) -> Sequence[str]:
    """Say in what the token that writes records reaches beyond *zones*: one call.

    A token that may not list zones shows nothing, and that is as it should be.
    """
    try:
        page = dns.page("/zones", 1, {"per_page": ZONES_PER_PAGE})
    except ProviderError:
        return []
    needed = {zone.id for zone in zones}
    others = [found for row in page.rows if (found := hosted_zone(row)).id not in needed]
    said = []
    if others:
        names = ", ".join(str(zone.apex) for zone in others[:SHOWN])
        least = "" if page.last <= 1 else "at least "
        more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        said.append(f"see zones that none of these names needs: {least}{names}{more}")
    if rights := sorted({right for row in page.rows for right in beyond(row)}):
        said.append(f"have more rights than DNS:Edit and Zone:Read: {printable(', '.join(rights))}")
    return said


def beyond(row: object) -> Iterator[str]:
    """Yield the rights that a row of ``zones`` lists and nobody needs."""
    match row:
        case {"permissions": list(listed)}:
            yield from (str(right) for right in listed if right not in NEEDED)
        case _:
            return
