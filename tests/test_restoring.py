"""What looking at the hosts again does, says and withholds."""

from collections.abc import Callable, Sequence
from functools import partial
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from dns.name import Name, from_text

from pipeline.clock import SystemClock
from pipeline.explaining.causes import Cause, Kind
from pipeline.hosts import Hosts
from pipeline.model import Challenge, Record, Severity
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.wait import blamed
from pipeline.questions import Answer, Observation, Perspective, Role
from pipeline.restoring import JOIN, Restoring
from providers.contract import TXT, Change, Zone
from providers.errors import Unavailable

from .bridge import until
from .fakes import goal

if TYPE_CHECKING:
    from pipeline.case import Tools
    from pipeline.receipts.receipt import State

ZONE = Zone(from_text("example.com."), "z")
NAME = from_text("_acme-challenge.example.com.")
NS1 = Perspective("192.0.2.1", 53, Role.AUTHORITATIVE, "ns1.example.com.")


class Host:
    """Holds what it is given; `before` is called first, and may fail or take its time."""

    api_calls = 0

    def __init__(self, *, tells: bool = True) -> None:
        self.before: Callable[[], object] = lambda: None
        self.tells = tells
        self.stored: set[tuple[Name, str]] = set()
        self.appended: list[tuple[list[str], str]] = []

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        return [ZONE]

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        self.appended.append(([record.value for record in records], mark))
        self.before()
        missing = {(record.name, record.value) for record in records} - self.stored
        self.stored |= missing
        return Change(zone, "id" * bool(missing), frozenset(missing) if self.tells else None)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        self.stored -= {(record.name, record.value) for record in records}
        return Change(zone)

    def in_sync(self, change: Change) -> bool:
        return change.id == "id"


class Scene:
    """A wait for two values of one name at one server."""

    def __init__(self, host: Host, deadline: float = 600.0) -> None:
        self.host = host
        self.clock = SystemClock()
        self.hosts = Hosts(lambda _name: host, self.clock)
        self.lines: list[str] = []
        progress = SimpleNamespace(say=self.lines.append)
        tools = SimpleNamespace(hosts=self.hosts, clock=self.clock, progress=progress)
        self.records = [Record(Challenge(NAME, value), ZONE, "host", 60) for value in ("v", "w")]
        self.groups = {("host", ZONE): self.records}
        assert self.hosts.publish(self.groups, "mark", 60.0) == {}
        host.appended.clear()
        goals = [goal(NAME, ZONE.apex, {"v", "w"}, [NS1])]
        self.states: list[State] = []
        again = partial(self.hosts.append_again, mark="mark", until=deadline)
        self.restoring = Restoring(
            self.records, goals, cast("Tools", tools), again, self.states.append
        )
        self.evidence = Evidence(goals)
        self.question = goals[0].authoritative[0]
        self.watched: list[float] = []
        self.watch = self.restoring.beside(lambda _evidence, now: self.watched.append(now))

    def says(self, at: float, *values: str) -> None:
        self.evidence.sent(self.question)
        self.evidence.note(Observation(self.question, at, Answer(frozenset(values), 60.0)))
        self.watch(self.evidence, at)

    def regress(self, at: float = 1.0) -> None:
        """Let the server show both values, and then one."""
        self.says(at, "v", "w")
        self.says(at, "v")

    def codes(self) -> list[str]:
        problems = self.restoring.problems()
        assert all(problem.severity is Severity.WARNING for problem in problems)
        return [problem.code for problem in problems]


def test_what_is_missing_is_put_back_and_said() -> None:
    """
    The whole name is appended under the run's mark; what was missing is told, by name.
    """
    scene = Scene(Host())
    scene.host.stored.discard((NAME, "w"))
    scene.regress()
    [problem] = scene.restoring.problems()
    assert problem.code == "value-restored"
    for word in ("value w ", str(NAME), "example.com. at host", "1 time"):
        assert word in problem.message
    assert scene.host.appended == [(["v", "w"], "mark")]
    assert scene.host.stored == {(NAME, "v"), (NAME, "w")}
    assert len(scene.lines) == 1
    assert scene.restoring.names() == {NAME: 1}


def test_it_is_told_while_the_wait_goes_on() -> None:
    """
    Whoever watches reads it at once, not in the end.
    """
    scene = Scene(Host())
    scene.host.stored.discard((NAME, "w"))
    scene.regress()

    def told() -> list[str]:
        scene.watch(scene.evidence, 2.0)
        return scene.lines

    until(told)
    assert "put back" in scene.lines[0]


def test_the_receipt_says_writing_meanwhile() -> None:
    """
    Whoever cleans after a death in the middle of a look waits for what was on its way.
    """
    scene, begun, let = Scene(Host()), Event(), Event()

    def before() -> None:
        begun.set()
        assert let.wait(20)

    scene.host.before = before
    scene.regress()
    assert begun.wait(20)
    assert [state.value for state in scene.states] == ["writing"]
    let.set()
    assert scene.codes() == []
    assert [state.value for state in scene.states] == ["writing", "waiting"]


@pytest.mark.parametrize(
    ("kind", "times", "blamed_on"),
    [
        (Kind.VANISHED, 2, Kind.OVERWRITTEN),
        (Kind.FLAPPING, 1, Kind.OVERWRITTEN),
        (Kind.VANISHED, 0, Kind.VANISHED),
        (Kind.DOWN, 2, Kind.DOWN),
        (Kind.POISONED, 2, Kind.POISONED),
    ],
)
def test_only_what_comes_and_goes_is_overwritten(kind: Kind, times: int, blamed_on: Kind) -> None:
    """
    A dead server or a poisoned cache is not explained by values that had to be put back.
    """
    question = goal(NAME, ZONE.apex, {"v"}, [NS1]).authoritative[0]
    [cause] = blamed({question: Cause(kind)}, {NAME: times} if times else {}).values()
    assert cause.kind is blamed_on


def test_a_false_alarm_is_not_told() -> None:
    """
    A server that changes its mind while the host has everything: a look, and not a word.
    """
    scene = Scene(Host())
    scene.regress()
    assert scene.codes() == []
    assert len(scene.host.appended) == 1
    assert scene.lines == []


def test_a_host_that_does_not_tell_is_not_spoken_for() -> None:
    """
    An adapter that does not say what it wrote puts values back all the same.
    """
    scene = Scene(Host(tells=False))
    scene.host.stored.clear()
    scene.regress()
    assert scene.codes() == []
    assert len(scene.host.stored) == 2


def test_how_often_is_counted() -> None:
    """
    A value that is erased again is one problem with a number, not two.
    """
    scene = Scene(Host())
    for at in (1.0, 100.0):
        scene.host.stored.discard((NAME, "w"))
        scene.regress(at)
        scene.restoring.names()
    [problem] = scene.restoring.problems()
    assert "2 times" in problem.message
    assert scene.restoring.names() == {NAME: 2}


def test_a_failing_host_is_a_warning_until_it_answers() -> None:
    """
    A look that fails ends nothing, and is forgotten once one succeeds.
    """

    def fail() -> None:
        raise Unavailable("throttled")

    scene = Scene(Host())
    scene.host.before = fail
    scene.regress()
    assert scene.codes() == ["provider-unavailable"]
    scene.host.before = lambda: None
    scene.regress(100.0)
    assert scene.codes() == []


def test_a_look_holds_nobody_up() -> None:
    """
    The wait goes on while the host thinks; its end waits a moment, then says what is open.
    """
    go = Event()
    scene = Scene(Host())
    scene.host.before = lambda: go.wait(60)
    started = scene.clock.now()
    scene.regress()
    assert scene.clock.now() - started < JOIN
    assert scene.watched == [1.0, 1.0]
    assert scene.codes() == ["provider"]
    assert scene.clock.now() - started >= JOIN
    go.set()
    until(lambda: scene.codes() == [])


def test_removal_waits_for_looks() -> None:
    """
    A signal in mid-look: the values are deleted after the append has ended, never before it.
    """
    scene = Scene(Host())
    reached, go = Event(), Event()

    def think() -> None:
        reached.set()
        go.wait(60)

    scene.host.before = think
    scene.host.stored.clear()
    scene.regress()
    assert reached.wait(60)
    failures = scene.hosts.withdraw(scene.groups, scene.clock.now() + 0.2)
    assert failures.keys() == scene.groups.keys(), "an append under way may yet take effect"
    go.set()
    assert scene.hosts.withdraw(scene.groups, scene.clock.now() + 60) == {}
    assert scene.host.stored == set()


def test_a_look_that_found_nothing_is_no_change_to_follow() -> None:
    """
    The host's word is on the change that wrote the values, not on a look.
    """
    scene = Scene(Host())
    scene.regress()
    scene.restoring.names()
    assert scene.hosts.in_sync(scene.groups, 60.0) == {("host", "example.com."): True}


def test_nothing_begins_after_the_deadline() -> None:
    """
    A look whose time has come too late is not begun.
    """
    scene = Scene(Host(), deadline=0.0)
    scene.regress()
    scene.restoring.names()
    assert scene.host.appended == []
