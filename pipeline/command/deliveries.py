"""The files that the user asked for beside the report: page, JUnit, dotenv, metrics."""

import os
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

from pipeline.clock import Clock
from pipeline.files import publish
from pipeline.model import Exit, Failed
from pipeline.report import Report
from pipeline.text import quoted

OPTIONS = ("report", "junit", "dotenv", "metrics")
LARGEST = 1 << 20
"""Octets of an earlier file with metrics that are read."""

Step = Callable[[], object]


class Deliveries:
    """What is written where; a path that cannot be written to is said once, and forgotten."""

    def __init__(self, options: Namespace) -> None:
        self._verb: str = getattr(options, "verb", "")
        self._subject = subject(options)
        paths = {name: getattr(options, name, None) for name in OPTIONS}
        self._paths: dict[str, Path] = {name: path for name, path in paths.items() if path}

    def prepare(self) -> None:
        """See that each file can be written, before anything is done that it is to tell.

        Raises:
            Failed: 64, and that file will not be tried.
        """
        for name, path in tuple(self._paths.items()):
            if why := obstacle(path):
                del self._paths[name]
                message = f"cannot write --{name} {quoted(str(path))}: {why}"
                raise Failed(Exit.USAGE, "report", message, "name a file in a folder of yours")

    def of_stage(self, report: Report, kept: Path | None, clock: Clock | None) -> Iterator[Step]:
        """Yield what writes each file that tells of *report*, which is *kept* there."""
        for name, path in self._paths.items():
            match name:
                case "report":
                    yield partial(deliver, path, lambda: drawn(report, clock))
                case "junit":
                    yield partial(deliver, path, lambda: as_junit(report, self._verb))
                case "dotenv":
                    yield partial(tell_jobs, path, report, kept)
                case _:
                    pass

    def of_run(self, report: Report, clock: Clock) -> Iterator[Step]:
        """Yield what writes the file that tells how the whole run ended."""
        if path := self._paths.get("metrics"):
            names = self._subject or [order.name for order in report.orders]
            yield partial(measure, path, report, names, self._verb, clock)


def drawn(report: Report, clock: Clock | None) -> bytes:
    """Return *report* as a page."""
    from pipeline.picture.page import page  # noqa: PLC0415 - only for who asks for it

    return page(report, clock.today() if clock else None).encode()


def as_junit(report: Report, verb: str) -> bytes:
    """Return *report* as JUnit XML."""
    from .junit import junit  # noqa: PLC0415 - only for who asks for it

    return junit(report, verb)


def tell_jobs(path: Path, report: Report, kept: Path | None) -> None:
    """Replace the variables of later jobs at *path*.

    Raises:
        Failed: Once they are written, if the orders are not among them; costs no verdict.
    """
    from .gitlab import dotenv, lacks_order  # noqa: PLC0415 - only for who asks for it

    text = dotenv(report, kept, Path.cwd())
    deliver(path, text.encode)
    if lacks_order(report, text):
        message = f"{quoted(str(path))} lacks DNS01_ORDER_URI: GitLab takes no such value"
        hint = "the report has it; of many orders, finalize a few in each job"
        raise Failed(Exit.USAGE, "report", message, hint)


def measure(path: Path, report: Report, names: Sequence[str], verb: str, clock: Clock) -> None:
    """Replace the metrics at *path*; what reads them is another user, whatever our umask."""
    from .metrics import metrics  # noqa: PLC0415 - 50 ms, only for who asks for it

    before = ""
    if path.is_file():
        with suppress(OSError, ValueError), path.open("rb") as file:
            before = file.read(LARGEST).decode()
    body = metrics(report, names, verb, clock.today().timestamp(), before)
    deliver(path, lambda: body, 0o644)


def deliver(path: Path, make: Callable[[], bytes], least: int = 0) -> None:
    """Put what *make* returns at *path*, whole or not at all; its mode is at the *least* that.

    Raises:
        OSError: With the name of the file, as the user gave it.
    """
    body = make()
    try:
        publish(path, body, least)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error


def subject(options: Namespace) -> Sequence[str]:
    """Return what a run is about, as its user wrote it."""
    pairs = getattr(options, "pairs", None) or ()
    if inventory := getattr(options, "inventory", None):
        return [inventory]
    names = getattr(options, "names", None) or getattr(options, "domains", None)
    return names or list(dict.fromkeys(name for name, _ in pairs))


def obstacle(path: Path) -> str:
    """Return why no file can be written at *path*, or nothing; leave none."""
    try:
        if path.is_dir():
            return "it is a folder"
        if path.exists() and not path.is_file():
            return "" if os.access(path, os.W_OK) else "permission denied"
        folder = path.resolve().parent
        if not folder.is_dir():
            return "its folder does not exist"
        if not os.access(folder, os.W_OK | os.X_OK):
            return "its folder cannot be written to"
        with TemporaryFile(dir=folder):  # no right says that a folder takes files: /proc takes none
            return ""
    except OSError as error:
        return (error.strerror or str(error)).lower()
