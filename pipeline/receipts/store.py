"""Keep receipts on disk: one file per run, written whole or not at all.

A live run holds a lock (flock) on its receipt's file, so others can tell a run
at work from one that died. Writing replaces the file; the lock moves to the
new one before it takes the old one's place.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

from dns.name import Name

from pipeline.files import Busy, lock, read, unwritable, write
from pipeline.model import Failed, Problem, Record

from .receipt import Claim, Key, Receipt, State, from_json, to_json

KEPT_FOR = timedelta(days=7)
"""How long the receipt of a run that has nothing in DNS stays as a trace."""

Place = tuple[Name, str, str, str]


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

        Raises:
            Failed: 78, if the disk refuses.
        """
        # A signal's exception may come between any two of these: nothing is closed twice.
        old, self._descriptor = self._descriptor, write(self.path, to_json(receipt))
        self.receipt = receipt
        os.close(old)


@dataclass(frozen=True, slots=True)
class Survey:
    """What lies in a folder: receipts now locked by us, those of live runs, damaged ones."""

    held: tuple[Held, ...] = ()
    live: tuple[Receipt, ...] = ()
    damaged: tuple[Problem, ...] = ()


class Store:
    """The receipts in one folder, which is made 0700 when first needed."""

    def __init__(self, folder: Path, today: Callable[[], datetime]) -> None:
        self._folder = folder
        self._today = today

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

    def take(self, wanted: Callable[[Receipt], bool]) -> Survey:
        """Lock the receipts that are *wanted*, not cleaned, and no live run's."""
        if not self._folder.is_dir():
            return Survey()
        with self._gate():
            return self._survey(wanted)

    def release(self, held: Held, records: Collection[Record]) -> list[Record]:
        """Strike from *held* what other receipts list too of *records*; return the rest.

        The last receipt that lists a value has it to itself, and removes it.

        Raises:
            Failed: 78, if the disk refuses.
        """
        with self._gate():
            elsewhere = self._listed_beside(held)
            shared = {record.place for record in records if record.place in elsewhere}
            if shared:
                left = tuple(r for r in held.receipt.records if r.place not in shared)
                held.save(replace(held.receipt, records=left))
        return [record for record in records if record.place not in shared]

    def _listed_beside(self, held: Held) -> set[Place]:
        """Return the places of the records that receipts other than *held* list."""
        found: set[Place] = set()
        for path in self._paths():
            with contextlib.suppress(Failed, OSError):
                if path != held.path:
                    receipt = from_json(path.read_bytes(), str(path))
                    found |= {record.place for record in receipt.records}
        return found

    def _survey(self, wanted: Callable[[Receipt], bool]) -> Survey:
        held, live, damaged = [], [], []
        for path in self._paths():
            try:
                receipt = from_json(path.read_bytes(), str(path))
                if receipt.state is not State.CLEANED and wanted(receipt):
                    held.append(hold(path))
            except Busy:
                live.append(receipt)
            except FileNotFoundError:
                continue
            except Failed as failed:
                damaged.append(failed.problem)
            except OSError as error:
                raise unwritable(self._folder, error) from error
        return Survey(tuple(held), tuple(live), tuple(damaged))

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
            with contextlib.suppress(Busy, Failed, OSError), hold(path) as held:
                age = self._today() - held.receipt.created
                if not held.receipt.records and age > KEPT_FOR:
                    held.report_path.unlink(missing_ok=True)
                    path.unlink()


def has_any(receipt: Receipt, keys: Collection[Key]) -> bool:
    """Whether *receipt* has a claim keyed by one of *keys*."""
    return any(claim.key in keys for claim in receipt.claims)


def hold(path: Path) -> Held:
    """Return the receipt at *path*, locked.

    Raises:
        Busy: If a live run has it.
        FileNotFoundError: If it is gone.
        Failed: 65 if it is damaged.
    """
    descriptor = lock(path)
    try:
        return Held(path, descriptor, from_json(read(descriptor), str(path)))
    except BaseException:
        os.close(descriptor)
        raise


def is_receipt(name: str) -> bool:
    """Whether the file *name* is that of a receipt."""
    return name.endswith(".json") and not name.endswith(".report.json")
