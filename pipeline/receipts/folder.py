"""The folder of receipts, as it is read: each file once at a glance, and whole by need."""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

from dns.name import Name

from pipeline.files import look, unwritable
from pipeline.model import Failed

from .held import explained
from .outline import Outline, outlined
from .receipt import Receipt, from_json

Place = tuple[Name, str, str, str]

QUOTED = re.compile(r'"([\w.*-]+)"')
"""What may be a name or a value, in a receipt of any version."""

Version = tuple[int, int, int, int]
"""What differs between two files that were at the same path."""


class Folder:
    """What lies in the folder at *path*, which is made 0700 when first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._paths: dict[str, Path] = {}
        self._seen: dict[Path, tuple[Version, Outline]] = {}

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

    def outline(self, path: Path) -> Outline:
        """Return what the receipt at *path* tells at a glance; nothing is read twice.

        Raises:
            FileNotFoundError: If it is gone.
            Failed: 65, if it is no receipt of ours; 78, if the disk refuses.
        """
        known = self._seen.get(path)
        if known and known[0] == version_at(path):
            return known[1]
        with explained(path):
            version = version_of(os.lstat(path))
            outline = outlined(look(path), str(path))
        self._seen[path] = version, outline
        return outline

    def receipt(self, path: Path) -> Receipt:
        """Return what is at *path* now, whole. Raises as `outline` does."""
        with explained(path):
            return from_json(look(path), str(path))

    def paths(self) -> list[Path]:
        """Return where receipts lie now, in the order of their names."""
        try:
            names = sorted(filter(is_receipt, os.listdir(self.path)))  # noqa: PTH208 (thousands)
        except OSError as error:
            raise unwritable(self.path, error) from error
        self._paths = {name: self._paths.get(name) or self.path / name for name in names}
        return list(self._paths.values())

    def listing(self, places: set[Place]) -> dict[Path, set[Place]]:
        """Return which of *places* each receipt lists; if it is of no use, by its words."""
        values = {value for _, value, _, _ in places}
        found: dict[Path, set[Place]] = {}
        for path in self.paths():
            with contextlib.suppress(Failed, FileNotFoundError):
                if listed := self._listed(path, places, values):
                    found[path] = listed
        return found

    def _listed(self, path: Path, places: set[Place], values: set[str]) -> set[Place]:
        try:
            if not self.outline(path).lists_any(values):
                return set()
            return {record.place for record in self.receipt(path).records} & places
        except Failed:
            with explained(path):
                words = set(QUOTED.findall(look(path).decode(errors="replace")))
            names = {word.lower() for word in words}
            return {p for p in places if p[1] in words and p[0].to_text().lower() in names}


def version_at(path: Path) -> Version | None:
    """Return the version of the file that is at *path* now; None where none can be told."""
    try:
        return version_of(os.lstat(path))
    except OSError:
        return None


def version_of(status: os.stat_result) -> Version:
    """Return what tells a file of *status* from those before and after it at its path."""
    return (status.st_ino, status.st_ctime_ns, status.st_mtime_ns, status.st_size)


def is_receipt(name: str) -> bool:
    """Whether the file *name* is that of a receipt."""
    return name.endswith(".json") and not name.endswith(".report.json")
