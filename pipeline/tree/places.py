"""Find the zone of a name and what stands at the name, before anything is written there."""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from dns import rcode, rdatatype
from dns.message import Message
from dns.name import Name, NameTooLong

from pipeline.asking import wire
from pipeline.asking.exchange import Exchange
from pipeline.model import Failed
from pipeline.questions import Answer, Perspective, Role, Silence

from .cuts import Cut
from .delegation import Asked, Delegation, Place
from .grouping import Vacant, by_zone
from .recursion import Recursion
from .referrals import alias, apex_of
from .walk import Found, Walk
from .zones import Zones


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
        self._zones = Zones(self._walk)
        self._vacant: dict[Name, Name] = {}

    @property
    def silent(self) -> Collection[tuple[str, int]]:
        """Address and port of name servers of which nothing came in time."""
        return self._zones.silent

    def forbid(self, name: Name) -> None:
        """Let no resolver hear of *name*, or a name below it, from now on."""
        self._recursion.forbid(name)

    def resolve(self, questions: Iterable[Asked]) -> dict[Asked, Message | Silence]:
        """Return the last answer to each question, aliases followed, or why there is none."""
        return self._walk.resolve(questions)

    def look_ahead(self, questions: Iterable[Asked]) -> None:
        """Ask at once what is going to be asked step by step: fewer waits, no more questions."""
        self._walk.look_ahead(questions)

    def skip_vacant(self, names: Iterable[Name], vacant: Vacant) -> None:
        """Let `places` ask nothing about those of *names* that are *vacant*; it tells each once.

        Only where CAA at what they are for has been looked ahead for: that tells their zones.
        """
        groups = by_zone(names, self._walk.ahead)
        known = vacant(groups)
        for group in groups:
            if group.cut.apex not in self._walk.cuts:
                self._walk.cuts.add(group.cut)
            self._vacant |= {name: group.cut.apex for name in group.names if name in known}

    def addresses(self, hosts: Collection[Name]) -> frozenset[str]:
        """Return every address of *hosts*; empty if they have none, or cannot be found."""
        return frozenset(via.address for via in self._walk.addresses(hosts) if via.address)

    def places(self, names: Iterable[Name]) -> dict[Name, Place | Failed]:
        """Return what the servers of its zone say of each name, or why nobody does."""
        asked = dict.fromkeys(names)
        vacant = {name: self._vacant.pop(name) for name in asked if name in self._vacant}
        seen = self._seen(name for name in asked if name not in vacant)
        zones = self._zones.complete(vacant.values())
        return seen | {
            name: Place(name, zones[apex], exists=False) for name, apex in vacant.items()
        }

    def _seen(self, names: Iterable[Name]) -> dict[Name, Place | Failed]:
        """Return what `places` does, by asking about each name."""
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
        delegations = self._zones.complete(a for a in apexes.values() if isinstance(a, Name))
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


def relatives(name: Name, label: bytes) -> Iterator[Name]:
    """Yield *name*'s sibling called *label*, and its child, unless that is too long a name."""
    for rest in (name.labels[1:], name.labels):
        with suppress(NameTooLong):
            yield Name((label, *rest))


def aliased(outcome: Found | Failed, name: Name) -> Name | None:
    """Return the target of the CNAME at *name* in *outcome*, or None."""
    return alias(outcome.message, name) if isinstance(outcome, Found) else None
