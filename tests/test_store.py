"""The folder of receipts: durable, private, and one run a name."""

import fcntl
import json
import os
import resource
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGTERM

import pytest
from dns.name import from_text

from pipeline.case import Interrupted
from pipeline.files import Busy, look, put, sync_folder
from pipeline.model import Challenge, Exit, Failed, Record
from pipeline.receipts.archive import KEPT_FOR
from pipeline.receipts.held import Held, hold
from pipeline.receipts.receipt import Claim, Receipt, State, from_json, to_json
from pipeline.receipts.store import BATCH, Store
from providers.contract import Zone

ZONE = Zone(from_text("example.com."), "Z1")
CLAIM = Claim("a.example.com", "rcl", "account")
OTHER = Claim("b.example.com", "rcl", "account")

BEGIN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from pipeline.receipts.receipt import Claim
from pipeline.receipts.store import Store

store = Store(Path(sys.argv[1]), lambda: datetime.now(UTC))
print("up", flush=True)
sys.stdin.readline()
held, busy, survey = store.begin([Claim("a.example.com", "rcl", "account")], exclusive=True)
print("busy" if busy else held.path, flush=True)
sys.stdin.readline()
"""
"""A process that begins a run when it is given a line, and lives until it is given another."""


class Day:
    """The time of day, for tests to move."""

    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
def store(tmp_path: Path, day: Day) -> Store:
    return Store(tmp_path / "state" / "dns01", day)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What is read of others' receipts from now on."""
    found: list[Path] = []

    def noting(path: Path) -> bytes:
        found.append(path)
        return look(path)

    monkeypatch.setattr("pipeline.receipts.folder.look", noting)
    return found


def begin(store: Store, *claims: Claim, exclusive: bool = True) -> Held:
    held, busy, _ = store.begin(claims, exclusive=exclusive)
    assert held
    assert not busy
    return held


def record(value: str = "v") -> Record:
    name = from_text("_acme-challenge.a.example.com.")
    return Record(Challenge(name, value, "a"), ZONE, "route53", 60)


def on_disk(held: Held) -> Receipt:
    return from_json(held.path.read_bytes(), "r")


def everything(_outline: object) -> bool:
    return True


@contextmanager
def processes(count: int, folder: Path) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are up, and wait to begin a run."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", BEGIN, str(folder)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            found.append(process)
        assert all(answer(process) == "up" for process in found)
        yield found


def tell(processes: Sequence[subprocess.Popen[str]]) -> None:
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_private_whatever_the_umask(store: Store) -> None:
    """
    Receipts are 0600 in a folder 0700: they name what a company is about to certify.
    """
    before = os.umask(0)
    try:
        with begin(store, CLAIM) as held:
            held.save(replace(held.receipt, state=State.WRITING))
            assert mode(held.path) == 0o600
            assert mode(held.path.parent) == 0o700
            assert {mode(path) for path in held.path.parent.iterdir()} == {0o600}
    finally:
        os.umask(before)


def test_saved_is_on_disk_and_alone(store: Store) -> None:
    """
    What was saved can be read at once by anybody else, and no temporary file stays.
    """
    with begin(store, CLAIM) as held:
        for state in (State.WRITING, State.WAITING, State.READY):
            held.save(replace(held.receipt, state=state, records=(record(),)))
            assert on_disk(held) == held.receipt
            assert held.receipt.state is state
        assert {path.name for path in held.path.parent.iterdir()} == {held.path.name, ".lock"}


def test_a_signal_in_the_midst_of_saving_leaves_the_old_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What was to be written next is not written, so the disk does not list it; the lock stays ours.
    """
    with begin(store, CLAIM) as held:
        came = iter([Interrupted(SIGTERM)])

        def interrupted(folder: Path) -> None:
            sync_folder(folder)
            for signal in came:
                assert on_disk(held).records
                raise signal

        monkeypatch.setattr("pipeline.files.sync_folder", interrupted)
        with pytest.raises(Interrupted):
            held.save(replace(held.receipt, state=State.WRITING, records=(record(),)))
        assert on_disk(held) == held.receipt
        assert not held.receipt.records
        with pytest.raises(Busy):
            hold(held.path)
        assert {path.name for path in held.path.parent.iterdir()} == {held.path.name, ".lock"}


def test_a_live_process_has_its_names_to_itself(store: Store, tmp_path: Path) -> None:
    """
    While another process lives its names are busy; when it is killed they are free at once, and
    its receipt is there to inherit.
    """
    with processes(1, tmp_path / "state" / "dns01") as [process]:
        tell([process])
        path = answer(process)
        held, busy, survey = store.begin([CLAIM, OTHER], exclusive=True)
        assert held
        assert busy == (CLAIM,)
        assert [receipt.claims for receipt in survey.live] == [(CLAIM,)]
        assert on_disk(held).claims == (OTHER,)
        held.__exit__()
        process.kill()
        process.wait()
        held, busy, survey = store.begin([CLAIM], exclusive=True)
        assert not busy
        assert [str(each.path) for each in survey.held] == [path]


def test_the_lock_survives_replacing(store: Store) -> None:
    """
    Each save is a new file; it is locked before it takes the old one's place.
    """
    with begin(store, CLAIM) as held:
        for _ in range(3):
            held.save(replace(held.receipt, state=State.WAITING))
            assert store.take(everything).held == ()
            assert [live.id for live in store.take(everything).live] == [held.receipt.id]
    [after] = store.take(everything).held
    with after:
        assert after.receipt == held.receipt


def test_two_at_once_and_one_gets_it(tmp_path: Path) -> None:
    """
    Of processes that begin the same name at the same moment exactly one has it.
    """
    folder = tmp_path / "state"
    with processes(4, folder) as found:
        tell(found)
        answers = [answer(process) for process in found]
        assert sorted(map(bool, answers)) == [True] * 4
        assert answers.count("busy") == 3
        assert len(list(folder.glob("*.json"))) == 1


def test_nothing_left_to_do_leaves_nothing(store: Store) -> None:
    """
    A run whose every name is busy keeps no receipt: cron would pile them up.
    """
    with begin(store, CLAIM) as held:
        assert store.begin([CLAIM], exclusive=True)[0] is None
        assert list(held.path.parent.glob("*.json")) == [held.path]


def test_documents_share_a_name(store: Store) -> None:
    """
    Runs that are not exclusive begin beside each other and inherit nothing.
    """
    with begin(store, CLAIM, exclusive=False), begin(store, CLAIM, exclusive=False):
        held, busy, survey = store.begin([CLAIM], exclusive=False)
        assert held
        assert (busy, survey.held, survey.live) == ((), (), ())
        held.__exit__()


@contextmanager
def disk_full() -> Iterator[None]:
    """Let no file grow, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_disk_full_keeps_the_old_receipt(store: Store) -> None:
    """
    A save that fails is 78; the old receipt stays whole and locked, with nothing beside it.
    """
    with begin(store, CLAIM) as held:
        before = held.receipt
        with disk_full(), pytest.raises(Failed, match="file too large") as caught:
            held.save(replace(before, state=State.WRITING, records=(record(),)))
        assert caught.value.exit is Exit.CONFIG
        assert "--state-dir" in caught.value.problem.hint
        assert held.receipt == on_disk(held) == before
        assert {path.name for path in held.path.parent.iterdir()} == {held.path.name, ".lock"}
        assert store.take(everything).held == ()
        held.save(replace(before, state=State.WRITING))
        assert on_disk(held).state is State.WRITING


def test_no_folder_is_78(tmp_path: Path, day: Day) -> None:
    """
    Where no receipt can be kept no run begins.
    """
    (tmp_path / "file").write_text("")
    with pytest.raises(Failed, match=r"cannot keep receipts in .*: not a directory") as caught:
        Store(tmp_path / "file" / "state", day).begin([CLAIM], exclusive=True)
    assert caught.value.exit is Exit.CONFIG


def test_a_folder_that_is_not_there_holds_nothing(store: Store, tmp_path: Path) -> None:
    """
    Looking for receipts makes no folder.
    """
    assert store.take(everything).held == ()
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_receipt_is_reported_or_passed_over(store: Store) -> None:
    """
    A damaged receipt is a problem that names its file and stops nobody; other files are not ours.
    """
    with begin(store, CLAIM) as held:
        folder = held.path.parent
        held.report_path.write_text("{}")
        (folder / "notes.txt").write_text("mine")
        (folder / f".{held.path.name}.0badcafe").write_text("half")
        (folder / "bad.json").write_text("{")
    with begin(store, OTHER):
        pass
    survey = store.take(everything)
    assert len(survey.held) == 2
    assert [problem.message.count("bad.json") for problem in survey.damaged] == [1]
    for each in survey.held:
        each.__exit__()


def test_a_link_is_not_followed(store: Store, tmp_path: Path) -> None:
    """
    A receipt that is a symbolic link is refused: locking and replacing would go astray.
    """
    with begin(store, CLAIM) as held:
        path = held.path
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    survey = store.take(everything)
    assert survey.held == ()
    assert "too many levels of symbolic links" in survey.damaged[0].message


def test_cleaned_receipts_are_not_taken_again(store: Store) -> None:
    """
    What is cleaned is done, for `clean` and for later runs of the name.
    """
    with begin(store, CLAIM) as held:
        held.save(replace(held.receipt, state=State.CLEANED))
    assert store.take(everything).held == ()
    assert store.begin([CLAIM], exclusive=True)[2].held == ()


def test_a_cleaned_receipt_that_lists_records_is_taken(store: Store) -> None:
    """
    What earlier versions left as cleaned with records listed is found, by `clean` and by later
    runs of the name: else it would keep those values from being removed for ever.
    """
    with begin(store, CLAIM) as held:
        held.save(replace(held.receipt, records=(record(),)))
        text = held.path.read_text()
    assert '"state": "writing"' in text
    held.path.write_text(text.replace('"state": "writing"', '"state": "cleaned"'))
    for find in (store.take, lambda _: store.begin([CLAIM], exclusive=True)[2]):
        [taken] = find(everything).held
        with taken:
            assert taken.receipt.records == (record(),)


@pytest.mark.parametrize("age", [
    KEPT_FOR - timedelta(seconds=1), KEPT_FOR + timedelta(seconds=1), KEPT_FOR + timedelta(days=1),
])  # fmt: skip
def test_traces_are_pruned_after_a_week(store: Store, day: Day, age: timedelta) -> None:
    """
    Receipts without records go after seven days, with their reports, those that were put aside
    within a day more; those with records, live or damaged ones never do.
    """
    with (
        begin(store, replace(CLAIM, name="cleaned")) as cleaned,
        begin(store, replace(CLAIM, name="planned")) as planned,
        begin(store, replace(CLAIM, name="waiting")) as waiting,
    ):
        cleaned.save(replace(cleaned.receipt, state=State.CLEANED))
        waiting.save(replace(waiting.receipt, state=State.WAITING, records=(record(),)))
        for held in (cleaned, planned, waiting):
            held.report_path.write_text("{}")
    damaged = cleaned.path.with_name("damaged.json")
    damaged.write_text("{")
    with begin(store, replace(CLAIM, name="live")) as live:
        day.now += age
        with begin(store, OTHER):
            left = {path.name for path in live.path.parent.rglob("*.json")}
    kept = {waiting.path, waiting.report_path, damaged, live.path}
    assert {path.name for path in kept} < left
    assert (planned.path.name in left) is (planned.report_path.name in left) is (age < KEPT_FOR)
    is_aside = age < KEPT_FOR + timedelta(days=1)
    assert (cleaned.path.name in left) is (cleaned.report_path.name in left) is is_aside


def test_a_cleaned_receipt_that_was_not_put_aside_goes_after_a_week(store: Store, day: Day) -> None:
    """
    Where no run has begun for a week, the next one removes what it finds cleaned.
    """
    with begin(store, CLAIM) as held:
        held.save(replace(held.receipt, state=State.CLEANED))
        held.report_path.write_text("{}")
    day.now += KEPT_FOR + timedelta(seconds=1)
    with begin(store, OTHER) as other:
        assert list(held.path.parent.rglob("*.json")) == [other.path]


def test_what_is_cleaned_is_put_aside_with_its_report(store: Store, day: Day) -> None:
    """
    The next run moves what is cleaned, unchanged and private, into the folder of the day; what
    lists a value, whatever it says of itself, what is live and what has an order stay.
    """
    with begin(store, CLAIM) as cleaned, begin(store, replace(CLAIM, name="c")) as says:
        for held in (cleaned, says):
            held.save(replace(held.receipt, state=State.CLEANED))
            held.report_path.write_text("{}")
    body = cleaned.path.read_bytes()
    said = to_json(replace(says.receipt, records=(record(),))).replace(b"writing", b"cleaned")
    says.path.write_bytes(said)
    with begin(store, replace(CLAIM, name="d")) as planned:
        pass
    with begin(store, OTHER) as live:
        live.save(replace(live.receipt, state=State.CLEANED))
        with begin(store, replace(CLAIM, name="e"), exclusive=False) as last:
            pass
    folder = cleaned.path.parent
    assert set(folder.glob("*.json")) == {
        says.path, says.report_path, planned.path, live.path, last.path
    }  # fmt: skip
    aside = folder / "cleaned" / day.now.date().isoformat()
    assert set(aside.iterdir()) == {
        aside / path.name for path in (cleaned.path, cleaned.report_path)
    }
    assert (aside / cleaned.path.name).read_bytes() == body
    assert mode(aside) == mode(aside.parent) == 0o700


def test_what_cannot_be_put_aside_stays(store: Store) -> None:
    """
    Where the folder for it cannot be made, runs begin all the same, and `clean` finds nothing.
    """
    with begin(store, CLAIM) as held:
        held.save(replace(held.receipt, state=State.CLEANED))
    (held.path.parent / "cleaned").write_text("in the way")
    with begin(store, OTHER):
        pass
    assert held.path.is_file()
    assert [each.receipt.claims for each in store.take(everything).held] == [(OTHER,)]


def test_foreign_folders_among_the_days_stay(store: Store) -> None:
    """
    Only what is called as a day is removed when that day is long over.
    """
    folder = store.folder / "cleaned"
    for name in ("2026-01-01", "mine", "2099-01-01"):
        (folder / name).mkdir(parents=True)
    with begin(store, OTHER):
        pass
    assert {path.name for path in folder.iterdir()} == {"mine", "2099-01-01"}


def test_cleaned_receipts_are_read_once(store: Store, read: list[Path]) -> None:
    """
    What was cleaned is read by the next run, and by none after it.
    """
    for number in range(5):
        with begin(store, replace(CLAIM, name=f"{number}")) as held:
            held.save(replace(held.receipt, state=State.CLEANED))
    read.clear()
    counts = []
    for _ in range(3):
        with begin(Store(store.folder, Day()), OTHER) as held:
            held.save(replace(held.receipt, state=State.CLEANED))
        counts.append(len(read))
        read.clear()
    assert counts == [1, 1, 1]


def test_a_receipt_of_others_is_read_once_a_run(store: Store, read: list[Path]) -> None:
    """
    However often a run looks at what others list, it reads each receipt once, and again when it
    has changed.
    """
    with begin(store, CLAIM) as other:
        other.save(replace(other.receipt, records=(record("other"),)))
    read.clear()
    with begin(store, OTHER) as held:
        held.save(replace(held.receipt, records=(record("mine"),)))
        for _ in range(3):
            assert not store.listed_beside(held)
            assert not store.is_contested(held)
            assert store.release({held: [record("mine")]})
        assert read.count(other.path) == 1
        other.path.write_bytes(to_json(replace(other.receipt, records=(record("mine"),))))
        assert store.listed_beside(held) == {record("mine").place}


def test_the_last_receipt_that_lists_a_value_has_it(store: Store) -> None:
    """
    A value that two receipts list is released by the first and left to the second; so it is
    removed from DNS once, by the last.
    """
    both = (record("shared"), record("own"))
    with begin(store, CLAIM) as first, begin(store, OTHER) as second:
        first.save(replace(first.receipt, records=both))
        second.save(replace(second.receipt, records=both[:1]))
        assert store.release({first: both}) == {first: [both[1]]}
        assert on_disk(first).records == both[1:]
        assert store.release({second: both[:1]}) == {second: [both[0]]}
        assert on_disk(second).records == both[:1]


def test_a_copy_does_not_claim_what_another_place_holds(store: Store) -> None:
    """
    The same name and value at another provider or in another zone is another record.
    """
    mine = record()
    twins = (replace(mine, provider="cloudflare"), replace(mine, zone=Zone(ZONE.apex, "Z2")))
    with begin(store, CLAIM) as first, begin(store, OTHER) as second:
        first.save(replace(first.receipt, records=(mine,)))
        second.save(replace(second.receipt, records=twins))
        assert store.release({first: (mine,)}) == {first: [mine]}


def test_reports_lie_beside_receipts(store: Store) -> None:
    """
    The report's name is the receipt's, so that a script can find one from the other.
    """
    with begin(store, CLAIM) as held:
        assert held.report_path.name == f"{held.receipt.id}.report.json"
        assert json.loads(to_json(held.receipt))["id"] == held.path.stem


def test_a_receipt_replaced_before_it_was_locked(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Whoever opens the old file and locks it too late looks again, and locks the one that counts.
    """
    with begin(store, CLAIM) as held:
        pass
    newer = replace(held.receipt, state=State.WAITING)
    flock = fcntl.flock
    replaced: list[Path] = []

    def late(descriptor: int, how: int) -> None:
        if how & fcntl.LOCK_NB and not replaced:
            replaced.append(held.path)
            put(held.path, to_json(newer))
        flock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", late)
    [after] = store.take(everything).held
    assert replaced
    assert after.receipt == newer
    monkeypatch.undo()
    assert len(store.take(everything).live) == 1
    after.__exit__()


def test_a_receipt_that_goes_while_being_looked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A receipt pruned between the listing and the reading is no receipt, and no error.
    """
    with begin(store, CLAIM) as held:
        pass
    monkeypatch.setattr(os, "listdir", lambda _folder: [held.path.name, "x.json"])
    [after] = store.take(everything).held
    after.__exit__()


def test_a_folder_that_cannot_be_listed_is_78(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What cannot be looked at may hold a live run: nothing is begun.
    """

    def refuse(_folder: Path) -> Sequence[str]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(Failed, match="permission denied") as caught:
        store.begin([CLAIM], exclusive=True)
    assert caught.value.exit is Exit.CONFIG


def test_the_content_is_on_disk_before_the_name(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    File, then rename, then folder: a power cut leaves the old receipt or the new one, whole.
    """
    events: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def noting_fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        events.append("sync folder" if is_folder else "sync file")
        fsync(descriptor)

    def noting_rename(path: Path, target: Path) -> Path:
        events.append("rename")
        return rename(path, target)

    with begin(store, CLAIM) as held:
        monkeypatch.setattr(os, "fsync", noting_fsync)
        monkeypatch.setattr(Path, "replace", noting_rename)
        held.save(replace(held.receipt, state=State.WRITING))
    assert events == ["sync file", "rename", "sync folder"]


def test_beside_is_what_both_list(store: Store) -> None:
    """
    Another receipt lists a value of ours if it has it at the same name, host and zone.
    """
    both, elsewhere = record("v"), replace(record("v"), provider="cloudflare")
    with begin(store, CLAIM, exclusive=False) as held, begin(store, OTHER) as other:
        held.save(replace(held.receipt, records=(both, record("w"))))
        other.save(replace(other.receipt, records=(elsewhere,)))
        assert store.listed_beside(held) == set()
        other.save(replace(other.receipt, records=(both, elsewhere)))
        assert store.listed_beside(held) == {both.place}


def test_a_folder_that_was_removed_is_made_again(store: Store) -> None:
    """
    Somebody tidies up the state folder while values are in DNS: the next save puts the receipt
    back, private and locked.
    """
    with begin(store, CLAIM) as held:
        shutil.rmtree(held.path.parent)
        held.save(replace(held.receipt, state=State.WAITING, records=(record(),)))
        assert on_disk(held).records == (record(),)
        assert mode(held.path.parent) == 0o700
        assert len(store.take(everything).live) == 1


def test_so_many_at_a_time(store: Store) -> None:
    """
    `take` holds so many receipts at a time and no more; with those seen it goes on to the rest.
    """
    for number in range(BATCH + 5):
        with begin(store, replace(CLAIM, name=f"{number}"), exclusive=False) as held:
            held.save(replace(held.receipt, records=(record(str(number)),)))
    first = store.take(everything)
    assert (len(first.held), first.is_whole) == (BATCH, False)
    for each in first.held:
        each.__exit__()
    second = store.take(everything, {each.path for each in first.held})
    assert (len(second.held), second.is_whole) == (5, True)
    for each in second.held:
        each.__exit__()
