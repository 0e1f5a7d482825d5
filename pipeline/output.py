"""Put out a report: on standard output, on standard error, beside the receipt, in a CI job."""

from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from . import actions
from .config import Environment
from .files import put
from .model import Failed
from .report import Report, details, headline, problem_lines, to_json


class Output:
    """Where a report goes, by the user's options and the surroundings."""

    def __init__(
        self, options: Namespace, environment: Environment, stdout: TextIO, stderr: TextIO
    ) -> None:
        self._json = options.json
        self._quiet = options.quiet
        self._environment = environment
        self._stdout = stdout
        self._stderr = stderr

    def result(self, report: Report) -> bool:
        """Print *report*: its document, or lines for a person; return whether that worked."""
        printed = True
        if self._json:
            printed = self.text(to_json(report))
        elif not self._quiet:
            printed = self.text("\n".join([headline(report), *details(report)]))
        self.problems(report)
        return printed

    def problems(self, report: Report) -> None:
        """Print what a person should know to standard error; in quiet only on failure."""
        lines = problem_lines(report.problems)
        if self._quiet and report.exit:
            lines = [headline(report), *lines]
        if report.exit or not self._quiet:
            self.say(*lines)

    def text(self, text: str) -> bool:
        """Print *text* to standard output; return False, and say so, if it cannot be written."""
        try:
            print(text, file=self._stdout, flush=True)
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
                print(f"dns01: {line}", file=self._stderr, flush=True)

    def keep(self, report: Report, path: Path | None) -> None:
        """Write *report* beside its receipt, and tell GitHub Actions where."""
        environment = self._environment
        output, summary = environment.get("GITHUB_OUTPUT"), environment.get("GITHUB_STEP_SUMMARY")
        try:
            if path:
                put(path, to_json(report).encode() + b"\n")
            actions.announce(report, path, output, summary)
        except Failed as failed:
            self.say(*problem_lines([failed.problem]))
        except OSError as error:
            self.say(f"cannot write {error.filename}: {(error.strerror or '').lower()}")
