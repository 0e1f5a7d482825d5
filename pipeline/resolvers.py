"""Find the name servers of a zone.

Recursive resolvers are asked for the NS of names that exist and for the
addresses of name servers, never about a challenge name or anything below one
(rule 2 in `propagation`); where a zone cut lies there, authoritative servers
are asked without recursion.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from dns import rcode, rdatatype
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from .exchange import Exchange
from .flight import Query
from .model import Exit, Failed
from .questions import Perspective, Role, Silence
from .referrals import ns_targets, usable, zone_cut
from .text import printable

TOP_LEVEL = 2
"""Labels of a top-level domain's name, the root's included."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a name is: the zone it is in, that zone's servers if known, whether it exists."""

    apex: Name
    servers: tuple[Perspective, ...] = ()
    exists: bool = True


class Resolvers:
    """Looks up what the pipeline must know before it may ask about challenge names."""

    def __init__(
        self,
        exchange: Exchange,
        via: Sequence[Perspective],
        challenges: Collection[Name],
        left: Callable[[], float],
    ) -> None:
        """Ask the resolvers *via*, but nothing of *challenges*, while there are seconds *left*."""
        self._exchange = exchange
        self._via = list(via)
        self._challenges = challenges
        self._left = left
        self._places: dict[Name, Place] = {}
        self._deaf: set[Perspective] = set()

    def hosts(self, apex: Name) -> frozenset[Name]:
        """Return the host names of the NS set that resolvers see at *apex*; empty if none."""
        return ns_targets(self._recurse([(apex, rdatatype.NS)])[0], apex)

    def nameservers(self, apex: Name) -> tuple[Perspective, ...]:
        """Return every address of every name server of the zone at *apex*.

        Raises:
            Failed: 69 if no resolver answers, 78 if they know no such zone.
        """
        if self._is_off_limits(apex):
            return self.walk(apex)[1]
        return self._addresses(self.hosts(apex), apex)

    def walk(self, name: Name) -> tuple[Name, tuple[Perspective, ...]]:
        """Return the apex of the zone that *name* is in, and its name servers.

        Cuts are followed downwards from the topmost zone a resolver knows;
        from there on only authoritative servers are asked.

        Raises:
            Failed: 69 if nobody answers, 78 if no resolver knows a zone above.
        """
        place = self._descend(name)
        if not place.servers:
            raise not_delegated(name)
        return place.apex, place.servers

    def _descend(self, name: Name) -> Place:
        """Return where *name* is, found by way of its parents, each looked at once."""
        if name not in self._places:
            self._places[name] = self._locate(name)
        return self._places[name]

    def _locate(self, name: Name) -> Place:
        above = self._descend(name.parent()) if len(name) > TOP_LEVEL else None
        if above is not None and not above.exists:
            return above
        if above is None or not above.servers:
            return self._top(name)
        answer = self._ask_first(above.servers, name, rdatatype.NS)
        exists = answer.rcode() != rcode.NXDOMAIN
        cut = zone_cut(answer, name, above.apex)
        if cut is None:
            return replace(above, exists=exists)
        return Place(cut, self._below(answer, cut), exists)

    def _top(self, name: Name) -> Place:
        """Return where *name* is if it is the topmost zone that some resolver knows."""
        if self._is_off_limits(name):
            return Place(name, (), exists=False)
        try:
            [answer] = self._recurse([(name, rdatatype.NS)])
        except Failed as failed:
            if failed.problem.code != "dns-failing":
                raise
            return Place(name)  # a resolver for inner zones only may not know those above
        hosts = ns_targets(answer, name)
        servers = self._addresses(hosts, name) if hosts else ()
        return Place(name, servers, answer.rcode() != rcode.NXDOMAIN)

    def _below(self, referral: Message, cut: Name) -> tuple[Perspective, ...]:
        """Return the name servers of the zone at *cut*, by glue where need be."""
        hosts = ns_targets(referral, cut)
        glued = {host for host in hosts if self._is_off_limits(host)}
        glue = [
            Perspective(rdata.to_text(), 53, Role.AUTHORITATIVE, rrset.name.to_text())
            for rrset in referral.additional
            if rrset.name in glued and rrset.rdtype in {rdatatype.A, rdatatype.AAAA}
            for rdata in rrset
        ]
        if hosts == glued and glue:
            return tuple(glue)
        return (*glue, *self._addresses(hosts - glued, cut))

    def _addresses(self, hosts: Collection[Name], apex: Name) -> tuple[Perspective, ...]:
        """Return an authoritative perspective for every address of *hosts*."""
        if not hosts:
            raise not_delegated(apex)
        wanted = [(host, kind) for host in sorted(hosts) for kind in (rdatatype.A, rdatatype.AAAA)]
        found = [
            Perspective(rdata.to_text(), 53, Role.AUTHORITATIVE, host.to_text())
            for (host, kind), answer in self._seek(wanted)[0].items()
            for rrset in answer.answer
            if rrset.rdtype == kind
            for rdata in rrset
        ]
        if not found:
            self._recurse(wanted)  # says so if it is the resolvers that fail
            names = ", ".join(printable(host.to_text(), 255) for host in sorted(hosts))
            raise Failed(
                Exit.UNAVAILABLE,
                "no-address",
                f"no name server of {apex} has an address: {names}",
                "the delegation names hosts that do not resolve; correct it at the registrar",
            )
        return tuple(dict.fromkeys(found))

    def _recurse(self, questions: Sequence[tuple[Name, RdataType]]) -> list[Message]:
        """Return an answer to each question, from the first resolver that has one."""
        order = tuple(self._via)
        answers, failures = self._seek(questions)
        for question in questions:
            if question not in answers:
                raise nobody_answers(question[0], failures[question], order)
        return [answers[question] for question in questions]

    def _seek(
        self, questions: Sequence[tuple[Name, RdataType]]
    ) -> tuple[dict[tuple[Name, RdataType], Message], dict[tuple[Name, RdataType], list[Silence]]]:
        """Return the first answer to each question, and for those without one what went wrong."""
        if any(self._is_off_limits(name) for name, _ in questions):
            raise ValueError("a resolver must not be asked about a challenge name")
        answers: dict[tuple[Name, RdataType], Message] = {}
        failures: dict[tuple[Name, RdataType], list[Silence]] = {}
        for via in tuple(self._via):
            left = [question for question in questions if question not in answers]
            for question, outcome in zip(left, self._put(via, left, recursion=True), strict=True):
                if isinstance(outcome, Silence):
                    failures.setdefault(question, []).append(outcome)
                else:
                    answers[question] = outcome
            if left and not any(question in answers for question in left):
                self._via.append(self._via.pop(self._via.index(via)))  # the deaf go last
        return answers, failures

    def _ask_first(self, servers: Sequence[Perspective], name: Name, kind: RdataType) -> Message:
        """Return the first usable answer of the authoritative *servers*."""
        failures = []
        order = sorted(servers, key=self._deaf.__contains__)
        for via in order:
            [outcome] = self._put(via, [(name, kind)], recursion=False)
            if not isinstance(outcome, Silence):
                return outcome
            failures.append(outcome)
            self._deaf.add(via)  # asked last from now on
        raise nobody_answers(name, failures, order)

    def _put(
        self, via: Perspective, questions: Sequence[tuple[Name, RdataType]], *, recursion: bool
    ) -> list[Message | Silence]:
        timeout = min(3.0 if recursion else 2.0, self._left())
        if timeout <= 0:
            return [Silence("timeout") for _ in questions]
        queries = [
            Query(name, kind, via.address, via.port, recursion, timeout) for name, kind in questions
        ]
        return [usable(reply.outcome) for reply in self._exchange.ask(queries)]

    def _is_off_limits(self, name: Name) -> bool:
        """Whether *name* is a challenge name or below one."""
        return any(name.is_subdomain(challenge) for challenge in self._challenges)


def not_delegated(name: Name) -> Failed:
    """Return the failure of a zone that the resolvers do not know."""
    zone = name.to_text(omit_final_dot=True)
    return Failed(
        Exit.CONFIG,
        "not-delegated",
        f"the resolvers know no name servers for {name}",
        "delegate the zone to its host, or, for a split view, name its servers in the "
        f'configuration: [zones."{zone}"] nameservers = ["ADDR"]',
    )


def nobody_answers(name: Name, failures: Sequence[Silence], via: Sequence[Perspective]) -> Failed:
    """Return the failure of a look-up that no server answered, or only with errors."""
    said = "; ".join(
        f"{at} ({printable(at.server, 255)}): {silence.reason}"
        for at, silence in zip(via, failures, strict=False)
    )
    if all(silence.is_nothing for silence in failures):
        return Failed(
            Exit.UNAVAILABLE,
            "dns-unreachable",
            f"no DNS server answered about {name}: {said}",
            "is port 53 (UDP and TCP) filtered here? name a resolver that this host may ask: "
            "--resolver ADDR",
        )
    return Failed(
        Exit.UNAVAILABLE,
        "dns-failing",
        f"no DNS server could answer about {name}: {said}",
        "the zone above it may be broken (DNSSEC, lame delegation), or the resolver refuses us",
    )
