"""Clean removes what receipts list, exactly that, from any process and as often as one likes."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

import pytest
from dns.name import Name, from_text

from pipeline.cleaning import clean
from pipeline.clock import SystemClock
from pipeline.hosts import Hosts
from pipeline.model import Challenge, Exit, Failed, Order, Record, Severity
from pipeline.receipts.held import REQUEST, Held
from pipeline.receipts.receipt import Claim, State, from_json
from pipeline.receipts.removal import withdraw
from pipeline.receipts.store import Store
from pipeline.report import Report
from providers.contract import LINGERS_S, TXT, Change, Zone
from providers.errors import ProviderError, Unavailable

APEX = from_text("example.com.")
TODAY = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass
class Shelf:
    """A DNS host that is only a set of values."""

    held: set[tuple[str, str]] = field(default_factory=set)
    deletes: list[int] = field(default_factory=list)
    failing: dict[str, ProviderError] = field(default_factory=dict)

    @property
    def api_calls(self) -> int:
        return len(self.deletes)

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        raise AssertionError("the receipt knows the zone")

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        raise AssertionError("clean writes nothing")

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        self.deletes.append(len(records))
        if zone.id in self.failing:
            raise self.failing[zone.id]
        self.held -= {(record.name.to_text(), record.value) for record in records}
        return Change(zone)

    def in_sync(self, change: Change) -> bool:
        return True


class Folder:
    """Receipts as earlier runs left them, and the host they wrote to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.store = Store(path, lambda: TODAY)
        self.shelf = Shelf()
        self.missing: set[str] = set()

    def opened(self, name: str) -> Shelf:
        if name in self.missing:
            raise Failed(Exit.CONFIG, "no-such-provider", f"no provider {name} is installed")
        return self.shelf

    def left(self, *names: str, value: str = "v", state: State = State.READY) -> Held:
        """Leave what a run over *names* leaves, and return its receipt, still held."""
        claims, records = [], []
        for name in names:
            challenges = tuple(
                Challenge(from_text(leaf(host)), value, host) for host in name.split(",")
            )
            order = Order(name, "document", "", "pending", challenges)
            claims.append(Claim(name, "document", "", TODAY, order))
            records += [Record(each, Zone(APEX, "Z1"), "shelf", 60) for each in challenges]
        held, _, _ = self.store.begin(claims, exclusive=False)
        assert held
        held.save(replace(held.receipt, state=state, records=tuple(records)))
        self.shelf.held |= {(r.challenge.name.to_text(), r.challenge.value) for r in records}
        return held

    def clean(self, *names: str) -> Report:
        hosts = Hosts(self.opened, SystemClock())
        return clean(names, self.store, hosts, SystemClock())

    def listed(self, held: Held) -> list[str]:
        receipt = from_json(held.path.read_bytes(), "r")
        return [record.challenge.name.to_text() for record in receipt.records]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "state")


def leaf(name: str) -> str:
    return f"_acme-challenge.{name}."


def test_exactly_what_is_listed(folder: Folder) -> None:
    """
    Values that no receipt lists stay, also at the same name; the report names what went.
    """
    neighbours = {(leaf("a.example.com"), "theirs"), ("www.example.com.", "v")}
    with folder.left("a.example.com"):
        pass
    folder.shelf.held |= neighbours
    report = folder.clean("a.example.com")
    assert (report.status, report.exit, report.problems) == ("cleaned", 0, ())
    assert [(r.name, r.value, r.zone) for r in report.records] == [
        (leaf("a.example.com"), "v", "example.com.")
    ]
    assert folder.shelf.held == neighbours


def test_only_the_names_given(folder: Folder) -> None:
    """
    Of a receipt over two names the one not given keeps its record and its place.
    """
    with folder.left("a.example.com", "b.example.com") as held:
        pass
    assert folder.clean(" A.example.com").exit == 0
    assert folder.listed(held) == [leaf("b.example.com")]
    assert {name for name, _ in folder.shelf.held} == {leaf("b.example.com")}
    assert folder.clean("b.example.com").exit == 0
    assert folder.shelf.held == set()


def test_a_name_is_whole(folder: Folder) -> None:
    """
    A certificate is named as it was ordered: one of its domains is not its name.
    """
    with folder.left("a.example.com,b.example.com") as held:
        pass
    for name in ("a.example.com", "example.com"):
        report = folder.clean(name)
        assert (report.exit, report.records) == (0, ())
        [problem] = report.problems
        assert problem.code == "no-receipt"
        assert "a.example.com,b.example.com" in problem.hint
    assert folder.listed(held) == [leaf("a.example.com"), leaf("b.example.com")]


def test_the_order_of_names_does_not_matter(folder: Folder) -> None:
    """
    A certificate covers a set of names, in whatever order, case and spacing they are given.
    """
    with folder.left("a.example.com,b.example.com"):
        pass
    report = folder.clean("B.example.com, a.example.com")
    assert (len(report.records), report.problems) == (2, ())


def test_all(folder: Folder) -> None:
    """
    Without names every receipt is emptied, with one call for each zone.
    """
    for name in ("a.example.com", "b.example.com"):
        with folder.left(name):
            pass
    report = folder.clean()
    assert (report.exit, len(report.records), report.api_calls) == (0, 2, 1)
    assert folder.shelf.held == set()


def test_twice_is_once(folder: Folder) -> None:
    """
    Nothing to clean is done: exit 0, no call to the host.
    """
    with folder.left("a.example.com"):
        pass
    folder.clean()
    for names in ((), ("a.example.com",), ("never.example.com",)):
        report = folder.clean(*names)
        assert (report.status, report.exit, report.records) == ("cleaned", 0, ())
    assert folder.shelf.deletes == [1]


def test_no_folder_is_nothing_to_clean(folder: Folder) -> None:
    """
    Where no run ever was, clean is done and makes nothing.
    """
    assert folder.clean().exit == 0
    assert not folder.path.exists()


def test_a_live_run_keeps_its_records(folder: Folder) -> None:
    """
    A receipt whose process lives is skipped with 75; the others are cleaned nevertheless.
    """
    with folder.left("b.example.com"):
        pass
    with folder.left("a.example.com", state=State.WAITING) as held:
        report = folder.clean()
        assert report.exit == Exit.NOT_READY
        assert [problem.code for problem in report.problems] == ["busy"]
        assert "a.example.com" in report.problems[0].message
        assert [record.name for record in report.records] == [leaf("b.example.com")]
        assert folder.listed(held) == [leaf("a.example.com")]
    assert folder.clean().exit == 0
    assert folder.shelf.held == set()


def test_a_tampered_receipt_is_refused(folder: Folder) -> None:
    """
    A receipt with a name outside the guard is 65 as a whole: it could empty any zone.
    """
    with folder.left("a.example.com", "b.example.com") as held:
        pass
    body = held.path.read_text().replace(leaf("b.example.com"), "b.example.com.")
    held.path.write_text(body)
    report = folder.clean()
    assert (report.status, report.exit) == ("failed", Exit.DATA)
    assert str(held.path) in report.problems[0].message
    assert folder.shelf.deletes == []
    assert held.path.read_text() == body


def test_a_shared_value_goes_with_the_last_receipt(folder: Folder) -> None:
    """
    A value that two receipts list stays until the second is cleaned.
    """
    with folder.left("a.example.com"), folder.left("a.example.com,b.example.com"):
        pass
    report = folder.clean("a.example.com,b.example.com")
    assert [record.name for record in report.records] == [leaf("b.example.com")]
    assert (leaf("a.example.com"), "v") in folder.shelf.held
    folder.clean("a.example.com")
    assert folder.shelf.held == set()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"dns01_receipt": 1', '"dns01_receipt": 2'),
        ('"records": [', '"written": ['),
        ('"orders": [', ""),
        (leaf("b.example.com"), "b.example.com."),
    ],
)
def test_what_an_unusable_receipt_lists_stays(folder: Folder, old: str, new: str) -> None:
    """
    What a receipt of another version lists, or a damaged one, is not touched, as its problem says:
    not for the sake of another receipt that lists it, too. Whoever can use it removes it.
    """
    with folder.left("a.example.com"), folder.left("c.example.com"):
        pass
    with folder.left("a.example.com", "b.example.com") as held:
        text = held.path.read_text()
        held.path.write_text(text.replace(old, new))
    report = folder.clean()
    assert (report.exit, [each.code for each in report.problems]) == (Exit.DATA, ["receipt"])
    assert [record.name for record in report.records] == [leaf("c.example.com")]
    theirs = {(leaf("a.example.com"), "v"), (leaf("b.example.com"), "v")}
    assert folder.shelf.held == theirs
    held.path.write_text(text)
    assert folder.clean().exit == Exit.DONE
    assert folder.shelf.held == set()


@pytest.mark.parametrize("state", ["ready", "cleaned"])
def test_records_that_are_no_list_are_not_none(folder: Folder, state: str) -> None:
    """
    A receipt that has something else in place of its records is damaged, and not cleaned: nobody
    can tell from it what is in DNS.
    """
    with folder.left("a.example.com") as held:
        document = json.loads(held.path.read_text())
    held.path.write_text(json.dumps(document | {"records": {}, "state": state}))
    with folder.left("b.example.com"):  # which puts aside what is cleaned
        pass
    report = folder.clean()
    assert (report.exit, [each.code for each in report.problems]) == (Exit.DATA, ["receipt"])
    assert held.path.exists()


def test_a_live_run_keeps_a_shared_value(folder: Folder) -> None:
    """
    What a live run lists too is not pulled from under it.
    """
    with folder.left("a.example.com"):
        pass
    with folder.left("a.example.com", state=State.WAITING) as live:
        assert folder.clean().exit == Exit.NOT_READY
        assert folder.shelf.held == {(leaf("a.example.com"), "v")}
        assert folder.listed(live) == [leaf("a.example.com")]


def test_what_fails_stays_listed(folder: Folder) -> None:
    """
    A host that fails leaves its records in the receipt for next time, and says so.
    """
    with folder.left("a.example.com") as held:
        pass
    folder.shelf.failing["Z1"] = Unavailable("throttled")
    report = folder.clean()
    assert (report.status, report.exit, report.records) == ("failed", Exit.UNAVAILABLE, ())
    assert [p.code for p in report.problems] == ["provider-unavailable", "records-left"]
    assert folder.listed(held) == [leaf("a.example.com")]
    folder.shelf.failing.clear()
    assert folder.clean().exit == 0
    assert folder.shelf.held == set()


def test_a_disk_that_refuses(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    If the receipt cannot be struck it is 78; the records stay listed, to be deleted again.
    """
    with folder.left("a.example.com") as held:
        pass
    shelf = folder.shelf
    delete = shelf.delete

    def lose_the_folder(zone: Zone, records: Sequence[TXT]) -> Change:
        folder.path.rename(folder.path.with_name("gone"))
        folder.path.write_text("in the way")
        return delete(zone, records)

    monkeypatch.setattr(shelf, "delete", lose_the_folder)
    report = folder.clean()
    assert (report.exit, report.problems[0].code) == (Exit.CONFIG, "state-dir")
    folder.path.unlink()
    folder.path.with_name("gone").rename(folder.path)
    assert folder.listed(held) == [leaf("a.example.com")]


def test_a_receipt_wrongly_cleaned_holds_nothing_back(folder: Folder) -> None:
    """
    A receipt that says cleaned and lists records is cleaned like any other, and no later receipt
    leaves a value to it for ever.
    """
    with folder.left("a.example.com") as wrong:
        pass
    wrong.path.write_text(wrong.path.read_text().replace('"ready"', '"cleaned"'))
    assert '"cleaned"' in wrong.path.read_text()
    with folder.left("a.example.com"):
        pass
    report = folder.clean()
    assert (report.exit, len(report.records), report.problems) == (0, 1, ())
    assert folder.shelf.held == set()
    assert folder.listed(wrong) == []


@dataclass
class Pausing(SystemClock):
    """Counts the seconds it is asked to let go by."""

    paused: float = 0.0

    def __post_init__(self) -> None:
        super().__init__()

    def pause(self, seconds: float) -> None:
        self.paused += seconds


@pytest.mark.parametrize(
    ("state", "hours_ago", "seconds"),
    [
        (State.WRITING, 0.0, LINGERS_S),
        (State.WRITING, 0.9, LINGERS_S),
        (State.WRITING, 1.1, 0.0),
        (State.READY, 0.0, 0.0),
    ],
)
def test_only_a_write_that_may_have_been_under_way_is_waited_for(
    folder: Folder, state: State, hours_ago: float, seconds: float
) -> None:
    """
    A host may still do what a run sent that was killed while it wrote; not what was sent long ago.
    """
    clock = Pausing()
    held = folder.left("a.example.com", state=state)
    saved = (clock.today() - timedelta(hours=hours_ago)).timestamp()
    os.utime(held.path, (saved, saved))
    held.__exit__()
    clean((), folder.store, Hosts(folder.opened, clock), clock)
    assert clock.paused == seconds
    assert folder.shelf.deletes == [1]


@pytest.mark.parametrize(
    ("landing", "deadline", "pauses", "exit_code"),
    [
        (20.0, inf, 20.0, Exit.DONE),
        (-1.0, inf, 0.0, Exit.DONE),
        (9999.0, inf, REQUEST, Exit.DONE),
        (20.0, 8.0, 4.0, Exit.NOT_READY),
    ],
)
def test_a_write_that_was_given_up_stays_listed_until_it_can_land_no_more(
    folder: Folder, landing: float, deadline: float, pauses: float, exit_code: Exit
) -> None:
    """
    What a run gave up on is waited for, no longer than a request can take, then removed. Where
    there is no time for that, what is there is removed and stays listed; clean says so.
    """
    clock = Pausing()
    held = folder.left("a.example.com")
    until = clock.today() + timedelta(seconds=landing)
    held.save(replace(held.receipt, landing=until))
    held.__exit__()
    report = clean((), folder.store, Hosts(folder.opened, clock), clock, deadline=deadline)
    assert report.exit == exit_code
    assert clock.paused == pytest.approx(pauses, abs=1)
    assert (folder.shelf.deletes, folder.shelf.held) == ([1], set())
    assert bool(folder.listed(held)) == bool(exit_code)
    assert [p.code for p in report.problems] == (["records-left"] if exit_code else [])


@pytest.mark.parametrize(
    ("state", "source", "age", "is_said"),
    [
        (State.WAITING, "rcl", timedelta(), True),
        (State.PLANNED, "acme", timedelta(), True),
        (State.READY, "rcl", timedelta(), False),
        (State.WAITING, "rcl", timedelta(hours=2), False),
        (State.WAITING, "document", timedelta(), False),
        (State.WAITING, "certbot", timedelta(), False),
    ],
)
def test_an_order_that_could_have_gone_on_is_said_to_be_dropped(
    folder: Folder, state: State, source: str, age: timedelta, *, is_said: bool
) -> None:
    """
    Only what the next run would have used is: not what is done with, too old, or never kept.
    """
    with folder.left("a.example.com", state=state) as held:
        [claim] = held.receipt.claims
        assert claim.order is not None
        uri = "" if source == "certbot" else "https://ca.example/order/1"
        order = replace(claim.order, source=source, uri=uri)
        fetched = datetime.now(UTC) - age
        claims = (replace(claim, source=source, fetched=fetched, order=order),)
        records = () if state is State.PLANNED else held.receipt.records
        held.save(replace(held.receipt, state=state, claims=claims, records=records))
    report = folder.clean()
    assert report.exit == Exit.DONE
    said = [each for each in report.problems if each.code == "order-dropped"]
    assert bool(said) == is_said
    assert all("a.example.com" in each.message for each in said)
    assert [each for each in folder.clean().problems if each.code == "order-dropped"] == []


@pytest.mark.parametrize("is_late", [False, True])
def test_an_order_that_stays_is_not_said_to_be_dropped(folder: Folder, *, is_late: bool) -> None:
    """
    Where a value stays listed, as it could not be removed or may come back, its receipt stays as it
    was, and the next run goes on with the order: that it is dropped is said when it is.
    """
    clock = Pausing()
    with folder.left("a.example.com", state=State.WAITING) as held:
        [claim] = held.receipt.claims
        assert claim.order is not None
        order = replace(claim.order, source="rcl", uri="https://ca.example/order/1")
        claim = replace(claim, source="rcl", fetched=clock.today(), order=order)
        landing = clock.today() + timedelta(seconds=20) if is_late else None
        held.save(replace(held.receipt, claims=(claim,), landing=landing))
    folder.shelf.failing = {} if is_late else {"Z1": Unavailable("down")}
    hosts = Hosts(folder.opened, clock)
    report = clean((), folder.store, hosts, clock, deadline=8.0)
    assert report.exit != Exit.DONE
    assert "order-dropped" not in [each.code for each in report.problems]
    [kept] = from_json(held.path.read_bytes(), "r").orders()
    assert kept.key == claim.key
    assert kept.order == claim.order
    folder.shelf.failing = {}
    report = clean((), folder.store, hosts, clock)
    assert report.exit == Exit.DONE
    assert "order-dropped" in [each.code for each in report.problems]


def test_what_stays_listed_is_told_in_time(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What is left of thousands of records is found by looking at each once, not at each pair: the
    run that gives up has five seconds.
    """
    names = [f"{number}.example.com" for number in range(200)]
    with folder.left(*names) as held:
        goal = replace(held.receipt, records=())
        compared: list[Record] = []
        same = Record.__eq__

        def noting(one: Record, other: object) -> bool:
            compared.append(one)
            return same(one, other)

        monkeypatch.setattr(Record, "__eq__", noting)
        folder.shelf.failing = {"Z1": Unavailable("down")}
        hosts = Hosts(folder.opened, SystemClock())
        removal = withdraw({held: goal}, folder.store, hosts, 60.0)[held]
        assert len(removal.stuck) == len(names)
        assert len(compared) <= 4 * len(names)


def test_a_folder_that_is_not_there_is_a_warning(folder: Folder) -> None:
    """
    Nothing to clean is done; but where no run has ever kept a receipt, somebody may have looked in
    the wrong place.
    """
    report = folder.clean()
    assert (report.exit, [(p.code, p.severity) for p in report.problems]) == (
        0, [("no-state-dir", Severity.WARNING)],
    )  # fmt: skip
    assert str(folder.path) in report.problems[0].message
    folder.path.mkdir()
    assert folder.clean().problems == ()
