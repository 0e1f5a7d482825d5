"""After a time-out, ask a few questions more, to tell why.

They are few, to a dozen servers at most, all at once, and bounded in time.
Rules 2 and 3 of `propagation` hold for them as well: a resolver hears of a
challenge name only if it has been asked about it before, the name's servers
have every value, and what it said last has run out; about the zone itself,
which exists, only if that is not below a challenge name.
"""

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from dns import rdataclass, rdatatype
from dns.flags import AA
from dns.message import Message
from dns.name import Name, NameTooLong

from pipeline.asking import wire
from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query, Reply
from pipeline.clock import Clock
from pipeline.model import Record, shelter
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.rules import Expired
from pipeline.questions import Answer, Goal, Observation, Perspective, Question, Silence

from .findings import Desk, Findings, Probe, Start, desk

PATIENCE = 2.0
"""Most seconds that all of it takes."""

SUSPECTS = 12
"""Servers that are asked once more, at most."""

STARTS = 24
"""Servers that are asked for their SOA record, at most."""


def inquire(
    goals: Sequence[Goal], expired: Expired, evidence: Evidence, exchange: Exchange, clock: Clock
) -> Findings:
    """Return what a few more questions bring, in `PATIENCE` seconds."""
    until = clock.now() + PATIENCE
    lines = {line.query: line for line in Inquiry(goals, expired, evidence, clock.now()).lines()}
    for query in lines:
        exchange.send(query)
    replies: list[Reply] = []
    while len(replies) < len(lines) and clock.now() < until:
        replies += [reply for reply in exchange.receive(until) if reply.query in lines]
    heard, starts = {}, {}
    for reply in replies:
        line = lines[reply.query]
        question = line.question
        found = Observation(question, reply.at, understood(line, reply.outcome))
        heard[line.probe, desk(question)] = found
        if line.probe is Probe.APEX and (start := start_of(question, reply.outcome)):
            starts[question.zone, question.via] = start
    return Findings(heard, starts)


def published(
    records: Iterable[Record], synced: Mapping[tuple[str, str], bool]
) -> dict[Name, bool]:
    """Return whether the hosts of *records* say that they are out, by the name of the values.

    *synced* is their word by provider and zone; a name whose host has none is left out.
    """
    out: dict[Name, bool] = {}
    for record in records:
        word = synced.get((record.provider, record.zone.apex.to_text()))
        if word is not None:
            out[record.owner] = out.get(record.owner, True) and word
    return out


@dataclass(frozen=True, slots=True)
class Line:
    """One question more: *question*, asked as *probe* says by *query*."""

    probe: Probe
    question: Question
    query: Query


class Inquiry:
    """What is still worth asking at *now*, once time is up."""

    def __init__(
        self, goals: Sequence[Goal], expired: Expired, evidence: Evidence, now: float
    ) -> None:
        self._evidence = evidence
        self._now = now
        self._unconfirmed = set(expired.unconfirmed)
        self._goals = {question: goal for goal in goals for question in goal.questions}
        self._challenges = {shelter(name) for goal in goals for name in goal.chain}
        suspects: dict[Desk, Question] = {}
        for question in sorted(expired.unconfirmed, key=lambda each: not each.is_authoritative):
            if question in self._goals and evidence[question].attempts:
                suspects.setdefault(desk(question), question)
        self._suspects = [*suspects.values()][:SUSPECTS]

    def lines(self) -> Iterator[Line]:
        """Yield every question, those that tell most first."""
        for question in self._apexes():
            query = replace(again(question), name=question.zone, rdtype=rdatatype.SOA)
            yield Line(Probe.APEX, question, query)
        for question in self._suspects:
            if question.is_authoritative:
                yield from self._otherwise(question)
            elif self._may_be_asked(question):
                yield Line(Probe.UNCHECKED, question, replace(again(question), unchecked=True))

    def _apexes(self) -> Sequence[Question]:
        """Return a question to each server whose SOA record is of interest."""
        asked: dict[tuple[Name, Perspective], Question] = {}
        for goal in dict.fromkeys(self._goals[question] for question in self._suspects):
            suspects = [question for question in goal.questions if question in self._suspects]
            zones = {question.zone for question in suspects}
            resolvers = goal.recursive[:2] if self._is_mute(goal) else ()
            for question in (*goal.authoritative, *suspects, *resolvers):
                if question.zone in zones and self._is_open(question):
                    asked.setdefault((question.zone, question.via), question)
        return list(asked.values())[:STARTS]

    def _is_mute(self, goal: Goal) -> bool:
        """Whether none of *goal*'s name servers has ever answered, though we have a route."""
        servers = [self._evidence.server(question) for question in goal.authoritative]
        reached = [server for server in servers if server.last and not server.is_routeless]
        return bool(reached) and not any(server.has_answered for server in servers)

    def _is_open(self, question: Question) -> bool:
        """Whether the server of *question* may be asked about the zone itself."""
        if self._evidence.server(question).is_routeless:
            return False
        below = any(question.zone.is_subdomain(name) for name in self._challenges)
        return question.is_authoritative or not below

    def _otherwise(self, question: Question) -> Iterator[Line]:
        """Yield *question* again, and in the ways that may make a difference."""
        if self._evidence.server(question).is_routeless:
            return
        query, last = again(question), self._evidence[question].last
        outcome = last.outcome if last else None
        yield Line(Probe.AGAIN, question, query)
        yield Line(Probe.LOWER_CASE, question, replace(query, mixed_case=False))
        if isinstance(outcome, Silence):
            yield Line(Probe.NO_EDNS, question, replace(query, edns=False))
            yield Line(Probe.TCP, question, replace(query, tcp=True))
        elif outcome and (outcome.values or outcome.detail.startswith("CNAME")):
            with suppress(NameTooLong):
                sibling = Name((secrets.token_hex(8).encode(), *question.name.labels[1:]))
                yield Line(Probe.SIBLING, question, replace(query, name=sibling))

    def _may_be_asked(self, question: Question) -> bool:
        """Whether a resolver that could not find out may be asked again (rules 2 and 3)."""
        track, goal = self._evidence[question], self._goals[question]
        match track.last:
            case Observation(outcome=Silence(reason)) if reason.startswith("SERVFAIL"):
                over = [goal, *self._evidence.above(goal)]
                blocking = {q for each in over for q in each.authoritative}
                return track.repeats_until <= self._now and blocking.isdisjoint(self._unconfirmed)
            case _:
                return False


def again(question: Question) -> Query:
    """Return *question* as the wait asked it."""
    via = question.via
    return Query(
        question.name,
        question.rdtype,
        via.address,
        via.port,
        recursion=not question.is_authoritative,
        timeout=PATIENCE - 0.2,
        transport=via.transport,
    )


def understood(line: Line, outcome: Message | Silence) -> Answer | Silence:
    """Return what *outcome* says about what was asked."""
    if isinstance(outcome, Silence):
        return outcome
    return wire.read(outcome, line.query.name, line.question.via.role, line.query.rdtype)


def start_of(question: Question, outcome: Message | Silence) -> Start | None:
    """Return the SOA record in *outcome*, of an authoritative server only if it says so (AA)."""
    if isinstance(outcome, Silence) or (question.is_authoritative and not outcome.flags & AA):
        return None
    rrset = outcome.get_rrset(outcome.answer, question.zone, rdataclass.IN, rdatatype.SOA)
    if not rrset:
        return None
    soa = rrset[0]
    return Start(soa.serial, soa.mname, float(min(rrset.ttl, soa.minimum)))
