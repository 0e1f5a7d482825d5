"""Keep receipts on disk: one file per run, written whole or not at all.

A live run holds a lock (flock) on its receipt's file, so others can tell a run
at work from one that died. Writing replaces the file; the lock moves to the
new one before it takes the old one's place.
"""

import contextlib
import itertools
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pipeline.files import Busy, write
from pipeline.model import Exit, Failed, Problem, Record

from .archive import Archive
from .folder import Folder, Place
from .held import Held, hold
from .outline import Outline
from .receipt import Claim, Key, Receipt, State, to_json

BATCH = 100
"""Receipts that are held at a time: each costs a descriptor, of which a process may have few."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies in a folder: receipts now locked by us, those of live runs, damaged ones.

    Attributes:
        is_whole: Whether there is nothing more of the kind than what is held.
    """

    held: tuple[Held, ...] = ()
    live: tuple[Outline, ...] = ()
    damaged: tuple[Problem, ...] = ()
    is_whole: bool = True


class Store:
    """The receipts in one folder, which is made 0700 when first needed."""

    def __init__(self, folder: Path, today: Callable[[], datetime]) -> None:
        self._folder = Folder(folder)
        self._archive = Archive(self._folder)
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
            self._archive.tidy(self._today())
            keys = {claim.key for claim in claims} if exclusive else set()
            survey = self._survey(lambda outline: has_any(outline, keys))
            taken = {claim.key for outline in survey.live for claim in outline.claims}
            free = tuple(claim for claim in claims if claim.key not in taken)
            busy = tuple(claim for claim in claims if claim.key in taken)
            if not free:
                return None, busy, survey
            run = secrets.token_hex(8)
            receipt = Receipt(run, self._today(), State.PLANNED, free)
            path = self._folder.path / f"{run}.json"
            return Held(path, write(path, to_json(receipt)), receipt), busy, survey

    def take(self, wanted: Callable[[Outline], bool], less: Collection[Path] = ()) -> Survey:
        """Lock some receipts that are *wanted*, not cleaned, no live run's, and not *less*."""
        if not self._folder.path.is_dir():
            return Survey()
        with self._folder.gate():
            return self._survey(wanted, less, BATCH)

    def saved(self, wanted: Callable[[Outline], bool]) -> Iterator[Receipt]:
        """Yield each receipt that is *wanted*, not cleaned, and can be read; hold none."""
        for path in self._paths():
            with contextlib.suppress(Failed, FileNotFoundError):
                outline = self._folder.outline(path)
                if not outline.is_done and wanted(outline):
                    yield self._folder.receipt(path)

    def cleaned(self, since: datetime) -> Iterator[tuple[Receipt, datetime]]:
        """Yield each receipt that was cleaned *since* then and can be read, and when it was."""
        for path in itertools.chain(self._paths(), self._archive.since(since)):
            with contextlib.suppress(Failed, OSError):
                saved = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                if saved >= since:
                    receipt = self._folder.receipt(path)
                    if receipt.state is State.CLEANED:
                        yield receipt, saved

    def runs(self) -> set[str]:
        """Return the runs that are not known to be done with, by the names of their files.

        Raises:
            Failed: 78, if the disk refuses.
        """
        return {path.stem for path in self._paths() if not self._is_done(path)}

    def removal(self) -> contextlib.AbstractContextManager[None]:
        """Return what is to be open from before `release` until all it gave is gone from DNS."""
        return self._folder.removal()

    def is_contested(self, held: Held) -> bool:
        """Whether what *held* lists another process may just be removing.

        Whoever releases from now on sees what *held* lists, and leaves that alone.
        """
        return bool(self.listed_beside(held)) and self._folder.is_removing()

    def is_removing_beside(self, held: Held) -> bool:
        """Whether a dead process may have been removing what *held* lists, too."""
        for path in self._beside(held):
            with contextlib.suppress(Busy, FileNotFoundError, Failed), hold(path) as beside:
                if beside.is_removing(self._today()):
                    return True
        return False

    def listed_beside(self, held: Held) -> set[Place]:
        """Return where those records of *held* are that other receipts list, too."""
        return set[Place]().union(*self._beside(held).values())

    def _beside(self, held: Held) -> dict[Path, set[Place]]:
        """Return which of the records of *held* other receipts list."""
        listed = self._folder.listing({record.place for record in held.receipt.records})
        return {path: shared for path, shared in listed.items() if path != held.path}

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
            wanted = {record.place for records in goods.values() for record in records}
            places = self._folder.listing(wanted)
            listed = Counter(itertools.chain.from_iterable(places.values()))
            for held, records in goods.items():
                own = places.get(held.path, set())
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
        wanted: Callable[[Outline], bool],
        less: Collection[Path] = (),
        most: float = float("inf"),
    ) -> Survey:
        """Hold at most *most* of the receipts that are *wanted*, not cleaned, and not *less*."""
        held: list[Held] = []
        live, damaged, is_whole = [], [], True
        for path in self._folder.paths():
            if path in less:
                continue
            try:
                outline = self._folder.outline(path)
                if outline.is_done or not wanted(outline):
                    continue
                if len(held) < most:
                    held.append(hold(path))
                else:
                    is_whole = False
            except Busy:
                live.append(outline)
            except FileNotFoundError:
                continue
            except Failed as failed:
                if failed.exit != Exit.DATA:
                    raise
                damaged.append(failed.problem)
        return Survey(tuple(held), tuple(live), tuple(damaged), is_whole)

    def _paths(self) -> Sequence[Path]:
        """Return the receipts that are not put aside; none if there is no folder."""
        return self._folder.paths() if self.folder.is_dir() else ()

    def _is_done(self, path: Path) -> bool:
        try:
            return self._folder.outline(path).is_done
        except FileNotFoundError:
            return True
        except Failed as failed:
            if failed.exit != Exit.DATA:
                raise
            return False


def has_any(outline: Outline, keys: Collection[Key]) -> bool:
    """Whether *outline* has a claim keyed by one of *keys*."""
    return any(claim.key in keys for claim in outline.claims)
