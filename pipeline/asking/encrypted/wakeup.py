"""Wake a selector from another thread (the self-pipe trick)."""

import socket
from contextlib import suppress


class Wakeup:
    """Its descriptor is readable from when one thread wakes the other until that clears it."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.settimeout(0)
        self._writer.settimeout(0)

    def fileno(self) -> int:
        """Return the descriptor to wait at."""
        return self._reader.fileno()

    def wake(self) -> None:
        """Make the descriptor readable; no error if it is, or if nobody waits any more."""
        with suppress(OSError):
            self._writer.send(b"!")

    def clear(self) -> None:
        """Make the descriptor unreadable until the next `wake`."""
        with suppress(BlockingIOError):
            self._reader.recv(65536)

    def close(self) -> None:
        """Close both ends."""
        self._writer.close()
        self._reader.close()
