"""Run a program to its end or its deadline, with all that it has started."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, cast

from providers.threads import in_thread

KEPT = 2000
"""Octets of its last words."""
LATE_S = 0.5
"""For words under way, once it has ended: whom it has started may hold on to its output."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit status, or minus the signal; and its last words."""

    status: int
    said: str


class Programs:
    """Those that run now."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, words: Sequence[str], environment: Mapping[str, str], seconds: float) -> Ended:
        """Return how the program ended that *words* name and are given to.

        Raises:
            TimeoutError: It ran for *seconds*. Its process group has been killed.
            OSError: It cannot be started.
        """
        process = subprocess.Popen(  # noqa: S603 - the user has named it, in so many words
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._running.add(process)
        said = bytearray()
        reading = in_thread(lambda: listen(cast("IO[bytes]", process.stdout), said))
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            kill(process)
            raise TimeoutError(f"killed after {seconds:g} s") from None
        finally:
            self._running.discard(process)
            wait([reading], timeout=LATE_S)
        return Ended(status, said.decode(errors="replace"))

    def kill(self) -> None:
        """Leave nothing behind that still runs."""
        for process in [*self._running]:
            kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End *process*, and whom it has started, unless they left its group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def listen(stream: IO[bytes], said: bytearray) -> None:
    """Keep in *said* the last that comes down *stream*, however much that is."""
    with stream:
        while octets := os.read(stream.fileno(), 1 << 16):
            said += octets
            del said[:-KEPT]
