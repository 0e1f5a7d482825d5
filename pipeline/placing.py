"""Find provider, zone and name servers for every name of a run; write nothing."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from dns.name import Name

from providers.contract import Zone

from .case import Case, attempt
from .endpoints import authoritative, recursors
from .hosts import Hosts
from .model import Challenge, Record
from .plan import Hosted, place
from .questions import Perspective, goal
from .resolvers import Resolvers
from .settings import Settings


class Placing:
    """Asks each provider once for the zones of all names it is to serve."""

    def __init__(
        self, settings: Settings, hosts: Hosts, resolvers: Resolvers, detect: Callable[[], str]
    ) -> None:
        """Take what decides: configuration, providers, the live delegation; *detect* is lazy."""
        self._settings = settings
        self._hosts = hosts
        self._resolvers = resolvers
        self._detect = detect
        self._detected: str | None = None
        self._zones: dict[str, list[Hosted]] = {}

    def place(self, cases: Sequence[Case]) -> None:
        """Give each of *cases* its records, or its failure."""
        needs: dict[str, list[Case]] = {}
        names: dict[str, list[Name]] = {}
        for case in cases:
            for challenge in case.challenges:
                if attempt([case], partial(self._choose, challenge.name, names)):
                    needs.setdefault(self._provider_of(challenge.name), []).append(case)
        for provider, asking in needs.items():
            attempt(asking, partial(self._learn, provider, dict.fromkeys(names[provider])))
        for case in cases:
            if case.alive:
                attempt([case], partial(self._settle, case))

    def aim(self, cases: Sequence[Case]) -> None:
        """Give each of *cases* its goals: whom to ask about every name, and for what."""
        via = recursors(self._settings.resolvers)
        by_name: dict[Name, list[Record]] = {}
        for record in (record for case in cases for record in case.records):
            by_name.setdefault(record.challenge.name, []).append(record)
        servers: dict[Name, tuple[Perspective, ...]] = {}
        for apex in dict.fromkeys(record.zone.apex for [record, *_] in by_name.values()):
            there = [case for case in cases if apex in {r.zone.apex for r in case.records}]
            attempt(there, partial(self._find_servers, apex, servers))
        goals = {
            name: goal(
                name,
                record.zone.apex,
                {each.challenge.value for each in (record, *others)},
                (*servers[record.zone.apex], *via),
            )
            for name, [record, *others] in by_name.items()
            if record.zone.apex in servers
        }
        for case in cases:
            if case.alive:
                wanted_names = dict.fromkeys(record.challenge.name for record in case.records)
                case.goals = tuple(goals[name] for name in wanted_names)

    def _choose(self, name: Name, names: dict[str, list[Name]]) -> None:
        names.setdefault(self._provider_of(name), []).append(name)

    def _provider_of(self, name: Name) -> str:
        """Return the provider that serves *name*: flag, configuration, environment."""
        configured = self._settings.zone(name)
        chosen = (
            self._settings.providers
            or (configured[1].providers if configured else ())
            or self._settings.fallback
        )
        if chosen:
            return chosen[0]
        if self._detected is None:
            self._detected = self._detect()
        return self._detected

    def _learn(self, provider: str, names: Iterable[Name]) -> None:
        """Find the zones at *provider* that enclose *names*; configured ones without asking."""
        fixed, asked = [], []
        for name in names:
            match self._settings.zone(name):
                case (apex, zone) if zone.zone_id:
                    fixed.append(Hosted(provider, Zone(apex, zone.zone_id)))
                case _:
                    asked.append(name)
        found = self._hosts.zones(provider, asked, self._settings.timeout) if asked else ()
        hosted = [Hosted(provider, zone) for zone in self._untwinned(found)]
        self._zones[provider] = list(dict.fromkeys(fixed + hosted))

    def _settle(self, case: Case) -> None:
        case.records = tuple(self._home(challenge) for challenge in case.challenges)

    def _home(self, challenge: Challenge) -> Record:
        hosted = self._zones[self._provider_of(challenge.name)]
        return place(challenge, hosted, self._settings.ttl)

    def _find_servers(self, apex: Name, servers: dict[Name, tuple[Perspective, ...]]) -> None:
        match self._settings.zone(apex):
            case (_, zone) if zone.nameservers:
                servers[apex] = authoritative(zone.nameservers)
            case _:
                servers[apex] = self._resolvers.nameservers(apex)

    def _untwinned(self, zones: Sequence[Zone]) -> list[Zone]:
        """Return *zones*, of several with one apex only those the world is delegated to."""
        kept = [zone for zone in zones if self._is_served(zone, zones)]
        apexes = {zone.apex for zone in kept}
        return kept + [zone for zone in zones if zone.apex not in apexes]

    def _is_served(self, zone: Zone, zones: Sequence[Zone]) -> bool:
        """Whether *zone* has no twin among *zones*, or is the one delegated to."""
        if sum(other.apex == zone.apex for other in zones) == 1 or not zone.nameservers:
            return True
        return frozenset(zone.nameservers) == self._resolvers.hosts(zone.apex)
