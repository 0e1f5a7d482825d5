"""Read the evidence of a wait for people: what each server said last, and until when. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from .evidence import Evidence
from .questions import Answer, Goal, Question, Silence
from .report import PerspectiveLine, RecordLine
from .text import counted, printable


class Witness:
    """Reads the evidence of a wait for people: what each server said last, and until when."""

    def __init__(
        self, evidence: Evidence, streak: int, now: float, time_of: Callable[[float], datetime]
    ) -> None:
        """Take the evidence as it is at *now*; *time_of* tells the time of day of a moment."""
        self._evidence = evidence
        self._streak = streak
        self._now = now
        self._time_of = time_of

    def state(self, question: Question) -> str:
        """Return the state of *question*, a word of the report's schema."""
        track, last = self._evidence[question], self._evidence.latest(question)
        if last is None:
            return "silent" if track.pending else "not-asked"
        state = outcome_state(question, last.outcome)
        if state == "confirmed" and track.streak < self._needed(question):
            return "stale"
        return state

    def perspective(self, question: Question) -> PerspectiveLine:
        """Return what the report says of *question*."""
        track, state = self._evidence[question], self.state(question)
        times = track.streak_times
        confirmed_at = times[self._needed(question) - 1] if state == "confirmed" else None
        repeats = track.repeats_until > self._now and not track.streak
        until = self._time_of(track.repeats_until).isoformat(timespec="seconds")
        return PerspectiveLine(
            str(question.via),
            question.via.role.value,
            printable(question.via.server, 255),
            state,
            None if confirmed_at is None else round(confirmed_at, 3),
            track.attempts,
            self.detail(question),
            since_s=round(track.turns[-1].at, 3) if track.turns else None,
            repeats_until=until if repeats else None,
            history=self.history(question),
        )

    def history(self, question: Question) -> tuple[tuple[float, str], ...]:
        """Return when the state of *question* changed, and to which, oldest first."""
        changes: list[tuple[float, str]] = []
        for turn in self._evidence[question].turns:
            state = outcome_state(question, turn.outcome)
            if not changes or changes[-1][1] != state:
                changes.append((round(turn.at, 3), state))
        return tuple(changes)

    def detail(self, question: Question) -> str:
        """Return what the server last said, and for how long it will repeat it."""
        track, last = self._evidence[question], self._evidence.latest(question)
        match last.outcome if last else None:
            case None:
                return "no answer yet" if track.pending else ""
            case Silence(reason):
                return printable(reason)
            case Answer(values, detail=detail):
                parts = [detail]
                if track.repeats_until > self._now and not track.streak:
                    parts.append(f"will repeat that until {self._until(track.repeats_until)}")
                elif values and (missing := self._evidence.missing(question)):
                    parts.append(f"but {counted(missing, 'wanted value')} not among them")
                elif 0 < track.streak < self._needed(question):
                    parts.append("every value seen, but not yet twice in a row")
                return printable(", ".join(parts))

    def sentence(self, question: Question) -> str:
        """Return one line about *question*: who, where, what."""
        via, state = question.via, self.state(question)
        said = self.detail(question) or "was not asked"
        tries = self._evidence[question].attempts
        asked = f" (asked {counted(tries, 'time')})" if tries else ""
        host = "" if via.server == str(via) else f"{printable(via.server, 255)} "
        return f"{host}{via} [{state}] {question.name}: {said}{asked}"

    def _needed(self, question: Question) -> int:
        return self._streak if question.is_authoritative else 1

    def _until(self, when: float) -> str:
        left = timedelta(seconds=round(when - self._now))
        return f"{self._time_of(when):%H:%M:%S} UTC (in {left})"


def outcome_state(question: Question, outcome: Answer | Silence) -> str:
    """Return the state that *outcome* alone would put *question* in."""
    match outcome:
        case Silence(routeless=True):
            return "not-observable"
        case Silence():
            return "silent"
        case Answer(values) if question.wanted <= values:
            return "confirmed"
        case Answer(values):
            return "stale" if values else "absent"


def evidence_lines(
    records: Sequence[RecordLine], goals: Iterable[Goal], witness: Witness
) -> tuple[RecordLine, ...]:
    """Return *records* with what every server asked about their names said."""
    by_name = {
        goal.name.to_text(): tuple(witness.perspective(question) for question in goal.questions)
        for goal in goals
    }
    return tuple(replace(record, perspectives=by_name.get(record.name, ())) for record in records)
