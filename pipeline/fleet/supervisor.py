"""Run waves in processes of their own, a few at once: one that dies takes its wave and no more."""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from pipeline.clock import Clock
from pipeline.configuration.settings import ORDER_S
from pipeline.model import Failed
from providers.threads import in_thread

from .process import Process
from .waves import Wave

OVERTIME = 30.0
"""Seconds beyond its deadline after which a process is taken to be stuck, and is killed."""

PARTING = 8.0
"""Seconds that processes have to end after a signal; they take five at most."""

MOST_JOBS = 8
"""Processes at once unless more are asked for: hosts take only so much, whatever a machine can."""

BEAT = 0.2
"""Seconds between two looks at what is under way."""


@dataclass(frozen=True, slots=True)
class Worker:
    """The process of a wave, which began at *begun* on our clock."""

    wave: Wave
    process: Process
    begun: float


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended, with an exit status, or less the number of a signal."""

    worker: Worker
    status: int


class Supervisor:
    """Keeps *jobs* processes at work, until a signal comes.

    Args:
        launch: Starts the process of a wave; once it raises `Failed`, no more are begun.
        timeout: Seconds that a wave may take, beyond those for its orders.

    Attributes:
        signum: The signal that came, or 0.
        failure: Why no process could be started.
    """

    def __init__(
        self,
        launch: Callable[[Wave], Process],
        clock: Clock,
        jobs: int,
        timeout: float,
    ) -> None:
        self._launch = launch
        self._clock = clock
        self._jobs = jobs
        self._timeout = timeout
        self._live: dict[Future[int], Worker] = {}
        self._stopped_at = float("inf")
        self.signum = 0
        self.failure: Failed | None = None

    @property
    def under_way(self) -> int:
        """How many certificates are being worked on."""
        return sum(worker.wave.count for worker in self._live.values())

    def run(self, waves: Iterable[Wave]) -> Iterator[Ended | None]:
        """Run *waves*, those of a chain in turn; yield each that has ended, and None at times."""
        waiting = deque(waves)
        self._start(waiting)
        while self._live:
            ended = self._ended()
            self._start(waiting)  # so that whoever hears of an end sees what goes on
            yield from ended or (None,)
            self._kill_stuck()

    def stop(self, signum: int) -> None:
        """Begin no wave any more, and pass *signum* on: each process handles it as if alone.

        To be called from a signal's handler, at any moment.
        """
        if not self.signum:
            self.signum, self._stopped_at = signum, self._clock.now()
        for worker in tuple(self._live.values()):
            worker.process.signal(signum)

    def _start(self, waiting: deque[Wave]) -> None:
        """Start those of *waiting* that may go, until there are enough."""
        busy = {worker.wave.chain for worker in self._live.values()}
        for wave in tuple(waiting):
            if self.signum or len(self._live) >= self._jobs:
                return
            if wave.chain not in busy:
                busy.add(wave.chain)
                waiting.remove(wave)
                try:
                    worker = Worker(wave, self._launch(wave), self._clock.now())
                except Failed as failed:
                    self.failure = failed
                    waiting.clear()
                    return
                self._live[in_thread(worker.process.wait)] = worker
                self._pass_on(worker)

    def _pass_on(self, worker: Worker) -> None:
        """Pass on a signal that came while nobody knew of *worker*."""
        if self.signum:
            worker.process.signal(self.signum)

    def _ended(self) -> list[Ended]:
        done, _ = wait(self._live, timeout=BEAT, return_when=FIRST_COMPLETED)
        return [Ended(self._live.pop(future), future.result()) for future in done]

    def _kill_stuck(self) -> None:
        """Kill who should have ended long ago."""
        now = self._clock.now()
        for worker in self._live.values():
            until = worker.begun + ORDER_S * worker.wave.count + self._timeout + OVERTIME
            until = min(until, self._stopped_at + PARTING)
            if now > until:
                worker.process.signal(signal.SIGKILL)


def default_jobs() -> int:
    """Return how many processes work at once: they wait most of their time, so two for a core."""
    return max(2, min(2 * (os.cpu_count() or 1), MOST_JOBS))
