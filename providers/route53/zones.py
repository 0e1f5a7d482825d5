"""Which zones an account of Route 53 has, and where each is served."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from dns.name import Name

from providers import threads
from providers.contract import Zone
from providers.enclosing import enclosing
from providers.errors import Unauthorized, Unavailable

from .rrsets import named

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import HostedZoneTypeDef

    from .requests import Requests

WIDTH = 4  # Questions at a time; the account may ask five a second.
PRIVATE = "private: visible in its VPCs only"


class Zones:
    """The zones of one account, listed once and asked for their servers once each."""

    def __init__(self) -> None:
        self._hosted: list[Zone] | None = None
        self._servers: dict[str, tuple[Name, ...]] = {}
        self._lock = Lock()

    def enclosing(self, requests: "Requests", names: Sequence[Name]) -> list[Zone]:
        """Return the public zones that enclose any of *names*, else a private one that does."""
        # One listing answers for every name; an account holds 500 zones (five
        # requests) unless AWS raised that. Seeking by name would cost a request
        # for every label of every name.
        with self._lock:
            if self._hosted is None:
                self._hosted = list(map(_zone, requests.zones()))
            public = [zone for zone in self._hosted if not zone.obstacle]
            private = [zone for zone in self._hosted if zone.obstacle]
            found = enclosing(names, public, private)
            unknown = [z for z in found if not z.obstacle and z.id not in self._servers]
            servers = threads.each(partial(_servers, requests, found), unknown, WIDTH)
            told = zip(unknown, servers, strict=True)
            self._servers.update({zone.id: hosts for zone, hosts in told if hosts})
            return [replace(zone, nameservers=self._servers.get(zone.id, ())) for zone in found]


def _servers(requests: "Requests", found: Sequence[Zone], zone: Zone) -> tuple[Name, ...]:
    """Return the name servers of *zone*; none where Route 53 would not say.

    Raises:
        ProviderError: It would not, and the zone has a twin among *found*:
            nothing else tells them apart.
    """
    try:
        return requests.nameservers(zone.id)
    except (Unauthorized, Unavailable):  # many zones may be more than an account may ask about
        if sum(other.apex == zone.apex for other in found) > 1:
            raise
        return ()


def _zone(hosted: "HostedZoneTypeDef") -> Zone:
    is_private = hosted.get("Config", {}).get("PrivateZone", False)
    key = hosted["Id"].removeprefix("/hostedzone/")
    return Zone(named(hosted["Name"]), key, obstacle=PRIVATE if is_private else "")
