"""Find provider and zone for every name of a run; write nothing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from dns.name import Name

from providers.contract import Zone

from .case import Case, Tools
from .configuration.settings import Settings
from .detection import Detect
from .hosts import Hosts
from .model import Challenge, Failed, Order, Problem, Record
from .planning import Addresses, Hosted, enclosing, home, misled, uncovered, wanted
from .tree.delegation import Chain, Delegation

Found = TypeVar("Found")

Homes = tuple[Hosted, ...]
"""Every zone that a name's values are to be written to: one for each host of the zone."""


ELSEWHERE = {"no-zone", "not-delegated", "delegated-elsewhere", "wrong-zone", "zone-not-served"}
"""Why one provider has no part in a name that another serves: no mistake where both are named."""


class Placing:
    """Asks each provider once for the zones of all names it is to serve.

    Attributes:
        problems: What the user should know about zones and hosts, though they will do.
    """

    def __init__(
        self, settings: Settings, hosts: Hosts, detect: Detect, addresses: Addresses
    ) -> None:
        """Take what decides: configuration, providers, the live tree; *detect* is lazy."""
        self._settings = settings
        self._hosts = hosts
        self._detect = detect
        self._addresses = addresses
        self._detected: dict[Name | None, Sequence[str] | Failed] = {}
        self._zones: dict[str, Sequence[Zone] | Failed] = {}
        self._served: dict[tuple[str, Name], Zone] = {}
        self._covered: set[tuple[Name, Homes]] = set()
        self.problems: list[Problem] = []

    def place(self, cases: Sequence[Case]) -> None:
        """Give each of *cases* its records, or its failure; their chains are known."""
        chains: dict[Name, Chain | None] = {}
        for case in cases:
            chains |= {each.name: case.chains.get(each.name) for each in case.challenges}
        homes = self.homes(chains)
        for case in cases:
            failures = [homes[each.name] for each in case.challenges]
            case.failure = case.failure or next(
                (f for f in failures if isinstance(f, Failed)), None
            )
            case.records = tuple(
                record
                for challenge in case.challenges
                for record in self._records(challenge, case, homes[challenge.name])
            )

    def homes(self, chains: Mapping[Name, Chain | None]) -> dict[Name, Homes | Failed]:
        """Return where the values of each challenge name go, or why nowhere.

        Args:
            chains: Where each name leads; None where that cannot be seen from here.
        """
        owners = {name: chain.end.name if chain else name for name, chain in chains.items()}
        ends = {owners[name]: chain.end.zone if chain else None for name, chain in chains.items()}
        chosen = {owner: self._providers_of(owner, zone) for owner, zone in ends.items()}
        asked: dict[str, dict[Name, Delegation | None]] = {}
        for owner, providers in chosen.items():
            for provider in providers if not isinstance(providers, Failed) else ():
                asked.setdefault(provider, {})[owner] = ends[owner]
        for provider, within in asked.items():
            self._zones[provider] = self._learn(provider, within)
        homes = {
            name: self._homes(owner, chains[name], chosen[owner]) for name, owner in owners.items()
        }
        self.problems = list(dict.fromkeys(self.problems))
        return homes

    def _providers_of(self, name: Name, zone: Delegation | None) -> Sequence[str] | Failed:
        """Return the providers of *name*; where nobody named one, by *zone*."""
        return named(name, self._settings) or self._detect_for(zone)

    def _detect_for(self, zone: Delegation | None) -> Sequence[str] | Failed:
        apex = zone.apex if zone else None
        if apex not in self._detected:
            try:
                self._detected[apex] = self._detect(zone)
            except Failed as failed:
                self._detected[apex] = failed
        return self._detected[apex]

    def _learn(
        self, provider: str, within: Mapping[Name, Delegation | None]
    ) -> Sequence[Zone] | Failed:
        """Return the zones at *provider* that enclose names; configured ones without asking.

        Args:
            provider: Hosts them.
            within: The zone that each name is in, if that can be seen. Then it is asked for,
                once for all its names; around a name whose zone it has not, for whatever is there.
        """
        fixed, sought = [], dict[Name, Name]()
        for name, delegation in within.items():
            match self._settings.zone(name):
                case (apex, zone) if zone.zone_id:
                    fixed.append(Zone(apex, zone.zone_id))
                case _:
                    sought[name] = delegation.apex if delegation else name
        try:
            found = self._ask(provider, sought.values())
            known = {zone.apex for zone in found} | sought.keys()
            around = self._ask(provider, [n for n, apex in sought.items() if apex not in known])
        except Failed as failed:
            return failed
        return list(dict.fromkeys((*fixed, *found, *around)))

    def _ask(self, provider: str, names: Iterable[Name]) -> Sequence[Zone]:
        asked = list(dict.fromkeys(names))
        return self._hosts.zones(provider, asked, self._settings.timeout) if asked else ()

    def _homes(
        self, owner: Name, chain: Chain | None, providers: Sequence[str] | Failed
    ) -> Homes | Failed:
        """Return the zone of *owner* at each of *providers* that has it; all must say."""
        if isinstance(providers, Failed):
            return providers
        found = [(provider, self._home(owner, chain, provider)) for provider in providers]
        homes = tuple(Hosted(each, zone) for each, zone in found if isinstance(zone, Zone))
        failures = [zone for _, zone in found if isinstance(zone, Failed)]
        grave = [failed for failed in failures if failed.problem.code not in ELSEWHERE]
        if grave or not homes:
            return [*grave, *failures][0]
        self.problems += [failed.as_warning() for failed in failures]
        if chain and not chain.end.zone.is_configured:
            self._cover(homes, chain.end.zone)
        return homes

    def _cover(self, homes: Homes, zone: Delegation) -> None:
        """Note, once for all names of *zone*, if others than *homes* serve it."""
        if (zone.apex, homes) not in self._covered:
            self._covered.add((zone.apex, homes))
            self.problems += uncovered(homes, zone, self._addresses)

    def _home(self, owner: Name, chain: Chain | None, provider: str) -> Zone | Failed:
        zones = self._zones[provider]
        if isinstance(zones, Failed):
            return zones
        if chain is None:
            return outcome(lambda: enclosing(owner, provider, zones))
        apex = chain.end.zone.apex
        if (provider, apex) in self._served:
            return self._served[provider, apex]
        zone = outcome(lambda: home(chain.end, provider, zones, self._addresses))
        if isinstance(zone, Zone) and not chain.end.zone.is_configured:
            zone = self._seen(zone, provider, chain)
        if isinstance(zone, Zone):  # a reason why not speaks of the one name
            self._served[provider, apex] = zone
        return zone

    def _seen(self, zone: Zone, provider: str, chain: Chain) -> Zone | Failed:
        """Return *zone*, or why nobody would see what is written there."""
        match misled(zone, provider, chain.end.zone, self._addresses):
            case Failed() as failed if not self._settings.force:
                return failed
            case Failed() as failed:
                self.problems.append(failed.as_warning())
            case Problem() as problem:
                self.problems.append(problem)
            case None:
                pass
        return zone

    def _records(self, challenge: Challenge, case: Case, homes: Homes | Failed) -> list[Record]:
        """Return the value of *challenge* at every one of its *homes*."""
        if isinstance(homes, Failed):
            return []
        owner = case.owner(challenge.name)
        target = None if owner == challenge.name else owner
        return [Record(challenge, at.zone, at.provider, self._settings.ttl, target) for at in homes]


def named(name: Name, settings: Settings) -> Sequence[str]:
    """Return the providers of *name* that flag, configuration or environment choose; else none."""
    configured = settings.zone(name)
    of_zone = configured[1].providers if configured else ()
    return settings.providers or of_zone or settings.fallback


def hindrance(order: Order, settings: Settings, tools: Tools) -> Failed | None:
    """Return why the provider that is to serve every name does not say what zones it has.

    None if it says it, or if not all names are to be served by one provider that is known before
    anybody has seen where they lead.
    """
    providers = settings.meant or outcome(lambda: tools.detect(None))
    if isinstance(providers, Failed) or len(providers) != 1:
        return None
    owners = [challenge.name for challenge in wanted(order)]
    found = outcome(lambda: tools.hosts.zones(providers[0], owners, settings.timeout))
    return found if isinstance(found, Failed) else None


def outcome(decide: Callable[[], Found]) -> Found | Failed:
    """Return what *decide* returns, or why it does not."""
    try:
        return decide()
    except Failed as failed:
        return failed
