"""Keep receipts on disk: one file per run, written whole or not at all.

A live run holds a lock (flock) on its receipt's file, so others can tell a run
at work from one that died. Writing replaces the file; the lock moves to the
new one before it takes the old one's place.
"""

import contextlib
import errno
import fcntl
import os
import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from dns.name import Name

from pipeline.files import Busy, Unfit, lock, look, read, unwritable, write
from pipeline.model import Exit, Failed, Problem, Record

from .receipt import Claim, Key, Receipt, State, damaged, from_json, to_json

KEPT_FOR = timedelta(days=7)
"""How long the receipt of a run that has nothing in DNS stays as a trace."""

BATCH = 100
"""Receipts that are held at a time: each costs a descriptor, of which a process may have few."""

NOT_OURS = {errno.EACCES, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.EPERM}
"""Errors that tell of what is at a path, not of the disk or of us."""

Place = tuple[Name, str, str, str]

Version = tuple[int, int, int, int]
"""What differs between two files that were at the same path."""


class Held:
    """A receipt that this process holds the lock of."""

    def __init__(self, path: Path, descriptor: int, receipt: Receipt) -> None:
        self.path = path
        self.receipt = receipt
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    @property
    def report_path(self) -> Path:
        """Where the run's report lies: beside the receipt."""
        return self.path.with_suffix(".report.json")

    def save(self, receipt: Receipt) -> None:
        """Put *receipt* on disk for good before returning; on failure the old one stays.

        A folder that was removed meanwhile is made again: what is in DNS must be listed.

        Raises:
            Failed: 78, if the disk refuses.
        """
        with contextlib.suppress(OSError):  # which writing says better
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A signal's exception may come between any two of these: nothing is closed twice.
        old, self._descriptor = self._descriptor, write(self.path, to_json(receipt))
        self.receipt = receipt
        os.close(old)


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies in a folder: receipts now locked by us, those of live runs, damaged ones.

    Attributes:
        is_whole: Whether there is nothing more of the kind than what is held.
    """

    held: tuple[Held, ...] = ()
    live: tuple[Receipt, ...] = ()
    damaged: tuple[Problem, ...] = ()
    is_whole: bool = True


class Store:
    """The receipts in one folder, which is made 0700 when first needed."""

    def __init__(self, folder: Path, today: Callable[[], datetime]) -> None:
        self._folder = folder
        self._today = today
        self._read: dict[Path, tuple[Version, Receipt]] = {}

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
        with self._gate():
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
            path = self._folder / f"{run}.json"
            return Held(path, write(path, to_json(receipt)), receipt), busy, survey

    def take(self, wanted: Callable[[Receipt], bool], less: Collection[Path] = ()) -> Survey:
        """Lock some receipts that are *wanted*, not cleaned, no live run's, and not *less*."""
        if not self._folder.is_dir():
            return Survey()
        with self._gate():
            return self._survey(wanted, less, BATCH)

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
        with self._gate():
            listed = Counter(place for path in self._paths() for place in self._places(path))
            for held, records in goods.items():
                own = self._places(held.path)
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

    def _places(self, path: Path) -> set[Place]:
        """Return where the records are that the receipt at *path* lists, if it can be read."""
        with contextlib.suppress(Failed, FileNotFoundError):
            return {record.place for record in self._receipt(path).records}
        return set()

    def _survey(
        self,
        wanted: Callable[[Receipt], bool],
        less: Collection[Path] = (),
        most: float = float("inf"),
    ) -> Survey:
        """Hold at most *most* of the receipts that are *wanted*, not cleaned, and not *less*."""
        held: list[Held] = []
        live, damaged, is_whole = [], [], True
        for path in self._paths():
            try:
                receipt = self._receipt(path)
                if receipt.state is State.CLEANED or path in less or not wanted(receipt):
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
        return Survey(tuple(held), tuple(live), tuple(damaged), is_whole)

    def _receipt(self, path: Path) -> Receipt:
        """Return what is at *path* now; nothing is read twice.

        Raises:
            FileNotFoundError: If it is gone.
            Failed: 65, if it is no receipt of ours; 78, if the disk refuses.
        """
        with explained(path):
            version = version_of(path.lstat())
            known = self._read.get(path)
            if known is None or known[0] != version:
                known = self._read[path] = (version, from_json(look(path), str(path)))
            return known[1]

    def _paths(self) -> list[Path]:
        try:
            return sorted(path for path in self._folder.iterdir() if is_receipt(path.name))
        except OSError as error:
            raise unwritable(self._folder, error) from error

    @contextlib.contextmanager
    def _gate(self) -> Iterator[None]:
        """Let one process at a time look at the locks of all receipts and take some."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise unwritable(self._folder, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _forget(self) -> None:
        """Remove the traces of runs long ago that have nothing in DNS, and of writes cut short."""
        for path in self._folder.glob(".*.json.*"):
            with contextlib.suppress(OSError):
                if self._today().timestamp() - path.stat().st_mtime > KEPT_FOR.total_seconds():
                    path.unlink()
        for path in self._paths():
            with contextlib.suppress(Busy, Failed, OSError):
                if self._is_past(self._receipt(path)):
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


def hold(path: Path) -> Held:
    """Return the receipt at *path*, locked.

    Raises:
        Busy: If a live run has it.
        FileNotFoundError: If it is gone.
        Failed: 65 if it is damaged; 78 if the disk refuses.
    """
    with explained(path):
        descriptor = lock(path)
        try:
            return Held(path, descriptor, from_json(read(descriptor), str(path)))
        except BaseException:
            os.close(descriptor)
            raise


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Say of what cannot be read at *path* whether it is no receipt, or the disk's fault."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Unfit as error:
        raise damaged(str(path), str(error)) from error
    except OSError as error:
        if error.errno in NOT_OURS:
            raise damaged(str(path), (error.strerror or str(error)).lower()) from error
        raise unwritable(path.parent, error) from error


def version_of(status: os.stat_result) -> Version:
    """Return what tells a file of *status* from those before and after it at its path."""
    return (status.st_ino, status.st_ctime_ns, status.st_mtime_ns, status.st_size)


def is_receipt(name: str) -> bool:
    """Whether the file *name* is that of a receipt."""
    return name.endswith(".json") and not name.endswith(".report.json")
