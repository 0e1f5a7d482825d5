"""One writer at a time, among the processes of a machine, by a lock that a death lets go of."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from providers.contract import Pause

from .store import locked, opened

PATIENCE = 60.0
"""Seconds. Then whoever holds the turn is taken to be stuck, and is not waited for."""

POLL = 0.1
REASON = "for other processes of this machine to write to the zone"


@contextmanager
def turn(path: Path, pause: Pause, now: Callable[[], float]) -> Iterator[None]:
    """Hold the file at *path* locked, once others have let go of it.

    It saves collisions; it is not what keeps values safe. So whoever cannot have
    it, for want of a folder or because somebody is stuck, goes on without.

    Raises:
        Unavailable: Nobody would wait that long.
    """
    with ExitStack() as held:
        with suppress(OSError):
            descriptor = held.enter_context(opened(path))
            until = now() + PATIENCE
            while not locked(descriptor) and now() < until:
                pause(POLL * (0.5 + random.random()), REASON)  # noqa: S311 - only spreads the polls
        yield
