"""One writer per zone, and one batch for all who wait for it."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier, Event, Lock

import pytest
from dns.name import from_text
from hypothesis import given
from hypothesis import strategies as st

from providers.coalescing import Errand, OneWriter, settle
from providers.contract import TXT, Change, Zone
from providers.errors import ProviderError, Rejected, Unauthorized, Unavailable
from tests.bridge import until

ZONE = Zone(from_text("example.com."), "z")
OTHER = Zone(from_text("example.org."), "o")
NAME = from_text("_acme-challenge.example.com.")


def txt(value: object) -> TXT:
    return TXT(NAME, str(value))


def waiting(writer: OneWriter) -> int:
    return sum(map(len, writer._waiting.values()))  # noqa: SLF001 - to know when to let go


@dataclass
class Host:
    """Keeps what is written; `before` is called first, and may fail or take its time."""

    before: Callable[[list[str]], object] = lambda _values: None
    batches: list[list[str]] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)
    busy: Lock = field(default_factory=Lock)

    def write(self, records: Sequence[TXT]) -> Change:
        assert self.busy.acquire(blocking=False), "two writers in one zone"
        try:
            values = [record.value for record in records]
            self.batches.append(values)
            self.before(values)
            missing = set(values) - self.stored
            self.stored |= missing
            return Change(ZONE, "id", frozenset((NAME, value) for value in missing))
        finally:
            self.busy.release()


@dataclass
class Queue:
    """A first writer under way, and callers who came meanwhile."""

    host: Host
    writer: OneWriter = field(default_factory=OneWriter)

    def run(self, *errands: tuple[str, list[TXT]]) -> list[Future[Change]]:
        """Return what becomes of *errands*, kind and records, that wait for the first write."""
        go, think = Event(), self.host.before
        self.host.before = lambda _values: go.wait(10)
        with ThreadPoolExecutor(len(errands) + 1) as pool:
            first = pool.submit(self.writer.write, ZONE, "append", [txt("first")], self.host.write)
            until(lambda: self.host.batches)
            futures = [
                pool.submit(self.writer.write, ZONE, kind, records, self.host.write)
                for kind, records in errands
            ]
            until(lambda: waiting(self.writer) == len(errands))
            self.host.before = think
            go.set()
        assert first.result().written == frozenset({(NAME, "first")})
        return futures


def test_all_who_wait_share_the_next_batch() -> None:
    """
    Fifty callers at once cost two batches: the first's, and one for the rest.
    """
    host = Host()
    futures = Queue(host).run(*[("append", [txt(i)]) for i in range(49)])
    assert [future.result().id for future in futures] == ["id"] * 49
    assert [len(batch) for batch in host.batches] == [1, 49]
    assert host.stored == {"first", *map(str, range(49))}


def test_nobody_returns_before_its_records_are_in() -> None:
    """
    However threads meet, what a caller asked for is stored when it comes back.
    """
    host, writer, start = Host(), OneWriter(), Barrier(20)

    def call(number: int) -> None:
        start.wait()
        for turn in range(10):
            value = f"{number}-{turn}"
            writer.write(ZONE, number % 2, [txt(value)], host.write)
            assert value in host.stored

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(call, range(20)))
    assert len(host.stored) == 200
    assert sorted(value for batch in host.batches for value in batch) == sorted(host.stored)
    assert waiting(writer) == 0


def test_kinds_share_no_batch() -> None:
    """
    A delete is not sent as an append, nor a value under another run's mark.
    """
    host = Host()
    errands = [(kind, [txt(f"{kind}{i}")]) for i in range(5) for kind in ("a", "b")]
    Queue(host).run(*errands)
    assert sorted(map(sorted, host.batches[1:])) == [
        [f"{kind}{i}" for i in range(5)] for kind in ("a", "b")
    ]


def test_zones_do_not_wait_for_each_other() -> None:
    """
    A writer stuck in one zone holds up nobody in another.
    """
    go, host, elsewhere, writer = Event(), Host(lambda _values: go.wait(10)), Host(), OneWriter()
    with ThreadPoolExecutor(1) as pool:
        stuck = pool.submit(writer.write, ZONE, "append", [txt("v")], host.write)
        until(lambda: host.batches)
        writer.write(OTHER, "append", [txt("w")], elsewhere.write)
        assert not stuck.done()
        go.set()


@given(
    st.lists(st.sets(st.integers(0, 15), min_size=1, max_size=3), min_size=1, max_size=12),
    st.sets(st.integers(0, 15), max_size=3),
    st.sampled_from([Rejected, Unauthorized]),
)
def test_each_gets_its_own_verdict(
    wishes: list[set[int]], poison: set[int], kind: type[ProviderError]
) -> None:
    """
    Exactly those fail who want what the host refuses; all others' values are in, and each hears
    only of its own.
    """

    def judge(values: list[str]) -> None:
        if bad := poison.intersection(map(int, values)):
            raise kind(f"refused: {bad}")

    host = Host(judge)
    errands = [Errand("append", [txt(value) for value in wish]) for wish in wishes]
    settle(errands, host.write)
    for errand, wish in zip(errands, wishes, strict=True):
        assert isinstance(errand.outcome.exception(), kind) == bool(wish & poison)
        if not wish & poison:
            written = errand.outcome.result().written
            assert written is not None
            assert written <= {(NAME, str(value)) for value in wish}
    assert host.stored == {str(v) for wish in wishes if not wish & poison for v in wish}


def test_one_bad_record_costs_few_batches() -> None:
    """
    Finding the one that is refused among 64 takes 13 batches, not 65.
    """

    def judge(values: list[str]) -> None:
        if "17" in values:
            raise Rejected("17")

    host = Host(judge)
    settle([Errand("append", [txt(value)]) for value in range(64)], host.write)
    assert len(host.batches) == 1 + 2 * 6
    assert len(host.stored) == 63


@pytest.mark.parametrize("error", [Unavailable("down"), KeyError("bug")])
def test_what_is_no_refusal_is_for_all(error: Exception) -> None:
    """
    A host that fails, or an adapter that breaks, is asked once, not once for each caller; and the
    zone is free again.
    """
    host, queue = Host(), Queue(Host())
    queue.host = host

    def fail(_values: list[str]) -> None:
        host.before = lambda _values: None
        raise error

    host.before = fail
    futures = queue.run(*[("append", [txt(i)]) for i in range(9)])
    assert [future.exception() for future in futures] == [error] * 9
    assert [len(batch) for batch in host.batches] == [1, 9]
    queue.writer.write(ZONE, "append", [txt("later")], host.write)
    assert "later" in host.stored


def test_each_hears_of_its_own_values() -> None:
    """
    What was missing is told to whoever wanted it, and to nobody else; nothing wanted is no write.
    """
    host = Host(stored={"old"})
    one, two = Queue(host).run(("a", [txt("old"), txt("new")]), ("a", [txt("newer")]))
    assert one.result().written == frozenset({(NAME, "new")})
    assert two.result().written == frozenset({(NAME, "newer")})
    before = len(host.batches)
    assert OneWriter().write(ZONE, "a", [], host.write).written == frozenset()
    assert len(host.batches) == before


@pytest.mark.parametrize("then", [Rejected, Unavailable])
def test_a_part_is_untouched_if_the_whole_was(then: type[ProviderError]) -> None:
    """
    A batch may have been half done before it was taken apart: then no failure of a part counts.
    """
    for whole, part, expected in (
        (True, True, True),
        (False, True, False),
        (True, False, False),
        (False, False, False),
    ):
        failures = iter([Rejected("no", untouched=whole), *(then("", untouched=part),) * 2])

        def refuse(_records: Sequence[TXT], failures: Iterator[ProviderError] = failures) -> Change:
            raise next(failures)

        errands = [Errand("append", [txt("a")]), Errand("append", [txt("b")])]
        settle(errands, refuse)
        for errand in errands:
            error = errand.outcome.exception()
            assert isinstance(error, then)
            assert error.untouched is expected
