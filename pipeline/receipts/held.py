"""A receipt whose lock is ours."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from pipeline.files import Unfit, lock, read, unwritable, write
from pipeline.model import Failed

from .damage import damaged
from .receipt import Receipt, Spelt, State, from_json, to_json

NOT_OURS = {errno.EACCES, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.EPERM}
"""Errors that tell of what is at a path, not of the disk or of us."""


REQUEST = 30.0
"""Seconds that a request to a host may take; so long may take effect what a run gave up on."""

RECENT = timedelta(hours=1)
"""How long after its last save a run may still be at the same write or removal, and be killed."""


class Held:
    """A receipt that this process holds the lock of."""

    def __init__(self, path: Path, descriptor: int, receipt: Receipt) -> None:
        self.path = path
        self.receipt = receipt
        self._descriptor = descriptor
        self._spelt: Spelt = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    @property
    def report_path(self) -> Path:
        """Where the run's report lies: beside the receipt."""
        return report_of(self.path)

    def is_unsettled(self, today: datetime) -> bool:
        """Whether who saved it was at a write or a removal, perhaps a moment ago."""
        at_work = self.receipt.removing or self.receipt.state is State.WRITING
        return at_work and self._is_recent(today)

    def is_removing(self, today: datetime) -> bool:
        """Whether who saved it was at a removal, perhaps a moment ago."""
        return self.receipt.removing and self._is_recent(today)

    def unsettled_s(self, today: datetime, lingers: Callable[[str], float]) -> float:
        """Return for how many seconds what its run had sent may yet take effect; 0: for none.

        *lingers* tells that of a provider, after whoever sent something was killed.
        """
        landing = self.receipt.landing
        # No longer than it can be, whatever has become of the clock since.
        given_up = min((landing - today).total_seconds(), REQUEST) if landing else 0.0
        if not self.is_unsettled(today):
            return max(given_up, 0.0)
        providers = {record.provider for record in self.receipt.records}
        return max(given_up, 0.0, *map(lingers, providers))

    def _is_recent(self, today: datetime) -> bool:
        saved = datetime.fromtimestamp(os.fstat(self._descriptor).st_mtime, UTC)
        return today - saved < RECENT

    def save(self, receipt: Receipt) -> None:
        """Put *receipt* on disk for good before returning; on failure the old one stays.

        So it does when a signal comes in between, for what the new one was to announce is not done.
        A folder that was removed meanwhile is made again: what is in DNS must be listed.

        Raises:
            Failed: 78, if the disk refuses.
        """
        with contextlib.suppress(OSError):  # which writing says better
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._put(receipt)
        except Failed:
            raise
        except BaseException:
            with contextlib.suppress(Failed):
                self._put(self.receipt)
            raise

    def _put(self, receipt: Receipt) -> None:
        # A signal's exception may come between any two of these: nothing is closed twice.
        old, self._descriptor = self._descriptor, write(self.path, to_json(receipt, self._spelt))
        self.receipt = receipt
        os.close(old)


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
            return Held(path, descriptor, from_json(read(descriptor, path.parent), str(path)))
        except BaseException:
            os.close(descriptor)
            raise


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others from the receipt at *path*. Raises `Busy`, or `OSError`."""
    descriptor = lock(path)
    try:
        yield
    finally:
        os.close(descriptor)


def report_of(receipt: Path) -> Path:
    """Return where the report of a run lies: beside its *receipt*."""
    return receipt.with_suffix(".report.json")


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
