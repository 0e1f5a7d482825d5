"""Choose where the walk begins: configured root servers, a resolver's, or the Internet's."""

from collections.abc import Callable, Collection
from functools import partial

import dns.name
from dns import rdatatype
from dns.name import Name

from pipeline.asking.endpoints import authoritative, recursors
from pipeline.asking.exchange import Exchange
from pipeline.configuration.settings import Settings
from pipeline.questions import Perspective

from .hints import root_servers
from .places import Tree
from .recursion import Recursion
from .referrals import ns_targets


def tree_from(
    settings: Settings,
    exchange: Exchange,
    challenges: Collection[Name],
    left: Callable[[], float],
) -> Tree:
    """Return a tree that begins where *settings* say.

    Args:
        settings: Root hints, resolvers, and zones whose servers are configured.
        exchange: Carries the questions.
        challenges: Names that no resolver may hear of.
        left: Seconds until the run's deadline.
    """
    recursion = Recursion(exchange, recursors(settings.resolvers), challenges, left)
    configured = {
        apex: authoritative(zone.nameservers)
        for apex, zone in settings.zones.items()
        if zone.nameservers
    }
    begin = partial(root_servers_of, settings, recursion)
    return Tree(exchange, begin, recursion, left, configured)


def root_servers_of(settings: Settings, recursion: Recursion) -> tuple[Perspective, ...]:
    """Return the root servers to begin at; none, if the resolvers that should know them do not.

    With resolvers named by the user, nobody else is asked.
    """
    if settings.root_hints:
        return authoritative(settings.root_hints)
    if settings.resolvers:
        return learned(recursion)
    return root_servers()


def learned(recursion: Recursion) -> tuple[Perspective, ...]:
    """Return the root servers that resolvers know of (RFC 8109)."""
    question = (dns.name.root, rdatatype.NS)
    answers, _ = recursion.seek([question])
    return recursion.servers(
        host for answer in answers.values() for host in ns_targets(answer, dns.name.root)
    )
