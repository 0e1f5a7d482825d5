"""A budget that processes share: kept in a file that may be anything, by processes that may die."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from providers.errors import Unavailable
from providers.limits import Budget, Rate
from providers.limits.budget import DAY
from providers.limits.store import Memory, Shared, decoded, encoded, hashed, locked, opened, own
from providers.limits.turn import PATIENCE
from providers.limits.window import LONGEST, SLACK, State

from .processes import ACCOUNT, RATE, budget
from .test_window import crowded


class Time:
    """Jumps instead of waiting."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[tuple[float, str]] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pause(self, seconds: float, reason: str) -> None:
        self.waits.append((seconds, reason))
        self.now += seconds


def shared(folder: Path, clock: Time, account: str = "a", rate: Rate = RATE) -> Budget:
    made = Budget(rate, clock.sleep, lambda: clock.now)
    made.share(clock.pause, folder, lambda: account)
    return made


def file(folder: Path) -> Path:
    [path] = folder.glob("*.budget")
    return path


def test_processes_share_one_budget(tmp_path: Path) -> None:
    """
    Six real processes that start at once: together no more than the rate, and no time wasted.
    """
    words = [sys.executable, "-m", "tests.limits.processes", str(tmp_path / "s"), "5"]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    told = [line.split() for process in started for line in process.communicate()[0].splitlines()]
    assert len(told) == 30
    # Each went between the two, and its process may have been held up there: only the mean counts.
    took = max(float(gone) for _, gone in told) - min(float(before) for before, _ in told)
    assert took >= (30 - 2 * RATE.calls) / RATE.calls * RATE.seconds
    spent = Shared(tmp_path / "s", ACCOUNT, time.sleep)
    gone = spent.change(lambda state, _now: (state, state.gone), time.monotonic)
    assert not crowded(gone, RATE.calls, RATE.seconds)


def test_objects_share_by_account_and_folder(tmp_path: Path) -> None:
    """
    Who has the same account in the same folder waits for each other; nobody else does.
    """
    clock = Time()
    one, other = shared(tmp_path / "s", clock), shared(tmp_path / "s", clock)
    for _ in range(RATE.calls):
        one.enter()
    assert clock.waits == []
    shared(tmp_path / "s", clock, "b").enter()
    shared(tmp_path / "t", clock).enter()
    assert clock.waits == []
    other.enter()
    assert [reason for _, reason in clock.waits] == ["for the account's request budget"]


def test_a_block_holds_for_all(tmp_path: Path) -> None:
    """
    What one process has been told keeps the others from asking, and they say why they wait.
    """
    clock = Time()
    shared(tmp_path / "s", clock).block(20.0)
    shared(tmp_path / "s", clock).enter()
    [(seconds, reason)] = clock.waits
    assert seconds == pytest.approx(20.0)
    assert "block" in reason


@pytest.mark.parametrize(("said", "kept"), [(3600.0, 3600.0), (50_000.0, 50_000.0), (1e9, DAY)])
def test_a_long_block_holds_for_all(tmp_path: Path, said: float, kept: float) -> None:
    """
    Hours are believed as seconds are, from the moment they are told; odd words for a day.
    """
    clock = Time()
    shared(tmp_path / "s", clock).block(said)
    shared(tmp_path / "s", clock).enter()
    [(seconds, _)] = clock.waits
    assert seconds == pytest.approx(kept)


def test_a_block_that_comes_while_somebody_waits(tmp_path: Path) -> None:
    """
    After each wait one looks again: nobody walks into a block that has begun meanwhile.
    """
    clock = Time()
    mine, other = shared(tmp_path / "s", clock), shared(tmp_path / "s", clock)
    for _ in range(RATE.calls):
        mine.enter()

    def pause(seconds: float, reason: str) -> None:
        clock.pause(seconds, reason)
        if len(clock.waits) == 1:
            other.block(50.0)

    mine.share(pause, tmp_path / "s", lambda: "a")
    began = clock.now
    mine.enter()
    assert clock.now >= began + 50


def test_who_would_not_wait_gives_the_slot_back(tmp_path: Path) -> None:
    """
    A refusal costs the others nothing.
    """
    clock = Time()

    def refuse(_seconds: float, _reason: str) -> None:
        raise Unavailable("no")

    mine, other = shared(tmp_path / "s", clock), shared(tmp_path / "s", clock)
    for _ in range(RATE.calls):
        mine.enter()
    mine.share(refuse, tmp_path / "s", lambda: "a")
    for _ in range(20):
        with pytest.raises(Unavailable):
            mine.enter()
    other.enter()
    assert sum(seconds for seconds, _ in clock.waits) <= RATE.seconds


def test_alone_a_long_wait_is_refused() -> None:
    """
    A library user who says nothing of time waits half a minute at most.
    """
    clock = Time()
    alone = Budget(RATE, clock.sleep, lambda: clock.now)
    alone.block(29.0)
    alone.enter()
    alone.block(31.0)
    with pytest.raises(Unavailable, match="31 s") as caught:
        alone.enter()
    assert "later" in caught.value.hint


SOUND = encoded(State((100.0,), blocked_until=100.0))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"{}",
        b"[1]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        SOUND[:20],
        SOUND.replace(b"100.0]", b"1e999]"),
        SOUND.replace(b"100.0]", b'"x"]'),
        SOUND.replace(b"[100.0]", b"7"),
        SOUND.replace(b"1.0", b"null"),
        encoded(State(blocked_until=101.0 + LONGEST, blocked_at=100.0)),
        SOUND.replace(b"blocked_at", b"blocked"),
        encoded(State((1e9,))),
        b"x" * (1 << 21),
    ],
)
def test_a_broken_file_counts_as_new(tmp_path: Path, body: bytes) -> None:
    """
    Whatever stands in the file: the next request goes at once, and mends it.
    """
    clock = Time()
    mine = shared(tmp_path / "s", clock)
    mine.enter()
    file(tmp_path / "s").write_bytes(body)
    mine.enter()
    assert clock.waits == []
    assert decoded(file(tmp_path / "s").read_bytes(), clock.now).gone == (clock.now,)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """
    A shorter state leaves no rest of a longer one; what a killed writer leaves does no harm.
    """
    clock = Time()
    mine = shared(tmp_path / "s", clock)
    for _ in range(40):
        mine.enter()
        clock.now += 0.3
    path = file(tmp_path / "s")
    body = path.read_bytes()
    state = decoded(body, clock.now)
    assert body == encoded(state)
    assert decoded(body + b"the rest of a longer line\n", clock.now) == state


def test_the_file_tells_nothing(tmp_path: Path) -> None:
    """
    Neither its name nor its content holds whose account it is; nobody else can read it.
    """
    mine = shared(tmp_path / "s", Time(), "SECRET")
    mine.enter()
    path = file(tmp_path / "s")
    assert "SECRET" not in f"{path}{path.read_text()}"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert hashed("ab", "c") != hashed("a", "bc")


def link(folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere")
    elsewhere.mkdir(mode=0o700)
    folder.symlink_to(elsewhere)


def wide(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o770)


def foreign(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, -1)


def no_folder(folder: Path) -> None:
    folder.write_text("")


def below_a_file(folder: Path) -> None:
    folder.parent.rmdir()
    folder.parent.write_text("")


@pytest.mark.parametrize("spoil", [link, wide, foreign, no_folder, below_a_file])
def test_a_folder_that_is_not_ours_alone(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """
    Others could make us wait, or not: such a folder is not used, and the run goes on without.
    """
    if spoil is foreign and os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    folder = tmp_path / "below" / "s"
    folder.parent.mkdir()
    spoil(folder)
    with pytest.raises(OSError, match=r"ours alone|[Nn]ot a directory|exists"):
        own(folder)
    clock = Time()
    mine = shared(folder, clock)
    for _ in range(RATE.calls + 1):
        mine.enter()
    assert len(clock.waits) == 1, "its own budget holds still"
    with mine.turn("zone"):
        pass
    assert not folder.is_dir() or not list(folder.iterdir())


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """
    A link or a pipe in the place of the file is not followed, and stops nobody.
    """
    theirs = tmp_path / "theirs"
    theirs.write_text("untouched")
    made: tuple[Callable[[Path], None], ...] = (lambda p: p.symlink_to(theirs), os.mkfifo)
    for number, make in enumerate(made):
        folder, clock = tmp_path / f"s{number}", Time()
        mine = shared(folder, clock)
        mine.enter()
        path = file(folder)
        path.unlink()
        make(path)
        mine.enter()
        assert clock.waits == []
    assert theirs.read_text() == "untouched"


def test_a_stuck_holder_stops_nobody(tmp_path: Path) -> None:
    """
    A process that was stopped while it held the file is waited for two seconds, not for ever.
    """
    clock = Time()
    mine = shared(tmp_path / "s", clock)
    mine.enter()
    with opened(file(tmp_path / "s")) as descriptor:
        assert locked(descriptor)
        began = clock.now
        mine.enter()
    assert clock.now - began == pytest.approx(2.0)


def test_the_account_is_asked_for_when_it_is_needed() -> None:
    """
    To open a provider fetches no credentials.
    """
    made = Budget(RATE, time.sleep, time.monotonic)
    made.share(lambda _s, _r: None, Path("/nonexistent"), lambda: pytest.fail("too early"))


def test_threads_share_a_budget_in_memory() -> None:
    """
    Without a folder the threads of a process still keep to the rate together.
    """
    made, clock = Budget(RATE, time.sleep, time.monotonic), time.monotonic
    times: list[float] = []

    def work() -> None:
        for _ in range(3):
            made.enter()
            times.append(clock())

    threads = [Thread(target=work) for _ in range(5)]
    began = clock()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == 15
    assert max(times) - began >= 2 * RATE.seconds - SLACK


def test_a_turn_is_one_writers(tmp_path: Path) -> None:
    """
    One writer to a zone at a time, whatever the process; another zone is free.
    """
    clock = Time()
    one, other = shared(tmp_path / "s", clock), shared(tmp_path / "s", clock)
    with one.turn("z"):
        with other.turn("another"):
            assert clock.waits == []
        began = clock.now
        with other.turn("z"):  # which thinks after a while that the first is stuck
            assert PATIENCE <= clock.now - began < PATIENCE + 1
        assert "write to the zone" in clock.waits[-1][1]
    waits = len(clock.waits)
    with other.turn("z"):
        assert len(clock.waits) == waits


def test_a_turn_ends_with_its_process(tmp_path: Path) -> None:
    """
    A writer that is killed frees the zone at once.
    """
    script = (
        "import sys, time; from pathlib import Path; from tests.limits.processes import budget\n"
        "with budget(Path(sys.argv[1])).turn('z'): print('mine', flush=True); time.sleep(60)"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "s")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "mine\n"
        path = next((tmp_path / "s").glob("*.turn"))
        with opened(path) as descriptor:
            assert not locked(descriptor)
        process.kill()
        process.wait()
    with opened(path) as descriptor:
        assert locked(descriptor)
    began = time.monotonic()
    with budget(tmp_path / "s").turn("z"):
        assert time.monotonic() - began < 5


def test_nobody_waits_for_a_turn_longer_than_the_run(tmp_path: Path) -> None:
    """
    Where the run would wait no longer, the write is not begun.
    """
    clock = Time()

    def refuse(_seconds: float, _reason: str) -> None:
        raise Unavailable("no")

    mine, other = shared(tmp_path / "s", clock), shared(tmp_path / "s", clock)
    other.share(refuse, tmp_path / "s", lambda: "a")
    with mine.turn("z"), pytest.raises(Unavailable), other.turn("z"):
        pytest.fail("it is somebody else's turn")


def test_memory_starts_with_nothing() -> None:
    """
    A budget that nobody shares begins anew.
    """
    assert Memory().change(lambda state, _now: (state, state), lambda: 0.0) == State()
