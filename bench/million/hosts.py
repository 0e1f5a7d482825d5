"""DNS hosts: what they allow, and how the product asks them. Pure.

The limits that the product keeps are its own constants.
"""

from dataclasses import dataclass
from math import ceil

from providers.cloudflare import api as cloudflare
from providers.cloudflare.adapter import ZONES_PER_PAGE
from providers.cloudflare.batches import FREE
from providers.limits import Rate
from providers.route53 import requests as route53
from providers.route53.rrsets import MOST_CHARACTERS

CHARACTERS = 45
"""Of a dns-01 value, quotes included."""
MESSAGE = 65_535
"""Octets of an update at most (RFC 1035 §4.2.2)."""
RECORD = 78
"""Octets of a record in an update (RFC 2136): a hundred of them were measured to take 7.8 kB."""


@dataclass(frozen=True, slots=True)
class Host:
    """A DNS host, and how the product asks it.

    Attributes:
        rate: What the product asks of an account at most; None where nothing limits it.
        zones: How many zones an account has at most.
        zones_per_page: How many zones a listing, one a run, shows with a request; 0: it needs none.
        publish, remove: Requests for each zone of a run.
        batch: Values that one request may bring into a zone.
        addresses: Addresses of the name servers of a zone.
        visible_s: How long until all of them have a new value: an assumption.
    """

    name: str
    rate: Rate | None
    zones: int
    zones_per_page: int
    publish: int
    remove: int
    batch: int
    addresses: int
    visible_s: float

    def listing(self, zones: int) -> int:
        """Return the requests of a run that finds its zones among *zones*."""
        return ceil(zones / self.zones_per_page) if self.zones_per_page else 0


ROUTE53 = Host(
    "Route 53",
    route53.RATE,
    zones=500,
    zones_per_page=100,
    publish=2,
    remove=1,
    batch=MOST_CHARACTERS // CHARACTERS,
    addresses=8,
    visible_s=30,
)
CLOUDFLARE = Host(
    "Cloudflare",
    cloudflare.RATE,
    zones=1000,
    zones_per_page=ZONES_PER_PAGE,
    publish=3,
    remove=2,
    batch=FREE,
    addresses=12,
    visible_s=5,
)
RFC2136 = Host(
    "RFC 2136",
    None,
    zones=100_000,
    zones_per_page=0,
    publish=1,
    remove=1,
    batch=MESSAGE // RECORD,
    addresses=6,
    visible_s=1,
)
HOSTS = (ROUTE53, CLOUDFLARE, RFC2136)
