"""Remember what every server said about every name, in the shape the rules need. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dns.name import Name

from pipeline.questions import Answer, Goal, Observation, Question, Silence


@dataclass(slots=True)
class Quiet:
    """A run of silence: how many times in a row, and since when."""

    times: int = 0
    since: float = 0.0

    def note(self, outcome: Answer | Silence, at: float) -> None:
        """Go on with the run, or end it."""
        if isinstance(outcome, Answer):
            self.times = 0
            return
        self.times += 1
        if self.times == 1:
            self.since = at


@dataclass(slots=True)
class Track:
    """What one question has brought so far.

    Attributes:
        attempts: Observations so far.
        last: The latest observation.
        answered: The latest that was an answer.
        streak_times: When each answer of the present streak came.
        turns: The first observation of each run of like ones, oldest first.
        repeats_until: Until when a cache may repeat the latest answer.
        pending: Whether the question is on its way.
    """

    attempts: int = 0
    streak_times: list[float] = field(default_factory=list)
    last: Observation | None = None
    answered: Observation | None = None
    turns: list[Observation] = field(default_factory=list)
    repeats_until: float = 0.0
    pending: bool = False
    quiet: Quiet = field(default_factory=Quiet)

    @property
    def streak(self) -> int:
        """How many of the last answers in a row held every wanted value."""
        return len(self.streak_times)

    @property
    def is_silent(self) -> bool:
        """Whether the latest observation was no answer."""
        return self.quiet.times > 0


@dataclass(slots=True, eq=False)
class Server:
    """What one server has shown of one zone, over all names asked there.

    Attributes:
        has_shown: Whether any wanted value has ever been seen.
        has_answered: Whether it has ever answered.
        is_routeless: Whether this host has no route to it.
        pending: Questions on their way to it.
        last: The latest observation, of whatever name.
    """

    has_shown: bool = False
    has_answered: bool = False
    is_routeless: bool = False
    pending: int = 0
    last: Observation | None = None
    quiet: Quiet = field(default_factory=Quiet)


class Evidence:
    """All that was observed about some goals."""

    def __init__(self, goals: Sequence[Goal]) -> None:
        self._servers: dict[Question, Server] = {}
        shared: dict[object, Server] = {}
        for question in (question for goal_ in goals for question in goal_.questions):
            key = (question.zone, question.via, question.rdtype)
            self._servers[question] = shared.setdefault(key, Server())
        self._tracks = {question: Track() for question in self._servers}
        by_name: dict[Name, list[Goal]] = {}
        for goal_ in goals:
            for name in goal_.chain:
                by_name.setdefault(name, []).append(goal_)
        self._above = {goal_: list(enclosing(goal_, by_name)) for goal_ in goals}
        self.breadth = sum(question.is_authoritative for question in self._tracks)

    def __getitem__(self, question: Question) -> Track:
        return self._tracks[question]

    def server(self, question: Question) -> Server:
        """Return what the server asked has shown of the question's zone."""
        return self._servers[question]

    def missing(self, question: Question) -> int:
        """Return how many wanted values the last answer to *question* lacked."""
        wanted, answered = question.wanted, self._tracks[question].answered
        match answered.outcome if answered else None:
            case Answer(values):
                return len(wanted - values)
            case _:
                return len(wanted)

    def latest(self, question: Question) -> Observation | None:
        """Return what *question* brought last; from a server that is silent, what any did."""
        server = self._servers[question]
        own = self._tracks[question].last
        return own if own or not server.quiet.times else server.last

    def above(self, goal_: Goal) -> Sequence[Goal]:
        """Return the goals at names that strictly enclose *goal_*'s or one it is an alias for."""
        return self._above[goal_]

    def sent(self, question: Question) -> None:
        """Note that *question* is on its way."""
        self._tracks[question].pending = True
        self._servers[question].pending += 1

    def note(self, observation: Observation) -> None:
        """Add *observation* of a question that was sent."""
        question, at, outcome = observation.question, observation.at, observation.outcome
        track, server = self._tracks[question], self._servers[question]
        track.pending = False
        server.pending -= 1
        track.attempts += 1
        if track.last is None or not alike(track.last.outcome, outcome):
            track.turns.append(observation)
        track.last = server.last = observation
        track.quiet.note(outcome, at)
        server.quiet.note(outcome, at)
        match outcome:
            case Silence(routeless=routeless):
                server.is_routeless = routeless
            case Answer(values, ttl):
                server.is_routeless = False
                server.has_answered = True
                server.has_shown |= not values.isdisjoint(question.wanted)
                track.answered = observation
                track.repeats_until = 0.0 if question.is_authoritative else at + ttl
                holds_all = question.wanted <= values
                track.streak_times = [*track.streak_times, at] if holds_all else []


def alike(one: Answer | Silence, other: Answer | Silence) -> bool:
    """Whether two outcomes say the same, TTLs aside."""
    match one, other:
        case Answer(values, detail=detail), Answer():
            return (values, detail) == (other.values, other.detail)
        case _:
            return one == other


def enclosing(goal_: Goal, by_name: Mapping[Name, Sequence[Goal]]) -> Iterator[Goal]:
    """Yield the goals in *by_name* at a name that strictly encloses one of *goal_*'s."""
    for name in goal_.chain:
        for depth in range(1, len(name.labels) - 1):
            yield from by_name.get(Name(name.labels[depth:]), ())
