"""Which zones enclose a name. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from dns.name import Name

from .contract import Zone


def enclosing(
    names: Sequence[Name], zones: Iterable[Zone], last_resort: Iterable[Zone] = ()
) -> list[Zone]:
    """Return those of *zones* that enclose any of *names*, all of them.

    For a name that none of them encloses, those of *last_resort* that do.
    """
    found = _above(names, zones)
    apexes = {zone.apex for zone in found}
    homeless = [name for name in names if apexes.isdisjoint(_ancestors(name))]
    return found + _above(homeless, last_resort)


def candidates(names: Iterable[Name]) -> Iterator[Name]:
    """Yield what could be the apex of a zone: each name and its ancestors below the TLD."""
    for name in names:
        for labels in range(len(name), 2, -1):
            yield name.split(labels)[1]


def _above(names: Iterable[Name], zones: Iterable[Zone]) -> list[Zone]:
    ancestors = set().union(*map(_ancestors, names))
    return [zone for zone in zones if zone.apex in ancestors]


def _ancestors(name: Name) -> set[Name]:
    """Return *name* and every name above it."""
    return {name.split(depth)[1] for depth in range(len(name) + 1)}
