"""Remember the zones that are known on the way down, and whom to ask in each. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dns.name import Name

from pipeline.questions import Perspective

from .delegation import TOP_LEVEL, Asked

ASKED = 8
"""Servers of a zone that one question is put to, at most, before the zone counts as dead."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A zone as far as the way down needs it.

    Attributes:
        servers: Those that the parent's referral, the configuration or a resolver gave.
        parent: The hosts that the parent's referral names; empty where there was none.
        bare: Those of them that came without an address, to be found elsewhere.
        is_configured: Whether the user named the servers.
        above: The zone whose servers these are, at least one of which serves
            both; None where a referral, a resolver or the user told.
        beside: The servers of the zone above where that referred here. One of
            them may serve this zone all the same, or deny it.
    """

    apex: Name
    servers: tuple[Perspective, ...]
    parent: frozenset[Name] = frozenset()
    bare: frozenset[Name] = frozenset()
    is_configured: bool = False
    above: Name | None = None
    beside: tuple[Perspective, ...] = ()

    def within(self, apex: Name) -> "Cut":
        """Return the zone at *apex*, below this one and on the same servers."""
        above = None if self.is_configured else self.apex
        return replace(self, apex=apex, parent=frozenset(), above=above, beside=())


Labels = tuple[bytes, ...]
"""Those of a name, in lower case: a part of a name in no time, where `Name` checks each anew."""


class Cuts:
    """Zones by apex; the deepest that encloses a name is where to go on."""

    def __init__(self, configured: Mapping[Name, Sequence[Perspective]]) -> None:
        self._cuts = {
            lower(apex): Cut(apex, tuple(servers), is_configured=True)
            for apex, servers in configured.items()
        }
        self._demoted: set[tuple[str, int]] = set()
        self._within: set[Labels] = set()

    def __contains__(self, apex: Name) -> bool:
        return lower(apex) in self._cuts

    def __getitem__(self, apex: Name) -> Cut:
        return self._cuts[lower(apex)]

    def add(self, cut: Cut) -> None:
        """Remember *cut*, unless the user has said who serves that zone."""
        known = self._cuts.get(lower(cut.apex))
        if known is None or not known.is_configured:
            self._cuts[lower(cut.apex)] = cut

    def forget(self, apex: Name) -> None:
        """Go on as if nothing were known of the zone at *apex*."""
        self._cuts.pop(lower(apex), None)

    def closest(self, name: Name) -> Cut | None:
        """Return the deepest known zone that encloses *name*, or None."""
        labels = lower(name)
        ancestors = (labels[depth:] for depth in range(len(labels)))
        return next((self._cuts[apex] for apex in ancestors if apex in self._cuts), None)

    def scouts(self, names: Mapping[Asked, Cut]) -> Sequence[Asked]:
        """Return those of *names* to ask now; the others would be led the same way.

        One of each branch, until one is found to be in the zone, not below another cut. Two
        where that is likely: the wrong guess costs a question, the right one saves a round trip.
        """
        chosen: list[Asked] = []
        sent = Counter[Labels]()
        for asked, cut in names.items():
            below = branch(cut, asked[0])
            if len(below) > len(cut.apex) and below not in self._within:
                sent[below] += 1
                if sent[below] > (1 if len(cut.apex) <= TOP_LEVEL else 2):
                    continue
            chosen.append(asked)
        return chosen

    def stays(self, names: Iterable[tuple[Cut, Name]]) -> None:
        """Note that the branches that *names* are on have been found to be in their zones."""
        self._within.update(branch(cut, name) for cut, name in names)

    def order(self, cut: Cut) -> Sequence[Perspective]:
        """Return the servers of *cut* to ask, those that failed before last."""
        asked = sorted(cut.servers, key=lambda via: (via.address, via.port) in self._demoted)
        return asked[:ASKED]

    def demote(self, servers: Iterable[tuple[str, int]]) -> None:
        """Ask *servers*, by address and port, last from now on."""
        self._demoted.update(servers)


def lower(name: Name) -> Labels:
    """Return the labels of *name* in lower case."""
    return tuple(label.lower() for label in name.labels)


def branch(cut: Cut, name: Name) -> Labels:
    """Return the child of *cut*'s apex that *name* is at or below; of the apex itself, the apex."""
    return tuple(label.lower() for label in name.labels[-len(cut.apex) - 1 :])
