"""Signals as exceptions, raised in the main thread wherever it is; but for moments that are whole."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from .case import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], object] | signal.Handlers


def listen() -> None:
    """Have every signal that asks us to end raise `Interrupted`."""
    answer_with(interrupt)


def let_go() -> None:
    """Have signals end the process at once: nothing is left to undo."""
    answer_with(signal.SIG_DFL)


@contextmanager
def postponed() -> Iterator[None]:
    """Hold signals back until the end of the block, then raise the first of them.

    For what must not be torn: a child process that runs, and nobody knows which.
    """
    came: list[int] = []
    answer_with(lambda signum, _frame: came.append(signum))
    try:
        yield
    finally:
        listen()
    if came:
        raise Interrupted(came[0])


def answer_with(handler: Handler) -> None:
    """Install *handler*, but not for the hang-up that nohup has us ignore."""
    for signum in SIGNALS:
        if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, handler)


def interrupt(signum: int, _frame: FrameType | None) -> None:
    """Turn a signal into an exception."""
    raise Interrupted(signum)
