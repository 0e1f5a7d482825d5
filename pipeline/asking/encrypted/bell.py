"""A bell between threads that a selector can hear."""

import socket
from contextlib import suppress


class Bell:
    """Rung in one thread; heard in another, which waits until its descriptor is readable."""

    def __init__(self) -> None:
        self._ear, self._cord = socket.socketpair()
        self._ear.settimeout(0)
        self._cord.settimeout(0)

    def fileno(self) -> int:
        """Return the descriptor to wait at."""
        return self._ear.fileno()

    def ring(self) -> None:
        """Make the descriptor readable; no error if it is, or if nobody listens any more."""
        with suppress(OSError):
            self._cord.send(b"!")

    def hear(self) -> None:
        """Make the bell fall silent."""
        with suppress(BlockingIOError):
            self._ear.recv(65536)

    def close(self) -> None:
        """Take it down."""
        self._cord.close()
        self._ear.close()
