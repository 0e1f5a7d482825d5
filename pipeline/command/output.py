"""Put out a report: on standard output and error, beside the receipt, as a page, in a CI job."""

import os
from argparse import Namespace
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from pipeline.clock import Clock
from pipeline.configuration.environment import Environment
from pipeline.explaining.causes import Kind
from pipeline.explaining.verdict import bug
from pipeline.files import publish, put
from pipeline.model import Exit, Failed, Problem, Severity
from pipeline.picture.page import page
from pipeline.report import LONGEST, Report, details, headline, problem_lines, to_json
from pipeline.text import printable, quoted

from . import actions

UNDONE = "host-not-asked"
"""The code of a warning that what was wanted was not done: said even in quiet."""


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
        self._picture: Path | None = getattr(options, "report", None)

    def prepare(self) -> None:
        """See that the page can be written, before anything is done that it is to show.

        Raises:
            Failed: 64, and no page will be tried.
        """
        if self._picture and (why := obstacle(self._picture)):
            message = f"cannot write --report {quoted(str(self._picture))}: {why}"
            self._picture = None
            raise Failed(Exit.USAGE, "report", message, "name a file in a folder of yours")

    def result(self, report: Report) -> bool:
        """Print *report*: its document, or lines for a person; return whether that worked."""
        report = self._fit(report)
        printed = True
        if self._json:
            printed = self.text(to_json(report))
        elif not self._quiet:
            printed = self.text("\n".join([headline(report), *details(report)]))
        self.problems(report)
        return printed

    def problems(self, report: Report) -> None:
        """Print what a person should know to standard error; in quiet what failed or was not done.

        What is merely good to know is for `check`, and for who asks for more;
        so are causes by themselves, where the failure has named them.
        """
        report = self._fit(report)
        lines = problem_lines(filter(self._is_told(report), report.problems))
        if self._quiet and report.exit:
            lines = [headline(report), *lines]
        elif self._quiet:
            lines = problem_lines(filter(is_undone, report.problems))
        self.say(*lines)

    def _is_told(self, report: Report) -> Callable[[Problem], bool]:
        """Return whether a person has to be told of a problem of *report*."""
        explained = any(problem.code == "not-ready" for problem in report.problems)
        said = {kind.code for kind in Kind} if explained else set()

        def is_told(problem: Problem) -> bool:
            weight = problem.severity
            again = weight is Severity.WARNING and problem.code in said
            return self._tells_all or (weight is not Severity.NOTICE and not again)

        return is_told

    def _fit(self, report: Report) -> Report:
        """Return *report* with what the files of secrets give cause to say, and with no secret."""
        fit = replace(report, problems=(*report.problems, *self._environment.files.remarks))
        return self._environment.secrets.hide_in(fit)

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
        with suppress(OSError):
            for line in lines:
                harmless = printable(self._environment.secrets.hide(line), LONGEST)
                print(f"dns01: {harmless}", file=self._stderr, flush=True)

    def keep(self, report: Report, path: Path | None) -> None:
        """Write *report* beside its receipt, draw it where asked to, and tell GitHub Actions.

        What fails is said. It costs neither the rest nor the verdict.
        """
        report = self._fit(report)
        output, summary = map(self._environment.get, ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"))
        kept = path is not None and self._attempt(
            lambda: put(path, to_json(report).encode() + b"\n")
        )
        picture = self._picture
        if picture:
            self._attempt(lambda: self._draw(report, picture))
        self._attempt(lambda: actions.announce(report, path if kept else None, output, None))
        self._attempt(lambda: actions.announce(report, None, None, summary))

    def _draw(self, report: Report, picture: Path) -> None:
        ended = self._clock.today() if self._clock else None
        try:
            publish(picture, page(report, ended).encode())
        except OSError as error:
            raise OSError(error.errno, error.strerror, picture) from error

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


def obstacle(picture: Path) -> str:
    """Return why no file can be written at *picture*, or nothing; write none."""
    try:
        if picture.is_dir():
            return "it is a folder"
        if picture.exists() and not picture.is_file():
            return "" if os.access(picture, os.W_OK) else "permission denied"
        folder = picture.resolve().parent
        if not folder.is_dir():
            return "its folder does not exist"
        return "" if os.access(folder, os.W_OK | os.X_OK) else "its folder cannot be written to"
    except OSError as error:
        return (error.strerror or str(error)).lower()
