"""Run the user's command while the records are in place: ready, CMD, clean, whatever happens."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from signal import Signals

from pipeline.case import Interrupted, Progress
from pipeline.configuration.environment import Environment
from pipeline.model import SIGNALLED, Exit, Failed, Problem
from pipeline.report import NOT_DUE, OrderLine, Report, headline
from pipeline.stage import Run
from pipeline.text import counted, printable
from pipeline.withdrawing import GRACE, UNHURRIED

from .child import run_child
from .output import Output
from .signals import be_patient, finish


class Attended:
    """A stage around a command.

    Args:
        tell: Says, within a signal's handler, that records are being removed.
    """

    def __init__(
        self,
        stage: Run,
        output: Output,
        progress: Progress,
        environment: Environment,
        tell: Callable[[], None],
    ) -> None:
        self._stage = stage
        self._output = output
        self._progress = progress
        self._environment = environment
        self._tell = tell

    def run(self, command: Sequence[str], left: Callable[[], float]) -> Report | int:
        """Return the command's exit status, or the report of a stage that did not get ready.

        *left* tells the seconds to the deadline.
        """
        report: Report | None = None
        gone, problems, status = 0, tuple[Problem, ...](), SIGNALLED
        try:
            report = self._stage.ready()
            is_due = report.status != NOT_DUE
            status = int(report.exit) or (self._execute(command, report) if is_due else Exit.DONE)
            be_patient(self._tell)
        except Interrupted as interrupted:
            status = SIGNALLED + interrupted.signum
        finally:
            be_patient(self._tell)
            if report is None or report.exit < SIGNALLED:  # else ready has done it
                gone, problems = self._take_back(report, status, left())
            finish()
        removed = f"{counted(gone, 'value')} removed"
        if report is not None and (report.exit or report.status == NOT_DUE):
            if gone:
                self._progress.say(f"cleaned: {removed}")
            return replace(report, problems=report.problems + problems)
        self._output.add(problems)
        if status:
            orders = [o for o in report.orders if o.status != NOT_DUE] if report else []
            self._output.say(
                f"{ending(command[0], status, orders)}; {removed}{further(status, orders)}"
            )
        else:
            self._progress.say(f"cleaned: {removed}")
        return status or (Exit.UNAVAILABLE if problems else Exit.DONE)

    def _take_back(
        self, report: Report | None, status: int, left: float
    ) -> tuple[int, tuple[Problem, ...]]:
        """Remove what the run has written; return how many values, and what went wrong.

        A command that ends with 75 asks to be run again: its order is kept.
        """
        listed = len(self._stage.ledger.records)
        is_again = status == Exit.NOT_READY
        problems = self._stage.finish(patience(report, status, left), again=is_again)
        return listed - len(self._stage.ledger.records), problems

    def _execute(self, command: Sequence[str], report: Report) -> int:
        """Run *command*, which can read *report*; return its exit status."""
        path = self._stage.ledger.report_path
        self._output.keep(report, path)
        self._progress.say(headline(replace(report, receipt=None)))
        self._output.problems(report)
        try:
            return run_child(command, self._child_environment(report, path))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"cannot start {printable(command[0])}: {reason}"
            raise Failed(Exit.USAGE, "command", message) from error

    def _child_environment(self, report: Report, path: Path | None) -> dict[str, str]:
        return self._environment.plus(
            DNS01_REPORT=str(path or ""),
            DNS01_RECEIPT=report.receipt or "",
            DNS01_ORDER_URI=" ".join(o.uri for o in report.orders if o.status != NOT_DUE),
        )


def ending(program: str, status: int, orders: Sequence[OrderLine]) -> str:
    """Return how *program* ended, and for which certificates, to whom nothing else is told."""
    names = printable(", ".join(order.name for order in orders))
    signals = {SIGNALLED + each: f" ({each.name})" for each in Signals}
    said = f"{printable(program)} ended with {status}{signals.get(status, '')}"
    return f"{names}: {said}" if names else said


def further(status: int, orders: Sequence[OrderLine]) -> str:
    """Return what becomes of *orders* that a source keeps, now that the command ended so."""
    if all(order.source == "document" for order in orders):
        return ""
    if status == Exit.NOT_READY:
        return "; the next run within the hour uses the same order"
    return "; the next run asks for a new order"


def patience(report: Report | None, status: int, left: float) -> float:
    """Return the seconds that removing may take: few after a signal or a deadline."""
    if report is None or status >= SIGNALLED:
        return GRACE
    return max(GRACE, left) if report.exit else UNHURRIED
