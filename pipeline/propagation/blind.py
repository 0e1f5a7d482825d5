"""Where only resolvers can be asked, ask one at a time: a question too early blinds just one."""

from collections.abc import Iterable

from pipeline.questions import Answer, Goal, Question

from .evidence import Evidence

PAUSE = 10.0
"""Seconds after a "no" before the next resolver is asked."""


def held_back(goals: Iterable[Goal], evidence: Evidence) -> dict[Question, float]:
    """Return the questions of blind *goals* that have to wait, each until when.

    Of those never asked, the first may be asked once *PAUSE* has passed since
    the latest answer without the values, the others when it is confirmed.
    """
    held: dict[Question, float] = {}
    for goal in goals:
        if not goal.is_blind:
            continue
        unasked = [q for q in goal.recursive if not evidence[q].attempts]
        denials = [at for q in goal.recursive if (at := denied_at(q, evidence)) is not None]
        pending = any(evidence[q].pending for q in goal.recursive)
        held |= dict.fromkeys(unasked if pending else unasked[1:], float("inf"))
        if unasked and denials and not pending:
            held[unasked[0]] = max(denials) + PAUSE
    return held


def denied_at(question: Question, evidence: Evidence) -> float | None:
    """Return when the last answer to *question* came, if it lacked a value."""
    answered = evidence[question].answered
    match answered.outcome if answered else None:
        case Answer(values) if answered and not question.wanted <= values:
            return answered.at
        case _:
            return None
