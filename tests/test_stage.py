"""The order of events: what is on disk and in DNS at every moment, whatever goes wrong."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from dns.message import Message
from dns.name import Name, from_text
from dns.rcode import Rcode

from pipeline.asking.endpoints import Endpoint
from pipeline.asking.exchange import Exchange
from pipeline.case import Interrupted, Tools
from pipeline.cleaning import clean
from pipeline.clock import SystemClock
from pipeline.configuration.settings import Settings, ZoneSettings
from pipeline.demo.resolver import Resolver
from pipeline.hosts import Hosts
from pipeline.model import Challenge, Exit, Failed, Order, Problem, Record
from pipeline.propagation.confirm import Watch
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.policy import Require
from pipeline.questions import Goal
from pipeline.receipts.receipt import RESUMABLE_FOR, State
from pipeline.receipts.store import Store
from pipeline.report import Report
from pipeline.stage import Run
from providers.contract import LINGERS_S, TXT, Change, Zone
from providers.embedded import Embedded, Nameserver
from providers.errors import Rejected, Unauthorized, Unavailable
from providers.listener import Asked, proper

from .bridge import APEX, OTHER, leaf, without_answer

SIGTERM = 15

Hook = Callable[[str, Zone | None], object]


def nothing(_verb: str, _zone: Zone | None) -> None:
    pass


def on(verb: str, act: Callable[[], object], apex: Name | None = None) -> Hook:
    """Return a hook that acts before calls of *verb*, in the zone at *apex* or in any."""

    def hook(called: str, zone: Zone | None) -> None:
        if called == verb and (apex is None or (zone and zone.apex == apex)):
            act()

    return hook


def fail(error: BaseException) -> None:
    raise error


class Clockwork(SystemClock):
    """This machine's clock, with a date that tests move."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = timedelta()

    def today(self) -> datetime:
        return super().today() + self.ahead


class Source:
    """Gives new values for each request, unless told otherwise."""

    name = "rcl"
    account = "account"

    def __init__(self, *, resumes: bool = True) -> None:
        self.resumes = resumes
        self.requested: list[str] = []
        self.answers: dict[str, Failed | Order | Callable[[], object]] = {}

    def fetch(self, name: str) -> Order:
        self.requested.append(name)
        match self.answers.get(name):
            case Failed() as failed:
                raise failed
            case Order() as order:
                return order
            case None:
                return pending(name, f"{name.partition('.')[0]}-{len(self.requested)}")
            case call:
                call()
                raise AssertionError("should not have come back")


class Adapter:
    """The embedded server as a provider that can be watched and made to fail."""

    def __init__(self, host: Embedded) -> None:
        self.host = host
        self.before: Hook = nothing
        self.calls: list[str] = []
        self.hosted: list[Zone] = []

    @property
    def api_calls(self) -> int:
        return self.host.api_calls

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        self._note("zones", None)
        return self.hosted or self.host.zones(names)

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        self._note("append", zone)
        return self.host.append(zone, records, mark)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        self._note("delete", zone)
        return self.host.delete(zone, records)

    def in_sync(self, change: Change) -> bool:
        return self.host.in_sync(change)

    def _note(self, verb: str, zone: Zone | None) -> None:
        self.calls.append(f"{verb} {zone.id}" if zone else verb)
        self.before(verb, zone)


@dataclass
class Shown:
    """Progress as a list of lines; `during` is called at every look at the evidence."""

    lines: list[str] = field(default_factory=list)
    during: Callable[[], object] = lambda: None

    def say(self, line: str) -> None:
        self.lines.append(line)

    def watching(self, goals: Sequence[Goal], streak: int) -> Watch:
        def watch(_evidence: Evidence, _now: float) -> None:
            self.during()

        return watch


def embedded(_zone: object) -> Sequence[str]:
    """Detect the one provider there is."""
    return ["embedded"]


SHORTLY = 2.0
"""Seconds of a run that does not get ready; half of them are for what its host has to do."""


class Scene:
    """Two zones on one server, a resolver, and runs over them in one folder."""

    def __init__(self, folder: Path, dns: Embedded, resolver: Resolver) -> None:
        self.open = ExitStack()
        self.dns = dns
        self.resolver = resolver
        self.adapter = Adapter(dns)
        self.clock = Clockwork()
        self.source = Source()
        self.shown = Shown()
        self.store = Store(folder, self.clock.today)
        servers = tuple(Endpoint(*address) for address in dns.addresses)
        self.settings = Settings(
            state_dir=folder,
            timeout=60.0,
            require=Require.AUTHORITATIVE,  # what caches do to reruns is not the matter here
            providers=("embedded",),
            resolvers=(Endpoint(*resolver.address),),
            zones={apex: ZoneSettings(nameservers=servers) for apex in (APEX, OTHER)},
        )

    def run(self, *names: str, do: Callable[[Run], Report] = Run.ready) -> Report:
        with self.opened(*names) as run:
            return do(run)

    def opened(self, *names: str, source: Source | None = None) -> Run:
        hosts = Hosts(lambda _name: self.adapter, self.clock)
        exchange = self.open.enter_context(Exchange(self.clock))
        tools = Tools(self.clock, self.store, hosts, exchange, embedded, self.shown)
        return Run(names, source or self.source, self.settings, tools)

    def not_ready(self, *names: str) -> Report:
        """Let a run end with 75: its server shows nothing until the deadline."""
        lost = self.dns.addresses[0]
        self.dns.behave(lost, without_answer)
        before, self.settings = self.settings, self.hurried(SHORTLY)
        report = self.run(*names)
        self.settings = before
        self.dns.behave(lost, proper)
        assert report.exit == Exit.NOT_READY
        return report

    def hurried(self, seconds: float) -> Settings:
        return replace(self.settings, timeout=self.clock.now() + seconds)

    def receipts(self) -> list[dict[str, Any]]:
        """Return the receipts on disk, the one written last in the end."""
        paths = sorted(self.settings.state_dir.rglob("*.json"), key=lambda p: p.stat().st_mtime_ns)
        return [json.loads(path.read_bytes()) for path in paths]

    def states(self) -> list[str]:
        return [receipt["state"] for receipt in self.receipts()]

    def listed(self) -> set[str]:
        """Return the values that any receipt lists."""
        return {each["value"] for receipt in self.receipts() for each in receipt["records"]}

    def values(self, host: str) -> set[str]:
        return self.dns.values(leaf(host))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with (
        Embedded([APEX, OTHER], [Nameserver()], soa_ttl=1, minimum=1) as dns,
        Resolver(dict.fromkeys((APEX, OTHER), dns.addresses), time.monotonic) as resolver,
    ):
        scene = Scene(tmp_path / "state", dns, resolver)
        with scene.open:
            yield scene


def pending(name: str, *values: str) -> Order:
    hosts = name.split(",")
    challenges = tuple(Challenge(leaf(host), v, host) for host in hosts for v in values)
    return Order(name, "rcl", f"https://ca.example/{name}", "pending", challenges)


def scene_record(zone: Zone) -> Record:
    return Record(Challenge(leaf("a.example.com"), "v", ""), zone, "embedded", 60)


def refused(reply: Message) -> Message:
    reply.answer.clear()
    reply.set_rcode(Rcode.REFUSED)
    return reply


def codes(report: Report) -> list[str]:
    return [problem.code for problem in report.problems]


def test_the_receipt_is_there_before_the_first_write(scene: Scene) -> None:
    """
    Whenever a provider is asked to append, the receipt on disk already lists what.
    """
    seen: list[set[str]] = []
    scene.adapter.before = on("append", lambda: seen.append(scene.listed()))
    report = scene.run("a.example.com", "b.example.org")
    assert report.exit == 0
    assert seen == [{"a-1", "b-2"}] * 2


def test_records_are_struck_after_they_are_gone(scene: Scene) -> None:
    """
    Whenever a provider is asked to delete, the receipt on disk still lists what.
    """
    seen: list[set[str]] = []
    scene.adapter.before = on("delete", lambda: seen.append(scene.listed()))
    with scene.opened("a.example.com") as run:
        assert run.ready().exit == 0
        assert run.withdraw(5.0) == ()
    assert seen == [{"a-1"}]
    assert scene.listed() == scene.values("a.example.com") == set()
    assert scene.states() == ["cleaned"]


def test_states_of_a_run(scene: Scene) -> None:
    """
    Planned while nothing is in DNS, writing before the first write, waiting, ready.
    """
    seen: list[str] = []
    scene.source.answers["a.example.com"] = pending("a.example.com", "v")
    scene.adapter.before = lambda _verb, _zone: seen.extend(scene.states())
    scene.shown.during = lambda: seen.extend(scene.states())
    assert scene.run("a.example.com").exit == 0
    assert list(dict.fromkeys([*seen, *scene.states()])) == [
        "planned", "writing", "waiting", "ready",
    ]  # fmt: skip


def test_one_request_a_name(scene: Scene) -> None:
    """
    Each name's order is asked for once, in the order given; a request costs quota.
    """
    names = ["a.example.com", "b.example.com", "c.example.org"]
    report = scene.run(*names)
    assert scene.source.requested == names == [order.name for order in report.orders]
    zones, *appends = scene.adapter.calls
    assert (zones, sorted(appends)) == ("zones", ["append example.com.", "append example.org."])


def test_a_full_disk_costs_no_request(scene: Scene) -> None:
    """
    Where no receipt can be kept no order is asked for: it would be lost.
    """
    scene.settings.state_dir.write_text("not a folder")
    report = scene.run("a.example.com")
    assert (report.exit, codes(report)) == (Exit.CONFIG, ["state-dir"])
    assert scene.source.requested == scene.adapter.calls == []


def test_a_folder_lost_meanwhile_writes_nothing(scene: Scene) -> None:
    """
    If the receipt cannot list the records, they are not written.
    """

    def lose(_verb: str, _zone: Zone | None) -> None:
        scene.settings.state_dir.rename(scene.settings.state_dir.with_name("gone"))
        scene.settings.state_dir.write_text("in the way")

    scene.adapter.before = lose
    report = scene.run("a.example.com")
    assert (report.exit, codes(report)[0]) == (Exit.CONFIG, "state-dir")
    assert scene.adapter.calls == ["zones"]


@pytest.mark.parametrize(
    ("exits", "worst"),
    [
        ((Exit.DATA, Exit.UNAVAILABLE), Exit.DATA),
        ((Exit.UNAVAILABLE, Exit.REFUSED), Exit.REFUSED),
        ((Exit.REFUSED, Exit.CONFIG), Exit.CONFIG),
    ],
)
def test_names_are_independent(scene: Scene, exits: tuple[Exit, Exit], worst: Exit) -> None:
    """
    A name that fails stops no other; the exit code is the worst, each order shows its own.
    """
    for name, code in zip("xy", exits, strict=True):
        scene.source.answers[f"{name}.example.com"] = Failed(code, "order", f"{name} fails")
    report = scene.run("x.example.com", "a.example.com", "y.example.com")
    assert (report.status, report.exit) == ("failed", worst)
    assert [order.exit for order in report.orders] == [exits[0], 0, exits[1]]
    assert [problem.message for problem in report.problems] == ["x fails", "y fails"]
    assert scene.values("a.example.com") == {"a-2"}
    [record] = report.records
    assert record.perspectives[0].state == "confirmed"


def test_superseded_values_are_removed(scene: Scene) -> None:
    """
    A new order's values replace the old run's at the name; neighbours stay.
    """
    scene.dns.append(Zone(APEX, ""), [TXT(leaf("a.example.com"), "theirs")], "")
    assert scene.run("a.example.com").exit == 0
    assert scene.values("a.example.com") == {"theirs", "a-1"}
    assert scene.run("a.example.com").exit == 0
    assert scene.values("a.example.com") == {"theirs", "a-2"}
    assert scene.listed() == {"a-2"}
    assert scene.states() == ["cleaned", "ready"]


def test_superseded_values_stay_until_the_new_ones_are_there(scene: Scene) -> None:
    """
    The old value is removed after the new one is appended: a rerun never opens a gap.
    """
    scene.run("a.example.com")
    scene.adapter.calls.clear()
    scene.run("a.example.com")
    assert scene.adapter.calls == ["zones", "append example.com.", "delete example.com."]


def test_what_a_rerun_removes_of_an_earlier_run_is_said(scene: Scene) -> None:
    """
    With how many values; a run that finds none says nothing of it, nor one that repeats them.
    """
    scene.run("a.example.com")
    assert not [line for line in scene.shown.lines if "earlier run" in line]
    scene.run("a.example.com")
    assert "removed 1 value of an earlier run" in scene.shown.lines
    scene.source.answers["a.example.com"] = pending("a.example.com", "a-2")
    scene.shown.lines.clear()
    scene.run("a.example.com")
    assert not [line for line in scene.shown.lines if "earlier run" in line]


def test_a_repeated_order_is_written_once(scene: Scene) -> None:
    """
    A CA that repeats its pending order leaves the record in place, listed by the new run alone.
    """
    scene.source.answers["a.example.com"] = pending("a.example.com", "v")
    for _ in range(2):
        assert scene.run("a.example.com").exit == 0
    assert scene.values("a.example.com") == {"v"}
    assert [len(receipt["records"]) for receipt in scene.receipts()] == [0, 1]
    assert not [call for call in scene.adapter.calls if call.startswith("delete")]


def test_resumed_within_the_hour(scene: Scene) -> None:
    """
    After 75 the records stay, and the next run uses the same order without asking.
    """
    report = scene.not_ready("a.example.com")
    assert (report.status, scene.states(), scene.values("a.example.com")) == (
        "not-ready", ["waiting"], {"a-1"},
    )  # fmt: skip
    scene.clock.ahead = RESUMABLE_FOR - timedelta(seconds=30)
    report = scene.run("A.example.com ")
    assert (report.exit, report.orders[0].resumed) == (0, True)
    assert report.orders[0].uri == "https://ca.example/a.example.com"
    assert scene.source.requested == ["a.example.com"]
    assert scene.values("a.example.com") == scene.listed() == {"a-1"}


def test_not_resumed_after_the_hour(scene: Scene) -> None:
    """
    An older order may have died at the CA: a new one is asked for, the old values go.
    """
    scene.not_ready("a.example.com")
    scene.clock.ahead = RESUMABLE_FOR + timedelta(seconds=1)
    report = scene.run("a.example.com")
    assert (report.exit, report.orders[0].resumed) == (0, False)
    assert scene.source.requested == ["a.example.com"] * 2
    assert scene.values("a.example.com") == scene.listed() == {"a-2"}


def test_ready_is_not_resumed(scene: Scene) -> None:
    """
    After exit 0 the order belongs to the CA: the next run has a new one.
    """
    for _ in range(2):
        assert scene.run("a.example.com").exit == 0
    assert scene.source.requested == ["a.example.com"] * 2


def test_of_two_names_only_the_known_is_resumed(scene: Scene) -> None:
    """
    Resuming goes by name; the newcomer's order is asked for, and both are ready.
    """
    scene.not_ready("a.example.com")
    report = scene.run("b.example.com", "a.example.com")
    assert [order.resumed for order in report.orders] == [False, True]
    assert scene.source.requested == ["a.example.com", "b.example.com"]
    assert (report.exit, scene.listed()) == (0, {"a-1", "b-2"})


def test_a_name_leaves_the_rest_to_the_earlier_receipt(scene: Scene) -> None:
    """
    Of an earlier run over two names a rerun of one inherits its part; the other's stays listed
    and can be resumed too, even while that rerun still waits.
    """
    scene.not_ready("a.example.com", "b.example.com")
    scene.source.answers["a.example.com"] = Failed(Exit.DATA, "order", "not asked for")
    with scene.opened("a.example.com") as first, scene.opened("b.example.com") as second:
        assert first.ready().exit == 0
        assert second.ready().exit == 0
    assert scene.source.requested == ["a.example.com", "b.example.com"]
    listed = [[each["value"] for each in receipt["records"]] for receipt in scene.receipts()]
    assert sorted(listed) == [[], ["a-1"], ["b-2"]]


def test_a_failed_request_keeps_what_was_there(scene: Scene) -> None:
    """
    If the new order cannot be had, the old records stay, listed where they were.
    """
    scene.run("a.example.com")
    scene.source.answers["a.example.com"] = Failed(Exit.UNAVAILABLE, "order-api", "down")
    assert scene.run("a.example.com").exit == Exit.UNAVAILABLE
    assert scene.values("a.example.com") == scene.listed() == {"a-1"}


def test_another_live_run_has_the_name(scene: Scene) -> None:
    """
    Two runs of one name: the second is 75 at once, asks for nothing and leaves no receipt.
    """
    with scene.opened("a.example.com") as first:
        assert first.ready().exit == 0
        report = scene.run("a.example.com")
        assert (report.exit, codes(report), report.receipt) == (Exit.NOT_READY, ["busy"], None)
        report = scene.run("a.example.com", "b.example.com")
        assert [order.exit for order in report.orders] == [Exit.NOT_READY, 0]
    assert scene.source.requested == ["a.example.com", "b.example.com"]
    assert [len(receipt["orders"]) for receipt in scene.receipts()] == [1, 1]


def test_documents_never_resume(scene: Scene) -> None:
    """
    The caller holds a document: each run reads it, and none inherits from another.
    """
    scene.source.resumes = False
    scene.not_ready("a.example.com")
    assert scene.run("a.example.com").exit == 0
    assert scene.source.requested == ["a.example.com"] * 2
    assert scene.values("a.example.com") == scene.listed() == {"a-1", "a-2"}


def test_a_document_that_is_no_order_has_a_name(scene: Scene) -> None:
    """
    What failed before its name was known is called after its source, never by an empty word.
    """
    scene.source.answers[""] = Failed(Exit.DATA, "order", "not one")
    assert [order.name for order in scene.run("").orders] == ["(rcl)"]


def test_thirty_documents_of_one_name(scene: Scene) -> None:
    """
    Thirty parallel runs with documents of one name all get ready; each value stands beside the
    others and has one receipt.
    """
    name, wanted = "a.example.com", {f"value-{i}" for i in range(30)}

    def one(value: str) -> int:
        source = Source(resumes=False)
        source.answers[name] = pending(name, value)
        with scene.opened(name, source=source) as run:
            return run.ready().exit

    with ThreadPoolExecutor(30) as pool:
        assert set(pool.map(one, wanted)) == {0}
    assert scene.values(name) == wanted
    assert [len(receipt["records"]) for receipt in scene.receipts()] == [1] * 30


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unavailable("down"), Exit.UNAVAILABLE),
        (Unauthorized("no"), Exit.REFUSED),
        (Rejected("a CNAME"), Exit.DATA),
        (ZeroDivisionError("oops"), Exit.BUG),
        (SystemExit(3), Exit.BUG),
        (TimeoutError("a socket's"), Exit.BUG),
    ],
)
def test_one_zone_fails(scene: Scene, error: BaseException, code: Exit) -> None:
    """
    The other zone's names get ready; of the failed order nothing is left, whichever zone held it.
    """

    scene.adapter.before = on("append", lambda: fail(error), OTHER)
    report = scene.run("a.example.com", "b.example.com,b.example.org")
    assert (report.exit, [order.exit for order in report.orders]) == (code, [0, code])
    assert scene.values("a.example.com") == scene.listed() == {"a-1"}
    assert scene.values("b.example.com") == scene.values("b.example.org") == set()
    assert [record.value for record in report.records] == ["a-1"]


def test_nothing_is_written_without_a_zone(scene: Scene) -> None:
    """
    An order with one name that nobody hosts is 78, and none of its other names is written.
    """
    report = scene.run("a.example.com,a.example.net")
    assert (report.exit, codes(report)) == (Exit.CONFIG, ["no-zone"])
    assert (scene.adapter.calls, scene.states()) == (["zones"], ["planned"])


@pytest.mark.parametrize("verb", ["zones", "append"])
def test_a_host_that_hangs_cannot_stop_us(scene: Scene, verb: str) -> None:
    """
    Whatever an adapter does, the run ends by its deadline and the grace for removing.
    """
    never = Event()
    scene.adapter.before = on(verb, lambda: never.wait(60))
    scene.settings = scene.hurried(4.0)
    report = scene.run("a.example.com")
    assert (report.exit, codes(report)[0]) == (Exit.UNAVAILABLE, "provider")
    assert report.elapsed_s < scene.settings.timeout + 5
    assert "records-left" in codes(report) if verb == "append" else scene.listed() == set()
    never.set()


def test_a_zone_that_hangs_leaves_time_for_the_others(scene: Scene) -> None:
    """
    One zone's host takes at most half of what is left; the other zone's names still get ready.
    """
    scene.adapter.before = on("append", lambda: time.sleep(2.4), OTHER)  # more than half
    scene.settings = scene.hurried(4.0)
    report = scene.run("a.example.com", "b.example.org")
    assert scene.values("b.example.org") == set()
    assert [order.exit for order in report.orders] == [0, Exit.UNAVAILABLE]


def test_an_order_that_does_not_come(scene: Scene) -> None:
    """
    The deadline holds for the order request too.
    """
    never = Event()
    scene.source.answers["a.example.com"] = lambda: never.wait(20)
    scene.settings = scene.hurried(0.8)
    report = scene.run("a.example.com")
    never.set()
    assert (report.exit, codes(report)) == (Exit.UNAVAILABLE, ["no-order"])
    assert report.elapsed_s < scene.settings.timeout + 1


def test_twins_are_told_apart_by_delegation(scene: Scene) -> None:
    """
    Of two zones of one name the one that the world is delegated to is written to.
    """
    served = (from_text("NS1.example.com."),)
    elsewhere = (from_text("ns1.example.net."),)
    scene.adapter.hosted = [Zone(APEX, "private", elsewhere), Zone(APEX, "public", served)]
    assert scene.run("a.example.com").exit == 0
    assert scene.adapter.calls == ["zones", "append public"]


def test_twins_that_nobody_delegates_to(scene: Scene) -> None:
    """
    If the delegation names neither, or both, it is 78 and nothing is written.
    """
    elsewhere = (from_text("ns1.example.net."),)
    scene.adapter.hosted = [Zone(APEX, "one", elsewhere), Zone(APEX, "two", elsewhere)]
    report = scene.run("a.example.com")
    assert (report.exit, codes(report)) == (Exit.CONFIG, ["twin-zones"])
    assert scene.adapter.calls == ["zones"]


def test_plan_writes_no_record_and_keeps_the_order(scene: Scene) -> None:
    """
    `plan` names the records and where they would go; `ready` within the hour uses its order.
    """
    report = scene.run("a.example.com", do=Run.plan)
    assert (report.status, report.exit, scene.states()) == ("planned", 0, ["planned"])
    assert [(r.name, r.value, r.zone, r.provider) for r in report.records] == [
        ("_acme-challenge.a.example.com.", "a-1", "example.com.", "embedded")
    ]
    assert scene.values("a.example.com") == scene.listed() == set()
    assert any("kept" in line for line in scene.shown.lines)
    assert scene.run("a.example.com", do=Run.plan).orders[0].resumed
    assert scene.run("a.example.com").exit == 0
    assert scene.source.requested == ["a.example.com"]
    assert scene.states() == ["cleaned", "cleaned", "ready"]


def test_plan_of_a_document_leaves_nothing(scene: Scene) -> None:
    """
    A document needs no keeping: no receipt, not even a folder.
    """
    scene.source.resumes = False
    report = scene.run("a.example.com", do=Run.plan)
    assert (report.exit, report.receipt) == (0, None)
    assert not scene.settings.state_dir.exists()


def test_questions_of_a_provider_count_with_ours(scene: Scene) -> None:
    """
    A provider that asks DNS itself adds its questions to the run's; others have none.
    """
    few = scene.run("a.example.com").dns_queries
    vars(scene.adapter)["dns_queries"] = 1000
    assert 0 < few < 1000 < scene.run("a.example.com").dns_queries < 2000


def test_an_order_past_validation_needs_nothing(scene: Scene) -> None:
    """
    Ready with nothing to publish is ready: no zone is looked for, no server asked.
    """
    scene.source.answers["a.example.com"] = Order("a.example.com", "rcl", "", "valid")
    report = scene.run("a.example.com")
    assert (report.status, report.exit, report.dns_queries) == ("ready", 0, 0)
    assert scene.adapter.calls == []
    assert scene.states() == ["cleaned"]


def test_remarks_are_problems_of_a_success(scene: Scene) -> None:
    """
    What an order holds beside DNS tokens is named, and changes nothing else.
    """
    remark = Problem("http-token", "validates by HTTP")
    order = replace(pending("a.example.com", "v"), remarks=(remark,))
    scene.source.answers["a.example.com"] = order
    report = scene.run("a.example.com")
    assert (report.exit, report.problems) == (0, (remark,))


def test_a_failed_wait_asks_the_hosts_why(scene: Scene) -> None:
    """
    What the host says of its change stands in the report beside what the servers said.
    """
    report = scene.not_ready("a.example.com")
    [record] = report.records
    words = [(line.role, line.state) for line in record.perspectives]
    assert words == [
        ("authoritative", "absent"),
        ("recursive", "not-asked"),
        ("provider", "confirmed"),
    ]


def interrupting(scene: Scene, moment: str) -> None:
    """Have a signal arrive at *moment*, in the main thread as signals do."""

    def stop() -> None:
        raise Interrupted(SIGTERM)

    def say(line: str) -> None:
        if line.startswith(moment):
            stop()

    if moment == "wait":
        scene.shown.during = stop
    else:
        scene.shown.say = say  # type: ignore[method-assign]


@pytest.mark.parametrize("moment", ["order", "published", "wait"])
def test_a_signal_leaves_nothing(scene: Scene, moment: str) -> None:
    """
    Whenever a signal comes, what was written is removed, the report says so, also of the order,
    and the order is kept for the next run: also one that was just being made.
    """
    interrupting(scene, moment)
    report = scene.run("a.example.com")
    assert (report.status, report.exit) == ("failed", 128 + SIGTERM)
    assert [order.exit for order in report.orders] == [128 + SIGTERM]
    assert report.problems[0].message == "SIGTERM: nothing of this run is left in DNS"
    assert scene.values("a.example.com") == scene.listed() == set()
    scene.shown = Shown()
    assert scene.run("a.example.com").exit == 0
    assert len(scene.source.requested) == 1


def test_a_signal_during_an_append_waits_for_its_end(scene: Scene) -> None:
    """
    What a provider is just writing is deleted after that write, not before.
    """
    go_on = Event()
    scene.adapter.before = on("append", lambda: go_on.wait(60))
    hosts = Hosts(lambda _name: scene.adapter, scene.clock)
    zone = Zone(APEX, APEX.to_text())
    record = scene_record(zone)
    failures = hosts.publish({("embedded", zone): [record]}, "", scene.clock.now() + 2.0)
    assert [failed.exit for failed in failures.values()] == [Exit.UNAVAILABLE]
    with ThreadPoolExecutor(1) as pool:
        groups = {("embedded", zone): [record]}
        deleted = pool.submit(hosts.withdraw, groups, scene.clock.now() + 60)
        time.sleep(0.2)
        assert scene.adapter.calls == ["append example.com."]
        go_on.set()
        assert deleted.result() == {}
    assert scene.adapter.calls == ["append example.com.", "delete example.com."]
    assert scene.values("a.example.com") == set()


def test_a_second_signal_stops_the_removal(scene: Scene) -> None:
    """
    Who asks twice gets the prompt back; the receipt keeps the records and the report says so.
    """
    interrupting(scene, "wait")

    def stop() -> None:
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.5)

    def raised(_signum: int, _frame: object) -> None:
        raise Interrupted(SIGTERM)

    scene.adapter.before = on("delete", stop)
    before = signal.signal(signal.SIGUSR1, raised)
    report = scene.run("a.example.com")
    signal.signal(signal.SIGUSR1, before)
    assert (report.exit, codes(report)) == (128 + SIGTERM, ["interrupted", "records-left"])
    assert scene.listed() == {"a-1"}
    assert report.elapsed_s < 5


def test_what_breaks_leaves_nothing(scene: Scene) -> None:
    """
    An error nobody foresaw is 70, says where, and leaves no record behind; no order reads as
    ready, and one that had failed before keeps its own exit.
    """
    scene.shown.during = lambda: 1 / 0
    scene.source.answers["b.example.com"] = Failed(Exit.DATA, "order", "not one")
    report = scene.run("a.example.com", "b.example.com")
    assert (report.status, report.exit, codes(report)) == ("failed", Exit.BUG, ["order", "bug"])
    assert [order.exit for order in report.orders] == [Exit.BUG, Exit.DATA]
    assert "ZeroDivisionError in test_stage.py" in report.problems[1].message
    assert scene.values("a.example.com") == scene.listed() == set()


def test_what_cannot_be_removed_stays_listed(scene: Scene) -> None:
    """
    If the host fails to delete, the receipt keeps the record, the report says so, `clean` can.
    """

    scene.adapter.before = on("delete", lambda: fail(Unavailable("down")))
    with scene.opened("a.example.com") as run:
        assert run.ready().exit == 0
        assert [problem.code for problem in run.withdraw(5.0)] == [
            "provider-unavailable", "records-left",
        ]  # fmt: skip
    assert scene.listed() == scene.values("a.example.com") == {"a-1"}
    scene.adapter.before = nothing
    hosts = Hosts(lambda _name: scene.adapter, scene.clock)
    assert clean(["a.example.com"], scene.store, hosts, scene.clock).exit == 0
    assert scene.listed() == scene.values("a.example.com") == set()


@pytest.mark.parametrize("resumes", [True, False])
def test_refused_and_not_removed_is_found_by_clean(
    scene: Scene,
    tmp_path: Path,
    resumes: bool,  # noqa: FBT001
) -> None:
    """
    If the write of an order fails half-way and the host cannot delete either, `clean` finds and
    removes what may be there, also of a document, which nobody goes on with.
    """

    def half(verb: str, _zone: Zone | None) -> None:
        if verb == "append":
            scene.dns.append(
                Zone(APEX, APEX.to_text()), [TXT(leaf("a.example.com"), "a-1", 60)], ""
            )
            fail(Rejected("refused"))
        elif verb == "delete":
            fail(Unavailable("down"))

    scene.source = Source(resumes=resumes)
    scene.adapter.before = half
    report = scene.run("a.example.com")
    assert (report.exit, codes(report)[-1]) == (Exit.DATA, "records-left")
    assert scene.values("a.example.com") == scene.listed() == {"a-1"}
    assert scene.states() == [State.WRITING.value]
    scene.adapter.before = nothing
    store = Store(tmp_path / "state", scene.clock.today)
    hosts = Hosts(lambda _name: scene.adapter, scene.clock)
    cleaned = clean([], store, hosts, scene.clock)
    assert (cleaned.exit, [record.value for record in cleaned.records]) == (0, ["a-1"])
    assert scene.values("a.example.com") == scene.listed() == set()


def test_a_run_that_was_not_ready_keeps_its_order(scene: Scene) -> None:
    """
    `run` removes the records when not ready, but the next run needs no new order.
    """
    scene.settings = scene.hurried(SHORTLY)
    scene.dns.behave(scene.dns.addresses[0], without_answer)
    with scene.opened("a.example.com") as run:
        assert run.ready().exit == Exit.NOT_READY
        assert run.withdraw(5.0) == ()
    assert scene.values("a.example.com") == set()
    assert scene.states() == [State.PLANNED.value]
    scene.settings = scene.hurried(60)
    scene.dns.behave(scene.dns.addresses[0], proper)
    assert scene.run("a.example.com").exit == 0
    assert scene.source.requested == ["a.example.com"]


@pytest.mark.parametrize("stays", [True, False])
def test_values_that_stay_are_said(scene: Scene, stays: bool) -> None:  # noqa: FBT001
    """
    Not ready, the values wait in DNS for the next run: the report says how many and how to remove
    them, unless the caller does; a success and a run that has written nothing say no such thing.
    """

    def ready(run: Run) -> Report:
        return run.ready(stays=stays)

    assert scene.run("b.example.com", do=ready).problems == ()
    scene.source.answers["d.example.com"] = Failed(Exit.DATA, "order", "not one")
    beside = scene.run("e.example.com", "d.example.com", do=ready)
    assert codes(beside) == ["order"]  # what is ready has to stay
    scene.dns.behave(scene.dns.addresses[0], without_answer)
    scene.settings = scene.hurried(SHORTLY)
    scene.source.answers["a.example.com"] = pending("a.example.com", "v", "w")
    report = scene.run("a.example.com", "d.example.com", do=ready)
    said = [problem for problem in report.problems if problem.code == "records-stay"]
    assert [order.exit for order in report.orders] == [Exit.NOT_READY, Exit.DATA]
    assert scene.values("a.example.com") == {"v", "w"}
    if stays:
        [problem] = said
        assert problem.message == "2 values stay in DNS"
        assert f"clean a.example.com --state-dir {scene.settings.state_dir}" in problem.hint
    else:
        assert said == []
    scene.settings = scene.hurried(60)
    scene.dns.behave(scene.dns.addresses[0], proper)
    scene.adapter.before = on("append", lambda: fail(Rejected("refused")))
    failed = scene.run("c.example.com", do=ready)
    assert (failed.exit, codes(failed)) == (Exit.DATA, ["provider-rejected"])


def test_damaged_receipts_stop_nobody(scene: Scene) -> None:
    """
    A run goes on beside a receipt it cannot read, and names it.
    """
    scene.settings.state_dir.mkdir(parents=True)
    (scene.settings.state_dir / "bad.json").write_text("{")
    report = scene.run("a.example.com")
    assert (report.exit, codes(report)) == (0, ["receipt"])


def test_a_configured_zone_is_not_looked_for(scene: Scene) -> None:
    """
    A zone with an id in the configuration needs no list of zones, which a narrow token may not see.
    """
    zones = {**scene.settings.zones}
    zones[APEX] = replace(zones[APEX], zone_id="Z42")
    scene.settings = replace(scene.settings, zones=zones)
    assert scene.run("a.example.com").exit == 0
    assert scene.adapter.calls == ["append Z42"]
    assert scene.receipts()[0]["records"][0]["zone_id"] == "Z42"


def test_who_chooses_the_provider(scene: Scene) -> None:
    """
    The flag beats the zone's configuration beats the environment beats what is detected.
    """
    configured = {**scene.settings.zones, OTHER: ZoneSettings(("by-zone",))}
    for settings, expected in (
        ({"providers": ("by-flag",), "fallback": ("by-environment",)}, ["by-flag", "by-flag"]),
        ({"providers": (), "fallback": ("by-environment",)}, ["by-environment", "by-zone"]),
        ({"providers": (), "fallback": ()}, ["embedded", "by-zone"]),
    ):
        scene.settings = replace(scene.settings, zones=configured, **settings)
        report = scene.run("a.example.com", "b.example.org", do=Run.plan)
        assert [record.provider for record in report.records] == expected


def test_nobody_to_ask_is_noticed_before_writing(scene: Scene) -> None:
    """
    A zone whose name servers cannot be found is not written to: its records could never be
    confirmed.
    """
    scene.settings = replace(scene.settings, zones={})
    scene.resolver.behave(lambda _asked, reply: refused(reply))
    report = scene.run("a.example.com")
    assert (report.exit, codes(report)) == (Exit.UNAVAILABLE, ["dns-failing"])
    assert (scene.adapter.calls, scene.states()) == (["zones"], ["planned"])


def document(value: str) -> Source:
    """Return a source of a document that wants *value* for a.example.com."""
    source = Source(resumes=False)
    source.answers["a.example.com"] = pending("a.example.com", value)
    return source


def cleaned(scene: Scene) -> Report:
    return clean((), scene.store, Hosts(lambda _name: scene.adapter, scene.clock), scene.clock)


def stored_by_somebody(scene: Scene, value: str) -> None:
    scene.dns.append(Zone(APEX, ""), [TXT(leaf("a.example.com"), value)], "")


def test_a_value_that_was_there_is_not_ours_to_remove(scene: Scene) -> None:
    """
    What the host found before this run wrote anything is somebody else's: it makes us ready, no
    receipt lists it, neither withdrawal nor clean removes it, and that is said.
    """
    stored_by_somebody(scene, "v")
    with scene.opened("a.example.com", source=document("v")) as run:
        report = run.ready()
        assert (report.exit, codes(report)) == (0, ["value-found"])
        assert scene.listed() == set()
        assert run.withdraw(5.0) == ()
    assert cleaned(scene).exit == 0
    assert scene.values("a.example.com") == {"v"}


def test_a_signal_leaves_what_was_there(scene: Scene) -> None:
    """
    The removal on the way out is of our own values, too.
    """
    stored_by_somebody(scene, "theirs")
    interrupting(scene, "wait")
    source = document("ours")
    source.answers["a.example.com"] = pending("a.example.com", "ours", "theirs")
    with scene.opened("a.example.com", source=source) as run:
        assert run.ready().exit == 128 + SIGTERM
    assert scene.values("a.example.com") == {"theirs"}


def test_a_value_that_another_receipt_lists_is_shared(scene: Scene) -> None:
    """
    Two documents want one value: the first run writes it, the second finds it. It stays until the
    receipts of both are cleaned.
    """
    for _ in range(2):
        with scene.opened("a.example.com", source=document("v")) as run:
            assert run.ready().exit == 0
    assert [len(receipt["records"]) for receipt in scene.receipts()] == [1, 1]
    assert cleaned(scene).exit == 0
    assert scene.values("a.example.com") == set()


@pytest.mark.parametrize("moment", ["the write", "the wait"])
def test_what_was_shared_once_stays_ours(scene: Scene, moment: str) -> None:
    """
    Another run of this machine overtakes the write, and leaves its value to us when it goes: ours
    it stays, though nobody else lists it any more.
    """
    first = scene.opened("a.example.com", source=document("v"))

    def go() -> None:
        assert first.withdraw(5.0) == ()

    def overtaken() -> None:
        scene.adapter.before = nothing
        assert first.ready().exit == 0
        if moment == "the write":
            go()
        else:
            scene.shown.during = go

    scene.adapter.before = on("append", overtaken)
    with first, scene.opened("a.example.com", source=document("v")) as run:
        report = run.ready()
    assert (report.exit, codes(report)) == (0, [])
    assert scene.listed() == {"v"}
    assert cleaned(scene).exit == 0
    assert scene.values("a.example.com") == set()


def test_a_value_that_was_there_and_is_put_back_is_ours(scene: Scene) -> None:
    """
    Once we have written it after all, the receipt lists it and clean removes it.
    """
    stored_by_somebody(scene, "v")
    erased_by_somebody(scene, "a.example.com", "v")
    with scene.opened("a.example.com", source=document("v")) as run:
        report = run.ready()
    assert (report.exit, codes(report)) == (0, ["value-restored"])
    assert scene.listed() == {"v"}
    assert cleaned(scene).exit == 0
    assert scene.values("a.example.com") == set()


def erased_by_somebody(scene: Scene, host: str, value: str) -> None:
    """Have *value* vanish once the wait has seen it, so that it looks at the host."""
    [address] = scene.dns.addresses

    def erase(_asked: Asked, reply: Message) -> Message:
        is_waited_for = any(call.startswith("append") for call in scene.adapter.calls)
        if is_waited_for and reply.answer and reply.answer[0].name == leaf(host):
            scene.dns.delete(Zone(APEX, ""), [TXT(leaf(host), value)])
            scene.dns.behave(address, proper)
        return reply

    scene.dns.behave(address, erase)


def test_a_signal_takes_back_what_is_just_put_back(scene: Scene) -> None:
    """
    What was found vanishes, and a signal comes while we put it back: it is removed, for it is ours
    by then, though no receipt has listed it.
    """
    stored_by_somebody(scene, "v")
    erased_by_somebody(scene, "a.example.com", "v")
    looking, stopped, appends = Event(), Event(), count()

    def second_lasts() -> None:
        if next(appends):
            looking.set()
            assert stopped.wait(60)

    def stop() -> None:
        if looking.is_set():
            stopped.set()
            raise Interrupted(SIGTERM)

    scene.adapter.before = on("append", second_lasts)
    scene.shown.during = stop
    with scene.opened("a.example.com", source=document("v")) as run:
        report = run.ready()
    assert (report.exit, codes(report)) == (128 + SIGTERM, ["interrupted"])
    assert "nothing of this run is left in DNS" in report.problems[0].message
    assert scene.values("a.example.com") == scene.listed() == set()


def with_neighbour() -> Source:
    """Return a source of a document that wants a value of somebody else's beside one of ours."""
    source = document("theirs")
    source.answers["b.example.com"] = pending("b.example.com", "ours")
    return source


def test_a_look_that_fails_makes_nothing_ours(scene: Scene) -> None:
    """
    What was found at the first write stays somebody else's, whatever becomes of a later one.
    """
    stored_by_somebody(scene, "theirs")
    erased_by_somebody(scene, "b.example.com", "ours")
    appends = iter([None, Unavailable("502")])

    def second_fails() -> None:
        if error := next(appends, None):
            scene.dns.append(Zone(APEX, ""), [TXT(leaf("b.example.com"), "ours")], "")
            raise error

    scene.adapter.before = on("append", second_fails)
    with scene.opened("a.example.com", "b.example.com", source=with_neighbour()) as run:
        report = run.ready()
    assert report.exit == 0
    assert {"provider-unavailable", "value-found"} <= {*codes(report)}
    assert scene.listed() == {"ours"}
    assert cleaned(scene).exit == 0
    assert scene.values("a.example.com") == {"theirs"}


def test_a_receipt_lists_nothing_found_during_a_look(scene: Scene) -> None:
    """
    Whoever is killed meanwhile leaves a receipt that lists our own values, and no other.
    """
    stored_by_somebody(scene, "theirs")
    erased_by_somebody(scene, "b.example.com", "ours")
    seen: list[set[str]] = []
    scene.adapter.before = on("append", lambda: seen.append(scene.listed()))
    with scene.opened("a.example.com", "b.example.com", source=with_neighbour()) as run:
        assert run.ready().exit == 0
    assert seen[1:] == [{"ours"}]


def test_a_removal_makes_nothing_ours(scene: Scene) -> None:
    """
    A host that does not tell of what it removes has told all the same what it found before.
    """
    stored_by_somebody(scene, "theirs")
    zone = Zone(APEX, APEX.to_text())
    hosts = Hosts(lambda _name: scene.adapter, scene.clock)
    theirs = replace(scene_record(zone), challenge=Challenge(leaf("a.example.com"), "theirs", "a"))
    groups = {("embedded", zone): [theirs]}
    assert hosts.publish(groups, "", scene.clock.now() + 5) == {}
    assert hosts.withdraw({("embedded", zone): [scene_record(zone)]}, scene.clock.now() + 5) == {}
    assert hosts.additions.lack(theirs)


def test_a_write_that_failed_leaves_all_ours(scene: Scene) -> None:
    """
    Part of a failed write may be done: what a second attempt finds there is not somebody else's.
    """
    failures = iter([Rejected("one of two names")])

    def half() -> None:
        stored_by_somebody(scene, "v")
        raise next(failures, Unavailable("never"))

    scene.adapter.before = on("append", half)
    hosts = Hosts(lambda _name: scene.adapter, scene.clock)
    zone = Zone(APEX, APEX.to_text())
    groups = {("embedded", zone): [replace(scene_record(zone))]}
    assert hosts.publish(groups, "", scene.clock.now() + 5)
    scene.adapter.before = nothing
    assert hosts.publish(groups, "", scene.clock.now() + 5) == {}
    assert not hosts.additions.lack(scene_record(zone))


def test_a_refused_neighbour_makes_nothing_ours(scene: Scene) -> None:
    """
    A refusal that names one name and has done nothing leaves what was found at another alone,
    and is no word that the refused value was found.
    """
    stored_by_somebody(scene, "v")
    refusals = iter([True])

    def pick() -> None:
        if next(refusals, None):
            name = leaf("b.example.com")
            raise Rejected("b", untouched=True, each={name: Rejected("b")})

    scene.adapter.before = on("append", pick)
    source = document("v")
    source.answers["b.example.com"] = pending("b.example.com", "w")
    with scene.opened("a.example.com", "b.example.com", source=source) as run:
        report = run.ready()
    assert codes(report) == ["provider-rejected", "value-found"]
    assert [p.message for p in report.problems if "v was in zone" in p.message]
    assert cleaned(scene).exit == 0
    assert scene.values("a.example.com") == {"v"}


def test_a_receipt_tells_of_a_removal_under_way(scene: Scene) -> None:
    """
    Whoever is killed while removing has perhaps sent it: the receipt says so, before and not after.
    """
    seen: list[object] = []
    scene.adapter.before = on("delete", lambda: seen.append(scene.receipts()[0]["removing"]))
    with scene.opened("a.example.com") as run:
        run.ready()
        assert [receipt["removing"] for receipt in scene.receipts()] == [False]
        run.withdraw(5.0)
    assert seen == [True]
    assert [receipt["removing"] for receipt in scene.receipts()] == [False]


@pytest.mark.parametrize("resumes", [True, False])
def test_a_removal_that_was_killed_is_waited_for(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    resumes: bool,  # noqa: FBT001
) -> None:
    """
    A value that a dead process was removing a moment ago is written once that has had its time:
    else it would vanish after ready. One that was removed long ago is not waited for.
    """
    paused: list[float] = []
    monkeypatch.setattr(scene.clock, "pause", paused.append)
    for hours, expected in ((0.0, [LINGERS_S]), (2.0, [])):
        source = Source(resumes=resumes)
        source.answers["a.example.com"] = pending("a.example.com", "v")
        with scene.opened("a.example.com", source=source) as run:
            run.ready()
        [path] = [p for p in scene.settings.state_dir.glob("*.json") if b'"v"' in p.read_bytes()]
        path.write_bytes(path.read_bytes().replace(b'"removing": false', b'"removing": true'))
        saved = time.time() - 3600 * hours
        os.utime(path, (saved, saved))
        paused.clear()
        with scene.opened("a.example.com", source=source) as run:
            assert run.ready().exit == 0
        assert [seconds for seconds in paused if seconds > 1] == expected
        for left in scene.settings.state_dir.glob("*.json"):
            left.unlink()


@pytest.mark.parametrize(("value", "expected"), [("a-1", []), ("other", [LINGERS_S])])
def test_a_write_that_was_killed_is_waited_for_if_it_is_of_no_use(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, value: str, expected: list[float]
) -> None:
    """
    What a dead run sent may yet appear. If it is what this run wants, it may; else this run removes
    it, and only once it is there.
    """
    scene.not_ready("a.example.com")
    [path] = scene.settings.state_dir.glob("*.json")
    path.write_bytes(path.read_bytes().replace(b'"waiting"', b'"writing"'))
    paused: list[float] = []
    monkeypatch.setattr(scene.clock, "pause", paused.append)
    if value == "other":
        scene.clock.ahead = timedelta(minutes=59)
        path.write_bytes(path.read_bytes().replace(b'"fetched": "2', b'"fetched": "1'))
        scene.source.answers["a.example.com"] = pending("a.example.com", value)
    assert scene.run("a.example.com").exit == 0
    assert paused == expected
    assert scene.values("a.example.com") == {value}


def test_a_value_left_to_us_meanwhile_is_ours(scene: Scene) -> None:
    """
    While we find the value of another receipt, that one is cleaned, and leaves the value to ours.
    """
    with scene.opened("a.example.com", source=document("v")) as run:
        run.ready()
    exits: list[int] = []
    scene.adapter.before = on("append", lambda: exits.append(cleaned(scene).exit))
    with scene.opened("a.example.com", source=document("v")) as run:
        assert run.ready().exit == 0
    assert exits == [Exit.NOT_READY]  # ours was live
    assert scene.listed() == scene.values("a.example.com") == {"v"}


def test_a_value_that_another_run_writes_first_is_shared(scene: Scene) -> None:
    """
    A run that begins after us and writes before us lists the value as well: both do.
    """

    def overtake() -> None:
        scene.adapter.before = nothing
        with scene.opened("a.example.com", source=document("v")) as other:
            assert other.ready().exit == 0

    scene.adapter.before = on("append", overtake)
    with scene.opened("a.example.com", source=document("v")) as run:
        assert run.ready().exit == 0
    assert [len(receipt["records"]) for receipt in scene.receipts()] == [1, 1]


def test_a_failed_order_leaves_what_was_there(scene: Scene) -> None:
    """
    One zone of an order fails, so its other values are of no use: ours go, what was there stays.
    """
    stored_by_somebody(scene, "v")
    name = "a.example.com,b.example.org"
    source = Source(resumes=False)
    source.answers[name] = pending(name, "v", "w")
    scene.adapter.before = on("append", lambda: fail(Unauthorized("no")), OTHER)
    with scene.opened(name, source=source) as run:
        assert run.ready().exit == Exit.REFUSED
    assert scene.values("a.example.com") == {"v"}
