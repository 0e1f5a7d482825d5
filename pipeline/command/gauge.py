"""Show how far a fleet is: a line that is written anew on a terminal, some lines in a log."""

from contextlib import suppress
from typing import TextIO

from pipeline.case import Progress
from pipeline.clock import Clock
from pipeline.text import printable

HEARTBEAT = 30.0
"""Seconds of silence in a log after which it is said how far things are."""

OFTEN = 0.5
"""Seconds between two looks of a terminal."""

WIDE = 79
"""Columns that every terminal has."""


class Gauge:
    """Says by *progress* what happens; on a *terminal* rewrites one line meanwhile."""

    def __init__(self, progress: Progress, clock: Clock, terminal: TextIO | None) -> None:
        self._progress = progress
        self._clock = clock
        self._terminal = terminal
        self._shown_at = 0.0
        self._shown = ""

    def say(self, line: str) -> None:
        """Take *line*, which stays."""
        self.close()
        self._progress.say(line)

    def show(self, line: str, *, is_news: bool) -> None:
        """Take *line* on how far things are; *is_news*: something has ended."""
        now = self._clock.now()
        silent = now - self._shown_at
        if self._terminal and (is_news or silent > OFTEN):
            self._write(f"\r\x1b[K{printable(line, WIDE)}")
        elif not self._terminal and (silent > HEARTBEAT or (is_news and line != self._shown)):
            self._progress.say(line)
        else:
            return
        self._shown, self._shown_at = line, now

    def close(self) -> None:
        """Give the terminal back as it was."""
        if self._terminal and self._shown:
            self._write("\r\x1b[K")
            self._shown = ""

    def _write(self, text: str) -> None:
        with suppress(OSError):  # whoever read along went away: that stops no run
            if self._terminal:
                self._terminal.write(text)
                self._terminal.flush()
