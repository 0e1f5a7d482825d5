"""Signals as exceptions in the main thread, wherever it is; but for moments that must be whole.

The first signal stops the run, which then removes its records. That takes
seconds, so a second one is only told so; a third has its way.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

from pipeline.case import Interrupted

from .early_signals import SIGNALS, let_come

SOON = 0.001
"""Seconds after which a signal that comes at a bad moment comes again."""

Handler = Callable[[int, FrameType | None], object] | int | None

Tell = Callable[[], object]
"""Says that records are being removed, from within a signal's handler."""


def silent() -> None:
    """Say nothing."""


def listen(tell: Tell = silent) -> None:
    """Have a signal that asks us to end raise `Interrupted`, and the next be patient.

    One that was held back does so here.
    """
    answer_with(partial(interrupt, first=partial(be_patient, tell)))
    let_come()


def be_patient(tell: Tell = silent) -> None:
    """Have a signal only *tell* that records are being removed, and the next raise."""

    def once(_signum: int, _frame: FrameType | None) -> None:
        answer_with(interrupt)
        tell()

    answer_with(once)


def let_go() -> None:
    """Have signals end the process at once: nothing is left to undo."""
    answer_with(signal.SIG_DFL)


def finish() -> None:
    """Have one signal wait for the last words, which say what is in DNS; the next ends them."""
    answer_with(lambda _signum, _frame: let_go())


@contextmanager
def postponed() -> Iterator[None]:
    """Hold signals back until the end of the block, then raise the first of them.

    For what must not be torn: a child process that runs, and nobody knows which.
    """
    came: list[int] = []
    before = {signum: signal.getsignal(signum) for signum in SIGNALS}
    answer_with(lambda signum, _frame: came.append(signum))
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
    if came:
        signal.raise_signal(came[0])


def answer_with(handler: Handler) -> None:
    """Install *handler*, but not for the hang-up that nohup has us ignore."""
    for signum in SIGNALS:
        if signum != signal.SIGHUP or signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, handler)


def interrupt(signum: int, frame: FrameType | None, first: Callable[[], object] = silent) -> None:
    """Turn a signal into an exception, as soon as dnspython is not at work; *first* do that.

    While it parses it turns any exception into its own (`dns.exception.ExceptionWrapper`),
    so that the signal would pass for a broken answer.
    """
    if not in_dnspython(frame):
        first()
        raise Interrupted(signum)
    signal.signal(signal.SIGALRM, lambda _alarm, later: interrupt(signum, later, first))
    signal.setitimer(signal.ITIMER_REAL, SOON)


def in_dnspython(frame: FrameType | None) -> bool:
    """Whether *frame* is one of dnspython's, or was called by one."""
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("dns."):
            return True
        frame = frame.f_back
    return False
