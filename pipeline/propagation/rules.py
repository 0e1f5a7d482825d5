"""Decide whether the Internet sees our TXT values. Pure: no I/O, no clock.

The shell asks questions and notes what it observed; `decide` reads the
evidence and says what to do next. Everything that makes us wait, ask or stop
is here.

Rule 1. An authoritative question is confirmed when its last answers (`streak`
        of them, for behind one address may be many machines) all held every
        wanted value. A recursive one needs one: the next would only repeat its
        cache. Silence is neither an answer nor a denial.
Rule 2. No recursive resolver is asked about a name, or one below it, before
        that name's authoritative servers have confirmed it, lest we plant the
        very negative answer we would then wait for (RFC 2308 §5, RFC 8020).
Rule 3. A recursive resolver is not asked again before the TTL of its last
        answer runs out, not even at the deadline.
Rule 4. Only a server that answers can deny. An address that stays silent is
        set aside once every address that answers has confirmed and those are
        at least half of all, of two hosts where there are two. One from which
        nothing at all has ever come is silent for all of its zones, and asked
        one question at a time. A few resolvers may stay unconfirmed: see
        `allowed_failures`.
Rule 5. The wait between polls of one server is a twentieth of the time already
        waited: see `Policy.pause`. While a server shows nothing of a zone, one
        name of that zone is asked there at a time. What it shows is asked for
        again at once, from another port, until the streak is complete.
Rule 6. Time out is a value. It comes early when nothing that could still
        happen before the deadline would make us ready.
Rule 7. Ready needs every counted authoritative address to have held every
        value within the last 5 s, and every one set aside to have been silent
        still; or within the time a round takes, see `PACE` and `MUTE_PACE`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.questions import Goal, Question

from . import blind
from .evidence import Evidence
from .policy import Policy, Require, allowed_failures

PACE = 400.0
"""Questions a second that a slow line carries: with thousands the last round outlasts 5 s."""

MUTE_PACE = 25.0
"""Silent servers a second that can be asked: 64 at a time at one address, 2 s each, or fewer."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Send *questions* now, note what arrives until *until*, then decide again."""

    questions: tuple[Question, ...]
    until: float


@dataclass(frozen=True, slots=True)
class Ready:
    """Every goal is met; these addresses stayed silent and were set aside."""

    set_aside: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Expired:
    """Time is up with these questions unconfirmed.

    Attributes:
        hopeless: Whether that was certain before the deadline.
    """

    unconfirmed: tuple[Question, ...]
    hopeless: bool = False


Step = Poll | Ready | Expired


def decide(goals: Sequence[Goal], evidence: Evidence, policy: Policy, now: float) -> Step:
    """Return the next step, given all that was observed up to *now*."""
    rules = Rules(evidence, policy, now)
    stuck = {goal: rules.unconfirmed(goal) for goal in goals}
    unmet = [goal for goal, questions in stuck.items() if questions]
    hopeless = all(rules.is_hopeless(goal) for goal in unmet)
    unconfirmed = list(dict.fromkeys(q for questions in stuck.values() for q in questions))
    faded = []
    if hopeless or now >= policy.deadline - policy.fresh:  # the last round, of what was confirmed
        faded = list(rules.faded(goal for goal in goals if not rules.blocking(goal)))
    unconfirmed += faded
    if not unconfirmed:
        return Ready(tuple(question for goal in goals for question in rules.set_aside(goal)))
    if now >= policy.deadline:
        held = (q for goal in goals if rules.is_held_back(goal) for q in goal.recursive)
        return Expired((*unconfirmed, *held))
    pending = any(evidence[question].pending for question in unconfirmed)
    if unmet and hopeless and not faded and not pending:
        return Expired(tuple(unconfirmed), hopeless=True)
    held_back = blind.held_back(goals, evidence)
    due = {
        question: max(rules.due_at(question), held_back.get(question, 0.0))
        for question in rules.askable(unconfirmed)
    }
    until = min([policy.deadline, *(at for at in due.values() if at > now)])
    return Poll(tuple(question for question, at in due.items() if at <= now), until)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules, applied to the evidence at one moment."""

    evidence: Evidence
    policy: Policy
    now: float

    def unconfirmed(self, goal: Goal) -> Sequence[Question]:
        """Return the questions that still stand between us and *goal*."""
        blocking = self.blocking(goal)
        if blocking:
            return blocking
        if self.is_held_back(goal):
            return ()  # rule 2: the goal above is unmet, so this is not Ready either
        return self.unheard(goal)

    def blocking(self, goal: Goal) -> Sequence[Question]:
        """Return the authoritative questions that block *goal* (rules 1 and 4)."""
        if all(map(self.is_confirmed, goal.authoritative)):
            return ()  # as most are, most of the time
        return [q for asked in goal.steps for q in self.stuck(asked)]

    def stuck(self, asked: Sequence[Question]) -> Sequence[Question]:
        """Return those of *asked*, all servers of a zone, that block."""
        missing = [q for q in asked if not self.is_confirmed(q)]
        if not missing:
            return ()
        aside = [q for q in missing if self.is_silent(q)]
        if len(aside) < len(missing):
            return missing
        confirmed = [q for q in asked if q not in aside]
        machines, good = {machine(q) for q in asked}, {machine(q) for q in confirmed}
        hosts, named = {q.via.server for q in asked}, {q.via.server for q in confirmed}
        # One machine under several names is one.
        several = min(len(named), len(good)) >= min(2, len(hosts), len(machines))
        if several and 2 * len(good) >= len(machines):
            return ()
        return missing

    def is_held_back(self, goal: Goal) -> bool:
        """Whether a goal above is blocked, so that resolvers are not asked (rule 2)."""
        return any(self.blocking(above) for above in self.evidence.above(goal))

    def unheard(self, goal: Goal) -> Sequence[Question]:
        """Return the recursive questions that keep *goal* unmet (rule 4)."""
        missing = [q for q in goal.recursive if not self.is_confirmed(q)]
        if self.policy.require is Require.AUTHORITATIVE and not goal.is_blind:
            waiting = self.now < self.policy.deadline
            return [q for q in missing if waiting and self.is_new(q)]
        return missing if len(missing) > self.tolerance(goal) else ()

    def tolerance(self, goal: Goal) -> int:
        """Return how many recursive questions of *goal* may stay unconfirmed."""
        strict = self.policy.require is Require.ALL
        return 0 if strict else allowed_failures(len(goal.recursive))

    def faded(self, goals: Iterable[Goal]) -> Iterator[Question]:
        """Yield the questions whose last word is too old; any will do for a silent server."""
        fresh, evidence = self.policy.fresh, self.evidence
        spoke_after = self.now - max(fresh, evidence.breadth / PACE)
        mute_after = self.now - max(fresh, evidence.mutes / MUTE_PACE)
        for question in (question for goal in goals for question in goal.authoritative):
            track, server = evidence[question], evidence.server(question)
            by_server = server.quiet.times and not self.is_confirmed(question)
            last, after = (server.last, mute_after) if by_server else (track.last, spoke_after)
            if last is not None and last.at < after:
                yield question

    def is_new(self, question: Question) -> bool:
        """Whether nothing is known yet of *question*, nor of its server that it is silent."""
        return not (self.evidence[question].attempts or self.evidence.server(question).quiet.times)

    def is_open(self, question: Question) -> bool:
        """Whether the server asked may be asked about all names at once (rule 5)."""
        server = self.evidence.server(question)
        if server.quiet.times:
            return False
        return server.has_shown if question.is_authoritative else server.has_answered

    def set_aside(self, goal: Goal) -> Iterator[Question]:
        """Yield the authoritative questions that *goal* is met without."""
        return (q for q in goal.authoritative if not self.is_confirmed(q))

    def is_confirmed(self, question: Question) -> bool:
        """Whether the last answers to *question* held every value (rule 1)."""
        track = self.evidence[question]
        needed = self.policy.streak if question.is_authoritative else 1
        return len(track.streak_times) >= needed and not track.quiet.times

    def is_silent(self, question: Question) -> bool:
        """Whether the address asked may be set aside (rule 4)."""
        if self.policy.require is Require.ALL:
            return False
        server = self.evidence.server(question)
        return server.is_routeless or any(
            quiet.times >= self.policy.silent_attempts
            and self.now - quiet.since >= self.policy.silent_for
            for quiet in (server.quiet, self.evidence[question].quiet)
        )

    def is_hopeless(self, goal: Goal) -> bool:
        """Whether too many resolvers will repeat a "no" past the deadline (rule 6)."""
        if self.policy.require is Require.AUTHORITATIVE or self.blocking(goal):
            return False
        stuck = [
            q
            for q in goal.recursive
            if not self.is_confirmed(q) and self.evidence[q].repeats_until >= self.policy.deadline
        ]
        return len(stuck) > self.tolerance(goal)

    def askable(self, unconfirmed: Iterable[Question]) -> Iterator[Question]:
        """Yield those of *unconfirmed* that may be asked next (rules 3 and 5)."""
        canaries: dict[object, Question] = {}
        for question in unconfirmed:
            track = self.evidence[question]
            server = self.evidence.server(question)
            if track.pending:
                continue
            if self.is_open(question):
                yield question
            elif not server.pending:
                rival = canaries.setdefault(server, question)
                if track.attempts < self.evidence[rival].attempts:
                    canaries[server] = question
        yield from canaries.values()

    def due_at(self, question: Question) -> float:
        """Return when *question* may be asked (again), in seconds (rules 3 and 5)."""
        track = self.evidence[question]
        server = self.evidence.server(question)
        is_open = self.is_open(question)
        last = track.last if is_open else server.last
        if last is None:
            return self.policy.started
        pause = self.policy.pause(last.at - self.policy.started)
        if track.streak and track.quiet.times < self.policy.silent_attempts:
            # The rest of the streak follows at once; a few silences are taken for lost datagrams.
            pause = self.policy.shortest if track.is_silent or not is_open else 0.0
        return max(last.at + pause, track.repeats_until)


def machine(question: Question) -> object:
    """Return what is asked: an address, or a host whose address nobody knows."""
    return str(question.via) if question.via.address else question.via.server
