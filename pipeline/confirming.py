"""Confirm what a run has written: ask every server, then the hosts, restore what goes missing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from dns.name import Name

from .case import Tools
from .configuration.settings import Settings
from .explaining.inquiry import published
from .insync import host_lines
from .model import Problem, Record
from .planning import by_zone
from .propagation.in_sync import await_in_sync
from .propagation.policy import Policy
from .propagation.wait import Outcome, Wait
from .questions import Goal
from .receipts.receipt import State
from .report import RecordLine, record_lines
from .restoring import Restoring
from .withdrawing import GRACE


class Confirmation:
    """The wait for what a run has written, until the world sees it or the deadline.

    Attributes:
        problems: What the user should know beside what came of it.
    """

    def __init__(
        self, settings: Settings, tools: Tools, mark: str, advance: Callable[[State], None]
    ) -> None:
        """Take the collaborators; *mark* is the run's, *advance* notes progress in its receipt."""
        self._settings = settings
        self._tools = tools
        self._mark = mark
        self._advance = advance
        self._synced: Mapping[tuple[str, str], bool] = {}
        self.problems: tuple[Problem, ...] = ()

    def wait(self, records: Sequence[Record], goals: Sequence[Goal]) -> Outcome:
        """Wait for *goals*, to which *records* belong; return what came of it."""
        clock, hosts, until = self._tools.clock, self._tools.hosts, self._settings.timeout
        if any(goal.is_blind for goal in goals):
            await_in_sync(by_zone(records), hosts, self._tools.exchange, clock, until)
        policy = Policy(clock.now(), until, self._settings.require)
        again = partial(hosts.append_again, mark=self._mark, until=until)
        restoring = Restoring(records, goals, self._tools, again, self._advance)
        ask = partial(self._ask_hosts, records)
        wait = Wait(self._tools.exchange, clock, policy, ask, restoring.names)
        watch = self._tools.progress.watching(goals, policy.streak)
        outcome = wait.run(goals, restoring.beside(watch))
        self.problems = tuple(restoring.problems())
        return outcome

    def lines(self, outcome: Outcome, records: Sequence[Record]) -> tuple[RecordLine, ...]:
        """Return the report's lines of *records*, as *outcome* and their hosts have them."""
        return host_lines(outcome.lines(record_lines(records)), self._synced)

    def _ask_hosts(self, records: Sequence[Record], goals: Collection[Goal]) -> Mapping[Name, bool]:
        """Ask the hosts of *goals*, to which *records* belong, whether their servers have them."""
        owners = {goal.owner for goal in goals}
        late = [record for record in records if record.owner in owners]
        until = self._tools.clock.now() + GRACE / 2
        self._synced = self._tools.hosts.in_sync(by_zone(late), until)
        return published(late, self._synced)
