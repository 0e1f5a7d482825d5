"""Keep one run's receipt true: what it works on, inherits, and still has in DNS."""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import wait
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from dns.name import Name

from pipeline.clock import Clock
from pipeline.hosts import Hosts, Write
from pipeline.model import Failed, Problem, Record
from providers.threads import in_thread

from .folder import Place
from .held import REQUEST, Held
from .receipt import Claim, Key, State
from .removal import Removal, surplus, withdraw
from .store import Store


class Ledger:
    """The receipt of a run and those it takes over, held from `begin` to `close`.

    Attributes:
        resumes_ready: Whether an order that was ready is as good as one under way: the run is of a
            fleet, which goes on where an earlier one has ended, wherever that was.
    """

    def __init__(self, store: Store, today: Callable[[], datetime], *, exclusive: bool) -> None:
        """Keep receipts in *store*; *exclusive*: one run a name, which resumes earlier ones."""
        self._store = store
        self._today = today
        self._exclusive = exclusive
        self._held: Held | None = None
        self._earlier: tuple[Held, ...] = ()
        self._orders: dict[Key, list[Claim]] = {}
        self._doubtful: set[Place] = set()
        self._is_removing = False
        self._landing: datetime | None = None
        self._open, self._earlier_open = ExitStack(), ExitStack()
        self.problems: tuple[Problem, ...] = ()
        self.resumes_ready = False

    def close(self, under_way: Sequence[Write] = ()) -> None:
        """Let go of every receipt; of the run's own once all writes *under_way* have ended.

        If the process ends before they do, others learn by the receipt that they may take effect.
        """
        self._earlier_open.close()
        if self._held is None or not (under_way and self.records):
            self._open.close()
            return
        self._give_up(self._today() + timedelta(seconds=REQUEST))
        in_thread(partial(self._outlast, under_way))

    def _outlast(self, under_way: Sequence[Write]) -> None:
        wait(under_way)
        self._give_up(None)
        self._open.close()

    def _give_up(self, landing: datetime | None) -> None:
        """Note that what the receipt lists may appear in DNS until *landing*."""
        with suppress(Failed):  # the disk is full: it says "writing" all the same
            if self._held is not None:
                self._held.save(replace(self._held.receipt, landing=landing))

    @property
    def path(self) -> Path | None:
        """The receipt's file, once there is one."""
        return self._held.path if self._held else None

    @property
    def report_path(self) -> Path | None:
        """Where the report is to lie, once there is a receipt."""
        return self._held.report_path if self._held else None

    @property
    def records(self) -> tuple[Record, ...]:
        """What the receipt lists as ours to remove."""
        return self._held.receipt.records if self._held else ()

    @property
    def id(self) -> str:
        """The run's random id; empty before `begin`."""
        return self._held.receipt.id if self._held else ""

    def begin(self, claims: Sequence[Claim]) -> Sequence[Claim]:
        """Put the receipt on disk; return the claims that are another live run's.

        Raises:
            Failed: 78, if it cannot be kept.
        """
        held, busy, survey = self._store.begin(claims, exclusive=self._exclusive)
        self._held = self._open.enter_context(held) if held else None
        self._earlier = tuple(self._earlier_open.enter_context(each) for each in survey.held)
        for each in self._earlier:
            for claim in each.receipt.orders(ready=self.resumes_ready):
                self._orders.setdefault(claim.key, []).append(claim)
        self.problems = survey.damaged
        return busy

    def kept(self, key: Key) -> Claim | None:
        """Return the youngest claim keyed *key* whose order is still good, or None."""
        today = self._today()
        good = [claim for claim in self._orders.get(key, ()) if claim.is_good(today)]
        dated = [(claim.fetched, claim) for claim in good if claim.fetched]
        return max(dated, key=lambda pair: pair[0])[1] if dated else None

    def save(self, state: State, claims: Iterable[Claim], records: Iterable[Record]) -> None:
        """Put on disk where the run stands. Raises `Failed` 78 with the old state kept."""
        kept = tuple({record.place: record for record in records}.values())
        if self._held is None:
            self.begin(tuple(claims))
        if self._held is not None:
            receipt = self._held.receipt
            now = replace(receipt, state=state, claims=tuple(claims), records=kept)
            self._held.save(replace(now, removing=False, landing=self._landing))

    def list_too(self, records: Collection[Record]) -> None:
        """List *records*, too, which are in DNS by now. Raises `Failed` 78 as `save` does."""
        if self._held is not None and records:
            every = (*self.records, *records)
            self._held.save(replace(self._held.receipt, state=State.WRITING, records=every))

    def inherit(self, claims: Sequence[Claim]) -> None:
        """Take over what earlier runs left in DNS for *claims*, strike it from theirs, let go."""
        keys = {claim.key for claim in claims}
        rest = [(each, each.receipt.without(keys)) for each in self._earlier]
        left = [record for each, after in rest for record in surplus(each.receipt, after)]
        today = self._today()
        unsettled = [(each, after) for each, after in rest if each.is_unsettled(today)]
        self._doubtful = {
            r.place for each, after in unsettled for r in surplus(each.receipt, after)
        }
        self._is_removing = any(each.is_removing(today) for each, _ in unsettled)
        self._landing = max(filter(None, (each.receipt.landing for each, _ in rest)), default=None)
        if left:
            self.save(State.WRITING, claims, left)
        for each, after in rest:
            if after != each.receipt:
                each.save(after)
        self._earlier = ()
        self._earlier_open.close()

    def listed_elsewhere(self) -> set[Place]:
        """Return the places of those of our records that other receipts list, too."""
        return self._store.listed_beside(self._held) if self._held else set()

    def now(self) -> datetime:
        """Return the time by the clock on the wall, as files have it."""
        return self._today()

    def wanted_by_others(self, since: datetime) -> set[tuple[Name, str]]:
        """Return the names and values that runs wanted whose receipts were cleaned *since* then."""
        return {
            (challenge.name, challenge.value)
            for receipt, _ in self._store.cleaned(since)
            for claim in receipt.claims
            for challenge in (claim.order.challenges if claim.order else ())
        }

    def await_others(
        self, hosts: Hosts, clock: Clock, until: float, wanted: Collection[Place]
    ) -> None:
        """Wait while others may be removing what this run lists, and is about to write.

        What a process has sent that was then killed may take effect as long as its host lingers:
        a removal of what this run writes, or a write of what it is to remove, as it is not *wanted*
        any more. A write of what is wanted does no harm.
        """
        if self._held is None:
            return
        superseded = self._doubtful - set(wanted)
        if superseded or self._is_removing or self._store.is_removing_beside(self._held):
            lingering = max(map(hosts.lingers_s, {r.provider for r in self.records}), default=0.0)
            clock.pause(min(lingering, max(until - clock.now(), 0.0)))
        while self._store.is_contested(self._held) and clock.now() < until:
            clock.pause(0.1)

    @property
    def landing_s(self) -> float:
        """Seconds for which what an earlier run of a name gave up on may yet take effect."""
        left = (self._landing - self._today()).total_seconds() if self._landing else 0.0
        return min(max(left, 0.0), REQUEST)

    def withdraw(
        self, hosts: Hosts, until: float, records: Collection[Record], then: State
    ) -> "Removal":
        """Remove *records* from DNS and strike them; with none left go to state *then*."""
        if self._held is None:
            return Removal()
        gone = {record.place for record in records}
        left = tuple(record for record in self.records if record.place not in gone)
        after = replace(self._held.receipt, records=left)
        goal = after if left else replace(after, state=then)
        late = {self._held} if self.landing_s else set()
        return withdraw({self._held: goal}, self._store, hosts, until, late)[self._held]
