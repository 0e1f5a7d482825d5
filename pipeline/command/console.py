"""Show progress on standard error: a live table on a terminal, few plain lines in a log."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from pipeline.clock import Clock
from pipeline.explaining.causes import EVIDENT
from pipeline.explaining.diagnosis import Inquest
from pipeline.explaining.findings import Findings
from pipeline.explaining.witness import Witness
from pipeline.propagation.confirm import Watch
from pipeline.propagation.evidence import Evidence
from pipeline.questions import Goal
from pipeline.tally import by_server, questions, tallies
from pipeline.text import counted, printable

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

HEARTBEAT = 30.0
"""Seconds of silence in a log after which the wait explains itself."""

FINE = {"confirmed", "not-asked"}
COLOURS = {"confirmed": "green", "absent": "yellow", "stale": "yellow", "silent": "red"}


class Quiet:
    """Shows nothing."""

    def say(self, line: str) -> None:
        pass

    def watching(self, goals: Sequence[Goal], streak: int) -> Watch:
        return lambda _evidence, _now: None

    def close(self) -> None:
        pass


class Plain:
    """Writes a line when something is done, not one per poll."""

    def __init__(self, clock: Clock, stream: TextIO, hide: Callable[[str], str] = str) -> None:
        """Write to *stream* what *hide* leaves of a line."""
        self._clock = clock
        self._stream = stream
        self._hide = hide

    def say(self, line: str) -> None:
        shown = self._hide(printable(line, 500))
        with suppress(OSError):  # whoever read along went away: that stops no run
            self._stream.write(f"[{self._clock.now():6.1f} s] {shown}\n")
            self._stream.flush()

    def watching(self, goals: Sequence[Goal], streak: int) -> Watch:
        told = ""
        told_at = self._clock.now()

        def watch(evidence: Evidence, now: float) -> None:
            nonlocal told, told_at
            witness = Witness(evidence, streak, now, self._clock.time_of)
            line = ", ".join(map(str, tallies(goals, witness)))
            if line != told:
                self.say(line)
            elif now - told_at < HEARTBEAT:
                return
            else:
                self.say(f"still waiting: {first_culprit(goals, evidence, witness)}")
            told, told_at = line, now

        return watch

    def close(self) -> None:
        pass


class Terminal(Plain):
    """Writes lines like a log, and redraws a table of the servers while waiting."""

    def __init__(self, clock: Clock, stream: TextIO, hide: Callable[[str], str] = str) -> None:
        super().__init__(clock, stream, hide)
        self._live: Live | None = None

    def say(self, line: str) -> None:
        """Take the table away, then write *line*."""
        self.close()
        super().say(line)

    def watching(self, goals: Sequence[Goal], streak: int) -> Watch:
        from rich.console import Console  # noqa: PLC0415 - 60 ms that only a terminal needs
        from rich.live import Live  # noqa: PLC0415

        console = Console(file=self._stream)
        self._live = live = Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with suppress(OSError):  # the terminal is gone: see `Plain.say`
            live.start()

        def watch(evidence: Evidence, now: float) -> None:
            witness = Witness(evidence, streak, now, self._clock.time_of)
            with suppress(OSError):
                live.update(table(goals, evidence, witness, console.height - 4), refresh=True)

        return watch

    def close(self) -> None:
        """Give the terminal back as it was."""
        live, self._live = self._live, None
        if live:
            with suppress(OSError):
                live.stop()


def first_culprit(goals: Sequence[Goal], evidence: Evidence, witness: Witness) -> str:
    """Return a sentence on the first server that has not confirmed, and why, if that shows."""
    waiting = [question for question in questions(goals) if witness.state(question) not in FINE]
    if not waiting:
        return "for a last round of answers"
    others = len({question.via for question in waiting}) - 1
    more = f"; and {counted(others, 'more server')}" if others else ""
    inquest = Inquest(goals, evidence, Findings(), {})
    kind = inquest.cause(waiting[0]).kind
    because = f": {kind.label}" if kind in EVIDENT else ""
    return f"{witness.sentence(waiting[0])}{because}{more}"


def table(goals: Sequence[Goal], evidence: Evidence, witness: Witness, rows: int) -> "Table":
    """Return the servers, what each said last, how often, since when and until when, and why."""
    from rich.table import Table  # noqa: PLC0415 - see Terminal
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=None)
    for heading in ("server", "address", "role", "names", "state", "cause"):
        shown.add_column(heading, no_wrap=True)
    shown.add_column("last said")  # gives way on a narrow screen, yet a row is a line
    servers = list(by_server(goals).items())
    inquest = Inquest(goals, evidence, Findings(), {})
    for via, asked in servers[: max(rows, 3)]:
        states = [witness.state(question) for question in asked]
        culprit = next((q for q in asked if witness.state(q) not in FINE), asked[0])
        state = witness.state(culprit)
        cells = (
            printable(via.server, 40),
            str(via),
            via.role.value,
            f"{states.count('confirmed')}/{len(states)}",
        )
        said, cause = witness.detail(culprit), ""
        if state not in FINE:
            said += witness.asked(culprit)
            kind = inquest.cause(culprit).kind
            cause = kind.code if kind in EVIDENT else ""
        # As Text, for Rich would look for markup in a string.
        shown.add_row(
            *map(Text, cells),
            Text(state, COLOURS.get(state, "")),
            Text(cause),
            Text(said, no_wrap=True, overflow="ellipsis"),
        )
    return shown
