"""Put the parts together that a command line asks for, each when it is first needed."""

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property

from pipeline.asking.exchange import Exchange
from pipeline.case import Progress, Tools
from pipeline.checking import Checking
from pipeline.cleaning import clean
from pipeline.clock import Clock
from pipeline.configuration import accounts, config, registry
from pipeline.configuration.acme import acme_account
from pipeline.configuration.environment import Environment, login
from pipeline.configuration.rcl import rcl_account
from pipeline.configuration.settings import Settings
from pipeline.detection import Candidate, choose
from pipeline.hooks.hook import Hook
from pipeline.hosts import Hosts
from pipeline.model import Exit, Failed
from pipeline.orders import OrderSource
from pipeline.orders.renewing import Renewing
from pipeline.policy import policy
from pipeline.receipts.receipt import normal
from pipeline.receipts.store import Store
from pipeline.report import Report
from pipeline.serving.desk import Values
from pipeline.stage import Run
from pipeline.stale import Stale
from pipeline.tree.delegation import Delegation
from pipeline.waiting import Waiting
from providers.contract import Entrusted, Privilege, Provider

from .child import startable
from .console import Quiet
from .contradictions import of_source


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
            startable(self._options.command)
        names = list({normal(name): name.strip() for name in self._options.names}.values())
        if self._options.document is not None:
            names = [",".join(names)]  # one document is one order, whatever it may name
        source = self._source()
        of_acme = self.settings.acme.challenge if source.name == "acme" else ()
        if source.resumes and of_acme[:1] != ("dns-persist-01",):  # which nobody writes
            self._open_providers()
        return self.over(names, source)

    def over(self, names: Sequence[str], source: OrderSource) -> Run:
        """Return a run over *names* at *source*."""
        self._know_providers()
        return Run(names, source, self.settings, self._tools)

    def hook(self, run: str) -> Hook:
        """Return the stage of another client, whose calls of one *run* belong together."""
        return Hook(self._options.client, run, self.settings, self._tools, self.over)

    def _know_providers(self) -> None:
        """See that each provider that was named exists, before an order is asked for.

        Raises:
            Failed: 78, if one does not.
        """
        settings = self.settings
        of_zones = (name for zone in settings.zones.values() for name in zone.providers)
        named = set(settings.providers) or {*settings.fallback, *of_zones}
        for name in named - {*settings.accounts}:
            registry.load(name, accounts=settings.accounts)

    def _open_providers(self) -> None:
        """See that something could be written, before an order that costs is asked for.

        Of the providers of zones one will do: which of them the names need is not known yet.

        Raises:
            Failed: 78, if nobody is meant, or whoever is lacks credentials.
        """
        settings = self.settings
        of_zones = {name: None for zone in settings.zones.values() for name in zone.providers}
        able = any(each.has_credentials for each in self._candidates)
        if settings.providers or not of_zones:
            named = settings.providers or settings.fallback
            for name in named:
                self.hosts.open(name)
            if not (named or able):
                choose((), None)
            return
        failures: list[Failed] = []
        for name in of_zones | dict.fromkeys(settings.fallback):
            try:
                self.hosts.open(name)
            except Failed as failed:
                failures.append(failed)
            else:
                return
        if not able:
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

    def values(self, say: Callable[[str], object]) -> Values:
        """Return what writes for other clients, once it is sure that it could; *say* warnings.

        Raises:
            Failed: 78, if it could not.
        """
        self._know_providers()
        for name in self.settings.providers or self.settings.fallback:
            self.hosts.open(name)
        named = self.settings.providers or self.settings.fallback or self.settings.zones
        if not (named or any(each.has_credentials for each in self._candidates)):
            choose((), None)
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
        )

    def _detect(self, zone: Delegation | None) -> Sequence[str]:
        """Return the providers of *zone*, among those with credentials in the environment."""
        choice = choose(self._candidates, zone)
        (self._progress.say if choice.is_seen else self._verbose)(choice.why)
        return choice.providers

    @cached_property
    def _candidates(self) -> Sequence[Candidate]:
        return registry.candidates(self._environment.has)

    def unused(self, provider: str) -> Sequence[str]:
        """Return the variables set for *provider* that nobody reads, wider than anything needed."""
        adapter, _ = accounts.provider_settings(provider, self.settings.accounts, self._environment)
        return [name for name in adapter.unused if self._environment.get(name)]

    def _source(self) -> OrderSource:
        from pipeline.orders.document import DocumentSource  # noqa: PLC0415 - only the one that is used

        if self._options.document is not None:
            return DocumentSource(self._options.document, sys.stdin.buffer)
        if complaint := of_source(self.settings.order, self._options):
            raise Failed(Exit.USAGE, "usage", complaint)
        if self.settings.order == "acme":
            return self._acme()
        from pipeline.orders.rcl import RclSource  # noqa: PLC0415 - httpx costs 60 ms

        account = rcl_account(self._environment)
        self._verbose(f"order API {account.base}")
        source = RclSource(
            account.base, account.generation, account.key, trust_env=not account.is_local
        )
        within = vars(self._options).get("renew_within")
        return Renewing(source, within, self._clock.today) if within else source

    def _acme(self) -> OrderSource:
        account = acme_account(self.settings.acme, self._environment)
        self._verbose(f"ACME directory {account.directory}")
        try:
            from pipeline.orders.acme.source import AcmeSource  # noqa: PLC0415 - an extra
        except ImportError as error:
            message = f"--order acme needs a package that is not installed: {error.name}"
            hint = "install dns01[acme]; from a checkout: pipx install '.[acme]'"
            raise Failed(Exit.CONFIG, "configuration", message, hint) from error
        if any(map(any, map(login, self._options.names))):
            raise Failed(Exit.USAGE, "usage", "an order's URL has no user and password in it")
        return AcmeSource(account, self._clock, finalizes=self._options.verb == "run")

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
