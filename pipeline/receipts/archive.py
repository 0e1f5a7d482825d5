"""Put the receipts of runs that are done with out of everybody's way, and remove them in time."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pipeline.files import Busy
from pipeline.model import Failed

from .folder import Folder, is_receipt
from .held import locked, report_of
from .outline import Outline

KEPT_FOR = timedelta(days=7)
"""How long the receipt of a run that has nothing in DNS stays."""

ASIDE = "cleaned"
"""The folder, beside receipts, of what is cleaned, each day in a folder of its own."""


class Archive:
    """The cleaned receipts of a folder: what is put aside costs a run the names of a few days."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._aside = folder.path / ASIDE

    def tidy(self, today: datetime) -> None:
        """Put aside what is cleaned; remove what is old, and what is left of writes cut short.

        What cannot be moved, or removed, stays for the next run; a live run's does.
        """
        for path in self._folder.path.glob(".*.json.*"):
            with suppress(OSError):
                if today.timestamp() - path.stat().st_mtime > KEPT_FOR.total_seconds():
                    path.unlink()
        for day, folder in self._days():
            if end(day) + KEPT_FOR <= today:
                shutil.rmtree(folder, ignore_errors=True)
        for path in self._folder.paths():
            with suppress(Busy, Failed, OSError):
                self._retire(path, today)

    def since(self, moment: datetime) -> Iterator[Path]:
        """Yield the receipts put aside since *moment*, and perhaps some of the same day."""
        for day, folder in self._days():
            if end(day) > moment:
                with suppress(OSError):
                    yield from (path for path in folder.iterdir() if is_receipt(path.name))

    def _retire(self, path: Path, today: datetime) -> None:
        """Remove the receipt at *path* if nobody needs it any more; put it aside if it is cleaned.

        Its report goes first: of a receipt that is gone nobody would look for it.
        """
        if not self._is_over(path, today):
            return
        with locked(path):
            if not self._is_over(path, today):  # it was saved once more
                return
            report = report_of(path)
            if is_past(self._folder.outline(path), today):
                report.unlink(missing_ok=True)
                path.unlink()
            else:
                day = self._day(today)
                with suppress(FileNotFoundError):
                    report.replace(day / report.name)
                path.replace(day / path.name)

    def _is_over(self, path: Path, today: datetime) -> bool:
        outline = self._folder.outline(path)
        return outline.is_done or is_past(outline, today)

    def _day(self, today: datetime) -> Path:
        """Return the folder of this day, which is made when first needed."""
        day = self._aside / today.astimezone(UTC).date().isoformat()
        if not day.is_dir():
            for folder in (self._aside, day):
                folder.mkdir(mode=0o700, exist_ok=True)
        return day

    def _days(self) -> list[tuple[date, Path]]:
        found: list[tuple[date, Path]] = []
        with suppress(OSError):
            for folder in self._aside.iterdir():
                with suppress(ValueError):  # it is not ours
                    found.append((date.fromisoformat(folder.name), folder))
        return found


def end(day: date) -> datetime:
    """Return when *day* is over."""
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


def is_past(outline: Outline, today: datetime) -> bool:
    """Whether nobody needs a receipt any more."""
    return not outline.records and today - outline.created > KEPT_FOR
