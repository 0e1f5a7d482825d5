"""Records at Cloudflare by the mark in their comment: found, looked at again, removed by id.

A comment is free text that anybody with access can write, so it never is
proof: who asks here has to judge what comes back.
"""

from collections.abc import Sequence
from datetime import datetime
from os.path import commonprefix

from providers.contract import TXT, Marked, Zone

from .api import Api, Line
from .batches import FREE
from .wire import records_path, stored_record
from .zones import hosted_zone, is_copy

ZONES_PER_PAGE = 50  # the API's maximum
RECORDS_PER_PAGE = 1000


def hosted(listing: Api) -> Sequence[Zone]:
    """Return every zone that is edited at Cloudflare, served or not."""
    rows = listing.rows("/zones", {"per_page": ZONES_PER_PAGE})
    return list({(zone := hosted_zone(row)).id: zone for row in rows if not is_copy(row)}.values())


def marked(dns: Api, zone: Zone, prefix: str) -> Sequence[Marked]:
    """Return the TXT records of *zone* whose comment begins with *prefix*."""
    filters = {"type": "TXT", "comment.startswith": prefix}
    rows = dns.rows(records_path(zone), {**filters, "per_page": RECORDS_PER_PAGE})
    # The host's filters ignore case, and a filter it does not know it may pass over.
    found = [each for row in rows if (each := decoded(row)) and each.mark.startswith(prefix)]
    return list({each.id: each for each in found}.values())


def discard(dns: Api, line: Line, zone: Zone, wanted: Sequence[Marked]) -> Sequence[Marked]:
    """Remove those of *wanted* that still are what they were; return them."""
    if not wanted:
        return []
    prefix = commonprefix([each.mark for each in wanted])  # noqa: RUF071 - of characters
    known = {each.id: identity(each) for each in wanted}
    gone: dict[str, Marked] = {}

    def send() -> None:
        still = [each for each in marked(dns, zone, prefix) if known.get(each.id) == identity(each)]
        # What was sent and is listed no more is gone, whatever became of the answer.
        gone.update({each.id: each for each in still})
        for start in range(0, len(still), FREE):
            operations = [{"id": each.id} for each in still[start : start + FREE]]
            dns.write(f"{records_path(zone)}/batch", "deletes", operations)

    line.persist(send)
    return list(gone.values())


def identity(each: Marked) -> tuple[object, ...]:
    """Return what must not have changed since somebody looked."""
    return (each.mark, each.record.name, each.record.value)


def decoded(row: object) -> Marked | None:
    """Return a row of ``dns_records`` as a marked value; None: no such thing, or undated.

    Raises:
        Unavailable: It is no record at all.
    """
    stored = stored_record(row)
    match row:
        case {"comment": str(mark), "created_on": str(text)} if stored.type == "TXT":
            created = moment(text)
        case _:
            return None
    if created is None:
        return None
    return Marked(TXT(stored.name, stored.text, stored.ttl), mark, created, stored.id)


def moment(text: str) -> datetime | None:
    """Return the aware time in *text*, or None."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
