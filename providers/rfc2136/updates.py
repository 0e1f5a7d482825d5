"""Compose updates (RFC 2136 §2): what is to change, and on what condition. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from dns.exception import TooBig
from dns.name import Name
from dns.rdataclass import IN
from dns.rdatatype import CNAME, DNAME, NS
from dns.rdatatype import TXT as TXT_TYPE
from dns.rdtypes.ANY.TXT import TXT as TXTRdata  # noqa: N811 (a class of dnspython's)
from dns.update import UpdateMessage

from providers.contract import TXT

OCTETS = 65_000
"""Of an update; a message ends at 65,535 (RFC 1035 §4.2.2), TSIG included."""

RECORDS = 400
"""In one update; about as many as it holds of challenges' values with their conditions."""

Part = TypeVar("Part", TXT, Name)
"""Of what an update is about: a record, or a name alone."""

Compose = Callable[[UpdateMessage, Sequence[TXT]], None]
"""Puts records into an update."""


def messages(
    apex: Name, parts: Sequence[Part], compose: Callable[[UpdateMessage, Sequence[Part]], None]
) -> Iterator[tuple[UpdateMessage, Sequence[Part]]]:
    """Yield *parts* in updates of the zone *apex*; each is done as a whole or not at all."""
    for start in range(0, len(parts), RECORDS):
        yield from _fitting(apex, parts[start : start + RECORDS], compose)


def _fitting(
    apex: Name, parts: Sequence[Part], compose: Callable[[UpdateMessage, Sequence[Part]], None]
) -> Iterator[tuple[UpdateMessage, Sequence[Part]]]:
    update = UpdateMessage(apex)
    compose(update, parts)
    try:
        update.to_wire(max_size=OCTETS)
    except TooBig:
        middle = len(parts) // 2
        yield from _fitting(apex, parts[:middle], compose)
        yield from _fitting(apex, parts[middle:], compose)
    else:
        yield update, parts


def first(update: UpdateMessage, records: Sequence[TXT]) -> None:
    """Add *records* on the conditions of `vacancy`."""
    vacancy(update, [record.name for record in records])
    for record in records:
        update.add(record.name, record.ttl, rdata(record))


def vacancy(update: UpdateMessage, names: Iterable[Name]) -> None:
    """Change nothing, on condition that nothing is at *names*, nor above what would hide it.

    That is a delegation, or a DNAME: servers take a TXT below either, and serve it not.
    """
    apex, names = update.zone[0].name, dict.fromkeys(names)
    for name in names:
        update.absent(name)
    for above in dict.fromkeys(each for name in names for each in ancestors(name)):
        if above.is_subdomain(apex) and above != apex:
            update.absent(above, NS)
            update.absent(above, DNAME)
    update.absent(apex, DNAME)


def beside(ttls: Mapping[Name, int | None]) -> Compose:
    """Return what adds records to those that are there, whose TTLs are *ttls*; to no CNAME."""

    def compose(update: UpdateMessage, records: Sequence[TXT]) -> None:
        for record in records:
            update.absent(record.name, CNAME)
            # The latest addition sets the TTL of the whole RRset, so it gets the one it has.
            seconds = ttls[record.name]
            update.add(record.name, record.ttl if seconds is None else seconds, rdata(record))

    return compose


def removal(update: UpdateMessage, records: Sequence[TXT]) -> None:
    """Delete *records*."""
    for record in records:
        update.delete(record.name, rdata(record))


def presence(update: UpdateMessage, records: Sequence[TXT]) -> None:
    """Change nothing, on condition that *records* are there, and no other values."""
    for record in dict.fromkeys(records):
        update.present(record.name, rdata(record))


def absence(update: UpdateMessage, records: Sequence[TXT]) -> None:
    """Change nothing, on condition that no values are left at the names of *records*."""
    for name in dict.fromkeys(record.name for record in records):
        update.absent(name, TXT_TYPE)


def ancestors(name: Name) -> Iterator[Name]:
    """Yield the ancestors of *name*, the root last."""
    return (Name(name.labels[depth:]) for depth in range(1, len(name)))


def rdata(record: TXT) -> TXTRdata:
    """Return the value as one character-string; nothing in it is read as an escape."""
    return TXTRdata(IN, TXT_TYPE, [record.value.encode("ascii")])
