"""Walk the tree from the root down, as a validating CA's resolver does (RFC 1034 §5.3.3).

Every question goes to an authoritative server, without recursion. What is
asked at each level is the whole name, so that a zone cut, an alias and what
stands at the name show in one answer.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import dns.name
from dns import rcode, rdatatype
from dns.message import Message
from dns.name import Name
from dns.rdatatype import A

from pipeline.asking.exchange import Exchange
from pipeline.model import Failed
from pipeline.questions import Perspective, Silence

from .cuts import ASKED, Cut, Cuts
from .delegation import TOP_LEVEL, Asked
from .failures import endless, no_address, not_delegated
from .name_servers import NameServers
from .recursion import Recursion
from .referrals import ADDRESSES, addressed, alias, glue, holder, ns_targets, zone_cut

LEVELS = 40
"""Zone cuts on the way to a name, at most."""

DETOURS = 4
"""How deep the search for a name server's address may lead to another such search."""

HOPS = 11
"""Aliases that are followed for one answer, as by Unbound (max-query-restarts)."""


@dataclass(frozen=True, slots=True)
class Found:
    """The last answer on the way to a name, by a server of *cut*."""

    cut: Cut
    message: Message


class Walk:
    """The way down, and what was learned on it.

    Attributes:
        ahead: What has been looked ahead for, and not been told yet.
    """

    def __init__(
        self,
        exchange: Exchange,
        begin: Callable[[], Sequence[Perspective]],
        recursion: Recursion,
        left: Callable[[], float],
        configured: Mapping[Name, Sequence[Perspective]],
    ) -> None:
        """Begin at the zones *configured*, or the roots that *begin* finds, or what resolvers know.

        Nothing is asked once no seconds are *left*.
        """
        self._recursion = recursion
        self._detours = 0
        self._begin: Callable[[], Sequence[Perspective]] | None = begin
        self.ahead: dict[Asked, Found | Failed] = {}
        self.cuts = Cuts(configured)
        self.name_servers = NameServers(exchange, self.cuts, left)

    def look_ahead(self, questions: Iterable[Asked]) -> None:
        """Ask at once what `find` will be asked for soon, step by step; it tells each once."""
        self.ahead |= self.find(questions)

    def find(self, questions: Iterable[Asked]) -> dict[Asked, Found | Failed]:
        """Return the answer to each question by a server of the zone it is in, or why none."""
        asked = dict.fromkeys(questions)
        found = {question: self.ahead.pop(question) for question in asked if question in self.ahead}
        open_ = [question for question in asked if question not in found]
        for _ in range(LEVELS if open_ else 0):
            begun: dict[Asked, Cut] = {}
            mute: Failed | None = None
            for question in open_:
                match self._closest(holder(*question), mute):
                    case Cut() as cut:
                        begun[question] = cut
                    case failed:
                        found[question] = failed
                        mute = failed if failed.problem.code == "dns-unreachable" else None
            scouts = self.cuts.scouts(begun)
            waiting = begun.keys() - set(scouts)
            onward = self._step({question: begun[question] for question in scouts}, found)
            open_ = [*onward, *(question for question in open_ if question in waiting)]
            if not open_:
                return found
        return found | {question: endless(question[0]) for question in open_}

    def resolve(self, questions: Iterable[Asked]) -> dict[Asked, Message | Silence]:
        """Return the last answer to each question, aliases followed, or why there is none."""
        answers: dict[Asked, Message | Silence] = {}
        current = {question: question for question in questions}
        for _ in range(HOPS + 1):
            outcomes = self.find(current.values())
            onward: dict[Asked, Asked] = {}
            for first, (name, rdtype) in current.items():
                match outcomes[name, rdtype]:
                    case Failed() as failed:
                        answers[first] = Silence(str(failed))
                    case Found(message=message):
                        answers[first] = message
                        target = alias(message, name)
                        if target is not None and rdtype != rdatatype.CNAME:
                            onward[first] = (target, rdtype)
            current = onward
            if not current:
                return answers
        return answers | dict.fromkeys(current, Silence(f"more than {HOPS} aliases in a row"))

    def addresses(self, hosts: Collection[Name]) -> tuple[Perspective, ...]:
        """Return an authoritative server for every address of *hosts*, as their zones tell.

        A host whose zone did not answer, even when asked again, is one without address.
        """
        self._detours += 1
        try:
            answers = self.resolve((host, kind) for host in sorted(hosts) for kind in ADDRESSES)
            if self._detours == 1:  # a detour's own detours would multiply
                lost = [asked for asked, answer in answers.items() if isinstance(answer, Silence)]
                answers |= self.resolve(lost)
        finally:
            self._detours -= 1
        return addressed(answers)

    def _step(self, begun: Mapping[Asked, Cut], found: dict[Asked, Found | Failed]) -> list[Asked]:
        """Take each question a level further down; return those that must go on."""
        onward = []
        referrals: dict[Name, tuple[Message, Cut]] = {}
        for question, outcome in self.name_servers.race(begun).items():
            cut = begun[question]
            match outcome:
                case Failed() as failed:
                    if cut.bare and self._detours < DETOURS:
                        self._look_up(cut.apex)
                    elif self._is_dead_root(cut, failed):
                        self.cuts.forget(cut.apex)
                    else:
                        found[question] = failed
                        continue
                case message if below := zone_cut(message, question[0], cut.apex):
                    referrals.setdefault(below, (message, cut))
                case message:
                    found[question] = Found(cut, message)
                    continue
            onward.append(question)
        self.cuts.stays((begun[question], question[0]) for question in begun if question in found)
        self._learn(referrals)
        return onward

    def _learn(self, referrals: Mapping[Name, tuple[Message, Cut]]) -> None:
        """Remember the zones that *referrals* lead to, with their servers."""
        for apex, (message, above) in referrals.items():
            hosts = ns_targets(message, apex)
            found = tuple(glue(message, hosts, above.apex))
            known = {via.server for via in found}
            # A host inside its own zone cannot be found without glue.
            outside = {host for host in hosts if not host.is_subdomain(apex)}
            bare = frozenset(host for host in outside if host.to_text() not in known)
            # Servers of top-level zones serve no zones below.
            beside = above.servers if len(above.apex) > TOP_LEVEL else ()
            self.cuts.add(Cut(apex, found, hosts, bare, beside=beside))

    def _look_up(self, apex: Name) -> None:
        """Find the servers of the zone at *apex* that came without an address, once."""
        cut = self.cuts[apex]
        known = replace(cut, bare=frozenset())
        self.cuts.add(known)  # the way to them may lead back here
        found = [via for via in self.addresses(sorted(cut.bare)[:ASKED]) if via.address]
        self.cuts.add(replace(known, servers=(*cut.servers, *found)))

    def _closest(self, name: Name, mute: Failed | None) -> Cut | Failed:
        """Return the deepest known zone around *name*, or the topmost that a resolver knows.

        Resolvers that were *mute* a moment ago are not waited for again.
        """
        cut = self.cuts.closest(name)
        if cut is not None:
            return cut
        begin, self._begin = self._begin, None
        if begin is not None and (roots := tuple(begin())):
            self.cuts.add(Cut(dns.name.root, roots))
            return self.cuts[dns.name.root]
        try:
            return mute or self._topmost(name)
        except Failed as failed:
            return failed

    def _topmost(self, name: Name) -> Cut:
        failing: Failed | None = None
        for depth in range(len(name) - 2, -1, -1):
            apex = Name(name.labels[depth:])
            if not self._recursion.may_ask(apex):
                break
            try:
                answer = self._recursion.ask([(apex, rdatatype.NS)])[apex, rdatatype.NS]
            except Failed as failed:
                if failed.problem.code != "dns-failing":
                    raise
                failing = failed  # a resolver for inner zones only may not know those above
                continue
            hosts = ns_targets(answer, apex)
            if hosts:
                return self._known(apex, hosts)
            failing = None
            if answer.rcode() == rcode.NXDOMAIN:
                break
        raise failing or not_delegated(name)

    def _known(self, apex: Name, hosts: Collection[Name]) -> Cut:
        """Remember a zone that a resolver knows, by its *hosts*' addresses."""
        found = self._recursion.servers(hosts)
        if not found:
            askable = [host for host in sorted(hosts) if self._recursion.may_ask(host)]
            self._recursion.ask([(host, A) for host in askable])  # says so if resolvers fail
            raise no_address(apex, hosts)
        self.cuts.add(Cut(apex, found, frozenset(hosts)))
        return self.cuts[apex]

    def _is_dead_root(self, cut: Cut, failed: Failed) -> bool:
        """Whether no root server can be reached, so that only resolvers can tell the way."""
        return cut.apex == dns.name.root and failed.problem.code == "dns-unreachable"
