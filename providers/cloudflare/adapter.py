"""Cloudflare.

A TXT name with several values is several records here, each with an id, so
adding one never touches another's, and deleting is by id. Every change is made
the same way: list what is stored, send the difference as one batch (a single
transaction), and when the host says that the listing was outdated, or its answer
is lost, list again before sending again. So nothing is ever blindly repeated.

Listing comes before writing, not after a refusal, because the host refuses too
little: a value stored bare (``v``) does not count as a duplicate of ours
(``"v"``), no documented error keeps a TXT record from standing beside a CNAME,
and a record below a delegation is stored, then never served.

Calls: `append` of any number of names costs three (delegations, records, batch),
`delete` two, `zones` one where the token sees 50 zones or fewer. What is more than a
batch may hold, which depends on the zone's plan, takes a call more for each batch.
"""

import random
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from dns.name import Name

from providers.coalescing import OneWriter
from providers.contract import TXT, Adapter, Change, Description, Marked, Pause, Setting, Zone
from providers.enclosing import candidates, enclosing
from providers.errors import Misconfigured, Rejected, refused

from . import marks, width
from .api import Api, Line
from .batches import Batches, Operation
from .client import BASE_URL, connect
from .policy import policy
from .wire import Record, matching, post, records_path, spelled, stored_record
from .zones import hosted_zone, is_copy

ZONES_PER_PAGE = 50  # the API's maximum
RECORDS_PER_PAGE = 2500  # the API's maximum is far above, but an answer ends at `LIMIT` octets

NEEDS_DNS = "the token needs the permission DNS:Edit for this zone"
NEEDS_ZONE = (
    "finding the zone needs a token with Zone:Read: set CF_ZONE_API_TOKEN, or configure the zone_id"
)


class Cloudflare:
    """Adapter over one account's API.

    Args:
        line: Counts the calls of both.
        dns: Calls that read and write records.
        listing: Calls that list zones.
    """

    def __init__(self, line: Line, dns: Api, listing: Api) -> None:
        self._line, self._dns, self._listing = line, dns, listing
        self._writer = OneWriter()
        self._batches = Batches(line, dns)

    @property
    def api_calls(self) -> int:
        return self._line.calls

    def pace(self, pause: Pause, shared: Path | None) -> None:
        self._line.share(pause, shared)

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        rows = self._hosted(names)
        zones = {(zone := hosted_zone(row)).id: zone for row in rows if not is_copy(row)}
        self._batches.learn(rows)
        copies = {(zone := hosted_zone(row)).id: zone for row in rows if is_copy(row)}
        return enclosing(names, zones.values(), copies.values())

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        def write(txts: Sequence[TXT]) -> Change:
            def difference() -> list[Operation]:
                missing, ttls = self._missing(zone, txts)
                return [
                    ((record.name, record.value), post(record, ttls.get(record.name), mark))
                    for record in missing
                ]

            self._refuse_delegated(zone, txts)
            return Change(zone, written=self._batches.send(zone, "posts", difference))

        return self._writer.write(zone, ("append", mark), records, write)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        def write(txts: Sequence[TXT]) -> Change:
            self._batches.send(zone, "deletes", lambda: self._present(zone, txts))
            return Change(zone)

        return self._writer.write(zone, "delete", records, write)

    def in_sync(self, change: Change) -> bool:
        return True

    def hosted(self) -> Sequence[Zone]:
        return marks.hosted(self._listing)

    def marked(self, zone: Zone, prefix: str) -> Sequence[Marked]:
        return marks.marked(self._dns, zone, prefix)

    def discard(self, zone: Zone, marked: Sequence[Marked]) -> Sequence[Marked]:
        return marks.discard(self._dns, self._line, zone, marked)

    def excess(self, zones: Sequence[Zone]) -> Sequence[str]:
        return width.excess(self._dns, zones)

    def _hosted(self, names: Sequence[Name]) -> list[object]:
        """List zones by page, or by name where a large account makes that cheaper.

        One may come twice, where another was added between two pages.
        """
        apexes = set(candidates(names))
        if not apexes:
            return []
        every: dict[str, str | int] = {"per_page": ZONES_PER_PAGE}
        first = self._listing.page("/zones", 1, every)
        if first.last - 1 <= len(apexes):
            return self._listing.rows("/zones", every, first)
        return [
            row
            for apex in sorted(apexes)
            for row in self._listing.rows("/zones", {**every, "name": spelled(apex)})
        ]

    def _records(self, zone: Zone, filters: Mapping[str, str]) -> list[Record]:
        rows = self._dns.rows(records_path(zone), {**filters, "per_page": RECORDS_PER_PAGE})
        return [stored_record(row) for row in rows]

    def _refuse_delegated(self, zone: Zone, records: Sequence[TXT]) -> None:
        cuts = {record.name for record in self._records(zone, {"type": "NS"})} - {zone.apex}
        each = {
            record.name: Rejected(
                f"{record.name} is below {cut}, which {zone.apex} delegates elsewhere:"
                " Cloudflare would store the record and never serve it",
                hint=f"write to the zone {cut} at the host that serves it",
                untouched=True,
            )
            for record in records
            for cut in cuts
            if record.name.is_subdomain(cut)
        }
        if each:
            raise refused(each)

    def _missing(self, zone: Zone, records: Sequence[TXT]) -> tuple[list[TXT], Mapping[Name, int]]:
        """Return the records still to be created, each once, and the TTLs of sets that exist."""
        names = {record.name for record in records}
        missing = {(record.name, record.value): record for record in records}
        ttls: dict[Name, int] = {}
        each: dict[Name, Rejected] = {}
        for stored in self._records(zone, matching(names)):
            if stored.type == "CNAME" and stored.name in names:
                each[stored.name] = Rejected(
                    f"a CNAME record at {stored.name} is in the way of TXT records",
                    hint="remove it, or write at its target; the name servers may not show it yet",
                )
            if stored.type == "TXT":
                ttls[stored.name] = stored.ttl
                missing.pop((stored.name, stored.text), None)
        if each:
            raise refused(each)
        return [*missing.values()], ttls

    def _present(self, zone: Zone, records: Sequence[TXT]) -> list[Operation]:
        """Return what removes all records that hold these values, however quoted."""
        wanted = {(record.name, record.value) for record in records}
        filters = {"type": "TXT", **matching(name for name, _ in wanted)}
        return [
            ((stored.name, stored.text), {"id": stored.id})
            for stored in self._records(zone, filters)
            if stored.type == "TXT" and (stored.name, stored.text) in wanted
        ]


def open_account(
    settings: Mapping[str, str],
    *,
    pause: Callable[[float], None] = time.sleep,  # noqa: TID251 - the default of a parameter
    random: Callable[[], float] = random.random,
    now: Callable[[], float] = time.monotonic,  # noqa: TID251 - likewise
) -> Cloudflare:
    """Return the provider that *settings* describe; see `ADAPTER`.

    Raises:
        Misconfigured: No token, or a token or address not fit to be used.
    """
    token = settings.get("CLOUDFLARE_API_TOKEN")
    dns_token = settings.get("CF_DNS_API_TOKEN") or token
    if not dns_token:
        raise Misconfigured("no Cloudflare token", hint="set CLOUDFLARE_API_TOKEN")
    zone_token = settings.get("CF_ZONE_API_TOKEN") or token or dns_token
    base_url = settings.get("CLOUDFLARE_BASE_URL") or BASE_URL
    pool, (dns_client, zone_client) = connect(base_url, (dns_token, zone_token))
    # The quota is a user's; which tokens are whose does not show.
    whose = sha256(dns_token.encode()).hexdigest()
    line = Line(pause, random, now, f"cloudflare {base_url} {whose}")
    provider = Cloudflare(
        line, Api(dns_client, line, NEEDS_DNS), Api(zone_client, line, NEEDS_ZONE)
    )
    weakref.finalize(provider, pool.close)
    return provider


ADAPTER = Adapter(
    settings=(
        Setting(
            "CLOUDFLARE_API_TOKEN",
            "API token with DNS:Edit and Zone:Read, enough by itself",
            secret=True,
        ),
        Setting("CF_DNS_API_TOKEN", "API token with DNS:Edit, in place of that one", secret=True),
        Setting(
            "CF_ZONE_API_TOKEN", "API token with Zone:Read, beside CF_DNS_API_TOKEN", secret=True
        ),
        Setting("CLOUDFLARE_BASE_URL", f"address of the API, default {BASE_URL}"),
    ),
    credentials=(("CLOUDFLARE_API_TOKEN",), ("CF_DNS_API_TOKEN",)),
    open=open_account,
    policy=policy,
    unused=("CLOUDFLARE_API_KEY", "CF_API_KEY"),
    nameservers=(
        "*.ns.cloudflare.com",
        *(f"*.foundationdns.{tld}" for tld in ("com", "net", "org")),
    ),
    description=Description(
        "Cloudflare",
        "an API token with DNS:Edit and Zone:Read on the zone: `dns01 policy cloudflare DOMAIN` "
        "prints it",
        "a batch of 200 records is all or nothing; each value is a record of its own, so "
        "neighbours need no care; an existing record is no error",
        "cloudflare.md",
    ),
)
