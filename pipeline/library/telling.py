"""Tell a program how far its call has come, and hear from it that it wants no more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from signal import SIGINT
from threading import Event, get_ident

from pipeline.case import Interrupted
from pipeline.clock import Clock
from pipeline.explaining.witness import Witness
from pipeline.propagation.confirm import Watch
from pipeline.propagation.evidence import Evidence
from pipeline.questions import Goal
from pipeline.tally import Tally, tallies


@dataclass(frozen=True, slots=True)
class Step:
    """Something has happened.

    Attributes:
        elapsed_s: Seconds since the call.
        text: What, in the words of the command.
        tallies: During the wait: how many servers of each role have confirmed.
    """

    elapsed_s: float
    text: str
    tallies: tuple[Tally, ...] = ()


class Telling:
    """Calls *progress* with each step; ends the run once *cancel* is set.

    Only the thread that made it is interrupted, and that once: what removes records may
    say so without being stopped again.
    """

    def __init__(
        self,
        clock: Clock,
        progress: Callable[[Step], object],
        cancel: Event | None,
        hide: Callable[[str], str],
    ) -> None:
        self._clock, self._progress, self._hide = clock, progress, hide
        self._cancel = cancel
        self._thread = get_ident()

    def say(self, line: str) -> None:
        self.heed()
        self._tell(line)

    def watching(self, goals: Sequence[Goal], streak: int) -> Watch:
        told: tuple[Tally, ...] = ()

        def watch(evidence: Evidence, now: float) -> None:
            nonlocal told
            self.heed()
            found = tallies(goals, Witness(evidence, streak, now, self._clock.time_of))
            if found != told:
                self._tell(", ".join(map(str, found)), found)
            told = found

        return watch

    def close(self) -> None:
        pass

    def heed(self) -> None:
        """End the run if that is wished.

        Raises:
            Interrupted: It is.
        """
        if self._cancel and self._cancel.is_set() and get_ident() == self._thread:
            self._cancel = None
            raise Interrupted(SIGINT)

    def disregard(self) -> None:
        """Take no more notice of a wish to end: it is ending."""
        self._cancel = None

    def _tell(self, line: str, found: tuple[Tally, ...] = ()) -> None:
        self._progress(Step(self._clock.now(), self._hide(line), found))
