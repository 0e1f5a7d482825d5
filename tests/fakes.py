"""A simulated Internet: name servers on a timetable, caches that remember, a clock that jumps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dns.name import Name

from pipeline.propagation.evidence import Evidence
from pipeline.propagation.policy import Policy
from pipeline.propagation.rules import Expired, Poll, Ready, decide
from pipeline.questions import Answer, Goal, Observation, Perspective, Question, Role, Silence

Span = tuple[float, float]

TICK = 0.5
"""Most seconds between two decisions, as in the real loop."""


def goal(name: Name, zone: Name, wanted: Iterable[str], via: Sequence[Perspective]) -> Goal:
    """Return the goal that everyone in *via* sees *wanted* at *name*, which is no alias."""
    values = frozenset(wanted)
    asked = [Question(name, zone, values, perspective) for perspective in via]
    return Goal(
        name,
        values,
        tuple(question for question in asked if question.is_authoritative),
        tuple(question for question in asked if not question.is_authoritative),
        (name,),
    )


@dataclass
class World:
    """What every server would answer at any moment. Times in seconds.

    Attributes:
        visible: When each server starts to serve a value; missing: never.
        gone: Spans in which a server does not serve anything after all.
        silent: Spans in which a server does not answer.
        mute: Names a server never answers about, though it answers about others.
        routeless: Servers we have no route to.
        latency: Seconds between question and answer.
        negative_ttl: Seconds a resolver remembers an empty answer; also of a partial one.
        poisoned: Questions whose "no" a resolver already remembers, and until when.
    """

    visible: Mapping[tuple[Name, str], Mapping[Perspective, float]]
    gone: Mapping[Perspective, Sequence[Span]] = field(default_factory=dict)
    silent: Mapping[Perspective, Sequence[Span]] = field(default_factory=dict)
    mute: frozenset[tuple[Name, Perspective]] = frozenset()
    routeless: frozenset[Perspective] = frozenset()
    latency: float = 0.01
    negative_ttl: float = 900.0
    poisoned: dict[tuple[Name, Perspective], float] = field(default_factory=dict)
    cache: dict[tuple[Name, Perspective], tuple[float, Answer]] = field(default_factory=dict)

    def values(self, name: Name, via: Perspective, now: float) -> frozenset[str]:
        """Return what *via* serves at *name*, caches aside."""
        if within(self.gone.get(via, ()), now):
            return frozenset()
        return frozenset(
            value
            for (owner, value), when in self.visible.items()
            if owner == name and when.get(via, float("inf")) <= now
        )

    def answer(self, question: Question, now: float) -> Answer | Silence:
        """Return what comes of *question*, asked so that it reaches the server at *now*."""
        name, via = question.name, question.via
        if via in self.routeless:
            return Silence("no route", routeless=True)
        if (name, via) in self.mute or within(self.silent.get(via, ()), now):
            return Silence("timeout")
        if via.role is Role.AUTHORITATIVE:
            return Answer(self.values(name, via, now), 60.0)
        until, cached = self.cache.get((name, via), (0.0, Answer(frozenset(), 0.0)))
        if (end := self.poisoned.get((name, via), 0.0)) > now:
            until, cached = end, Answer(frozenset(), 0.0)
        if now < until:
            return Answer(cached.values, until - now)
        values = self.values(name, via, now)
        fresh = Answer(values, 60.0 if values else self.negative_ttl)
        self.cache[name, via] = (now + fresh.ttl, fresh)
        return fresh


def within(spans: Sequence[Span], now: float) -> bool:
    """Whether *now* lies in one of *spans*."""
    return any(start <= now < end for start, end in spans)


@dataclass
class Story:
    """How a simulated wait went.

    Attributes:
        asked: When each question was sent.
        seen: Every observation.
    """

    verdict: Ready | Expired
    ended: float
    evidence: Evidence
    asked: list[tuple[float, Question]]
    seen: list[Observation]


def simulate(goals: Sequence[Goal], world: World, policy: Policy) -> Story:
    """Let `decide` run in *world* to its end."""
    now = policy.started
    evidence = Evidence(goals)
    under_way: list[tuple[float, Question, Answer | Silence]] = []
    asked: list[tuple[float, Question]] = []
    seen: list[Observation] = []
    for _ in range(100_000):
        step = decide(goals, evidence, policy, now)
        if not isinstance(step, Poll):
            return Story(step, now, evidence, asked, seen)
        for question in step.questions:
            evidence.sent(question)
            asked.append((now, question))
            outcome = world.answer(question, now + world.latency / 2)
            waits = isinstance(outcome, Silence) and not outcome.routeless
            under_way.append((now + (2.0 if waits else world.latency), question, outcome))
        assert step.until > now or step.questions, "neither asks nor waits: it would spin"
        now = min([step.until, now + TICK, *(at for at, _, _ in under_way)])
        for arrival in sorted((each for each in under_way if each[0] <= now), key=lambda e: e[0]):
            under_way.remove(arrival)
            at, question, outcome = arrival
            seen.append(Observation(question, at, outcome))
            evidence.note(seen[-1])
    raise AssertionError("the wait never ended")
