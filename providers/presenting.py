"""A host that takes and gives back a value at a time: the protocols of lego's exec and httpreq."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

from dns.name import Name

from .coalescing import OneWriter
from .enclosing import enclosing
from .errors import ProviderError
from .records import TXT, Change, Zone

Act = Callable[[Literal["present", "cleanup"], str, str], None]
"""Has a value written or removed at a name, with a final dot. Raises ProviderError."""


class OneByOne:
    """Some *zones*, a value of which is written by *act*, one at a time in each zone."""

    def __init__(self, zones: Sequence[Zone], act: Act) -> None:
        self._zones = zones
        self._act = act
        self._writer = OneWriter()

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        """Return those that enclose any of *names*; asks nobody."""
        return enclosing(names, self._zones)

    def append(self, zone: Zone, records: Sequence[TXT]) -> Change:
        """Write *records*; the first failure ends it."""
        return self._writer.write(zone, "append", records, partial(self._append, zone))

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        """Remove *records*: what can be removed is, whatever cannot."""
        return self._writer.write(zone, "delete", records, partial(self._delete, zone))

    def _append(self, zone: Zone, records: Sequence[TXT]) -> Change:
        for index, (name, value) in enumerate(distinct(records)):
            try:
                self._act("present", name, value)
            except ProviderError as error:
                error.untouched &= not index
                raise
        return Change(zone)

    def _delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        failures: list[ProviderError] = []
        for name, value in distinct(records):
            try:
                self._act("cleanup", name, value)
            except ProviderError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return Change(zone)


def distinct(records: Sequence[TXT]) -> list[tuple[str, str]]:
    """Return names and values, each pair once."""
    pairs = ((record.name.canonicalize().to_text(), record.value) for record in records)
    return list(dict.fromkeys(pairs))
