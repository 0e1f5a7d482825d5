"""Wait until the world sees it; if it does not, find out why."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from dns.name import Name

from pipeline.asking.exchange import Exchange
from pipeline.clock import Clock
from pipeline.explaining.causes import OVERWRITING, Cause, Kind
from pipeline.explaining.diagnosis import diagnose
from pipeline.explaining.inquiry import inquire
from pipeline.explaining.verdict import bug, explained, not_ready, set_aside
from pipeline.explaining.witness import NO_CAUSES, Witness, evidence_lines
from pipeline.model import Failed, Problem, Severity
from pipeline.questions import Goal, Question
from pipeline.report import RecordLine
from pipeline.text import counted

from .confirm import Watch, confirm
from .evidence import Evidence
from .policy import Policy
from .rules import Expired, Ready

AskHosts = Callable[[Collection[Goal]], Mapping[Name, bool]]
"""Returns, by owner, whether hosts say that goals' values are out; a host may have no word."""

Restored = Callable[[], Mapping[Name, int]]
"""Returns, by owner, how often erased values were put back."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a wait, and what explains it.

    Attributes:
        faults: What went wrong in explaining it.
    """

    goals: Sequence[Goal]
    verdict: Ready | Expired
    evidence: Evidence
    witness: Witness
    faults: tuple[Problem, ...] = ()

    def failure(self, goals: Collection[Goal]) -> Failed | None:
        """Return why those *goals* are not met, or None if they are."""
        if isinstance(self.verdict, Ready):
            return None
        return not_ready(goals, self.verdict, self.evidence, self.witness)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What the user should know: who was set aside, or the likely cause of each delay."""
        if isinstance(self.verdict, Ready):
            return set_aside(self.verdict.set_aside, self.witness)
        found = explained(self.goals, self.verdict, self.evidence, self.witness)
        return (*found, *self.faults)

    def lines(self, records: Sequence[RecordLine]) -> tuple[RecordLine, ...]:
        """Return *records* with what every server said of them."""
        return evidence_lines(records, self.goals, self.witness)


@dataclass(frozen=True, slots=True)
class Wait:
    """Asks servers about goals, and in the end those who may know why some are not met."""

    exchange: Exchange
    clock: Clock
    policy: Policy
    ask_hosts: AskHosts
    restored: Restored = dict

    def run(self, goals: Sequence[Goal], watch: Watch) -> Outcome:
        """Return what comes of *goals* by the policy's deadline, explained as far as possible."""
        clock = self.clock
        verdict, evidence = confirm(goals, self.exchange, clock, self.policy, watch)
        causes = NO_CAUSES
        faults: tuple[Problem, ...] = ()
        if isinstance(verdict, Expired):
            try:
                causes = self._causes(goals, verdict, evidence)
            except Exception as error:  # noqa: BLE001 - no fault in here may cost the verdict
                causes = dict.fromkeys(verdict.unconfirmed, Cause(Kind.UNEXPLAINED))
                faults = (replace(bug(error), severity=Severity.WARNING),)
        witness = Witness(evidence, self.policy.streak, clock.now(), clock.time_of, causes)
        return Outcome(goals, verdict, evidence, witness, faults)

    def _causes(
        self, goals: Sequence[Goal], expired: Expired, evidence: Evidence
    ) -> Mapping[Question, Cause]:
        """Return why it is that each question is not confirmed, most likely."""
        late = set(expired.unconfirmed)
        out = self.ask_hosts([g for g in goals if not late.isdisjoint(g.questions)])
        findings = inquire(goals, expired, evidence, self.exchange, self.clock)
        return blamed(diagnose(goals, late, evidence, findings, out), self.restored())


def blamed(
    causes: Mapping[Question, Cause], restored: Mapping[Name, int]
) -> Mapping[Question, Cause]:
    """Return *causes*, with what comes and goes laid to whoever erased what was *restored*."""
    return {
        question: Cause(Kind.OVERWRITTEN, f"put back {counted(times, 'time')}")
        if (times := restored.get(question.name, 0)) and cause.kind in OVERWRITING
        else cause
        for question, cause in causes.items()
    }
