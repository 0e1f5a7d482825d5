"""Ask until the evidence decides: the loop around `propagation.decide`."""

from collections.abc import Callable, Collection, Iterator, Sequence

from pipeline.asking import wire
from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query, Reply
from pipeline.clock import Clock
from pipeline.questions import Answer, Goal, Observation, Question, Role, Silence

from .evidence import Evidence
from .policy import Policy
from .rules import Expired, Poll, Ready, decide

TIMEOUT = {Role.AUTHORITATIVE: 2.0, Role.RECURSIVE: 4.0}
"""Seconds for one answer; a recursor may have to ask others first."""

Watch = Callable[[Evidence, float], None]
"""Is shown the evidence, and the time, whenever something may have changed."""

TICK = 0.5
"""Most seconds between two looks at the evidence, for those who watch."""

LISTENING = 4
"""How many times as long as the last turn took we listen before the next, if more is to come.

A turn looks at every name. Where answers come one by one it would be all that we do.
"""


def confirm(
    goals: Sequence[Goal], exchange: Exchange, clock: Clock, policy: Policy, watch: Watch
) -> tuple[Ready | Expired, Evidence]:
    """Return the verdict on *goals*, by the policy's deadline, and what it rests on."""
    evidence = Evidence(goals)
    asked: dict[Query, Question] = {}
    heard_at = clock.now()
    while True:
        step = decide(goals, evidence, policy, clock.now())
        if not isinstance(step, Poll):
            return step, evidence
        for question in step.questions:
            asked[put(question, exchange)] = question
            evidence.sent(question)
        sent_at = clock.now()
        until = min(step.until, sent_at + TICK)
        listen_until = min(sent_at + LISTENING * (sent_at - heard_at), policy.deadline)
        for reply in replies(exchange, clock, asked, until, listen_until):
            question = asked.pop(reply.query)
            evidence.note(Observation(question, reply.at, outcome(question, reply)))
        heard_at = clock.now()
        watch(evidence, heard_at)


def replies(
    exchange: Exchange, clock: Clock, awaited: Collection[Query], until: float, listen_until: float
) -> Iterator[Reply]:
    """Yield what arrives: the first by *until*, more by *listen_until* while any is *awaited*."""
    arrived = exchange.receive(until)
    while arrived:
        yield from arrived
        more = awaited and clock.now() < listen_until
        arrived = exchange.receive(listen_until) if more else []


def put(question: Question, exchange: Exchange) -> Query:
    """Send *question* and return the query that carries it."""
    via = question.via
    recursion = via.role is Role.RECURSIVE
    query = Query(
        question.name,
        question.rdtype,
        via.address,
        via.port,
        recursion,
        TIMEOUT[via.role],
        via.transport,
    )
    exchange.send(query)
    return query


def outcome(question: Question, reply: Reply) -> Answer | Silence:
    """Return what *reply* says about *question*."""
    if isinstance(reply.outcome, Silence):
        return reply.outcome
    return wire.read(reply.outcome, question.name, question.via.role, question.rdtype)
