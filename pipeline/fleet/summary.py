"""What became of a fleet, in a few lines: how many certificates ended how, and why. Pure."""

import json
from collections.abc import Iterator
from itertools import islice
from signal import Signals

from pipeline.model import Exit, Problem, Severity, worst
from pipeline.report import NOT_DUE, finished
from pipeline.text import printable

from .database import Database, Tally
from .pace import Pace, rounded

NAMED = 10
"""Certificates that are named for each reason to fail."""

REMARKS = 10
"""Warnings that are repeated; the report has all."""


def headline(tally: Tally, seconds: float) -> str:
    """Return how many certificates ended how."""
    if not tally.total:
        return "nothing to do"
    counts = [f"{tally.ready:,} of {certificates(tally.total)} ready"]
    counts += [f"{tally.not_due:,} not due"] if tally.not_due else []
    counts += [f"{tally.failed:,} failed"] if tally.failed else []
    return f"{', '.join(counts)} in {rounded(seconds)}"


def certificates(count: int) -> str:
    """Return *count* with its noun, and a comma in thousands."""
    return f"{count:,} certificate{'' if count == 1 else 's'}"


def progress(tally: Tally, under_way: int, pace: Pace, now: float) -> str:
    """Return how far a fleet is; when it will be through only once that can be known."""
    done = tally.total - tally.pending
    parts = [f"{done:,} of {certificates(tally.total)} done"]
    parts += [f"{tally.failed:,} failed"] if tally.failed else []
    parts += [f"{under_way:,} under way"] if under_way else []
    left = pace.left(now)
    if left is not None:
        parts += [f"{pace.rate(now):.1f} a second", f"about {rounded(left)} left"]
    return ", ".join(parts)


def beginning(total: int, waves: int, jobs: int) -> str:
    """Return what is ahead: *total* certificates in so many *waves*, *jobs* of them at once."""
    if not total:
        return "nothing to do"
    pieces = f"{waves:,} waves" if waves > 1 else "1 wave"
    at_once = f", {jobs} at once" if waves > jobs else ""
    return f"{certificates(total)} in {pieces}{at_once}; a wave tells how it went at its end"


def interrupted(database: Database, signum: int, *, is_heard: bool) -> Problem:
    """Return the problem of a fleet that *signum* ended; *is_heard*: each process has reported."""
    known = {problem(body).code for body in database.warnings(-1)}
    if not is_heard or known & {"records-left", "records-stay"}:
        left = "receipts list what is in DNS"
    elif database.tally().ready:
        left = "what is ready stays in DNS, and nothing else of this run is left there"
    else:
        left = "nothing of this run is left in DNS"
    hint = "run again: what was ordered goes on; or dns01 clean --all"
    return Problem("interrupted", f"{Signals(signum).name}: {left}", hint)


def status(database: Database, exit_code: int) -> str:
    """Return the status word of a fleet that ends with *exit_code*."""
    tally = database.tally()
    return finished(exit_code, "ready" if tally.ready or not tally.not_due else NOT_DUE)


def exit_of(database: Database) -> int:
    """Return the worst exit of any certificate; one whose process was told to end may be tried."""
    known = {int(each) for each in Exit}
    return worst(Exit(each if each in known else Exit.NOT_READY) for each in database.exits())


def problems(database: Database) -> Iterator[Problem]:
    """Yield one problem for each reason to fail, most certificates first; then warnings."""
    for code, _, count, names in database.failures(NAMED):
        known = [*map(problem, islice(database.problems(code), 2))]
        first, *others = known or [Problem(code, "", "")]
        example = "for example: " if others else ""
        named = ", ".join(printable(name, 80) for name in names)
        more = f" and {count - len(names):,} more" if count > len(names) else ""
        message = f"{certificates(count)} ({named}{more}): {example}{first.message}"
        yield Problem(code, message, first.hint)
    warnings = [*map(problem, database.warnings(REMARKS + 1))]
    yield from warnings[:REMARKS]
    if len(warnings) > REMARKS:
        message = "the report has more warnings than are told here"
        yield Problem("warnings", message, "--json", Severity.WARNING)


def problem(body: str) -> Problem:
    """Return the problem in *body*, an entry of a report."""
    found = json.loads(body)
    severity = Severity(found["severity"])
    return Problem(found["code"], found["message"], found["hint"], severity)
