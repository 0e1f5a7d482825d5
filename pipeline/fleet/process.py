"""The process of one wave: a command of ours, told by its standard input what to do."""

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping

from .temporary import unnamed_file

MODULE = "pipeline.command.wave"
ROOM, ROOM_EACH = 2**16, 2**13
"""Octets that a report may take, and each certificate of it."""

LAST = 4000
"""Octets of what a process said last that are looked at."""


class Process:
    """Runs from when it is made until it ends by itself, by a signal, or because we have gone.

    What it is *given*, its report and its words are in files that have no name: nobody else can
    open them, and nothing stays of them, whoever is killed.
    """

    def __init__(self, given: object, environment: Mapping[str, str], count: int) -> None:
        """Start it, once there is room for its report of *count* certificates.

        Raises:
            Failed: 78, there is no room.
        """
        self._report, self._words = unnamed_file(ROOM + ROOM_EACH * count), unnamed_file()
        with unnamed_file() as told:
            pickle.dump((os.getpid(), given), told)
            told.seek(0)
            self._process = subprocess.Popen(  # noqa: S603 - our own
                [sys.executable, "-P", "-m", MODULE],
                stdin=told,
                stdout=self._report,
                stderr=self._words,
                env=environment,
                process_group=0,  # a terminal's signals come to us, who pass them on
            )
        self.signal = self._process.send_signal
        self.wait = self._process.wait

    def end(self) -> tuple[str, str]:
        """Return the report that it has left, and its last words, once it has ended."""
        with self._report as report, self._words as words:
            report.seek(0)
            words.seek(max(words.seek(0, os.SEEK_END) - LAST, 0))
            return report.read().rstrip(b"\0").decode(), words.read().decode("utf-8", "replace")
