"""Put the parts together that a command line asks for, each when it is first needed."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline.asking.exchange import Exchange
from pipeline.case import Progress, Tools
from pipeline.checking import Checking
from pipeline.cleaning import clean
from pipeline.clock import Clock
from pipeline.configuration import accounts, config, registry
from pipeline.configuration.environment import Environment
from pipeline.configuration.settings import Settings
from pipeline.detection import Candidate, choose
from pipeline.hosts import Hosts
from pipeline.model import Failed
from pipeline.orders import OrderSource, Ration
from pipeline.policy import policy
from pipeline.receipts.receipt import normal
from pipeline.receipts.store import Store
from pipeline.report import Report
from pipeline.stage import Run
from pipeline.stale import Stale
from pipeline.tree.delegation import Delegation
from pipeline.waiting import Waiting
from providers.contract import Entrusted, Privilege, Provider

from .console import Quiet
from .sources import chosen

if TYPE_CHECKING:
    from pipeline.hooks.hook import Hook
    from pipeline.serving.desk import Values


class Assembly:
    """Makes what the verbs work with; what it opens is closed by the stack it is given."""

    def __init__(
        self,
        options: Namespace,
        environment: Environment,
        clock: Clock,
        progress: Progress,
        stack: ExitStack,
    ) -> None:
        self._options = options
        self._environment = environment
        self._clock = clock
        self._progress = progress
        self._stack = stack

    @cached_property
    def settings(self) -> Settings:
        """What options, environment and configuration decide."""
        settings = config.settings(self._options, self._environment)
        self._verbose(f"receipts in {settings.state_dir}")
        return settings

    @cached_property
    def store(self) -> Store:
        """The state folder."""
        return Store(self.settings.state_dir, self._clock.today)

    @cached_property
    def hosts(self) -> Hosts:
        """The providers."""
        return Hosts(self._provider, self._clock, self._progress.say, self.settings.shared_dir)

    @cached_property
    def exchange(self) -> Exchange:
        """What carries DNS questions."""
        return self._stack.enter_context(Exchange(self._clock))

    def run(self) -> Run:
        """Return a run over the names given.

        What is wrong with the configuration comes first, then providers, then the command, and
        the account for orders last.
        """
        self._know_providers()
        if self._options.command:
            from .child import startable  # noqa: PLC0415 - for who has a command

            startable(self._options.command)
        names = list({normal(name): name.strip() for name in self._options.names}.values())
        if self._options.document is not None:
            names = [",".join(names)]  # one document is one order, whatever it may name
        source = chosen(self._options, self.settings, self._environment, self._clock, self._verbose)
        of_acme = self.settings.acme.challenge if source.name == "acme" else ()
        if source.resumes and of_acme[:1] != ("dns-persist-01",):  # which nobody writes
            self._open_providers()
        return self.over(names, source)

    def over(self, names: Sequence[str], source: OrderSource) -> Run:
        """Return a run over *names* at *source*."""
        self._know_providers()
        return Run(names, source, self.settings, self._tools)

    def hook(self, run: str) -> "Hook":
        """Return the stage of another client, whose calls of one *run* belong together."""
        from pipeline.hooks.hook import Hook  # noqa: PLC0415 - for who is called by one

        return Hook(self._options.client, run, self.settings, self._tools, self.over)

    def _know_providers(self) -> None:
        """See that each provider that was named exists, before an order is asked for.

        Raises:
            Failed: 78, if one does not.
        """
        settings = self.settings
        for name in {*settings.meant} - {*settings.accounts}:
            registry.load(name, accounts=settings.accounts)

    def _open_providers(self) -> None:
        """See that something could be written, before an order that costs is asked for.

        Of the providers of zones one will do: which of them the names need is not known yet. Nor
        is it where several have credentials, and none is named.

        Raises:
            Failed: 78, if nobody is meant, or whoever is cannot be opened.
        """
        settings = self.settings
        is_by_zone = any(zone.providers for zone in settings.zones.values())
        if settings.providers or not is_by_zone:
            for name in settings.meant or self._unnamed():
                self.hosts.open(name)
            return
        failures: list[Failed] = []
        for name in settings.meant:
            try:
                self.hosts.open(name)
            except Failed as failed:
                failures.append(failed)
            else:
                return
        if not self._able:
            raise failures[0]

    def waiting(self) -> Waiting:
        """Return what waits for values that somebody else publishes."""
        return Waiting(self.settings, self.exchange, self._clock, self._progress)

    def clean(self) -> Report:
        """Remove what receipts list, or what is stale."""
        if self._options.stale is None:
            return clean(self._options.names, self.store, self.hosts, self._clock)
        sweep = Stale(self.settings, self.store, self.hosts, self._clock, self._detect)
        return sweep.clean(self._options.stale)

    def values(self, say: Callable[[str], object]) -> "Values":
        """Return what writes for other clients, once it is sure that it could; *say* warnings.

        Raises:
            Failed: 78, if it could not.
        """
        from pipeline.serving.desk import Values  # noqa: PLC0415 - for who serves

        self._know_providers()
        named = self.settings.providers or self.settings.fallback
        for name in named or (() if self.settings.zones else self._unnamed()):
            self.hosts.open(name)
        self.store.begin((), exclusive=True)
        progress = self._progress if self._options.verbose else Quiet()
        return Values(self.settings, replace(self._tools, progress=progress), say)

    def policy(self) -> Privilege:
        """Return the least privilege for the domains given."""
        return policy(self._options.host, self._options.domains, self.settings)

    def checking(self) -> Checking:
        """Return what looks at domains."""
        return Checking(self.settings, self._tools, self.unused)

    @property
    def _tools(self) -> Tools:
        return Tools(
            self._clock,
            self.store,
            self.hosts,
            self.exchange,
            self._detect,
            self._progress,
            self._budgeted if self.settings.is_wave or self.settings.order_limit else None,
        )

    def _budgeted(self, source: OrderSource, deadline: float) -> Ration:
        """Return what limits requests to *source*: our user, or what it tells waves of a fleet."""
        from pipeline.orders.rationing import Budgeted  # noqa: PLC0415 - who has a limit

        return Budgeted(self.settings, self._clock, source, deadline, self._progress.say)

    def _detect(self, zone: Delegation | None) -> Sequence[str]:
        """Return the providers of *zone*, among those with credentials in the environment."""
        choice = choose(self._candidates, zone)
        (self._progress.say if choice.is_seen else self._verbose)(choice.why)
        return choice.providers

    @cached_property
    def _candidates(self) -> Sequence[Candidate]:
        return registry.candidates(self._environment.has)

    @property
    def _able(self) -> Sequence[Candidate]:
        """Who has credentials in the environment."""
        return [each for each in self._candidates if each.has_credentials]

    def _unnamed(self) -> Sequence[str]:
        """Return the provider that nobody needs to name; of several the zone's servers choose.

        Raises:
            Failed: 78, if there is none.
        """
        return choose(self._able, None).providers if len(self._able) < 2 else ()

    def unused(self, provider: str) -> Sequence[str]:
        """Return the variables set for *provider* that nobody reads, wider than anything needed."""
        adapter, _ = accounts.provider_settings(provider, self.settings.accounts, self._environment)
        return [name for name in adapter.unused if self._environment.get(name)]

    def _provider(self, name: str) -> Provider:
        adapter, present = accounts.provider_settings(
            name, self.settings.accounts, self._environment
        )
        public = {
            each: value.partition("?")[0]
            for each, value in present.items()
            if each.endswith(("_URL", "_53", "_NAMESERVER"))
        }
        self._verbose(f"provider {name}", *(f"{name}: {key}={public[key]}" for key in public))
        provider = adapter.open(present)
        if isinstance(provider, Entrusted):
            self._environment.secrets.ask(provider.entrusted)
        return provider

    def _verbose(self, *lines: str) -> None:
        if self._options.verbose:
            for line in lines:
                self._progress.say(line)
