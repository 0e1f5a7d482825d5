"""Put out a report: on standard output and error, beside the receipt, in a CI job, to a watcher."""

from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TextIO

from pipeline.clock import Clock
from pipeline.configuration.environment import Environment
from pipeline.explaining.causes import Kind
from pipeline.explaining.verdict import bug
from pipeline.files import put
from pipeline.model import Failed, Problem, Severity
from pipeline.report import LONGEST, Report, details, headline, problem_lines, to_json
from pipeline.text import printable

from .deliveries import Deliveries
from .ping import Ping, watcher

UNDONE = "host-not-asked"
"""The code of a warning that what was wanted was not done: said even in quiet."""


class Shown:
    """A report as it was *given*, and as it may be shown, with no secret in it."""

    def __init__(self, given: Report, report: Report) -> None:
        self._given = given
        self.report = report

    def tells(self, report: Report) -> bool:
        """Whether *report* is what this shows."""
        return report in (self._given, self.report)

    @cached_property
    def document(self) -> str:
        """The report as JSON, made once for all who are given it."""
        return to_json(self.report)


class Output:
    """Where a report goes, by the user's options and the surroundings."""

    def __init__(
        self,
        options: Namespace,
        environment: Environment,
        stdout: TextIO,
        stderr: TextIO,
        clock: Clock | None = None,
    ) -> None:
        self._json = options.json
        # What `policy` prints on standard output is for a file: a failure does not belong there.
        self._quiet = options.quiet or getattr(options, "verb", "") == "policy"
        self._tells_all = getattr(options, "verbose", False) or (
            getattr(options, "verb", "") in {"check", "clean"}
        )
        self._environment = environment
        self._stdout = stdout
        self._stderr = stderr
        self._clock = clock
        self._is_guest = getattr(options, "verb", "") == "hook"  # in another program's step
        self._annotates = environment.get("GITHUB_ACTIONS") == "true" and not self._is_guest
        self._deliveries = Deliveries(options)
        self._is_watched = is_job(options)
        self._ping: Ping | None = None
        self._told: Report | None = None
        self._shown: Shown | None = None

    def begin(self) -> None:
        """Tell the watcher, and see that the files asked for can be written.

        Raises:
            Failed: 64, and that file will not be tried; 78, there can be no such watcher.
        """
        to = watcher(self._environment) if self._is_watched and self._clock else None
        if to and self._clock:
            self._ping = Ping(to, self._clock.pause)
            self._ping.begin()
        self._deliveries.prepare()

    def end(self, status: int) -> None:
        """Write the metrics, and tell the watcher, of the run that ends with *status*."""
        if self._clock is None:
            return
        report = self._told or Report("failed", status)
        # The command's own status, where `run` has got that far.
        report = replace(report, exit=status, elapsed_s=self._clock.now())
        for step in self._deliveries.of_run(report, self._clock):
            self._attempt(step)
        if self._ping:
            ping, body = self._ping, "\n".join([f"exit {status}", *self._words(report)])
            self._attempt(
                lambda: self._hear(ping.end(status, self._environment.secrets.hide(body)))
            )

    def _words(self, report: Report) -> list[str]:
        return [headline(report), *problem_lines(report.problems)]

    def _hear(self, why: str) -> None:
        """Say why nobody heard the ping; in quiet the watcher itself will raise the alarm."""
        if why and not self._quiet:
            self.say(f"cannot ping the watcher: {why}")

    def result(self, report: Report) -> bool:
        """Print *report*: its document, or lines for a person; return whether that worked."""
        shown = self._fit(report)
        report, printed = shown.report, True
        if self._json:
            printed = self.text(shown.document)
        elif not self._quiet:
            printed = self.text("\n".join([headline(report), *details(report)]))
        self.problems(report)
        return printed

    def problems(self, report: Report) -> None:
        """Print what a person should know to standard error; in quiet what failed or was not done.

        What is merely good to know is for `check`, and for who asks for more;
        so are causes by themselves, where the failure has named them.
        """
        report = self._fit(report).report
        told = [*filter(self._is_told(report), report.problems)]
        lines = problem_lines(told)
        if self._quiet and report.exit:
            lines = [headline(report), *lines]
        elif self._quiet:
            lines = problem_lines(filter(is_undone, report.problems))
        self.say(*lines)
        self._annotate(told)

    def add(self, problems: Sequence[Problem]) -> None:
        """Say *problems* that came after the report: they count for whoever watches the run."""
        hidden = self._environment.secrets.hide_in(tuple(problems))
        self.say(*problem_lines(hidden))
        self._annotate(hidden)
        if self._told:
            self._told = replace(self._told, problems=(*self._told.problems, *hidden))

    def _annotate(self, problems: Sequence[Problem]) -> None:
        if self._annotates:
            from .actions import annotations  # noqa: PLC0415 - for a step of GitHub's

            self._print(*annotations(problems))

    def _is_told(self, report: Report) -> Callable[[Problem], bool]:
        """Return whether a person has to be told of a problem of *report*."""
        explained = any(problem.code == "not-ready" for problem in report.problems)
        said = {kind.code for kind in Kind} if explained else set()

        def is_told(problem: Problem) -> bool:
            weight = problem.severity
            again = weight is Severity.WARNING and problem.code in said
            return self._tells_all or (weight is not Severity.NOTICE and not again)

        return is_told

    def _fit(self, report: Report) -> Shown:
        """Return *report* with what the files of secrets give cause to say, and with no secret."""
        problems = dict.fromkeys((*report.problems, *self._environment.remarks))
        given = replace(report, problems=tuple(problems))  # each once, for some come here fit
        if self._shown is None or not self._shown.tells(given):
            self._shown = Shown(given, self._environment.secrets.hide_in(given))
        return self._shown

    def text(self, text: str) -> bool:
        """Print *text* to standard output; return False, and say so, if it cannot be written."""
        try:
            print(self._environment.secrets.hide(text), file=self._stdout, flush=True)
        except BrokenPipeError:  # whoever reads it has read enough, as `head` does
            return True
        except OSError as error:
            self.say(f"cannot write the result: {(error.strerror or str(error)).lower()}")
            return False
        return True

    def say(self, *lines: str) -> None:
        """Print *lines* to standard error, if anybody listens there."""
        hide = self._environment.secrets.hide
        self._print(*(f"dns01: {printable(hide(line), LONGEST)}" for line in lines))

    def _print(self, *lines: str) -> None:
        with suppress(OSError):
            for line in lines:
                print(line, file=self._stderr, flush=True)

    def keep(self, report: Report, path: Path | None) -> None:
        """Write *report* beside its receipt, into the files asked for, and for GitHub Actions.

        What fails is said. It costs neither the rest nor the verdict.
        """
        shown = self._fit(report)
        self._told = report = shown.report
        output, summary = map(self._environment.get, ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"))
        kept = path is not None and self._attempt(lambda: put(path, f"{shown.document}\n".encode()))
        for step in self._deliveries.of_stage(report, path if kept else None, self._clock):
            self._attempt(step)
        if (output or summary) and not self._is_guest:
            from .actions import announce  # noqa: PLC0415 - for a step of GitHub's

            self._attempt(lambda: announce(report, path if kept else None, output, None))
            self._attempt(lambda: announce(report, None, None, summary))

    def _attempt(self, step: Callable[[], object]) -> bool:
        """Do *step*; return whether that worked, or say why not."""
        try:
            step()
        except Failed as failed:
            self.say(*problem_lines([failed.problem]))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            self.say(f"cannot write {error.filename or 'what was to be kept'}: {why}")
        except Exception as error:  # noqa: BLE001 - no fault in here may cost the verdict
            self.say(*problem_lines([bug(error)]))
        else:
            return True
        return False


def is_undone(problem: Problem) -> bool:
    """Whether *problem* is told even in quiet: a cron job would do nothing for ever."""
    return problem.code == UNDONE and problem.severity is Severity.WARNING


def is_job(options: Namespace) -> bool:
    """Whether a watcher is told: `clean` of NAMEs or --all only ends the job of a `ready`."""
    match getattr(options, "verb", ""):
        case "ready" | "run" | "wait" | "check":
            return True
        case "clean":
            return getattr(options, "stale", None) is not None
        case _:
            return False
