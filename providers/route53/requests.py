"""Requests to Route 53, within the account's budget, repeated within bounds of time."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from dns.name import Name

from providers.errors import Unavailable
from providers.limits import Budget, Rate
from providers.names import domain_name

from .errors import IN_FLIGHT, Lost, Throttled, translated
from .rrsets import Swap, named, spelled

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.type_defs import (
        HostedZoneTypeDef,
        ListHostedZonesRequestTypeDef,
        ListResourceRecordSetsRequestTypeDef,
        ResourceRecordSetOutputTypeDef,
    )

    RRsets = Mapping[Name, Sequence[ResourceRecordSetOutputTypeDef]]

Answer = TypeVar("Answer")

# The account's: five a second, for all of its users together. Requests sent a second
# apart do not arrive so.
RATE = Rate(5, 1.04)

# Seconds. The last attempt starts before RETRY_FOR and may take both timeouts more.
# Counted from the first that failed; where a run says how long it waits, only
# lost answers count: what Route 53 refuses for now, it takes later.
RETRY_FOR = 40.0
CONNECT_TIMEOUT = 5
READ_TIMEOUT = 15
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0

FULL_PAGE = 300  # The most that ListResourceRecordSets returns at once.
ONE_NAME = 10  # Rarely are there more sets at one name; then the listing goes on.


class Patience:
    """How long one call of the adapter goes on: exponential backoff with full jitter.

    Args:
        budget: What the account may ask, and who waits.
        random: Returns a number from 0 to 1.
        now: Returns seconds that never go back.
    """

    def __init__(
        self, budget: Budget, random: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self.budget = budget
        self._random, self._now = random, now
        self._until: float | None = None

    def wait(self, attempt: int, error: Unavailable, first: float = FIRST_PAUSE) -> None:
        """Pause after the failed *attempt*, counted from 0; raise *error* once time is up."""
        pause = self._random() * min(LONGEST_PAUSE, first * 2 ** min(attempt, 10))
        if self.budget.is_bounded or isinstance(error, Lost):
            self._until = self._until or self._now() + RETRY_FOR
            if self._now() + pause > self._until:
                raise error
        try:
            self.budget.pause(pause, "to try again")
        except Unavailable as refusal:
            raise error from refusal


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of a zone's listing.

    Attributes:
        rrsets: Every set of each name in it; of `after` perhaps not all.
        after: The name at which the listing goes on; None at its end.
    """

    rrsets: "RRsets"
    after: Name | None


class Requests:
    """The six requests we need, for the length of one call of the adapter.

    Raises:
        ProviderError: From every method, when patience is at its end or would not help.
    """

    def __init__(self, client: "Route53Client", patience: Patience) -> None:
        self._client = client
        self.patience = patience

    def zones(self) -> "Iterator[HostedZoneTypeDef]":
        """List all hosted zones, 100 to a request."""
        where: ListHostedZonesRequestTypeDef = {}
        while True:
            page = self._until_answered(lambda: self._client.list_hosted_zones(**where))
            yield from page["HostedZones"]
            if not page["IsTruncated"]:
                return
            where["Marker"] = page["NextMarker"]

    def zones_from(self, start: Name) -> "tuple[Sequence[HostedZoneTypeDef], Name | None]":
        """List 100 zones from *start* on, by name, and say which is the next; None at the end."""
        page = self._until_answered(
            lambda: self._client.list_hosted_zones_by_name(DNSName=spelled(start))
        )
        return page["HostedZones"], named(page["NextDNSName"]) if page["IsTruncated"] else None

    def nameservers(self, zone_id: str) -> tuple[Name, ...]:
        """Return the servers that Route 53 assigned to a zone."""
        answer = self._until_answered(lambda: self._client.get_hosted_zone(Id=zone_id))
        return tuple(map(domain_name, answer["DelegationSet"]["NameServers"]))

    def glance(self, zone_id: str, names: AbstractSet[Name]) -> "RRsets":
        """Return what stands at *names*, as far as one request can tell.

        Several names are looked for from the beginning: most zones end on the first page.
        """
        [first, *more] = names
        return self._look(zone_id, names, None if more else first)

    def read(self, zone_id: str, names: AbstractSet[Name]) -> "RRsets":
        """Return what stands at each of *names*, pending changes included."""
        if not names:
            return {}
        known = dict(self.glance(zone_id, names))
        for name in sorted(names):
            if name not in known:
                known.update(self._look(zone_id, names, name))
        return known

    def change(self, zone_id: str, swaps: Sequence[Swap], comment: str) -> str:
        """Submit *swaps* as one atomic batch and return the id of the change.

        Raises:
            Conflict: Nothing was done; read again.
            Lost: Something may have been done; read again.
        """
        changes = [change for swap in swaps for change in swap.changes]
        answer = self._until_taken(
            lambda: self._client.change_resource_record_sets(
                HostedZoneId=zone_id, ChangeBatch={"Comment": comment, "Changes": changes}
            )
        )
        return answer["ChangeInfo"]["Id"].removeprefix("/change/")

    def status(self, change_id: str) -> str:
        """Return PENDING or INSYNC."""
        self.patience.budget.enter()
        with translated():
            return self._client.get_change(Id=change_id)["ChangeInfo"]["Status"]

    def _look(self, zone_id: str, names: AbstractSet[Name], start: Name | None) -> "RRsets":
        """Return what the listing from *start* says of *names*.

        It begins at or after *start*, with whatever comes next, in an order of its
        own. So only two things show that a name is absent: it was the one asked
        for, or the whole zone was seen.
        """
        page = self._page(zone_id, start, FULL_PAGE if len(names) > 1 else ONE_NAME)
        if start is None and page.after is None:
            return {name: page.rrsets.get(name, ()) for name in names}
        wanted = (page.rrsets.keys() & names) - {page.after}
        found = {name: page.rrsets[name] for name in wanted}
        return found if start is None else {start: (), **found}

    def _page(self, zone_id: str, start: Name | None, limit: int) -> Page:
        """List the sets at or after *start*, all of *start* and at least *limit*."""
        where: ListResourceRecordSetsRequestTypeDef = {"HostedZoneId": zone_id}
        where["MaxItems"] = str(limit)
        if start:
            where["StartRecordName"] = spelled(start)
        rrsets: dict[Name, list[ResourceRecordSetOutputTypeDef]] = defaultdict(list)
        while True:
            page = self._until_answered(lambda: self._client.list_resource_record_sets(**where))
            for rrset in page["ResourceRecordSets"]:
                rrsets[named(rrset["Name"])].append(rrset)
            after = named(page["NextRecordName"]) if page["IsTruncated"] else None
            if after is None or after != start:
                return Page(rrsets, after)
            where["StartRecordType"] = page["NextRecordType"]
            if "NextRecordIdentifier" in page:
                where["StartRecordIdentifier"] = page["NextRecordIdentifier"]

    def _until_answered(self, read: Callable[[], Answer]) -> Answer:
        attempt = 0
        while True:
            try:
                return self._until_taken(read)
            except Lost as error:
                self.patience.wait(attempt, error)
                attempt += 1

    def _until_taken(self, call: Callable[[], Answer]) -> Answer:
        attempt = 0
        while True:
            self.patience.budget.enter()
            try:
                with translated():
                    return call()
            except Throttled as error:
                if IN_FLIGHT not in str(error):  # which is no matter of the rate
                    self.patience.budget.slow()
                self.patience.wait(attempt, error)
                attempt += 1
