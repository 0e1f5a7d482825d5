"""Remember what every server said about every name, in the shape the rules need. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from dns.name import Name

from .questions import Answer, Goal, Observation, Perspective, Question, Silence


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
        repeats_until: Until when a cache may repeat the latest answer.
        pending: Whether the question is on its way.
    """

    attempts: int = 0
    streak_times: list[float] = field(default_factory=list)
    last: Observation | None = None
    answered: Observation | None = None
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
        self._tracks: dict[Question, Track] = {}
        self._servers: dict[Question, Server] = {}
        self._wanted: dict[Question, frozenset[str]] = {}
        shared: dict[tuple[Name, Perspective], Server] = {}
        for goal_ in goals:
            for question in (*goal_.authoritative, *goal_.recursive):
                self._tracks[question] = Track()
                self._wanted[question] = goal_.wanted
                self._servers[question] = shared.setdefault((goal_.zone, question.via), Server())
        by_name = {goal_.name: goal_ for goal_ in goals}
        self._above = {goal_: list(enclosing(goal_, by_name)) for goal_ in goals}
        self.breadth = sum(len(goal_.authoritative) for goal_ in goals)

    def __getitem__(self, question: Question) -> Track:
        return self._tracks[question]

    def server(self, question: Question) -> Server:
        """Return what the server asked has shown of the question's zone."""
        return self._servers[question]

    def missing(self, question: Question) -> int:
        """Return how many wanted values the last answer to *question* lacked."""
        wanted, answered = self._wanted[question], self._tracks[question].answered
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
        """Return the goals whose names strictly enclose that of *goal_*."""
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
        track.last = server.last = observation
        track.quiet.note(outcome, at)
        server.quiet.note(outcome, at)
        match outcome:
            case Silence(routeless=routeless):
                server.is_routeless = routeless
            case Answer(values, ttl):
                server.is_routeless = False
                server.has_answered = True
                server.has_shown |= not values.isdisjoint(self._wanted[question])
                track.answered = observation
                track.repeats_until = 0.0 if question.is_authoritative else at + ttl
                holds_all = self._wanted[question] <= values
                track.streak_times = [*track.streak_times, at] if holds_all else []


def enclosing(goal_: Goal, by_name: dict[Name, Goal]) -> Iterator[Goal]:
    """Yield the goals in *by_name* whose names are ancestors of that of *goal_*."""
    labels = goal_.name.labels
    for depth in range(1, len(labels) - 1):
        if (above := by_name.get(Name(labels[depth:]))) is not None:
            yield above
