"""Signals as exceptions in the main thread, wherever it is; but for moments that must be whole."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from pipeline.case import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

SOON = 0.001
"""Seconds after which a signal that comes at a bad moment comes again."""

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


def interrupt(signum: int, frame: FrameType | None) -> None:
    """Turn a signal into an exception, as soon as dnspython is not at work.

    While it parses it turns any exception into its own (`dns.exception.ExceptionWrapper`),
    so that the signal would pass for a broken answer.
    """
    if not in_dnspython(frame):
        raise Interrupted(signum)
    signal.signal(signal.SIGALRM, lambda _alarm, later: interrupt(signum, later))
    signal.setitimer(signal.ITIMER_REAL, SOON)


def in_dnspython(frame: FrameType | None) -> bool:
    """Whether *frame* is one of dnspython's, or was called by one."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("dns."):
            return True
        frame = frame.f_back
    return False
