"""Medians and spreads of runs of one kind."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from .runs import Run
from .table import shown


@dataclass(frozen=True, slots=True)
class Spread:
    """Several measurements of one thing."""

    median: float
    least: float
    most: float

    def __str__(self) -> str:
        if shown(self.least) == shown(self.most):
            return shown(self.median)
        return f"{shown(self.median)} ({shown(self.least)}-{shown(self.most)})"


@dataclass(frozen=True, slots=True)
class Group:
    """Runs of one client, with the same names and the same delay.

    Attributes:
        day: Of the earlier comparison that they are of; empty if they are of the last.
    """

    client: str
    case: str
    delay: float
    runs: Sequence[Run]
    day: str = ""

    @property
    def ok(self) -> str:
        """How many of the runs ended well."""
        return f"{sum(run.ok for run in self.runs)}/{len(self.runs)}"

    @property
    def remark(self) -> str:
        """What a reader must know of its figures, to follow its name."""
        once = ", one round" if len(self.runs) == 1 else ""
        return once + (f", of {self.day}" if self.day else "")

    def of(self, field: str) -> Spread | None:
        """Return the spread of a field of `Run`; nothing where no run has it."""
        return spread(getattr(run, field) for run in self.runs)

    def kinds(self, field: str) -> Mapping[str, int]:
        """Return the median count of questions of each type."""
        types = {kind for run in self.runs for kind in getattr(run, field)}
        return {
            kind: round(median(getattr(run, field).get(kind, 0) for run in self.runs))
            for kind in sorted(types)
        }


def spread(values: Iterable[float | None]) -> Spread | None:
    """Return median, least and most of *values* that are there."""
    there = [value for value in values if value is not None]
    return Spread(median(there), min(there), max(there)) if there else None


def groups(runs: Iterable[Run]) -> list[Group]:
    """Return *runs* by names, delay and client, in the order in which each kind came first."""
    found: dict[tuple[str, float, str], list[Run]] = {}
    for run in runs:
        found.setdefault((run.case, run.delay, run.client), []).append(run)
    last = max((each.begun for its in found.values() for each in its), default="")
    return [
        Group(client, case, delay, its, "" if its[0].begun == last else its[0].begun[:10])
        for (case, delay, client), its in found.items()
    ]


def chosen(all_groups: Iterable[Group], client: str, case: str, delay: float) -> Group | None:
    """Return the group of that kind, if it was measured."""
    kind = (client, case, delay)
    return next((each for each in all_groups if (each.client, each.case, each.delay) == kind), None)


def ratio(group: Group, base: Group | None) -> float | None:
    """Return how many times as long as *base*, in the median, *group* took to be ready."""
    mine, theirs = group.of("ready"), base and base.of("ready")
    return mine.median / theirs.median if mine and theirs and theirs.median else None
