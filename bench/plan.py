"""What is run how often, and in which order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from .clients import ISSUES, STAGE
from .runs import Run

NOPOLL, TUNED = "lego:0", "lego:1"
"""lego without a pause between its looks, and with one of a second."""


@dataclass(frozen=True, slots=True)
class Step:
    """Runs of one client with the same names and the same delay.

    Attributes:
        full: Takes so long that it is left out unless all is asked for.
    """

    client: str
    case: str
    delay: float
    rounds: int
    full: bool = False


# certbot sleeps as it is told: the least that can do, a second, and 7 s where secondaries take 5.
STEPS = (
    Step(STAGE, "1", 0, 5),
    Step(ISSUES, "1", 0, 3),
    Step("certbot:1", "1", 0, 3),
    Step(NOPOLL, "1", 0, 2),
    Step(TUNED, "1", 0, 1, full=True),
    Step(STAGE, "both", 0, 3),
    Step(ISSUES, "both", 0, 2),
    Step("certbot:1", "both", 0, 2),
    Step(NOPOLL, "both", 0, 1, full=True),
    Step(STAGE, "20", 0, 3),
    Step(ISSUES, "20", 0, 2),
    Step("certbot:1", "20", 0, 2),
    Step(NOPOLL, "20", 0, 1, full=True),
    Step(TUNED, "20", 0, 1, full=True),
    Step(STAGE, "100", 0, 5),
    Step(ISSUES, "100", 0, 3),
    Step("certbot:1", "100", 0, 3),
    Step(NOPOLL, "100", 0, 1, full=True),
    Step(STAGE, "1", 5, 3),
    Step(ISSUES, "1", 5, 1),
    Step("certbot:7", "1", 5, 1),
    Step(NOPOLL, "1", 5, 1),
    Step(TUNED, "1", 5, 1),
    Step(STAGE, "both", 5, 3, full=True),
    Step(ISSUES, "both", 5, 1, full=True),
    Step("certbot:7", "both", 5, 1, full=True),
    Step(NOPOLL, "both", 5, 1, full=True),
    Step(STAGE, "20", 5, 3),
    Step(ISSUES, "20", 5, 1, full=True),
    Step("certbot:7", "20", 5, 1, full=True),
    Step(NOPOLL, "20", 5, 1, full=True),
    Step(STAGE, "100", 5, 3),
    Step(ISSUES, "100", 5, 3),
    Step("certbot:7", "100", 5, 1),
    Step(STAGE, "1", 1, 3),
    Step(STAGE, "1", 2, 3, full=True),
    Step(STAGE, "1", 10, 3, full=True),
)


def steps(
    cases: Collection[str] = (), rounds: int | None = None, *, full: bool = False
) -> list[Step]:
    """Return what to run: of *cases* only if any are named, at most *rounds* of each if given."""
    taken = [
        step for step in STEPS if (full or not step.full) and (not cases or step.case in cases)
    ]
    return [replace(step, rounds=min(step.rounds, rounds or step.rounds)) for step in taken]


def alternating(taken: Sequence[Step]) -> list[Step]:
    """Return a step for each run.

    Clients with the same work take turns, so that all meet what else the machine does.
    """
    kinds = dict.fromkeys((step.case, step.delay) for step in taken)
    order = []
    for kind in kinds:
        mine = [step for step in taken if (step.case, step.delay) == kind]
        for number in range(max(step.rounds for step in mine)):
            order += [step for step in mine if step.rounds > number]
    return order


def beside(runs: Sequence[Run], earlier: Sequence[Run]) -> list[Run]:
    """Return *runs*, and of *earlier* those of a kind that they lack, as it takes long."""
    compared = {(step.client, step.case, step.delay) for step in STEPS}
    lacking = compared - {(run.client, run.case, run.delay) for run in runs}
    older = [run for run in earlier if (run.client, run.case, run.delay) in lacking]
    kinds = list(dict.fromkeys((step.case, step.delay) for step in STEPS))
    return sorted([*runs, *older], key=lambda run: kinds.index((run.case, run.delay)))
