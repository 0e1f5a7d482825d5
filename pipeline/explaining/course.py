"""What the answers to one question have been like over time. Pure."""

from itertools import groupby, pairwise

from dns.name import Name

from pipeline.propagation.evidence import Track
from pipeline.questions import Answer, Observation, Question, Silence

REFERRAL = "refers to the servers of "
"""How the reason of a silence begins where the server refers to those of another zone."""

LOST = 3
"""Silences in a row that are no lost datagrams any more."""


def is_heard(last: Observation | None) -> bool:
    """Whether *last* is more than nothing at all."""
    return last is not None and not (isinstance(last.outcome, Silence) and last.outcome.is_nothing)


def is_silence(turn: Observation) -> bool:
    """Whether *turn* brought no usable answer."""
    return isinstance(turn.outcome, Silence)


def is_on_and_off(track: Track) -> bool:
    """Whether answers and silence take turns; who is silent for long may have died."""
    silences = sum(silent for silent, _ in groupby(map(is_silence, track.turns)))
    return silences >= 2 or (track.answered is not None and 0 < track.quiet.times < LOST)


def turnabouts(track: Track) -> tuple[int, int]:
    """Return how often the answers went from all values to less, and how often they changed."""
    held = [
        turn.question.wanted <= turn.outcome.values
        for turn in track.turns
        if isinstance(turn.outcome, Answer)
    ]
    changes = [pair for pair in pairwise(held) if pair[0] != pair[1]]
    return sum(before for before, _ in changes), len(changes)


def shown(track: Track) -> frozenset[str]:
    """Return the values that the last answer had, wanted or not."""
    match track.answered.outcome if track.answered else None:
        case Answer(values):
            return values
        case _:
            return frozenset()


def is_cut(question: Question, reason: str) -> bool:
    """Whether *reason* is a referral to a zone around the question's name, within its own zone."""
    depth = len(question.name) - len(question.zone)
    cuts = (Name(question.name.labels[above:]) for above in range(depth))
    return reason.lower() in {f"{REFERRAL}{cut}".lower() for cut in cuts}
