"""Suspect that somebody erased a value, from what name servers show. Pure.

The host is to be looked at again

1. where a server has held every value of a name, and now answers without one;
2. where a server lacks a value that none has shown for `PATIENCE`: it may have been
   erased before anybody saw it, or after those that did were done with;
3. but not sooner than `SPACING` after the last look at that name, lest two tools that
   correct each other do so all the time.

Both double with each look, up to `LONGEST`.

A suspicion may be wrong: machines behind one address disagree, secondaries lag.
So it costs a look at the host, and only that tells.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dns.name import Name

from pipeline.questions import Answer, Goal, Question

from .evidence import Evidence, Track

PATIENCE = 15.0
"""Seconds a value may show nowhere before the first look; how long an answer counts for it."""

SPACING = 5.0
"""Seconds between the first two looks at a name, each caused by a server's change of mind."""

LONGEST = 40.0
"""Most seconds that come of doubling either: a wait of minutes wants several chances."""


@dataclass(slots=True, eq=False)
class Look:
    """When to look at the host about one name.

    Attributes:
        questions: To the name's own servers, about its values.
        since: When the host was last known to have them.
        times: Looks so far.
    """

    questions: Sequence[Question]
    since: float
    times: int = 0

    def is_due(self, evidence: Evidence, now: float) -> bool:
        """Whether something looks erased, and enough time has passed."""
        waited = now - self.since
        if self.times and waited < min(SPACING * 2 ** (self.times - 1), LONGEST):
            return False
        if any(has_regressed(question, evidence[question]) for question in self.questions):
            return True
        patience = min(PATIENCE * 2**self.times, LONGEST)
        return waited >= patience and is_unseen(self.questions, evidence, now - PATIENCE)

    def note(self, now: float) -> None:
        """Count a look, begun *now*."""
        self.since = now
        self.times += 1


class Erasures:
    """When to look at which names of *goals*, published *since*."""

    def __init__(self, goals: Iterable[Goal], since: float) -> None:
        asked: dict[Name, dict[Question, None]] = {}
        for goal in goals:
            for question in goal.authoritative:
                if question.name == goal.owner:  # else it is about an alias on the way there
                    asked.setdefault(goal.owner, {})[question] = None
        self._looks = {owner: Look(tuple(questions), since) for owner, questions in asked.items()}

    def suspected(self, evidence: Evidence, now: float) -> set[Name]:
        """Return the names to look at *now*, and take it that this is done."""
        due = {owner for owner, look in self._looks.items() if look.is_due(evidence, now)}
        for owner in due:
            self._looks[owner].note(now)
        return due


def has_regressed(question: Question, track: Track) -> bool:
    """Whether the last answer lacks a value, and an earlier one had them all."""
    lacks = track.answered is not None and not track.streak
    return lacks and any(
        isinstance(turn.outcome, Answer) and question.wanted <= turn.outcome.values
        for turn in track.turns
    )


def is_unseen(questions: Sequence[Question], evidence: Evidence, after: float) -> bool:
    """Whether a server lacks a value in its last answer, that none has shown *after* that time."""
    missing, seen = set[str](), set[str]()
    for question in questions:
        answered = evidence[question].answered
        if answered is not None and isinstance(answered.outcome, Answer):
            missing |= question.wanted - answered.outcome.values
            seen |= answered.outcome.values if answered.at > after else set()
    return bool(missing - seen)
