"""The folder of receipts, as it is read: by one process at a time, each file once."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from dns.name import Name

from pipeline.files import look, unwritable
from pipeline.model import Failed

from .held import explained
from .receipt import Receipt, from_json

Place = tuple[Name, str, str, str]

Version = tuple[int, int, int, int]
"""What differs between two files that were at the same path."""


class Folder:
    """What lies in the folder at *path*, which is made 0700 when first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: dict[Path, tuple[Version, Receipt]] = {}

    @contextlib.contextmanager
    def gate(self) -> Iterator[None]:
        """Let one process at a time look at the locks of all receipts and take some."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise unwritable(self.path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def removal(self) -> Iterator[None]:
        """Let others know that values are on their way out of DNS, until they are gone."""
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):  # no folder, no receipt, nobody to tell
                fcntl.flock(stack.enter_context(self._opened()), fcntl.LOCK_SH)
            yield

    def is_removing(self) -> bool:
        """Whether any process is at a removal."""
        with self._opened() as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def receipt(self, path: Path) -> Receipt:
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

    def paths(self) -> list[Path]:
        try:
            found = [path for path in self.path.iterdir() if is_receipt(path.name)]
            return sorted(found, key=lambda path: path.name)
        except OSError as error:
            raise unwritable(self.path, error) from error

    def places(self, path: Path) -> set[Place]:
        """Return where the records are that the receipt at *path* lists, if it can be read."""
        with contextlib.suppress(Failed, FileNotFoundError):
            return {record.place for record in self.receipt(path).records}
        return set()


def version_of(status: os.stat_result) -> Version:
    """Return what tells a file of *status* from those before and after it at its path."""
    return (status.st_ino, status.st_ctime_ns, status.st_mtime_ns, status.st_size)


def is_receipt(name: str) -> bool:
    """Whether the file *name* is that of a receipt."""
    return name.endswith(".json") and not name.endswith(".report.json")
