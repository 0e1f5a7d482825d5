"""Remove what a run has written, in bounded time, and say what could not be removed."""

from collections.abc import Callable, Sequence
from pathlib import PurePath

from .case import Interrupted
from .clock import Clock
from .hosts import Hosts
from .model import Failed, Problem, Record
from .ownership import Ownership
from .receipts.receipt import State
from .receipts.remains import UNENDED, left_behind
from .receipts.removal import Removal

GRACE = 5.0
"""Seconds for it after a deadline or a signal."""

UNHURRIED = 120.0
"""Seconds for it where neither presses."""


class Withdrawal:
    """Removes what is a run's own, as its receipt in *folder* lists."""

    def __init__(self, ownership: Ownership, hosts: Hosts, clock: Clock, folder: PurePath) -> None:
        self._ownership, self._ledger, self._hosts = ownership, ownership.ledger, hosts
        self._clock, self._folder = clock, folder
        self._stuck: frozenset[Record] = frozenset()

    def everything(self, then: State, patience: float = GRACE) -> tuple[Problem, ...]:
        """Remove everything within *patience*, but let a signal stop that too; go to *then*."""
        return self._unless_stopped(lambda: self._ledger.records, then, patience)

    def rest(self, then: State, patience: float = GRACE) -> tuple[Problem, ...]:
        """As `everything`, but for what could not be removed before."""
        return self._unless_stopped(
            lambda: [record for record in self._ledger.records if record not in self._stuck],
            then,
            patience,
        )

    def _unless_stopped(
        self, records: Callable[[], Sequence[Record]], then: State, patience: float
    ) -> tuple[Problem, ...]:
        try:
            problems, patience = self._settle(patience)
            return (*problems, *self.of(records(), then, patience))
        except Interrupted:
            why = "stopped while removing records"
            return (left_behind(self._ledger.records, why, self._folder),)

    def _settle(self, patience: float) -> tuple[tuple[Problem, ...], float]:
        """Let writes under way end, and list what they have put back of what was found before.

        Returns:
            What went wrong, and the patience that is left.
        """
        if self._hosts.under_way and self._ownership.problems():  # else nothing could be ours
            begun = self._clock.now()
            self._hosts.settle(begun + patience / 2)
            patience -= self._clock.now() - begun
        regained = self._ownership.regained()
        try:
            self._ledger.list_too(regained)
        except Failed as failed:
            unlisted = left_behind(regained, "the receipt cannot list it", self._folder)
            return (failed.problem, unlisted), patience
        return (), patience

    def of(
        self, records: Sequence[Record], then: State, patience: float = GRACE
    ) -> tuple[Problem, ...]:
        """Remove *records*; return what went wrong, and what is left of them."""
        if not records:
            return ()
        if patience >= UNHURRIED:
            self._clock.pause(self._ledger.landing_s)
        until = self._clock.now() + patience
        try:
            removal = self._ledger.withdraw(self._hosts, until, records, then)
        except Failed as failed:
            removal = Removal(stuck=tuple(records), failures=(failed,))
        problems = tuple(failed.problem for failed in removal.failures)
        if removal.late:
            problems += (left_behind(removal.late, UNENDED, self._folder),)
        self._stuck |= frozenset(removal.stuck)
        if not removal.stuck:
            return problems
        why = "not everything could be removed"
        return (*problems, left_behind(removal.stuck, why, self._folder))
