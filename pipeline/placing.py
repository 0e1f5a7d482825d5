"""Find name servers, provider and zone for every name of a run; write nothing."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from dns.name import Name

from providers.contract import Zone

from .case import Case, attempt
from .hosts import Hosts
from .model import Challenge, Failed, Problem, Record
from .plan import Addresses, Hosted, enclosing, home, misled, uncovered
from .settings import Settings
from .tree.delegation import Chain


class Placing:
    """Asks each provider once for the zones of all names it is to serve."""

    def __init__(
        self, settings: Settings, hosts: Hosts, detect: Callable[[], str], addresses: Addresses
    ) -> None:
        """Take what decides: configuration, providers, the live tree; *detect* is lazy."""
        self._addresses = addresses
        self._settings = settings
        self._hosts = hosts
        self._detect = detect
        self._detected: str | None = None
        self._zones: dict[str, list[Zone]] = {}
        self.problems: list[Problem] = []

    def place(self, cases: Sequence[Case]) -> None:
        """Give each of *cases* its records, or its failure; their chains are known."""
        needs: dict[str, list[Case]] = {}
        names: dict[str, dict[Name, None]] = {}
        for case in cases:
            for owner in [case.owner(challenge.name) for challenge in case.challenges]:
                if not attempt([case], partial(self._providers_of, owner)):
                    break
                for provider in self._providers_of(owner):
                    needs.setdefault(provider, []).append(case)
                    names.setdefault(provider, {})[owner] = None
        for provider, asking in needs.items():
            attempt(asking, partial(self._learn, provider, names[provider]))
        for case in cases:
            if case.alive:
                attempt([case], partial(self._settle, case))
        self.problems = list(dict.fromkeys(self.problems))

    def _providers_of(self, name: Name) -> Sequence[str]:
        """Return the providers that serve *name*: flag, configuration, environment."""
        configured = self._settings.zone(name)
        chosen = (
            self._settings.providers
            or (configured[1].providers if configured else ())
            or self._settings.fallback
        )
        if chosen:
            return chosen
        if self._detected is None:
            self._detected = self._detect()
        return [self._detected]

    def _learn(self, provider: str, names: Iterable[Name]) -> None:
        """Find the zones at *provider* that enclose *names*; configured ones without asking."""
        fixed, asked = [], []
        for name in names:
            match self._settings.zone(name):
                case (apex, zone) if zone.zone_id:
                    fixed.append(Zone(apex, zone.zone_id))
                case _:
                    asked.append(name)
        found = self._hosts.zones(provider, asked, self._settings.timeout) if asked else ()
        self._zones[provider] = list(dict.fromkeys((*fixed, *found)))

    def _settle(self, case: Case) -> None:
        case.records = tuple(
            record
            for challenge in case.challenges
            for record in self._records(challenge, case.chains.get(challenge.name))
        )

    def _records(self, challenge: Challenge, chain: Chain | None) -> list[Record]:
        """Return where the value of *challenge* goes: to every host of its zone."""
        owner = chain.end.name if chain else challenge.name
        homes, failures = [], []
        for provider in self._providers_of(owner):
            try:
                homes.append(Hosted(provider, self._home(owner, chain, provider)))
            except Failed as failed:
                failures.append(failed)
        if not homes:
            raise failures[0]
        self.problems += [failed.as_warning() for failed in failures]
        if chain and not chain.end.zone.is_configured:
            self.problems += uncovered(homes, chain.end.zone, self._addresses)
        target = None if owner == challenge.name else owner
        return [Record(challenge, at.zone, at.provider, self._settings.ttl, target) for at in homes]

    def _home(self, owner: Name, chain: Chain | None, provider: str) -> Zone:
        zones = self._zones[provider]
        if chain is None:
            return enclosing(owner, provider, zones)
        zone = home(chain.end, provider, zones, self._addresses)
        if chain.end.zone.is_configured:
            return zone
        match misled(zone, provider, chain.end.zone, self._addresses):
            case Failed() as failed if not self._settings.force:
                raise failed
            case Failed() as failed:
                self.problems.append(failed.as_warning())
            case Problem() as problem:
                self.problems.append(problem)
            case None:
                pass
        return zone
