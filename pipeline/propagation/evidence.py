"""Remember what every server said about every name, in the shape the rules need. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dns.name import Name

from pipeline.questions import Answer, Goal, Observation, Perspective, Question, Silence


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
    """What one server has shown of one zone, or of all that it was asked.

    Attributes:
        has_shown: Whether any wanted value has ever been seen.
        has_answered: Whether it has ever answered.
        has_spoken: Whether anything has ever come from it, be it an error.
        is_routeless: Whether this host has no route to it.
        pending: Questions on their way to it.
        last: The latest observation, of whatever name.
    """

    has_shown: bool = False
    has_answered: bool = False
    has_spoken: bool = False
    is_routeless: bool = False
    pending: int = 0
    last: Observation | None = None
    quiet: Quiet = field(default_factory=Quiet)

    @property
    def is_mute(self) -> bool:
        """Whether it was asked, and nothing at all has ever come from it."""
        return self.quiet.times > 0 and not self.has_spoken

    def note(self, observation: Observation) -> None:
        """Add what came of a question to it."""
        self.pending -= 1
        self.last = observation
        self.quiet.note(observation.outcome, observation.at)
        match observation.outcome:
            case Silence(routeless=routeless) as silence:
                self.is_routeless = routeless
                self.has_spoken |= not silence.is_nothing
            case Answer(values):
                self.is_routeless = False
                self.has_answered = self.has_spoken = True
                self.has_shown |= not values.isdisjoint(observation.question.wanted)


class Evidence:
    """All that was observed about some goals."""

    def __init__(self, goals: Sequence[Goal]) -> None:
        self._tracks = {question: Track() for goal_ in goals for question in goal_.questions}
        shared = defaultdict[object, Server](Server)
        self._servers = {q: shared[q.zone, q.via, q.rdtype] for q in self._tracks}
        self._addresses = {q: shared[whereabouts(q.via)] for q in self._tracks}
        by_name: dict[Name, list[Goal]] = {}
        for goal_ in goals:
            for name in goal_.chain:
                by_name.setdefault(name, []).append(goal_)
        self._above = {goal_: list(enclosing(goal_, by_name)) for goal_ in goals}
        self.breadth = sum(question.is_authoritative for question in self._tracks)

    def __getitem__(self, question: Question) -> Track:
        return self._tracks[question]

    def server(self, question: Question) -> Server:
        """Return what the server asked has shown of the question's zone.

        While nothing has ever come from its address that is told of all zones at once: a dead
        machine is dead for each of them.
        """
        address = self._addresses[question]
        return address if address.is_mute else self._servers[question]

    @property
    def mutes(self) -> int:
        """How many name servers are silent now: of one zone each, or of all that were asked."""
        asked = {self.server(question) for question in self._tracks if question.is_authoritative}
        return sum(server.quiet.times > 0 for server in asked)

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
        server = self.server(question)
        own = self._tracks[question].last
        return own if own or not server.quiet.times else server.last

    def above(self, goal_: Goal) -> Sequence[Goal]:
        """Return the goals at names that strictly enclose *goal_*'s or one it is an alias for."""
        return self._above[goal_]

    def sent(self, question: Question) -> None:
        """Note that *question* is on its way."""
        self._tracks[question].pending = True
        self._servers[question].pending += 1
        self._addresses[question].pending += 1

    def note(self, observation: Observation) -> None:
        """Add *observation* of a question that was sent."""
        question, at, outcome = observation.question, observation.at, observation.outcome
        self._servers[question].note(observation)
        self._addresses[question].note(observation)
        track = self._tracks[question]
        track.pending = False
        track.attempts += 1
        if track.last is None or not alike(track.last.outcome, outcome):
            track.turns.append(observation)
        track.last = observation
        track.quiet.note(outcome, at)
        if isinstance(outcome, Answer):
            track.answered = observation
            track.repeats_until = 0.0 if question.is_authoritative else at + outcome.ttl
            holds_all = question.wanted <= outcome.values
            track.streak_times = [*track.streak_times, at] if holds_all else []


def whereabouts(via: Perspective) -> object:
    """Return where questions to *via* go: a host of unknown address is a place of its own."""
    return via.address or via.server, via.port, via.transport


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
