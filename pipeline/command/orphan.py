"""End with the process that started us: whoever it worked for has gone."""

import os
import signal
from threading import Event, Thread

OFTEN = 0.5
"""Seconds between two looks."""


def end_with_parent(parent: int | None = None) -> None:
    """Have this process told to end, as by SIGTERM, once its *parent* has; who that is now.

    A client that is told to stop kills the shell around its hook at most, and
    the hook would go on to wait, with its records in DNS and their receipt held.
    """
    parent = parent or os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            Event().wait(OFTEN)
        os.kill(os.getpid(), signal.SIGTERM)

    Thread(target=watch, daemon=True).start()
