"""Be ready with a whole inventory: waves in processes of their own, and one report at the end."""

import signal
import sqlite3
from argparse import Namespace
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from secrets import token_hex
from typing import TextIO

from pipeline.clock import Clock
from pipeline.configuration.environment import Environment
from pipeline.configuration.settings import Settings
from pipeline.fleet import summary
from pipeline.fleet.attempts import AGAIN, FIRST, Attempt
from pipeline.fleet.database import Database, End
from pipeline.fleet.document import (
    BUSY,
    INTERRUPTED,
    SIGNALLED,
    document,
    keep,
    keep_rest,
    lines,
    of_all,
    parsed,
    told_lines,
)
from pipeline.fleet.inventory import Certificate
from pipeline.fleet.no_report import WORKER, no_report
from pipeline.fleet.pace import Pace
from pipeline.fleet.process import Process
from pipeline.fleet.providers import see_providers
from pipeline.fleet.sharding import automatic, zone_of
from pipeline.fleet.source import certificates
from pipeline.fleet.supervisor import BEAT, Ended, Supervisor, default_jobs
from pipeline.fleet.temporary import no_room
from pipeline.fleet.waves import Wave, fit, width
from pipeline.model import Exit, Failed, Problem, Severity
from pipeline.report import Report, headline, problem_out

from .contradictions import of_source
from .gauge import Gauge
from .output import Output
from .ping import VARIABLE
from .signals import answer_with, finish

UNTOLD = ("GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", VARIABLE, f"{VARIABLE}_FILE")
"""Variables by which others are told of the whole run, and of no wave by itself."""

OF_WHOLE = (
    *("inventory", "jobs", "shard", "document", "command"),
    *("report", "junit", "dotenv", "metrics"),
)
"""Options of the whole run, which a wave does without."""

AS_WAVE = {"json": True, "quiet": True, "verbose": False, "fleet": True}


@dataclass(slots=True)
class Fleet:
    """One run over an inventory."""

    _options: Namespace
    _settings: Settings
    _environment: Environment
    _output: Output
    _clock: Clock
    _gauge: Gauge
    _database: Database = field(default_factory=Database, init=False)
    _dns_queries: int = field(default=0, init=False)
    _api_calls: int = field(default=0, init=False)
    _is_heard: bool = field(default=True, init=False)
    _run: str = field(default_factory=partial(token_hex, 8), init=False)

    @property
    def _jobs(self) -> int:
        return self._options.jobs or default_jobs()

    def run(self, stdin: TextIO | None) -> int:
        """Do it, put out the report, and return the exit status.

        Raises:
            Failed: 64, 65 or 78, for the inventory and what it names; then nothing was begun.
                78, if there is no room for the report.
        """
        try:
            with self._database:
                self._read(self._mine(certificates(self._options.inventory, stdin)))
                signum = self._supervise()
                finish()
                self._gauge.close()
                return self._finish(signum)
        except sqlite3.OperationalError as error:
            raise no_room(error) from error

    def _mine(self, inventory: Iterable[Certificate]) -> Iterator[Certificate]:
        """Yield what of *inventory* is this process's to do; all of it is read."""
        shard = self._options.shard
        if shard is None:
            yield from inventory
            return
        if shard == "auto":
            shard = automatic(self._environment.get)
        every = [0, 0]
        for each in inventory:
            is_mine = shard.has(each.name, self._settings.zones)
            every[is_mine] += 1
            if is_mine:
                yield each
        count = summary.certificates(sum(every))
        self._gauge.say(f"shard {shard}: {every[True]:,} of {count}")

    def _read(self, inventory: Iterable[Certificate]) -> None:
        """Read *inventory* to its end, and see that what it names exists."""
        zone = partial(zone_of, zones=self._settings.zones)
        if twice := self._database.fill(inventory, self._settings.order, zone):
            (again, first), *others = twice
            more = f"; and {len(others):,} more" if others else ""
            message = f"{again} repeats {first}, and is taken once{more}"
            self._tell(Problem("inventory", message, severity=Severity.NOTICE))
        choices = self._database.choices()
        for choice, _ in choices:
            if complaint := of_source(choice.order, self._options):
                raise Failed(Exit.USAGE, "usage", complaint)
        see_providers(choices, self._settings.accounts)

    def _supervise(self) -> int:
        """Run all waves, and what is left once more; return the signal that ended it, or 0."""
        total = self._database.tally().total
        size = fit(total, self._jobs, self._database.largest())
        supervisor = Supervisor(self._launch, self._clock, self._jobs, self._settings.timeout)
        answer_with(lambda signum, _frame: supervisor.stop(signum))
        waves = self._database.waves(size)
        at_once = width(waves, self._jobs)
        pace = Pace(total, at_once, self._clock.now())
        self._gauge.say(summary.beginning(total, len(waves), at_once))
        try:
            self._follow(supervisor, waves, pace, FIRST)
            for attempt in AGAIN:
                waves = self._database.waves(max(1, size // attempt.smaller))
                if not waves or supervisor.signum or supervisor.failure:
                    break
                if attempt.in_turn:
                    waves = [replace(wave, chain=0) for wave in waves]
                self._wait(supervisor, attempt.pause_s)
                self._follow(supervisor, waves, pace, attempt)
        except BaseException:
            supervisor.stop(signal.SIGTERM)
            deque(supervisor.run(()), maxlen=0)
            raise
        if failed := supervisor.failure:
            self._tell(failed.problem)
            why = failed.problem
            keep_rest(self._database, End(failed.exit, code=why.code, reason=why.message))
        return supervisor.signum

    def _follow(
        self, supervisor: Supervisor, waves: Sequence[Wave], pace: Pace, attempt: Attempt
    ) -> None:
        """Run *waves* and keep what becomes of them at this *attempt*."""
        tally = self._database.tally()
        for ended in supervisor.run(waves):
            if ended:
                self._take(ended, pace, supervisor.signum, attempt)
                tally = self._database.tally()
            now, under_way = self._clock.now(), supervisor.under_way
            told = summary.progress(tally, under_way, pace, now)
            self._gauge.show(told, is_news=bool(ended))

    def _wait(self, supervisor: Supervisor, seconds: float) -> None:
        """Wait, unless a signal comes."""
        until = self._clock.now() + seconds
        while self._clock.now() < until and not supervisor.signum:
            self._clock.pause(BEAT)

    def _launch(self, wave: Wave) -> Process:
        """Start the process of *wave*: the same command, with the names of the wave."""
        options = vars(self._options) | dict.fromkeys(OF_WHOLE) | AS_WAVE
        options["fleet_run"] = self._run
        options["names"] = self._database.names(wave)
        options["order"] = wave.choice.order
        options["provider"] = wave.choice.provider or self._options.provider
        environment = self._environment.plus(**dict.fromkeys(UNTOLD, ""))
        return Process(Namespace(**options), environment, wave.count)

    def _take(self, ended: Ended, pace: Pace, signum: int, attempt: Attempt) -> None:
        """Keep what a wave has left after this *attempt*; after a signal, *signum*, for good."""
        wave, (text, words_) = ended.worker.wave, ended.worker.process.end()
        if found := parsed(text):
            self._dns_queries += found["dns_queries"]
            self._api_calls += found["api_calls"]
            again = BUSY in attempt.leaves and not signum
            done = keep(self._database, wave, found, ended.worker.begun, again=again)
            pace.ended(self._clock.now(), done)
            return
        if signum:
            self._is_heard = False
            return
        problem, end = no_report(wave.count, ended.status, text, words_)
        if end.code == WORKER:
            if WORKER in attempt.leaves:
                self._gauge.say(f"{problem.message}; they are tried once more")
                return
            problem = replace(problem, message=f"{problem.message}, and so did one before")
        self._tell(problem)
        end = replace(end, reason=problem.message)
        pace.ended(self._clock.now(), keep_rest(self._database, end, wave))

    def _tell(self, problem: Problem) -> None:
        self._database.tell(problem.code, problem.severity, lines([problem_out(problem)]))

    def _finish(self, signum: int) -> int:
        """Put the report out everywhere it belongs and return the exit status."""
        database, options = self._database, self._options
        if signum:
            keep_rest(database, End(128 + signum, code=INTERRUPTED))
        if signalled := [each - SIGNALLED for each in database.exits() if each > SIGNALLED]:
            self._tell(summary.interrupted(database, max(signalled), is_heard=self._is_heard))
        else:
            signum = 0  # it came when all had ended
        status = 128 + signum if signum else summary.exit_of(database)
        problems = tuple(summary.problems(database))
        is_told = options.junit or options.metrics
        report = Report(
            "failed" if signum else summary.status(database, status),
            status,
            tuple(told_lines(database)) if is_told else (),
            problems=problems,
            elapsed_s=self._clock.now(),
            dns_queries=self._dns_queries,
            api_calls=self._api_calls,
            summary=summary.headline(database.tally(), self._clock.now()),
        )
        self._output.keep(report, None)
        if not options.json:
            printed = self._output.result(report)
        else:
            printed = all(map(self._output.text, document(database, of_all(report))))
            if not printed:
                self._output.say(headline(report))
            self._output.problems(report)
        return status or (Exit.DONE if printed else Exit.CONFIG)
