"""Signals that come while a process starts wait until somebody listens: it needs nothing else."""

import signal

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def hold_back() -> None:
    """Have signals that ask us to end wait."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def let_come() -> None:
    """Have those come that have waited, and others at once."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
