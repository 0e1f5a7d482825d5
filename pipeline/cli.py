"""The command line's entry point: arguments first, then the imports they need."""

import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from typing import TextIO

from .clock import SystemClock
from .command.arguments import parse
from .command.mistaken import Mistake, annotated

CLOCK = SystemClock()
"""Started as early as we can: the times in reports count from here."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run dns01 and return its exit status."""
    for name in ("stdout", "stderr"):  # closed by the caller
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123 - open to the end
    if isinstance(sys.stdout, TextIOWrapper):  # as standard error is: no word is an error
        sys.stdout.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if argv is None else argv
    try:
        options = parse(words)
        from .command.session import Session  # noqa: PLC0415 - dnspython costs 70 ms

        return Session(options, CLOCK).run()
    except Mistake as mistake:
        if [*words[:1]] != ["hook"]:  # which is a guest in another program's step
            sys.stderr.write(annotated(mistake))
        raise
    except KeyboardInterrupt:  # before the session listens for signals
        return 130
    finally:
        for stream in (sys.stdout, sys.stderr):
            settle(stream)


def settle(stream: TextIO) -> None:
    """Drop what cannot be written to *stream*: the interpreter would fail on it when it ends."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
