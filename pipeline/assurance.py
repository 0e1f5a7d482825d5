"""Have the providers tell at which names nothing stands, where one request does for many."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from dns.name import Name

from providers import threads
from providers.contract import Assuring

from .case import Case, Tools
from .configuration.settings import Settings
from .detection import Detect
from .model import Failed
from .placing import named
from .tree.grouping import ZoneNames

FEW = 3
"""Names of a zone that are as well asked about one by one."""

PATIENCE = 2.0
"""Seconds for a provider to answer: as long as a name server has, which then is asked instead."""

WIDTH = 8
"""Zones at a time."""


class Assurance:
    """What those providers know who serve a zone themselves.

    It replaces a question to one server of the zone, and is worth as much: that server's word. An
    error says nothing here; whoever has something to write will meet it again.
    """

    def __init__(
        self,
        settings: Settings,
        tools: Tools,
        cases: Iterable[Case],
        left: Callable[[], float],
    ) -> None:
        """Tell of the challenges of *cases*, while there are seconds *left*."""
        self._hosts = tools.hosts
        self._clock = tools.clock
        self._left = left
        names = dict.fromkeys(each.name for case in cases for each in case.challenges)
        chosen = {name: named(name, settings) for name in names}
        if not all(chosen.values()):
            lone = only(tools.detect)
            chosen = {name: providers or lone for name, providers in chosen.items()}
        # Of several, each would have to say.
        self._providers = {
            name: providers[0] for name, providers in chosen.items() if len(providers) == 1
        }

    def hopeful(self, names: Collection[Name]) -> Collection[Name]:
        """Return those of *names* whose provider may be able to tell."""
        if len(names) <= FEW:
            return {}
        able = {each for each in set(self._providers.values()) if self._assuring(each)}
        hopeful = dict.fromkeys(name for name in names if self._providers.get(name) in able)
        return hopeful if len(hopeful) > FEW else {}

    def vacant(self, groups: Sequence[ZoneNames]) -> Collection[Name]:
        """Return the names at which nothing stands, nor above them what would hide it."""
        found: set[Name] = set()
        for provider in dict.fromkeys(self._providers.values()):
            mine = [
                ZoneNames(group.cut, within)
                for group in groups
                if len(within := [n for n in group.names if self._providers[n] == provider]) > FEW
            ]
            found |= self._told(provider, mine) if mine else set()
        return found

    def _told(self, provider: str, groups: Sequence[ZoneNames]) -> set[Name]:
        assuring = self._assuring(provider)
        if assuring is None:
            return set()
        until = self._clock.now() + min(PATIENCE, self._left())
        ask = partial(threads.each, partial(told, assuring), groups, WIDTH)
        try:
            return set().union(*self._hosts.ask(provider, ask, until))
        except Failed:
            return set()

    def _assuring(self, provider: str) -> Assuring | None:
        try:
            opened = self._hosts.open(provider)
        except Failed:
            return None
        return opened if isinstance(opened, Assuring) else None


def only(detect: Detect) -> Sequence[str]:
    """Return the provider that is the only one with credentials; none where zones must decide."""
    try:
        return detect(None)
    except Failed:
        return ()


def told(provider: Assuring, group: ZoneNames) -> Collection[Name]:
    """Return those names of *group* that *provider* knows to be vacant."""
    servers = {(via.address, via.port) for via in group.cut.servers}
    return provider.vacant(group.cut.apex, group.names, servers)
