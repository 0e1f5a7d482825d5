"""Turn the outcome of a wait into problems a person can act on. Pure."""

import traceback
from collections.abc import Collection, Iterable
from pathlib import PurePath

from .evidence import Evidence
from .model import Exit, Failed, Problem, Record, Severity
from .propagation import Expired
from .questions import Goal, Question, Silence
from .text import counted, printable
from .witness import Witness


def not_ready(
    goals: Collection[Goal], expired: Expired, evidence: Evidence, witness: Witness, now: float
) -> Failed | None:
    """Return why *goals* are not met at *now*, or None if nothing of theirs stood in the way."""
    questions = [q for goal in goals for q in goal.questions]
    ours = set(questions) & set(expired.unconfirmed)
    if not ours:
        return None
    culprits = [question for question in questions if question in ours]
    lines = [witness.sentence(question) for question in culprits[:12]]
    if len(culprits) > len(lines):
        lines.append(f"and {len(culprits) - len(lines)} more")
    if not any(evidence.server(question).has_answered for question in questions):
        return nobody_answered([outcome(question, evidence) for question in culprits], lines)
    why = (
        "not ready, and certain not to be by the deadline"
        if expired.hopeless
        else "not ready by the deadline"
    )
    return Failed(
        Exit.NOT_READY,
        "not-ready",
        f"{why}: " + "; ".join(lines),
        hint(culprits, evidence, now),
    )


def nobody_answered(outcomes: Collection[object], lines: Iterable[str]) -> Failed:
    """Return the failure of a wait in which no server gave a usable answer."""
    heard = [o for o in outcomes if isinstance(o, Silence) and not o.is_nothing]
    if heard:
        code, advice = "dns-failing", "the servers answer, but not as the zone's: see what they say"
    else:
        code = "dns-unreachable"
        advice = "is port 53 (UDP and TCP) filtered here? `dns01 wait` from another network tells"
    said = "no name server ever gave a usable answer: " + "; ".join(lines)
    return Failed(Exit.UNAVAILABLE, code, said, advice)


def hint(culprits: Collection[Question], evidence: Evidence, now: float) -> str:
    """Return the next step for what stands in the way at *now*."""
    silent = [q for q in culprits if isinstance(outcome(q, evidence), Silence)]
    if any(question.is_authoritative for question in culprits):
        if len(silent) == len(culprits):
            return "these servers do not answer: check them, or the route to them, then run again"
        return "run again later; if a server stays behind, look at its zone transfers"
    if silent:
        return (
            "every authoritative server has every value, but resolvers do not answer: "
            "check --resolver, or whether port 53 is filtered here"
        )
    heard = [question for question in culprits if evidence[question].answered]
    if all(evidence[question].repeats_until > now for question in heard):
        return (
            "every authoritative server has every value; only resolvers with an old answer in "
            "their cache stand in the way. A CA would very likely pass: accept that with "
            "--require authoritative, or run again later"
        )
    return (
        "every authoritative server has every value, yet resolvers do not find it: is the zone "
        "delegated to these servers? for an inner view name inner resolvers with --resolver"
    )


def outcome(question: Question, evidence: Evidence) -> object:
    """Return what *question* brought last."""
    last = evidence.latest(question)
    return last.outcome if last else None


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


def left_behind(records: Collection[Record], why: str) -> Problem:
    """Return the problem of records that are still in DNS, and how to remove them."""
    return Problem(
        "records-left",
        f"{why}: {counted(len(records), 'record')} may still be in DNS; the receipt lists them",
        "dns01 clean --all",
        Severity.WARNING,
    )


def bug(error: Exception) -> Problem:
    """Return the problem of an error nobody foresaw: what and where."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{PurePath(where.filename).name}:{where.lineno}"
    return Problem(
        "bug",
        f"{type(error).__name__} in {place}: {printable(str(error))}",
        "this is our fault: please report it, with what you did",
    )
