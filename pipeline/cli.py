"""The command line's entry point: as few imports as the arguments need."""

import os
import sys
from io import TextIOWrapper

from . import TYPE_CHECKING, __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TextIO

    from .clock import Clock
    from .command.session import Session


def main(argv: "Sequence[str] | None" = None) -> int:
    """Run dns01 and return its exit status."""
    for name in ("stdout", "stderr"):  # closed by the caller
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123 - open to the end
    if isinstance(sys.stdout, TextIOWrapper):  # as standard error is: no word is an error
        sys.stdout.reconfigure(errors="backslashreplace")
    words = sys.argv[1:] if argv is None else argv
    try:
        if [*words] in (["--version"], ["-V"]):  # asked by whoever looks whether we are here
            sys.stdout.write(f"dns01 {__version__}\n")
            return 0
        return obey(words)
    except KeyboardInterrupt:  # before the session listens for signals
        return 130
    finally:
        for stream in (sys.stdout, sys.stderr):
            settle(stream)


def obey(words: "Sequence[str]") -> int:
    """Do what *words* ask for and return the exit status."""
    from .clock import SystemClock  # noqa: PLC0415 - see above

    clock = SystemClock()  # started as early as we can: the times in reports count from here

    import gc  # noqa: PLC0415

    from .command.early_signals import hold_back, let_come  # noqa: PLC0415

    hold_back()  # until the session listens: then a report can be told
    try:
        return session_of(words, clock).run()
    finally:
        let_come()
        gc.freeze()  # nor in what ends with the process: that would take a tenth of a small run


def session_of(words: "Sequence[str]", clock: "Clock") -> "Session":
    """Return the session that *words* ask for."""
    import gc  # noqa: PLC0415

    from .command.arguments import parse  # noqa: PLC0415
    from .command.mistaken import Mistake, annotated  # noqa: PLC0415

    gc.disable()  # what is imported stays: whoever looks for garbage need not look there, ever
    try:
        options = parse(words)
        from .command.session import Session  # noqa: PLC0415 - dnspython costs 70 ms

        return Session(options, clock)
    except Mistake as mistake:
        if [*words[:1]] != ["hook"]:  # which is a guest in another program's step
            sys.stderr.write(annotated(mistake))
        raise
    finally:
        gc.freeze()
        gc.enable()


def settle(stream: "TextIO") -> None:
    """Drop what cannot be written to *stream*: the interpreter would fail on it when it ends."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
