"""One login at the host of a zone, and the TXT values there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .calls import Calls

if TYPE_CHECKING:
    from lexicon.interfaces import Provider


@dataclass(frozen=True, slots=True)
class Stored:
    """A TXT value that the host lists.

    Attributes:
        content: The value as the host spells it, perhaps in quotes.
        id: The host's, if it has any: of the record, of its whole set, or of the name.
    """

    value: str
    content: str
    id: object


class Session:
    """The records of one zone; *provider* is a new one, for some keep what they have read.

    Names are absolute, in small letters, without the final dot: dns-lexicon
    tells by the letters whether a name ends in that of the zone.
    """

    def __init__(self, provider: "Provider", zone: str, calls: Calls) -> None:
        self._provider = provider
        self._zone = zone
        self._calls = calls
        calls.make(zone, f"open the zone {zone}", provider.authenticate)

    def values(self, name: str) -> list[Stored]:
        """Return the TXT values at *name*."""
        return [
            Stored(unquoted(str(row["content"])), str(row["content"]), row.get("id"))
            for row in self._list("TXT", name)
        ]

    def is_alias(self, name: str) -> bool:
        """Whether *name* has a CNAME."""
        return bool(self._list("CNAME", name))

    def create(self, name: str, value: str) -> None:
        """Add *value* at *name*, where it is not."""
        call = partial(self._provider.create_record, "TXT", name, value)
        self._calls.make(self._zone, f"add a TXT value at {name}", call)

    def delete(self, name: str, stored: Stored, *, by_id: bool) -> None:
        """Remove *stored* at *name*, by its id or by what it is."""
        identifier = stored.id if by_id else None
        call = partial(self._provider.delete_record, identifier, "TXT", name, stored.content)  # type: ignore[arg-type]
        self._calls.make(self._zone, f"remove a TXT value at {name}", call)

    def _list(self, rdtype: str, name: str) -> list[Mapping[str, Any]]:
        call = partial(self._provider.list_records, rdtype, name)
        rows = self._calls.make(self._zone, f"list {rdtype} at {name}", call) or []
        return [row for row in rows if self._is_at(row, rdtype, name)]

    def _is_at(self, row: Mapping[str, Any], rdtype: str, name: str) -> bool:
        """Whether *row* is what was asked for: not every host filters, nor says whole names."""
        said = str(row.get("name", "")).lower().rstrip(".")
        relative = name.removesuffix(self._zone).rstrip(".")
        return said in {name, relative} and str(row.get("type", rdtype)).upper() == rdtype


def unquoted(content: str) -> str:
    """Return the value in *content*, which may have quotes around it, or around its pieces."""
    text = content.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r'"\s+"', "", text[1:-1])
    return text
