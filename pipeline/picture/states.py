"""How each state of a server looks: a symbol and a word first, colours after. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ink:
    """Two colours, ``#rrggbb``, that can be told apart (WCAG 2.2 AA), whichever is the ground."""

    text: str
    ground: str


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown; *meaning* is for the legend."""

    state: str
    symbol: str
    word: str
    meaning: str
    light: Ink
    dark: Ink


LOOKS = (
    Look(
        *("absent", "✗", "absent", "answers: no TXT there"),
        Ink("#8f1322", "#fbdfe0"), Ink("#ffb3b3", "#521820"),
    ),
    Look(
        *("unsteady", "⇄", "unsteady", "says now this, now that"),
        Ink("#82174f", "#f9dcea"), Ink("#ffaad3", "#4f1535"),
    ),
    Look(
        *("stale", "≠", "stale", "answers with other values, not all, or not twice in a row yet"),
        Ink("#6d4200", "#fdebc8"), Ink("#f5cf85", "#473207"),
    ),
    Look(
        *("silent", "?", "silent", "no usable answer"),
        Ink("#4a3a94", "#e6e2f9"), Ink("#c9beff", "#352c5e"),
    ),
    Look(
        *("not-observable", "⊘", "no route", "this host cannot reach it"),
        Ink("#3d4752", "#e3e7eb"), Ink("#c3ccd6", "#333c46"),
    ),
    Look(
        *("not-asked", "·", "not asked", "it was not its turn"),
        Ink("#57616c", "#f4f6f8"), Ink("#a3adb8", "#1d242c"),
    ),
    Look(
        *("partly", "◐", "partly", "some names confirmed, others not asked yet"),
        Ink("#0a5468", "#d8eef4"), Ink("#93d8ea", "#123d49"),
    ),
    Look(
        *("confirmed", "✓", "confirmed", "holds every value"),
        Ink("#0c5a2c", "#d6f1de"), Ink("#8fe3ab", "#123f23"),
    ),
)  # fmt: skip
"""Worst first: where one mark stands for many names, the worst of them is shown."""

BY_STATE = {look.state: look for look in LOOKS}
RANK = {look.state: rank for rank, look in enumerate(LOOKS)}


def look(state: str) -> Look:
    """Return how *state* is shown; one that is not known looks like no answer."""
    return BY_STATE.get(state, BY_STATE["silent"])


def overall(states: Iterable[str]) -> str:
    """Return the one state that stands for *states*, of several names at one server."""
    seen = set(states)
    asked = seen - {"not-asked"}
    if not asked:
        return "not-asked"
    worst = min(asked, key=lambda state: RANK.get(state, 0))
    return "partly" if worst == "confirmed" and asked != seen else worst
