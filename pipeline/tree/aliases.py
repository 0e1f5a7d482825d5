"""Follow a delegated challenge to where its values belong (RFC 1034 §3.6.2), before any write."""

from collections.abc import Iterable

from dns.name import Name

from pipeline.model import Exit, Failed

from .delegation import Chain, Place
from .places import Tree
from .walk import HOPS


def chains(tree: Tree, names: Iterable[Name]) -> dict[Name, Chain | Failed]:
    """Return where each challenge of *names* leads, or why nowhere.

    An alias made by a wildcard is not followed: it yields to the record that
    is about to be written, and may lead into a stranger's zone.
    """
    ended: dict[Name, Chain | Failed] = {}
    open_: dict[Name, tuple[Place, ...]] = dict.fromkeys(names, ())
    while open_:
        now = {first: following(first, seen) for first, seen in open_.items()}
        places = tree.places(now.values())
        onward = {}
        for first, seen in open_.items():
            place = places[now[first]]
            if isinstance(place, Failed):
                ended[first] = place
                continue
            here = (*seen, place)
            if place.alias is None or place.is_wildcard:
                ended[first] = Chain(here)
            elif place.alias in {each.name for each in here}:
                ended[first] = loop(first, here)
            elif len(here) > HOPS:
                ended[first] = too_long(first, here)
            else:
                tree.forbid(place.alias)
                onward[first] = here
        open_ = onward
    return ended


def following(name: Name, seen: tuple[Place, ...]) -> Name:
    """Return the name to look at after *seen*, which begins at *name*."""
    target = seen[-1].alias if seen else None
    return name if target is None else target


def loop(name: Name, seen: tuple[Place, ...]) -> Failed:
    """Return the failure of an alias that leads back to itself."""
    return Failed(
        Exit.DATA,
        "alias-loop",
        f"{name} is an alias that never ends: {way(seen)}",
        "remove one of these CNAME records; a CA's resolver gives up on them",
    )


def too_long(name: Name, seen: tuple[Place, ...]) -> Failed:
    """Return the failure of an alias of too many links."""
    return Failed(
        Exit.DATA,
        "alias-too-long",
        f"{name} leads through more than {HOPS} CNAME records: {way(seen[:3])} -> ...",
        "point the first one at the last name; a CA's resolver follows no more",
    )


def way(seen: tuple[Place, ...]) -> str:
    """Return the names in *seen*, and the one the last is an alias for, in a row."""
    names = [each.name for each in seen]
    end = seen[-1].alias
    return " -> ".join(str(name) for name in (*names, *([end] if end else [])))
