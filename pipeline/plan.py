"""Decide which value goes to which zone at which provider. Pure.

Zones are matched by whole labels and the longest apex wins: a record belongs
in the closest enclosing zone (RFC 9499 §7), or it is never served.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dns.name import Name

from providers.contract import Zone

from .model import Challenge, Exit, Failed, Order, Record


@dataclass(frozen=True, slots=True)
class Hosted:
    """A zone and the provider that hosts it."""

    provider: str
    zone: Zone


def wanted(order: Order) -> tuple[Challenge, ...]:
    """Return the challenges of *order* that are still to be met, each value at a name once."""
    found = {
        (challenge.name, challenge.value): challenge
        for challenge in order.challenges
        if not challenge.valid
    }
    return tuple(found.values())


def place(challenge: Challenge, hosted: Sequence[Hosted], ttl: int) -> Record:
    """Return *challenge* as a record of the zone that encloses it.

    Raises:
        Failed: 78, when no zone encloses its name, or several equal ones do.
    """
    home = enclosing(challenge.name, hosted)
    return Record(challenge, home.zone, home.provider, ttl)


def enclosing(name: Name, hosted: Sequence[Hosted]) -> Hosted:
    """Return the closest zone that encloses *name*."""
    candidates = [home for home in hosted if name.is_subdomain(home.zone.apex)]
    depth = max((len(home.zone.apex) for home in candidates), default=0)
    closest = [home for home in candidates if len(home.zone.apex) == depth]
    match closest:
        case [home]:
            return home
        case []:
            raise no_zone(name, hosted)
        case _:
            raise twins(closest)


def no_zone(name: Name, hosted: Sequence[Hosted]) -> Failed:
    """Return the failure of a name that nobody hosts."""
    apexes = sorted({home.zone.apex.to_text() for home in hosted})
    more = ", …" if len(apexes) > 5 else ""
    seen = f"; hosted are {', '.join(apexes[:5])}{more}" if apexes else ""
    return Failed(
        Exit.CONFIG,
        "no-zone",
        f"no hosted zone encloses {name}{seen}",
        "is it the right account, or server, and may the credentials see the zone? "
        "else name the zone in the configuration, with provider and zone_id",
    )


def twins(closest: Sequence[Hosted]) -> Failed:
    """Return the failure of a name that several zones of one apex enclose."""
    ids = ", ".join(f"{home.zone.id} ({home.provider})" for home in closest)
    apex = closest[0].zone.apex.to_text(omit_final_dot=True)
    return Failed(
        Exit.CONFIG,
        "twin-zones",
        f"several public zones are named {apex}, and the delegation does not tell which is "
        f"served: {ids}",
        f'name the one in the configuration: [zones."{apex}"] zone_id = "..."',
    )


def by_zone(records: Iterable[Record]) -> dict[tuple[str, Zone], list[Record]]:
    """Return *records* grouped as they are written: one group per provider and zone."""
    groups: dict[tuple[str, Zone], list[Record]] = {}
    for record in records:
        groups.setdefault((record.provider, record.zone), []).append(record)
    return groups
