"""Names and values as dns-lexicon takes them, and how they may be removed."""

from collections.abc import Iterator, Mapping, Sequence

from dns.name import Name

from providers.contract import TXT
from providers.errors import Rejected

from .session import Session, Stored

Values = Mapping[str, set[str]]
"""TXT values by name."""


def spelled(name: Name) -> str:
    """Return *name* as dns-lexicon takes it."""
    return name.canonicalize().to_text(omit_final_dot=True)


def by_name(records: Sequence[TXT]) -> dict[str, set[str]]:
    """Return the values of *records* by name."""
    found: dict[str, set[str]] = {}
    for record in records:
        found.setdefault(spelled(record.name), set()).add(record.value)
    return found


def values(session: Session, name: str) -> set[str]:
    """Return the values at *name*."""
    return {stored.value for stored in session.values(name)}


def ways(listed: Sequence[Stored]) -> Iterator[tuple[Stored, bool]]:
    """Yield how each of the values *listed* at a name may be removed, the safest way first.

    The id of some hosts is that of the name, with all that is there. So it counts
    where another value has another. Not all hosts compare contents letter by letter.
    So these come first only where there is one, or no id to be had.
    """
    ids = [stored.id for stored in listed]
    for stored in listed:
        if stored.id is None or ids.count(stored.id) > 1:
            order = [False]
        else:
            order = [True, False] if len(ids) > 1 else [False, True]
        yield from ((stored, by_id) for by_id in order)


def in_the_way(name: str) -> Rejected:
    """Return the error that a CNAME is where values should be."""
    return Rejected(
        f"a CNAME at {name} is in the way of TXT records",
        hint="remove it, or write at its target; the name servers may not show it yet",
    )
