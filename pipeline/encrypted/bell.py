"""A bell between threads that a selector can hear."""

import socket
from contextlib import suppress


class Bell:
    """Rung from any thread; heard by the one that waits until its descriptor is readable."""

    def __init__(self) -> None:
        self._ear, self._cord = socket.socketpair()
        self._ear.settimeout(0)
        self._cord.settimeout(0)

    def fileno(self) -> int:
        """Return the descriptor to wait at."""
        return self._ear.fileno()

    def ring(self) -> None:
        """Wake the listener. Ringing once more before it hears, or after it left, is no error."""
        with suppress(OSError):
            self._cord.send(b"!")

    def heard(self) -> bool:
        """Fall silent; return whether it may ring again."""
        try:
            return bool(self._ear.recv(65536))
        except BlockingIOError:
            return True

    def cut(self) -> None:
        """Ring for the last time."""
        self._cord.close()

    def close(self) -> None:
        """Take it down."""
        self._cord.close()
        self._ear.close()
