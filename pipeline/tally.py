"""How far a wait has come: how many servers of each role have confirmed. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from .explaining.witness import Witness
from .questions import Goal, Perspective, Question, Role
from .text import counted


@dataclass(frozen=True, slots=True)
class Tally:
    """How many servers of a *role* have confirmed everything asked of them.

    Attributes:
        role: ``authoritative`` or ``recursive``.
    """

    role: str
    confirmed: int
    total: int

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.confirmed} of {counted(self.total, f'{self.role} server')} confirmed"


def questions(goals: Sequence[Goal]) -> list[Question]:
    """Return every question of *goals*, authoritative ones first."""
    return [q for goal in goals for q in goal.authoritative] + [
        q for goal in goals for q in goal.recursive
    ]


def by_server(goals: Sequence[Goal]) -> dict[Perspective, list[Question]]:
    """Return the questions of *goals* by the server they go to."""
    servers: dict[Perspective, list[Question]] = {}
    for question in questions(goals):
        servers.setdefault(question.via, []).append(question)
    return servers


def tallies(goals: Sequence[Goal], witness: Witness) -> tuple[Tally, ...]:
    """Return one for each role that somebody asked of *goals* has."""
    done = dict.fromkeys(Role, 0)
    total = dict.fromkeys(Role, 0)
    for via, asked in by_server(goals).items():
        total[via.role] += 1
        done[via.role] += all(witness.state(question) == "confirmed" for question in asked)
    return tuple(Tally(role.value, done[role], total[role]) for role in Role if total[role])
