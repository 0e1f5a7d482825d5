"""Whatever goes wrong in finding out why, the verdict is that of the wait, and records stay."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from dns.name import NameTooLong, from_text

from pipeline.demo.resolver import Resolver
from pipeline.explaining.findings import Probe
from pipeline.explaining.inquiry import Inquiry
from pipeline.model import Severity
from pipeline.propagation import wait
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.rules import Expired
from pipeline.questions import Answer, Goal, Observation, Perspective, Role
from pipeline.receipts.receipt import State
from providers.embedded import Embedded, Nameserver

from .bridge import APEX, OTHER
from .fakes import goal
from .test_stage import Scene

NS = Perspective("192.0.2.1", 53, Role.AUTHORITATIVE, "ns1.example.com.")
ZONE = from_text("example.com.")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with (
        Embedded([APEX, OTHER], [Nameserver()], soa_ttl=1, minimum=1) as dns,
        Resolver(dict.fromkeys((APEX, OTHER), dns.addresses), time.monotonic) as resolver,
    ):
        scene = Scene(tmp_path / "state", dns, resolver)
        with scene.open:
            yield scene


@pytest.mark.parametrize("step", ["inquire", "diagnose"])
def test_a_fault_of_ours_after_a_wait_changes_no_verdict(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """
    75 as without it, the records in place for the next run; the fault is a warning, and who kept
    us waiting has a cause that says that it was not found out.
    """
    broken: list[str] = []

    def fail(*_: object) -> None:
        broken.append(step)
        raise NameTooLong

    monkeypatch.setattr(wait, step, fail)
    report = scene.not_ready("a.example.com")
    assert broken == [step]
    assert scene.values("a.example.com") == {"a-1"} == scene.listed()
    assert scene.states() == [State.WAITING.value]
    by_code = {problem.code: problem for problem in report.problems}
    assert by_code["bug"].severity is Severity.WARNING
    assert "NameTooLong" in by_code["bug"].message
    assert by_code["not-ready"].severity is Severity.ERROR
    causes = {line.cause for record in report.records for line in record.perspectives}
    assert "unexplained" in causes


def test_a_signal_while_we_ask_why_is_obeyed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Only faults are passed over: who asks the process to stop is heard.
    """

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(wait, "inquire", stop)
    with pytest.raises(KeyboardInterrupt):
        scene.not_ready("a.example.com")


def test_a_name_of_full_length_has_follow_up_questions() -> None:
    """
    A random sibling of a name as long as names may be would be too long: all else is asked.
    """
    label = "a" * 63
    name = from_text(f"a.{label}.{label}.{label}.{'b' * 47}.example.com.")
    assert len(name.to_wire() or b"") == 255
    for text, probes in ((name, set()), (name.parent(), {Probe.SIBLING})):
        wanted = goal(text, ZONE, {"v"}, [NS])
        lines = list(Inquiry([wanted], Expired(wanted.questions), holding(wanted), 1.0).lines())
        found = {line.probe for line in lines}
        assert found == {Probe.APEX, Probe.AGAIN, Probe.LOWER_CASE} | probes


def holding(wanted: Goal) -> Evidence:
    """Return the evidence that the server has another value at the name."""
    evidence = Evidence([wanted])
    for question in wanted.questions:
        evidence.sent(question)
        evidence.note(Observation(question, 0.0, Answer(frozenset({"old"}), 60.0)))
    return evidence
