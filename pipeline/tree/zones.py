"""Know a zone whole: every server that its parent, or the zone itself, names, and what is odd."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from dns import rdatatype
from dns.message import Message
from dns.name import Name

from pipeline.questions import Perspective, Silence

from .cuts import Cut
from .delegation import Delegation
from .delegation_warnings import delegation_warnings
from .referrals import ADDRESSES, addressed, glue, leads_on, ns_targets, zone_cut
from .walk import Found, Walk

MOST_HOSTS = 60
"""Name servers of a zone whose addresses are looked up; no zone that means well has more."""


class Zones:
    """The zones of a walk, each looked into once.

    Attributes:
        silent: Address and port of name servers of which nothing came in time.
    """

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self.silent: set[tuple[str, int]] = set()
        self._delegations: dict[Name, Delegation] = {}

    def complete(self, apexes: Iterable[Name]) -> Mapping[Name, Delegation]:
        """Return each zone with every server that it, or its parent, names."""
        new = [apex for apex in dict.fromkeys(apexes) if apex not in self._delegations]
        open_ = [self._own(self._walk.cuts[apex]) for apex in new]
        children = self._children(open_)
        named = {
            cut.apex: sorted(cut.parent | children[cut.apex])[:MOST_HOSTS]
            for cut in open_
            if not cut.is_configured
        }
        hosts = {host for each in named.values() for host in each}
        addresses = self._walk.addresses(hosts) if hosts else ()
        known = {via.server for via in addresses}
        addresses += self._own_hosts(
            (cut, host)
            for cut in open_
            for host in named.get(cut.apex, ())
            if host.is_subdomain(cut.apex) and host.to_text() not in known
        )
        for cut in open_:
            self._delegations[cut.apex] = delegation(cut, children[cut.apex], addresses)
        return self._delegations

    def _own_hosts(self, hosts: Iterable[tuple[Cut, Name]]) -> tuple[Perspective, ...]:
        """Return the servers at hosts inside their zone that only some server of it may know."""
        asked = [
            ((host, kind), via) for cut, host in hosts for kind in ADDRESSES for via in cut.servers
        ]
        answers = self._walk.name_servers.poll(asked)
        return tuple(
            server
            for (question, _), answer in zip(asked, answers, strict=True)
            for server in addressed({question: answer})
            if server.address
        )

    def _children(self, cuts: Sequence[Cut]) -> dict[Name, frozenset[Name]]:
        """Return the hosts that each zone names itself, by the word of all its servers.

        A zone none of whose servers tells is asked twice. Of one whose servers
        the user named, the first to answer will do: nobody else is asked anyway.
        """
        children: dict[Name, frozenset[Name]] = {cut.apex: frozenset() for cut in cuts}
        configured = [(cut.apex, rdatatype.NS) for cut in cuts if cut.is_configured]
        for (apex, _), found in self._walk.find(configured).items():
            children[apex] = (
                ns_targets(found.message, apex) if isinstance(found, Found) else frozenset()
            )
        for _ in range(2):
            untold = [cut for cut in cuts if not (cut.is_configured or children[cut.apex])]
            asked = [((cut.apex, rdatatype.NS), via) for cut in untold for via in cut.servers]
            answers = self._walk.name_servers.poll(asked)
            for ((apex, _), via), answer in zip(asked, answers, strict=True):
                if isinstance(answer, Silence) and answer.reason == "timeout":
                    self.silent.add((via.address, via.port))
                if isinstance(told := leads_on(answer, apex, apex), Message):
                    children[apex] |= ns_targets(told, apex)
        return children

    def _own(self, cut: Cut) -> Cut:
        """Return *cut* with those servers of the zone above that have a word of their own on it.

        The world asks those, too, whatever is delegated; those that refer are
        replaced by the hosts they name.
        """
        if cut.is_configured or not (cut.beside or cut.above):
            return cut
        asked = [((cut.apex, rdatatype.SOA), via) for via in cut.beside or cut.servers]
        servers = list(cut.servers if cut.beside else ())
        parent = set(cut.parent)
        for (_, via), answer in zip(asked, self._walk.name_servers.poll(asked), strict=True):
            if isinstance(answer, Message) and zone_cut(answer, cut.apex, cut.apex.parent()):
                hosts = ns_targets(answer, cut.apex)
                parent |= hosts
                servers += glue(answer, hosts, cut.above or cut.apex.parent())
            elif cut.above or isinstance(leads_on(answer, cut.apex, cut.apex), Message):
                servers.append(via)
        return replace(cut, servers=tuple(dict.fromkeys(servers)), parent=frozenset(parent))


def delegation(cut: Cut, child: frozenset[Name], addresses: Collection[Perspective]) -> Delegation:
    """Return the zone of *cut*, which names the hosts *child* itself, with every server."""
    if cut.is_configured:
        return Delegation(cut.apex, cut.servers, child=child, is_configured=True)
    hosts = {host.to_text() for host in (*cut.parent, *child)}
    found = [via for via in addresses if via.server in hosts]
    return Delegation(
        cut.apex,
        tuple(dict.fromkeys((*found, *cut.servers))),
        cut.parent,
        child,
        delegation_warnings(cut.apex, cut.parent, child, cut.servers, found),
    )
