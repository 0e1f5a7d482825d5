"""One call: its parts, and the report of what it does, whatever becomes of it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from signal import Signals
from types import TracebackType
from typing import Any, Self

from pipeline.case import Interrupted
from pipeline.clock import SystemClock
from pipeline.command.assembly import Assembly
from pipeline.command.unfailing import Unfailing
from pipeline.configuration.environment import Environment
from pipeline.explaining.verdict import bug
from pipeline.model import SIGNALLED, Exit, Failed, Problem
from pipeline.report import Report
from pipeline.stage import Run

from .choices import options
from .order import Held
from .telling import Step, Telling


def nothing(_step: Step) -> None:
    """Do nothing with a step."""


class Call:
    """A run of the stage, as a context in which its receipt is held.

    Raises:
        TypeError: A choice does not exist, or has a value of the wrong type.
        ValueError: A choice has a value that it cannot have, or two contradict each other.
    """

    def __init__(
        self,
        names: Sequence[str],
        choices: Mapping[str, Any],
        order: Mapping[str, object] | str | bytes | None = None,
    ) -> None:
        self.clock = SystemClock()
        chosen = options(names, choices, has_order=order is not None)
        variables = choices.get("environment")
        given = Environment.of_process() if variables is None else Environment(variables)
        self._environment = given
        self._warnings: list[Problem] = []
        self._telling = Telling(
            self.clock,
            choices.get("progress") or nothing,
            choices.get("cancel"),
            given.secrets.hide,
        )
        progress = Unfailing(self._telling, self._warnings.append)
        self._stack = ExitStack()
        self.parts = Assembly(chosen, given, self.clock, progress, self._stack)
        self._source = None if order is None else Held(order)
        self._names = names
        self._run: Run | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def stage(self) -> Run:
        """Return the stage of this call; its receipt is held until the call ends.

        Raises:
            Failed: 78, if the configuration or the state folder does not allow one.
        """
        source = self._source
        run = self.parts.over([",".join(self._names)], source) if source else self.parts.run()
        self._run = self._stack.enter_context(run)
        return run

    def report(self, act: Callable[[], Report]) -> Report:
        """Return what *act* reports, or a report of what ended it; without any secret."""
        try:
            self._telling.heed()  # whoever gave up before the call wants no order
            found = act()
        except Failed as failed:
            found = self._failed(failed.exit, failed.problem)
        except Interrupted as interrupted:
            problem = Problem("interrupted", Signals(interrupted.signum).name)
            found = self._failed(SIGNALLED + interrupted.signum, problem)
        except Exception as error:  # noqa: BLE001 - a fault of ours is an outcome, too
            found = self._failed(Exit.BUG, bug(error))
        remarks = (*self._environment.remarks, *self._warnings)
        found = replace(found, problems=(*found.problems, *remarks))
        return self._environment.secrets.hide_in(found)

    def withdraw(self, patience: float) -> tuple[Problem, ...]:
        """Remove what the stage has written, in *patience* seconds; return what went wrong."""
        self._telling.disregard()
        problems = self._run.withdraw(patience) if self._run else ()
        return self._environment.secrets.hide_in(problems)

    def _failed(self, exit_code: int, problem: Problem) -> Report:
        return Report("failed", exit_code, problems=(problem,), elapsed_s=self.clock.now())
