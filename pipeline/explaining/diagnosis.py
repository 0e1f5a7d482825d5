"""Tell from what a server said, and from a few follow-up questions, why it kept us waiting. Pure.

The rules are tried in order, the most specific first. That a question asked
otherwise is answered tells something only if it is not when asked again.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from dns.name import Name
from dns.rdatatype import CNAME

from pipeline.propagation.evidence import Evidence, alike
from pipeline.questions import Answer, Goal, Perspective, Question, Silence
from pipeline.text import printable

from .causes import Cause, Kind
from .course import REFERRAL, is_cut, is_heard, is_on_and_off, is_silence, shown, turnabouts
from .findings import Findings, Probe

NOT_SERVED = ("REFUSED", "NOTAUTH", REFERRAL, "lame")
"""How the reason of a silence begins where the server does not serve the zone."""

DNSSEC = re.compile(
    r"dnssec|bogus|signature|rrsig|dnskey|\bnsec|EDE ([6-9]|1[0-2])\b", re.IGNORECASE
)
"""Extended DNS Errors that say so (RFC 8914 §4.7 to 4.13)."""

MASTERS = (
    "each server is a primary of its own; if they are masters of one zone, their replication lags"
)
"""What is told of a server that lags behind others which are as much a primary as it is."""

DOUBTED = {"truncated": Kind.TCP_CLOSED, "spells": Kind.CASE}
"""What is wrong with an answer over UDP, by the reason why there is none over TCP either."""

OTHERWISE = {
    Probe.NO_EDNS: Kind.EDNS,
    Probe.LOWER_CASE: Kind.CASE,
    Probe.TCP: Kind.UDP_CLOSED,
}
"""What a silent server cannot bear, by the way of asking that leaves it out."""


def diagnose(
    goals: Sequence[Goal],
    questions: Collection[Question],
    evidence: Evidence,
    findings: Findings,
    published: Mapping[Name, bool],
) -> dict[Question, Cause]:
    """Return the most likely cause for each of *questions* of *goals*, which are not confirmed.

    *published* tells, by the name of the values, whether their DNS host says that they are out.
    """
    inquest = Inquest(goals, evidence, findings, published)
    return {question: inquest.cause(question) for question in questions}


class Inquest:
    """The rules, applied to the evidence and the findings."""

    def __init__(
        self,
        goals: Sequence[Goal],
        evidence: Evidence,
        findings: Findings,
        published: Mapping[Name, bool],
    ) -> None:
        self._evidence = evidence
        self._findings = findings
        self._published = published
        self._goals = {question: goal for goal in goals for question in goal.questions}
        self._is_blocked = self._hears_nobody()

    def cause(self, question: Question) -> Cause:
        """Return the most likely cause why *question* is not confirmed."""
        track, server = self._evidence[question], self._evidence.server(question)
        last = track.last or server.last
        if last is None or (not track.attempts and self._is_held_back(question)):
            return Cause(Kind.HELD_BACK if self._is_held_back(question) else Kind.UNHEARD)
        question = last.question  # the canary, where another name's question speaks for this one
        match last.outcome:
            case Silence(routeless=True):
                return Cause(Kind.NO_ROUTE)
            case Silence() as silence if question.is_authoritative:
                return self._of_silence(question, silence)
            case Answer() as answer if question.is_authoritative:
                return self._of_answer(question, answer)
            case Silence() as silence:
                return self._of_silent_resolver(question, silence)
            case Answer() as answer:
                return self._of_cache(question, answer)

    def _hears_nobody(self) -> bool:
        """Whether several authoritative servers were asked, and not even an error came back."""
        last = {
            question.via: server.last
            for question in self._goals
            if (server := self._evidence.server(question)).last and not server.is_routeless
            if question.is_authoritative
        }
        ever = any(self._evidence.server(question).has_answered for question in self._goals)
        later = any(
            is_heard(found) and (found.question.is_authoritative or is_silence(found))
            for found in self._findings.heard.values()
        )  # a resolver that fails as well: then it is the servers, not our line to them
        return len(last) > 1 and not (ever or later or any(map(is_heard, last.values())))

    def _is_held_back(self, question: Question) -> bool:
        """Whether *question* to a resolver had to wait for the names above (rule 2)."""
        return not question.is_authoritative and bool(
            self._evidence.above(self._goals[question]) if question in self._goals else ()
        )

    def _of_silence(self, question: Question, silence: Silence) -> Cause:
        """Return why an authoritative server gives no usable answer."""
        track, reason = self._evidence[question], silence.reason
        said = "" if reason == "timeout" else reason
        if self._is_blocked:
            return Cause(Kind.BLOCKED)
        for beginning, kind in DOUBTED.items():
            if reason.startswith(beginning):
                return Cause(kind, reason)
        if self._findings.answer(Probe.AGAIN, question) or is_on_and_off(track):
            return Cause(Kind.LOSSY if silence.is_nothing else Kind.FAILING, said)
        for probe, kind in OTHERWISE.items():
            if self._findings.answer(probe, question):
                chance = silence.is_nothing and self._findings.start(question)
                return Cause(Kind.LOSSY if chance else kind, said)
        if silence.is_nothing:
            speaks = self._findings.start(question)
            said = "it answers about the zone, not about the name" if speaks else said
            return Cause(Kind.DOWN, said)
        return Cause(refusal(question, reason), said)

    def _of_answer(self, question: Question, answer: Answer) -> Cause:
        """Return why an authoritative server answers, but without every value."""
        findings, track = self._findings, self._evidence[question]
        lost, changes = turnabouts(track)
        if changes >= 3:
            return Cause(Kind.FLAPPING, f"changed its mind {changes} times")
        if question.wanted <= answer.values or findings.is_late(question):
            rather = Kind.FLAPPING if lost else Kind.LATE
            return Cause(Kind.LOSSY if is_on_and_off(track) else rather)
        in_vain = findings.answer(Probe.AGAIN, question) and not findings.holds(
            Probe.AGAIN, question
        )
        if in_vain and findings.holds(Probe.LOWER_CASE, question):
            return Cause(Kind.CASE)
        if cause := self._of_serial(question):
            return cause
        return Cause(Kind.VANISHED) if lost else self._of_absence(question, answer)

    def _of_serial(self, question: Question) -> Cause | None:
        """Return what the SOA records of the zone's servers tell of this one."""
        peers, mine = self._peers(question), self._findings.start(question)
        others = [
            (peer, start)
            for peer in peers
            if (start := self._findings.start(peer)) and peer is not question
        ]
        if mine is None or not others:
            return None
        for peer, start in others:
            if mine.is_behind(start) and not any(start.is_behind(other) for _, other in others):
                there = f"serial {mine.serial}, while {who(peer.via)} has {start.serial}"
                return Cause(Kind.STALE, there)
        holding = [start for peer, start in others if self._evidence[peer].streak]
        if holding and all(start.primary != mine.primary for start in holding):
            if self._findings.are_masters(peers, question):
                return None  # which may well be told by what stands at the name
            there = f"primary {mine.primary}, while {holding[0].primary} is where the values are"
            return Cause(Kind.OTHER_HOST, printable(there))
        return None

    def _of_absence(self, question: Question, answer: Answer) -> Cause:
        """Return why a value is missing at a server that is as current as the others."""
        if question.rdtype == CNAME:
            return Cause(Kind.ALIAS_CHANGED)
        is_alias = answer.detail.startswith("CNAME to ")
        sibling = self._findings.answer(Probe.SIBLING, question)
        if sibling and (is_alias or sibling.values) and alike(sibling, answer):
            return Cause(Kind.WILDCARD, answer.detail)
        if is_alias:
            return Cause(Kind.ALIAS)
        published = self._published.get(question.name)
        if published is False:
            return Cause(Kind.PROPAGATING, "its DNS host says that the change is still pending")
        peers = self._peers(question)
        if any(self._evidence.server(peer).has_shown for peer in peers):
            masters = self._findings.are_masters(peers, question)
            return Cause(Kind.OTHER_HOST, MASTERS) if masters else Cause(Kind.PROPAGATING)
        kind = (
            Kind.OTHER_VALUES
            if any(shown(self._evidence[peer]) for peer in peers)
            else Kind.WRONG_ZONE
        )
        return Cause(kind, "its DNS host says that the change is out" * bool(published))

    def _of_silent_resolver(self, question: Question, silence: Silence) -> Cause:
        """Return why a resolver gives no answer."""
        reason = silence.reason
        if silence.is_nothing:
            return Cause(Kind.BLOCKED if self._is_blocked else Kind.DEAF)
        if self._findings.answer(Probe.UNCHECKED, question) or DNSSEC.search(reason):
            return Cause(Kind.BOGUS, reason)
        return Cause(Kind.REFUSING if reason.startswith("REFUSED") else Kind.UNABLE, reason)

    def _of_cache(self, question: Question, answer: Answer) -> Cause:
        """Return why a resolver lacks a value that the name's servers have."""
        mine = self._findings.start(question)
        starts = [
            start
            for peer in self._peers(question)
            if peer.zone == question.zone and (start := self._findings.start(peer))
        ]
        if mine and starts and mine.primary not in {start.primary for start in starts}:
            there = f"it sees the primary {mine.primary}, we see {starts[0].primary}"
            return Cause(Kind.SPLIT, printable(there))
        track = self._evidence[question]
        answers = 1 if any(map(is_silence, track.turns)) else track.attempts
        full = max((start.negative_ttl for start in starts), default=float("inf"))
        is_fresh = answers == 2 and not answer.values and answer.ttl >= full - 1
        if self._peers(question) and (is_fresh or answers >= 3 or answer.ttl == 0):
            return Cause(Kind.SPLIT)
        return Cause(Kind.CACHED if answer.values else Kind.POISONED)

    def _peers(self, question: Question) -> list[Question]:
        """Return the questions to the servers that *question* is to be compared with."""
        goal = self._goals.get(question)
        return [
            peer
            for peer in (goal.authoritative if goal else ())
            if not question.is_authoritative
            or (peer.name, peer.rdtype) == (question.name, question.rdtype)
        ]


def refusal(question: Question, reason: str) -> Kind:
    """Return why a server that is heard gives no usable answer to *question*, by its *reason*."""
    if is_cut(question, reason):
        return Kind.CUT
    return Kind.LAME if reason.startswith(NOT_SERVED) else Kind.FAILING


def who(via: Perspective) -> str:
    """Return the server's name, or its address where it has none."""
    return printable(via.server, 255) if via.server != "configured" else str(via)
