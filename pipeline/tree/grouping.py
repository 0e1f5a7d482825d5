"""Group challenge names by zone without a question about them: by the CAA answers above."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from dns import rdatatype
from dns.name import Name

from pipeline.model import Failed, shelter

from .cuts import Cut
from .delegation import Asked
from .referrals import alias, apex_of
from .walk import Found


@dataclass(frozen=True, slots=True)
class ZoneNames:
    """Challenge names in the zone of *cut*."""

    cut: Cut
    names: Sequence[Name]


Vacant = Callable[[Sequence[ZoneNames]], Collection[Name]]
"""Returns the names at which nothing stands, as far as somebody knows who hosts their zone."""


def by_zone(names: Iterable[Name], caa: Mapping[Asked, Found | Failed]) -> list[ZoneNames]:
    """Return *names* by zone, without those whose zone *caa* does not tell.

    Args:
        names: Of challenges.
        caa: What came of asking for CAA at what they are for, and its parents.
    """
    found: dict[Name, Cut] = {}
    members: dict[Name, list[Name]] = {}
    for name in names:
        if cut := cut_around(shelter(name).parent(), caa):
            found[cut.apex] = cut
            members.setdefault(cut.apex, []).append(name)
    return [ZoneNames(found[apex], each) for apex, each in members.items()]


def cut_around(base: Name, caa: Mapping[Asked, Found | Failed]) -> Cut | None:
    """Return the zone that *base* is in, if the answers about it and its parents tell.

    The SOA does, of a zone that nobody delegates to as well; records of its own may be those of
    such a zone. An alias is no apex, so the zone of its parent is the one.
    """
    for depth in range(len(base) - 1):
        name = Name(base.labels[depth:])
        match caa.get((name, rdatatype.CAA)):
            case Found(cut, message) if apex := apex_of(message, name):
                if apex == cut.apex:
                    return cut
                return cut.within(apex) if apex.is_subdomain(cut.apex) else None
            case Found(cut) if name == cut.apex:
                return cut
            case Found(message=message) if alias(message, name):
                continue
            case _:
                break
    return None
