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
    only if another value has another; and the content only then if it is all
    there is, for not all hosts compare it letter by letter.
    """
    ids = [stored.id for stored in listed]
    for stored in listed:
        is_own = len(ids) > 1 and stored.id is not None and ids.count(stored.id) == 1
        yield from ((stored, way) for way in ((True, False) if is_own else (False,)))


def in_the_way(name: str) -> Rejected:
    """Return the error that a CNAME is where values should be."""
    return Rejected(
        f"a CNAME at {name} is in the way of TXT records",
        hint="remove it, or write at its target; the name servers may not show it yet",
    )
