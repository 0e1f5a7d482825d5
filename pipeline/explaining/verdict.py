"""Turn the outcome of a wait into problems a person can act on. Pure."""

import traceback
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath

from pipeline.model import Exit, Failed, Problem, Severity
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.rules import Expired
from pipeline.questions import Goal, Perspective, Question, Role
from pipeline.text import counted, printable

from .causes import HARMLESS, SOFT, Cause, Kind
from .course import is_heard
from .diagnosis import diagnose
from .findings import Findings
from .witness import Witness, server

SHOWN = 8
"""Servers that one message names; the report has them all."""


def not_ready(
    goals: Collection[Goal], expired: Expired, evidence: Evidence, witness: Witness
) -> Failed | None:
    """Return why *goals* are not met, or None if nothing of theirs stood in the way."""
    ours = {question for goal in goals for question in goal.questions}
    culprits = [question for question in expired.unconfirmed if question in ours]
    if not culprits:
        return None
    found = causes(goals, culprits, evidence, witness)
    groups = by_cause(culprits, found)
    said = "; ".join([missing(goals, culprits), *accusations(groups, found, witness)])
    advice = next(iter(groups)).hint
    if not any(evidence.server(question).has_answered for question in ours):
        last = [evidence.latest(question) for question in culprits]
        code = "dns-failing" if any(map(is_heard, last)) else "dns-unreachable"
        why = f"no name server ever gave a usable answer: {said}"
        return Failed(Exit.UNAVAILABLE, code, why, advice)
    certain = "not ready, and certain not to be by the deadline"
    why = certain if expired.hopeless else "not ready by the deadline"
    if not any(question.is_authoritative for question in culprits):
        advice = f"{advice}\n{aside(goals, groups)}"
    return Failed(Exit.NOT_READY, "not-ready", f"{why}: {said}", advice)


def explained(
    goals: Sequence[Goal], expired: Expired, evidence: Evidence, witness: Witness
) -> tuple[Problem, ...]:
    """Return a problem for each likely cause: which servers, and the next step."""
    found = causes(goals, expired.unconfirmed, evidence, witness)
    return tuple(
        Problem(
            kind.code,
            f"{kind.label}: {listed(servers, found, witness)}",
            kind.hint,
            Severity.WARNING,
        )
        for kind, servers in by_cause(expired.unconfirmed, found).items()
    )


def causes(
    goals: Collection[Goal], culprits: Sequence[Question], evidence: Evidence, witness: Witness
) -> Mapping[Question, Cause]:
    """Return the likely causes that *witness* knows; if none, what the evidence alone tells."""
    return witness.causes or diagnose([*goals], culprits, evidence, Findings(), {})


Groups = Mapping[Kind, Mapping[Perspective, Sequence[Question]]]
"""Unconfirmed questions by cause and server, what is to be mended first at the beginning."""


def by_cause(culprits: Iterable[Question], found: Mapping[Question, Cause]) -> Groups:
    """Return *culprits* in groups: name servers before resolvers, then where most servers are."""
    groups: dict[Kind, dict[Perspective, list[Question]]] = {}
    for question in culprits:
        servers = groups.setdefault(found[question].kind, {})
        servers.setdefault(question.via, []).append(question)

    def rank(kind: Kind) -> tuple[bool, bool, int, int]:
        servers = groups[kind]
        resolvers = all(via.role is Role.RECURSIVE for via in servers)
        return resolvers, kind in SOFT, -len(servers), list(Kind).index(kind)

    return {kind: groups[kind] for kind in sorted(groups, key=rank)}


def missing(goals: Collection[Goal], culprits: Collection[Question]) -> str:
    """Return how many servers, of how many, have not confirmed which names."""
    parts = []
    for role, noun in ((Role.AUTHORITATIVE, "name server"), (Role.RECURSIVE, "resolver")):
        everyone = {q.via for goal in goals for q in goal.questions if q.via.role is role}
        if lacking := {question.via for question in culprits if question.via.role is role}:
            parts.append(f"{len(lacking)} of {counted(len(everyone), noun)}")
    stuck = set(culprits)
    unmet = [goal.name for goal in goals if not stuck.isdisjoint(goal.questions)]
    names = str(unmet[0]) if len(unmet) == 1 else f"{len(unmet)} names"
    return f"unconfirmed at {' and '.join(parts)}: {names}"


def accusations(groups: Groups, found: Mapping[Question, Cause], witness: Witness) -> Iterator[str]:
    """Yield each likely cause with its servers and what those said, `SHOWN` servers in all."""
    left = SHOWN
    for kind, servers in groups.items():
        shown = []
        for questions in list(servers.values())[:left]:
            sentence = witness.sentence(questions[0])
            told = printable(found[questions[0]].particulars)
            by = f": {told}" if told and told not in sentence else ""
            shown.append(f"{sentence}{also(len(questions))}{by}")
        if shown:
            yield f"likely cause: {kind.label}: " + "; ".join(shown)
        left -= len(shown)
    hidden = sum(map(len, groups.values())) - SHOWN
    if hidden > 0:
        yield f"and {counted(hidden, 'more server')}"


def listed(
    servers: Mapping[Perspective, Sequence[Question]],
    found: Mapping[Question, Cause],
    witness: Witness,
) -> str:
    """Return *servers* with what tells the cause of each."""
    told = []
    for via, questions in list(servers.items())[:SHOWN]:
        by = witness.repeats(questions[0]) or printable(found[questions[0]].particulars)
        told.append(f"{server(via)}: {by}" if by else server(via))
    if len(servers) > SHOWN:
        told.append(f"and {len(servers) - SHOWN} more")
    return "; ".join(told)


def aside(goals: Iterable[Goal], groups: Iterable[Kind]) -> str:
    """Return what it means that only resolvers stand in the way."""
    if any(goal.is_blind for goal in goals):
        return "no name server can be asked from here, so resolvers alone decide"
    if HARMLESS.issuperset(groups):
        return (
            "every name server has every value, and a CA does not use these resolvers. "
            "A CA would very likely pass: accept that with --require authoritative"
        )
    return (
        "every name server that we asked has every value, but a CA may fare as these resolvers do"
    )


def set_aside(questions: Collection[Question], witness: Witness) -> tuple[Problem, ...]:
    """Return a problem for each server that was set aside, once for all its names."""
    by_server = {question.via: question for question in questions}
    return tuple(
        Problem(
            "server-silent",
            f"set aside, for it does not answer: {witness.sentence(question)}"
            + also(sum(q.via == via for q in questions)),
            "this host cannot reach it, which says nothing of the server"
            if witness.state(question) == "not-observable"
            else "a CA's resolver skips it too, but every validation may first wait for it: "
            "mend it, or take it out of the delegation",
            Severity.WARNING,
        )
        for via, question in by_server.items()
    )


def also(names: int) -> str:
    """Return the remark that a server concerns more *names* than the one shown."""
    return f", and {counted(names - 1, 'other name')}" if names > 1 else ""


def bug(error: Exception) -> Problem:
    """Return the problem of an error nobody foresaw: what and where."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{PurePath(where.filename).name}:{where.lineno}"
    return Problem(
        "bug",
        f"{type(error).__name__} in {place}: {printable(str(error))}",
        "this is our fault: please report it, with what you did",
    )
