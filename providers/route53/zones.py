"""Which zones an account of Route 53 has, and where each is served."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING

from dns.name import Name

from providers import threads
from providers.contract import Zone
from providers.enclosing import candidates, enclosing
from providers.errors import Unauthorized, Unavailable

from .rrsets import named, spelled

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import HostedZoneTypeDef

    from .requests import Requests

WIDTH = 4  # Questions at a time; the account may ask five a second.
PAGE = 100  # The most zones that a listing returns at once.
PRIVATE = "private: visible in its VPCs only"


class Zones:
    """The zones of one account, found once and asked for their servers once each."""

    def __init__(self) -> None:
        self._hosted: dict[str, Zone] = {}
        self._is_whole = False
        self._sought: set[Name] = set()
        self._servers: dict[str, tuple[Name, ...]] = {}
        self._lock = Lock()

    def enclosing(self, requests: "Requests", names: Sequence[Name]) -> list[Zone]:
        """Return the public zones that enclose any of *names*, else a private one that does."""
        with self._lock:
            self._find(requests, names)
            public = [zone for zone in self._hosted.values() if not zone.obstacle]
            private = [zone for zone in self._hosted.values() if zone.obstacle]
            found = enclosing(names, public, private)
            unknown = [z for z in found if not z.obstacle and z.id not in self._servers]
            servers = threads.each(partial(_servers, requests, found), unknown, WIDTH)
            told = zip(unknown, servers, strict=True)
            self._servers.update({zone.id: hosts for zone, hosts in told if hosts})
            return [replace(zone, nameservers=self._servers.get(zone.id, ())) for zone in found]

    def _find(self, requests: "Requests", names: Sequence[Name]) -> None:
        """Have all zones that enclose *names*: most accounts end on the first page of a listing.

        In others each zone that may be is sought, if that is allowed.
        """
        wanted = set(candidates(names)) - self._sought
        if self._is_whole or (self._sought and not wanted):
            return
        listing = requests.zones()
        found = [] if self._sought else list(islice(listing, PAGE))
        self._is_whole = not self._sought and len(found) < PAGE
        if not self._is_whole:
            try:
                found += seek(requests, wanted)
            except Unauthorized:
                found, self._is_whole = [*found, *listing], True
        self._hosted |= {zone.id: zone for zone in map(_zone, found)}
        self._sought |= wanted


def seek(requests: "Requests", wanted: Iterable[Name]) -> "Iterator[HostedZoneTypeDef]":
    """Yield the zones whose apex is *wanted*, and some of their neighbours.

    Zones are listed by name, labels reversed, from any name on: a page tells of all
    that come between its start and the next page's. What comes between is ordered
    by whole labels here and by characters there (``a-b`` before ``a.b``), so a name
    counts as passed only if it is by both.
    """
    left = sorted((reversed_labels(name), name) for name in wanted)
    while left:
        start = left[0][1]
        zones, after = requests.zones_from(start)
        yield from zones
        passed = bisect_left(left, (reversed_labels(after),)) if after else len(left)
        unsure = [
            each
            for each in left[1:passed]
            if not (start < each[1] and (not after or each[1] < after))
        ]
        left = unsure + left[max(passed, 1) :]


def reversed_labels(name: Name) -> str:
    """Return *name* as Route 53 sorts it: ``com.example.www.``."""
    return "".join(f"{label}." for label in reversed(spelled(name).split(".")[:-1]))


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
