"""Show progress as long as that works: a fault in the display is a warning, and ends no run."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Protocol

from pipeline.case import Progress
from pipeline.explaining.verdict import bug
from pipeline.model import Problem, Severity
from pipeline.propagation.confirm import Watch
from pipeline.propagation.evidence import Evidence
from pipeline.questions import Goal


class Display(Progress, Protocol):
    """Shows progress."""

    def close(self) -> None:
        """Give back whatever it holds."""
        ...


class Unfailing:
    """Shows what its display shows, until that breaks."""

    def __init__(self, display: Display, warn: Callable[[Problem], object]) -> None:
        """Pass on to *display*; tell *warn*, once, why there is no more to see."""
        self._display = display
        self._warn = warn
        self._is_broken = False

    def say(self, line: str) -> None:
        self._attempt(lambda: self._display.say(line))

    def watching(self, goals: Sequence[Goal], streak: int) -> Watch:
        shown: list[Watch] = []
        self._attempt(lambda: shown.append(self._display.watching(goals, streak)))

        def watch(evidence: Evidence, now: float) -> None:
            for each in shown:
                self._attempt(partial(each, evidence, now))

        return watch

    def close(self) -> None:
        self._attempt(self._display.close)

    def _attempt(self, show: Callable[[], object]) -> None:
        if self._is_broken:
            return
        try:
            show()
        except Exception as error:  # noqa: BLE001 - whatever it is, records are in DNS meanwhile
            self._is_broken = True
            with suppress(Exception):
                self._display.close()
            why = bug(error)
            message = f"progress is shown no further, the run goes on: {why.message}"
            self._warn(replace(why, message=message, severity=Severity.WARNING))
