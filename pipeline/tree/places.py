"""Find the zone of a name and what stands at the name, before anything is written there."""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from dns import rcode, rdatatype
from dns.message import Message
from dns.name import Name, NameTooLong

from pipeline.asking import wire
from pipeline.asking.exchange import Exchange
from pipeline.model import Failed
from pipeline.questions import Answer, Perspective, Role, Silence

from .cuts import Cut
from .delegation import Asked, Delegation, Place
from .oddities import oddities
from .recursion import Recursion
from .referrals import alias, apex_of, glue, leads_on, ns_targets, zone_cut
from .walk import Found, Walk

MOST_HOSTS = 60
"""Name servers of a zone whose addresses are looked up; no zone that means well has more."""


class Tree:
    """The DNS tree as far as it was walked: zones complete, names with what stands there."""

    def __init__(
        self,
        exchange: Exchange,
        begin: Callable[[], Sequence[Perspective]],
        recursion: Recursion,
        left: Callable[[], float],
        configured: Mapping[Name, Sequence[Perspective]] | None = None,
    ) -> None:
        """Take what `Walk` takes."""
        self._walk = Walk(exchange, begin, recursion, left, configured or {})
        self._recursion = recursion
        self._delegations: dict[Name, Delegation] = {}

    def forbid(self, name: Name) -> None:
        """Let no resolver hear of *name*, or a name below it, from now on."""
        self._recursion.forbid(name)

    def resolve(self, questions: Iterable[Asked]) -> dict[Asked, Message | Silence]:
        """Return the last answer to each question, aliases followed, or why there is none."""
        return self._walk.resolve(questions)

    def addresses(self, hosts: Collection[Name]) -> frozenset[str]:
        """Return every address of *hosts*; empty if they have none, or cannot be found."""
        return frozenset(via.address for via in self._walk.addresses(hosts) if via.address)

    def zones(self, names: Iterable[Name]) -> dict[Name, Delegation]:
        """Return the zone that each of *names* is in.

        Raises:
            Failed: 69, if nobody answers for one of them; 78, if it is delegated to nobody.
        """
        asked = list(dict.fromkeys(names))
        apexes = self._apexes({name: name for name in asked})
        for apex in apexes.values():
            if isinstance(apex, Failed):
                raise apex
        found = {name: apex for name, apex in apexes.items() if isinstance(apex, Name)}
        delegations = self._complete(found.values())
        return {name: delegations[apex] for name, apex in found.items()}

    def places(self, names: Iterable[Name]) -> dict[Name, Place | Failed]:
        """Return what the servers of its zone say of each name, or why nobody does."""
        outcomes = self._outcomes(names)
        places: dict[Name, Place | Failed] = {
            name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Failed)
        }
        found = {name: o for name, o in outcomes.items() if isinstance(o, Found)}
        apexes: dict[Name, Name | Failed] = {}
        for name, each in found.items():
            if (told := apex_of(each.message, name)) is not None:
                apexes[name] = self._settled(told, each.cut)
        apexes |= self._apexes(
            {name: beginning(name, found[name]) for name in found if name not in apexes}
        )
        delegations = self._complete(a for a in apexes.values() if isinstance(a, Name))
        wild = self._wildcards({name: alias(each.message, name) for name, each in found.items()})
        for name, apex in apexes.items():
            places[name] = (
                apex
                if isinstance(apex, Failed)
                else place(name, delegations[apex], found[name].message, is_wild=name in wild)
            )
        return places

    def _outcomes(self, names: Iterable[Name]) -> dict[Name, Found | Failed]:
        """Return the answer about TXT at each name.

        Servers that follow an alias themselves fail if it is too long, or its
        target is broken: then the answer about the alias alone.
        """
        asked = self._walk.find((name, rdatatype.TXT) for name in names)
        outcomes = {name: outcome for (name, _), outcome in asked.items()}
        failing = [name for name, outcome in outcomes.items() if is_failing(outcome)]
        for (name, _), link in self._walk.find((name, rdatatype.CNAME) for name in failing).items():
            if isinstance(link, Found) and alias(link.message, name):
                outcomes[name] = link
        return outcomes

    def _apexes(self, begin: Mapping[Name, Name]) -> dict[Name, Name | Failed]:
        """Return the apex of each name's zone, by asking for SOA from where to *begin* upwards.

        An alias is no apex, so the zone of its parent is the one.
        """
        apexes: dict[Name, Name | Failed] = {}
        current = dict(begin)
        while current:
            outcomes = self._walk.find((name, rdatatype.SOA) for name in current.values())
            onward = {}
            for first, now in current.items():
                match outcomes[now, rdatatype.SOA]:
                    case Failed() as failed:
                        apexes[first] = failed
                    case Found(cut, message):
                        apex = apex_of(message, now)
                        if apex is None and now != cut.apex:
                            onward[first] = now.parent()
                        else:
                            apexes[first] = self._settled(apex or cut.apex, cut)
            current = onward
        return apexes

    def _settled(self, apex: Name, cut: Cut) -> Name:
        """Return *apex*, known from now on; it may lie below *cut*, on the same servers.

        Servers of *cut* have no say about zones above: they were delegated to.
        """
        if not apex.is_subdomain(cut.apex):
            return cut.apex
        if apex not in self._walk.cuts:
            self._walk.cuts.add(cut.within(apex))
        return apex

    def _complete(self, apexes: Iterable[Name]) -> Mapping[Name, Delegation]:
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
        for cut in open_:
            self._delegations[cut.apex] = delegation(cut, children[cut.apex], addresses)
        return self._delegations

    def _children(self, cuts: Sequence[Cut]) -> dict[Name, frozenset[Name]]:
        """Return the hosts that each zone names itself, by the word of all its servers."""
        asked = [((cut.apex, rdatatype.NS), via) for cut in cuts for via in cut.servers]
        children: dict[Name, frozenset[Name]] = {cut.apex: frozenset() for cut in cuts}
        for ((apex, _), _via), answer in zip(asked, self._walk.interview.poll(asked), strict=True):
            if isinstance(told := leads_on(answer, apex, apex), Message):
                children[apex] |= ns_targets(told, apex)
        return children

    def _own(self, cut: Cut) -> Cut:
        """Return *cut* with those servers of the zone above that have a word of their own on it.

        The world asks those, too, whatever is delegated; those that refer are
        replaced by the hosts they name.
        """
        asked = [((cut.apex, rdatatype.SOA), via) for via in cut.beside or cut.servers]
        if cut.is_configured or not (cut.beside or cut.above):
            return cut
        servers = list(cut.servers if cut.beside else ())
        parent = set(cut.parent)
        for (_, via), answer in zip(asked, self._walk.interview.poll(asked), strict=True):
            if isinstance(answer, Message) and zone_cut(answer, cut.apex, cut.apex.parent()):
                hosts = ns_targets(answer, cut.apex)
                parent |= hosts
                servers += glue(answer, hosts, cut.above or cut.apex.parent())
            elif cut.above or isinstance(leads_on(answer, cut.apex, cut.apex), Message):
                servers.append(via)
        return replace(cut, servers=tuple(dict.fromkeys(servers)), parent=frozenset(parent))

    def _wildcards(self, aliases: Mapping[Name, Name | None]) -> frozenset[Name]:
        """Return those names whose alias a wildcard made (RFC 4592).

        Then a random sibling has the same, and so has a random name below: a
        node that is there, if only as an alias, keeps a wildcard from what is below.
        """
        label = b"dns01-" + secrets.token_hex(8).encode()
        probes = {
            name: list(relatives(name, label))
            for name, target in aliases.items()
            if target is not None
        }
        asked = [(probe, rdatatype.TXT) for each in probes.values() for probe in each]
        answers = self._walk.find(asked)
        return frozenset(
            name
            for name, each in probes.items()
            if each
            and all(
                aliased(answers[probe, rdatatype.TXT], probe) == aliases[name] for probe in each
            )
        )


def beginning(name: Name, found: Found) -> Name:
    """Return where to look for the apex of the zone that *name* is in; *found* does not tell."""
    is_below = name != found.cut.apex
    return name.parent() if is_below and alias(found.message, name) else name


def is_failing(outcome: Found | Failed) -> bool:
    """Whether servers could be reached, but not answer."""
    return isinstance(outcome, Failed) and outcome.problem.code == "dns-failing"


def place(name: Name, zone: Delegation, message: Message, *, is_wild: bool) -> Place:
    """Return what *message*, an answer to a TXT question, says of *name*."""
    target = alias(message, name)
    told = wire.read(message, name, Role.AUTHORITATIVE)
    held = told.values if isinstance(told, Answer) else frozenset()
    exists = message.rcode() != rcode.NXDOMAIN or target is not None
    return Place(name, zone, exists, target, is_wild, held)


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
        oddities(cut.apex, cut.parent, child, cut.servers, found),
    )


def relatives(name: Name, label: bytes) -> Iterator[Name]:
    """Yield *name*'s sibling called *label*, and its child, unless that is too long a name."""
    for rest in (name.labels[1:], name.labels):
        with suppress(NameTooLong):
            yield Name((label, *rest))


def aliased(outcome: Found | Failed, name: Name) -> Name | None:
    """Return the target of the CNAME at *name* in *outcome*, or None."""
    return alias(outcome.message, name) if isinstance(outcome, Found) else None
