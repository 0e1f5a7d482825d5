"""Read the evidence of a wait for people: what each server said last, and until when. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from dns.rdatatype import CNAME

from pipeline.propagation.evidence import Evidence
from pipeline.questions import Answer, Goal, Perspective, Question, Silence
from pipeline.report import PerspectiveLine, RecordLine
from pipeline.text import counted, printable

from .causes import Cause

NO_CAUSES: Mapping[Question, Cause] = MappingProxyType({})
"""Nobody has asked why yet."""


class Witness:
    """Reads the evidence of a wait for people: what each server said last, and until when."""

    def __init__(
        self,
        evidence: Evidence,
        streak: int,
        now: float,
        time_of: Callable[[float], datetime],
        causes: Mapping[Question, Cause] = NO_CAUSES,
    ) -> None:
        """Take the evidence as it is at *now*, and the likely *causes*, where they are known.

        *time_of* tells the time of day of a moment.
        """
        self.causes = causes
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
        return PerspectiveLine(
            str(question.via),
            question.via.role.value,
            printable(question.via.server, 255),
            state,
            None if confirmed_at is None else round(confirmed_at, 3),
            track.attempts,
            self.detail(question),
            since_s=round(track.turns[-1].at, 3) if track.turns else None,
            repeats_until=(
                self._time_of(track.repeats_until).isoformat(timespec="seconds")
                if self.repeats(question)
                else None
            ),
            history=self.history(question),
            cause=cause.kind.code if (cause := self.causes.get(question)) else None,
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
                missing = self._evidence.missing(question)
                if repeated := self.repeats(question):
                    parts.append(f"will repeat that {repeated}")
                elif missing and question.rdtype == CNAME:
                    parts.append(f"but not to {', '.join(question.wanted)}" if values else "")
                elif values and missing:
                    parts.append(f"but {counted(missing, 'wanted value')} not among them")
                elif 0 < track.streak < self._needed(question):
                    parts.append("every value seen, but not yet twice in a row")
                return printable(", ".join(filter(None, parts)))

    def repeats(self, question: Question) -> str:
        """Return until when a resolver will repeat that it lacks a value; empty if it will not."""
        track = self._evidence[question]
        if track.repeats_until <= self._now or track.streak:
            return ""
        left = timedelta(seconds=round(track.repeats_until - self._now))
        return f"until {self._time_of(track.repeats_until):%H:%M:%S} UTC (in {left})"

    def sentence(self, question: Question) -> str:
        """Return one line about *question*: who, where, what, how often, since when."""
        said = self.detail(question) or "was not asked"
        who, state, asked = server(question.via), self.state(question), self.asked(question)
        return f"{who} [{state}] {question.name}: {said}{asked}"

    def asked(self, question: Question) -> str:
        """Return how often it was asked, and since when it has been saying the same; or nothing."""
        track = self._evidence[question]
        if not track.attempts:
            return ""
        times = f"asked {counted(track.attempts, 'time')}"
        if track.attempts == 1:
            return f" ({times})"
        since = self._time_of(track.turns[-1].at)
        return f" ({times}, the same since {since:%H:%M:%S} UTC)"

    def _needed(self, question: Question) -> int:
        return self._streak if question.is_authoritative else 1


def server(via: Perspective) -> str:
    """Return the server's name and address."""
    return str(via) if via.server == str(via) else f"{printable(via.server, 255)} {via}"


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
    names = {record.name for record in records}
    by_name = {
        name: tuple(witness.perspective(question) for question in goal.questions)
        for goal in goals
        if (name := goal.name.to_text()) in names
    }
    return tuple(replace(record, perspectives=by_name.get(record.name, ())) for record in records)
