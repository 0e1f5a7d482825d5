"""Choose the provider of a zone that nobody named: among those with credentials, by who serves it.

Pure. One that is the only one with credentials needs no such proof: its name
servers may be called anything.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from dns.name import Name

from .model import Exit, Failed
from .tree.delegation import Delegation, listed

HINT = "choose with --provider NAME or DNS01_PROVIDER; `dns01 providers` lists what each needs"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An installed provider that may be chosen unnamed.

    Attributes:
        nameservers: What its name servers are called; see `Adapter.nameservers`.
        has_credentials: Whether the environment has a complete group of them.
    """

    name: str
    nameservers: tuple[str, ...] = ()
    has_credentials: bool = True

    def serving(self, hosts: Iterable[Name]) -> list[Name]:
        """Return those of *hosts* that are called what this provider's name servers are."""
        return [host for host in hosts if any(fits(each, host) for each in self.nameservers)]


@dataclass(frozen=True, slots=True)
class Choice:
    """The providers of a zone, several where they serve it together.

    Attributes:
        why: The sentence that says why these.
        is_seen: Whether the zone's name servers decided.
    """

    providers: tuple[str, ...]
    why: str
    is_seen: bool = False


Detect = Callable[[Delegation | None], Sequence[str]]
"""Returns the providers of a zone that nobody named; of None, a zone that cannot be seen.

Raises:
    Failed: 78, if there is none, or no way to tell which.
"""


def choose(candidates: Collection[Candidate], zone: Delegation | None) -> Choice:
    """Return which of *candidates* are to write to *zone*; None: one that cannot be seen.

    Raises:
        Failed: 78, if none has credentials, or several have and none of them is seen to serve it.
    """
    able = [each for each in candidates if each.has_credentials]
    if len(able) == 1:
        return Choice((able[0].name,), f"{able[0].name} is the one provider with credentials here")
    serving = [each for each in candidates if zone and each.serving(zone.hosts)]
    if zone and (found := by_servers(able, serving, zone)):
        return found
    raise undecided(able, serving, zone)


def by_servers(
    able: Sequence[Candidate], serving: Sequence[Candidate], zone: Delegation
) -> Choice | None:
    """Return those of *able* that are *serving* the zone; else the one that may, where one may."""
    seen = [each for each in able if each in serving]
    if seen:
        who = ", ".join(f"{each.name} ({listed(each.serving(zone.hosts))})" for each in seen)
        why = f"{zone.apex} is served by {who}"
        return Choice(tuple(each.name for each in seen), why, is_seen=True)
    # Servers of a host that has names of its own would be known.
    unknown = [each.name for each in able if not each.nameservers]
    if serving or not zone.hosts or len(unknown) != 1:
        return None
    others = " or ".join(each.name for each in able if each.nameservers)
    why = f"{zone.apex} is served by {listed(zone.hosts)}: not by {others}, so by {unknown[0]}"
    return Choice((unknown[0],), why, is_seen=True)


def undecided(
    able: Sequence[Candidate], serving: Sequence[Candidate], zone: Delegation | None
) -> Failed:
    """Return why nothing tells which of *able* is meant; *serving* lack credentials."""
    if able:
        names = ", ".join(each.name for each in able)
        message = f"credentials of several providers stand in the environment: {names}"
        if zone and zone.hosts:
            servers = listed(zone.hosts)
            message += f"; none of them is known to serve {zone.apex} from {servers}"
    else:
        message = "no provider is chosen, and no provider's credentials stand in the environment"
    if zone and serving:
        names = " and ".join(each.name for each in serving)
        message += f"; {zone.apex} is served by {names}, whose credentials are not there"
    return Failed(Exit.CONFIG, "provider", message, HINT)


def fits(pattern: str, host: Name) -> bool:
    """Whether *host* is called what *pattern* says, label by label; ``*`` is anything in one."""
    labels = host.canonicalize().to_text(omit_final_dot=True).split(".")
    wanted = pattern.split(".")
    return len(labels) == len(wanted) and all(map(fnmatchcase, labels, wanted))
