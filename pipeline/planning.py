"""Decide which value goes to which zone at which provider. Pure.

A record belongs in the zone that the world is led to (RFC 9499 §7), in no
parent of it, no child that nobody delegates to, and no namesake: elsewhere it
is never served.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from dns.name import Name, from_text

from providers.contract import Zone

from .model import Challenge, Exit, Failed, Order, Problem, Record, Severity
from .text import printable
from .tree.delegation import Delegation, Place, listed

Group = tuple[str, Zone]
"""A provider and a zone of its: what is written to at once."""

Addresses = Callable[[Collection[Name]], frozenset[str]]
"""Tells every address of some name servers; empty where they cannot be found."""


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


def home(place: Place, provider: str, zones: Sequence[Zone], addresses: Addresses) -> Zone:
    """Return the one of *zones*, hosted at *provider*, that the world is led to for *place*.

    Raises:
        Failed: 78, when there is none, the host does not serve it, or several might be it.
    """
    apex = place.zone.apex
    candidates = [zone for zone in zones if zone.apex == apex]
    # A zone that waited for its delegation is served as soon as that has come.
    hosts = place.zone.hosts
    served = [z for z in candidates if not z.obstacle or hosts & set(z.nameservers)]
    match delegated(served, place.zone, addresses) if len(served) > 1 else served:
        case [zone]:
            return zone
        case [] if candidates:
            raise not_served(candidates[0], provider)
        case []:
            raise nowhere(place, provider, zones)
        case several:
            raise twins(several, provider)


def enclosing(name: Name, provider: str, zones: Sequence[Zone]) -> Zone:
    """Return the closest of *zones* around *name*, where the world's view cannot be had.

    Raises:
        Failed: 78, as `home`.
    """
    around = [zone for zone in zones if name.is_subdomain(zone.apex)]
    depth = max((len(zone.apex) for zone in around), default=0)
    match [zone for zone in around if len(zone.apex) == depth]:
        case [zone] if zone.obstacle:
            raise not_served(zone, provider)
        case [zone]:
            return zone
        case []:
            raise no_zone(name, provider, zones)
        case several:
            raise twins(several, provider)


def delegated(
    zones: Sequence[Zone], delegation: Delegation, addresses: Addresses
) -> Sequence[Zone]:
    """Return those of *zones* that the world is led to: by all names, else some, else addresses.

    All of *zones* where nothing tells.
    """
    hosts = delegation.hosts
    same = [zone for zone in zones if set(zone.nameservers) == hosts]
    same = same or [zone for zone in zones if hosts and hosts <= set(zone.nameservers)]
    some = [zone for zone in zones if hosts & set(zone.nameservers)]
    return same or some or [z for z in zones if reaches(z, delegation, addresses)] or zones


def reaches(zone: Zone, delegation: Delegation, addresses: Addresses) -> bool:
    """Whether a server of *zone*'s host is one that the world asks, under whatever name.

    A zone may have name servers of its own name on its host's addresses ("white label").
    """
    asked = {via.address for via in delegation.servers}
    return bool(asked & addresses(zone.nameservers))


def misled(
    zone: Zone, provider: str, delegation: Delegation, addresses: Addresses
) -> Failed | Problem | None:
    """Return why nobody would see what is written to *zone*; a problem, if that is not certain."""
    if not zone.nameservers or not delegation.hosts or delegation.hosts & set(zone.nameservers):
        return None
    if reaches(zone, delegation, addresses):
        return None
    failed = Failed(
        Exit.CONFIG,
        "wrong-zone",
        f"{provider} serves {zone.apex} (zone {zone.id}) from {listed(zone.nameservers)}, but the "
        f"world is led to {listed(delegation.hosts)}: nobody would see what is written there",
        "choose the provider that the delegation names, or change the delegation at the registrar; "
        "--force writes all the same",
    )
    if addresses(zone.nameservers):
        return failed
    return Problem(
        "zone-unverified",
        f"{provider} serves {zone.apex} (zone {zone.id}) from {listed(zone.nameservers)}, which "
        f"have no address here, while the world is led to {listed(delegation.hosts)}",
        "are these the same servers? if not, nobody will see what is written there",
        Severity.WARNING,
    )


def uncovered(
    homes: Iterable[Hosted], delegation: Delegation, addresses: Addresses
) -> Iterable[Problem]:
    """Yield the warning that name servers of a zone belong to none of its hosts in *homes*."""
    told = [home for home in homes if home.zone.nameservers]
    hosts = {host for home in told for host in home.zone.nameservers}
    known = addresses(hosts) if delegation.hosts - hosts else frozenset()
    others = {
        via.server
        for via in delegation.servers
        if from_text(via.server) not in hosts and via.address not in known
    }
    if known and others:
        names = ", ".join(dict.fromkeys(home.provider for home in told))
        yield Problem(
            "other-host",
            f"{delegation.apex} is also served by {', '.join(sorted(others))}, "
            f"none of {names}'s name servers",
            "does another host serve the zone as well? then name both: --provider ONE,OTHER",
            Severity.WARNING,
        )


def nowhere(place: Place, provider: str, zones: Sequence[Zone]) -> Failed:
    """Return why none of *zones* is the one that *place* is in."""
    around = [zone for zone in zones if place.name.is_subdomain(zone.apex)]
    if not around:
        return no_zone(place.name, provider, zones)
    closest = max(around, key=lambda zone: len(zone.apex))
    if len(closest.apex) > len(place.zone.apex):
        return Failed(
            Exit.CONFIG,
            "not-delegated",
            f"{provider} hosts {closest.apex}, but nobody is led there: for {place.name} the world "
            f"asks the servers of {place.zone.apex} ({listed(place.zone.hosts)})",
            f"delegate {closest.apex} to its name servers, or write to {place.zone.apex} instead",
        )
    return Failed(
        Exit.CONFIG,
        "delegated-elsewhere",
        f"{place.name} is in the zone {place.zone.apex}, delegated to "
        f"{listed(place.zone.hosts) or 'servers of its own'}; {provider} hosts only {closest.apex}",
        f"name the provider that hosts it, in the configuration: a table "
        f'[zones."{place.zone.apex.to_text(omit_final_dot=True)}"] with provider = "..."',
    )


def not_served(zone: Zone, provider: str) -> Failed:
    """Return the failure of a zone that the account has and the host does not serve."""
    return Failed(
        Exit.CONFIG,
        "zone-not-served",
        f"{provider} does not serve {zone.apex}: {printable(zone.obstacle, 300)}",
        "finish that at the host, or name another provider for the zone",
    )


def no_zone(name: Name, provider: str, zones: Iterable[Zone]) -> Failed:
    """Return the failure of a name that nobody hosts."""
    apexes = sorted({zone.apex.to_text() for zone in zones})
    more = ", …" if len(apexes) > 5 else ""
    seen = f"; hosted are {', '.join(apexes[:5])}{more}" if apexes else ""
    return Failed(
        Exit.CONFIG,
        "no-zone",
        f"no hosted zone encloses {name} at {provider}{seen}",
        "is it the right account, or server, and may the credentials see the zone? "
        "else name the zone in the configuration, with provider and zone_id",
    )


def twins(zones: Sequence[Zone], provider: str) -> Failed:
    """Return the failure of a name that several zones of one apex enclose."""
    ids = ", ".join(f"{zone.id} ({provider})" for zone in zones)
    apex = zones[0].apex.to_text(omit_final_dot=True)
    return Failed(
        Exit.CONFIG,
        "twin-zones",
        f"several public zones are named {apex}, and the delegation does not tell which is "
        f"served: {ids}",
        f'name the one in the configuration: [zones."{apex}"] zone_id = "..."',
    )


def by_zone(records: Iterable[Record]) -> dict[Group, list[Record]]:
    """Return *records* grouped as they are written."""
    groups: dict[Group, list[Record]] = {}
    for record in records:
        groups.setdefault((record.provider, record.zone), []).append(record)
    return groups
