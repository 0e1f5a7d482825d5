"""A server process of the laboratory, and the patience to see it started."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from threading import Thread

START_S = 60.0
STOP_S = 3.0


class Program:
    """A process in a group of its own, whose output is kept with the time of each line.

    Attributes:
        lines: Output so far as (seconds of `time.monotonic`, text), oldest first.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._name = argv[0]
        # --pdeathsig: a laboratory that is killed must not leave its addresses occupied.
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            errors="replace",
            env={**os.environ, **(environment or {})},
        )
        self.lines: list[tuple[float, str]] = []
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def await_that(self, ready: Callable[[], bool]) -> None:
        """Block until *ready*.

        Raises:
            RuntimeError: The program ended, or did not get there within 20 s.
        """
        deadline = time.monotonic() + START_S
        while not ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = "\n".join(text for _, text in self.lines[-20:])
                raise RuntimeError(f"{self._name} did not start:\n{said}")
            time.sleep(0.02)

    def terminate(self) -> None:
        """Ask the whole group to end; `close` sees to it."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)

    def close(self) -> None:
        """End the whole group, gently for 3 s. Closing twice is fine."""
        self.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout
        with self._process.stdout as output:
            for line in output:
                self.lines.append((time.monotonic(), line.rstrip()))
