"""Keep receipts on disk: one file per run, written whole or not at all.

A live run holds a lock (flock) on its receipt's file, so others can tell a run
at work from one that died. Writing replaces the file; the lock moves to the
new one before it takes the old one's place.
"""

import contextlib
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.files import Busy, write
from pipeline.model import Exit, Failed, Problem, Record

from .folder import Folder, Place
from .held import Held, hold
from .receipt import Claim, Key, Receipt, State, to_json

KEPT_FOR = timedelta(days=7)
"""How long the receipt of a run that has nothing in DNS stays as a trace."""

BATCH = 100
"""Receipts that are held at a time: each costs a descriptor, of which a process may have few."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies in a folder: receipts now locked by us, those of live runs, damaged ones.

    Attributes:
        unread: The runs that the damaged ones are of, by the names of their files.
        is_whole: Whether there is nothing more of the kind than what is held.
    """

    held: tuple[Held, ...] = ()
    live: tuple[Receipt, ...] = ()
    damaged: tuple[Problem, ...] = ()
    unread: tuple[str, ...] = ()
    is_whole: bool = True


class Store:
    """The receipts in one folder, which is made 0700 when first needed."""

    def __init__(self, folder: Path, today: Callable[[], datetime]) -> None:
        self._folder = Folder(folder)
        self._today = today

    @property
    def folder(self) -> Path:
        """Where receipts are, whether it is there or not."""
        return self._folder.path

    def begin(
        self, claims: Sequence[Claim], *, exclusive: bool
    ) -> tuple[Held | None, Sequence[Claim], Survey]:
        """Start a run on *claims*.

        Args:
            claims: What the run wants to work on.
            exclusive: Whether a name is worked on by one run at a time, which
                inherits what earlier runs of that name left.

        Returns:
            The run's receipt, or None if no claim is left for it; the claims
            left out because a live run has them; the earlier receipts with any
            of the claims.

        Raises:
            Failed: 78, if the folder cannot be used.
        """
        with self._folder.gate():
            self._forget()
            keys = {claim.key for claim in claims} if exclusive else set()
            survey = self._survey(lambda receipt: has_any(receipt, keys))
            taken = {claim.key for receipt in survey.live for claim in receipt.claims}
            free = tuple(claim for claim in claims if claim.key not in taken)
            busy = tuple(claim for claim in claims if claim.key in taken)
            if not free:
                return None, busy, survey
            run = secrets.token_hex(8)
            receipt = Receipt(run, self._today(), State.PLANNED, free)
            path = self._folder.path / f"{run}.json"
            return Held(path, write(path, to_json(receipt)), receipt), busy, survey

    def take(self, wanted: Callable[[Receipt], bool], less: Collection[Path] = ()) -> Survey:
        """Lock some receipts that are *wanted*, not cleaned, no live run's, and not *less*."""
        if not self._folder.path.is_dir():
            return Survey()
        with self._folder.gate():
            return self._survey(wanted, less, BATCH)

    def saved(self) -> Iterator[tuple[Receipt, datetime]]:
        """Yield each receipt that can be read, and when it was last saved; hold none."""
        for path in self._folder.paths() if self.folder.is_dir() else ():
            try:
                receipt, saved = self._folder.receipt(path), path.stat().st_mtime
            except (Failed, OSError):
                continue
            yield receipt, datetime.fromtimestamp(saved, UTC)

    def removal(self) -> contextlib.AbstractContextManager[None]:
        """Return what is to be open from before `release` until all it gave is gone from DNS."""
        return self._folder.removal()

    def is_contested(self, held: Held) -> bool:
        """Whether what *held* lists another process may just be removing.

        Whoever releases from now on sees what *held* lists, and leaves that alone.
        """
        own = {record.place for record in held.receipt.records}
        return bool(own & self.listed_beside(held)) and self._folder.is_removing()

    def is_removing_beside(self, held: Held) -> bool:
        """Whether a dead process may have been removing what *held* lists, too."""
        own = {record.place for record in held.receipt.records}
        for path in self._folder.paths():
            if path != held.path and own & self._folder.places(path):
                with contextlib.suppress(Busy, FileNotFoundError, Failed), hold(path) as beside:
                    if beside.is_removing(self._today()):
                        return True
        return False

    def listed_beside(self, held: Held) -> set[Place]:
        """Return where the records are that receipts other than *held* list."""
        beside = (path for path in self._folder.paths() if path != held.path)
        return set[Place]().union(*map(self._folder.places, beside))

    def release(
        self, goods: Mapping[Held, Collection[Record]]
    ) -> dict[Held, list[Record] | Failed]:
        """Strike from each of *goods* what other receipts list too of its records.

        The last receipt that lists a value has it to itself, and removes it.

        Returns:
            The rest of each; the failure 78 where the disk refuses to strike.
        """
        rest: dict[Held, list[Record] | Failed] = {held: [] for held in goods}
        if not any(goods.values()):
            return rest
        with self._folder.gate():
            listed = Counter(
                place for path in self._folder.paths() for place in self._folder.places(path)
            )
            for held, records in goods.items():
                own = self._folder.places(held.path)
                shared = {r.place for r in records if listed[r.place] > (r.place in own)}
                left = tuple(r for r in held.receipt.records if r.place not in shared)
                rest[held] = [record for record in records if record.place not in shared]
                try:
                    if shared:
                        held.save(replace(held.receipt, records=left))
                        listed.subtract(shared)
                except Failed as failed:
                    rest[held] = failed
        return rest

    def _survey(
        self,
        wanted: Callable[[Receipt], bool],
        less: Collection[Path] = (),
        most: float = float("inf"),
    ) -> Survey:
        """Hold at most *most* of the receipts that are *wanted*, not cleaned, and not *less*."""
        held: list[Held] = []
        live, damaged, unread, is_whole = [], [], list[str](), True
        for path in self._folder.paths():
            if path in less:
                continue
            try:
                receipt = self._folder.receipt(path)
                if receipt.state is State.CLEANED or not wanted(receipt):
                    continue
                if len(held) < most:
                    held.append(hold(path))
                else:
                    is_whole = False
            except Busy:
                live.append(receipt)
            except FileNotFoundError:
                continue
            except Failed as failed:
                if failed.exit != Exit.DATA:
                    raise
                damaged.append(failed.problem)
                unread.append(path.stem)
        return Survey(tuple(held), tuple(live), tuple(damaged), tuple(unread), is_whole)

    def _forget(self) -> None:
        """Remove the traces of runs long ago that have nothing in DNS, and of writes cut short."""
        for path in self._folder.path.glob(".*.json.*"):
            with contextlib.suppress(OSError):
                if self._today().timestamp() - path.stat().st_mtime > KEPT_FOR.total_seconds():
                    path.unlink()
        for path in self._folder.paths():
            with contextlib.suppress(Busy, Failed, OSError):
                if self._is_past(self._folder.receipt(path)):
                    with hold(path) as held:
                        if self._is_past(held.receipt):
                            held.report_path.unlink(missing_ok=True)
                            path.unlink()

    def _is_past(self, receipt: Receipt) -> bool:
        """Whether *receipt* is a trace that nobody needs any more."""
        return not receipt.records and self._today() - receipt.created > KEPT_FOR


def has_any(receipt: Receipt, keys: Collection[Key]) -> bool:
    """Whether *receipt* has a claim keyed by one of *keys*."""
    return any(claim.key in keys for claim in receipt.claims)
