"""The certificates of a fleet, and what became of each, on disk: memory is that of one wave.

What is here is of one run, and goes with it. What the next run needs to know stands in receipts.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from pipeline.report import NOT_DUE
from pipeline.text import quoted

from .forms import wrong
from .inventory import Certificate
from .waves import Choice, Wave, branch, cut

SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -4000;
CREATE TABLE certificate (
    number INTEGER PRIMARY KEY, key TEXT NOT NULL, name TEXT NOT NULL, place TEXT NOT NULL,
    source TEXT NOT NULL, provider TEXT NOT NULL, queue TEXT NOT NULL,
    zone TEXT NOT NULL, branch TEXT NOT NULL,
    wave INTEGER, ended INTEGER, status TEXT, code TEXT,
    UNIQUE (key, source)
);
CREATE INDEX wave ON certificate(wave);
CREATE TABLE part (wave INTEGER, section TEXT, body TEXT);
CREATE TABLE problem (number INTEGER PRIMARY KEY, code TEXT, severity TEXT, body TEXT UNIQUE);
"""

OF_ZONE = "source, provider, queue, zone"
"""What certificates of a zone have in common that one wave may have."""


@dataclass(frozen=True, slots=True)
class End:
    """What became of one certificate; *code* is that of the problem which ended it, or empty.

    The *reason*, its message, is for the report alone.
    """

    exit: int
    status: str = ""
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many certificates ended how."""

    ready: int = 0
    not_due: int = 0
    failed: int = 0
    pending: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.ready + self.not_due + self.failed + self.pending


class Database:
    """SQLite's, of one run over an inventory, in a file without a name that ends with the run."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None)
        self._file.executescript(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._file.close()

    def fill(
        self,
        certificates: Iterable[Certificate],
        source: str,
        zone_of: Callable[[str], str],
        queue_of: Callable[[Certificate], str] = lambda _: "",
    ) -> list[tuple[str, str]]:
        """Take *certificates*, of *source* where they name none; return what is there twice.

        Of these, where they are, and where they were first; they are taken once.

        Raises:
            Failed: 65, if one is there twice, with different providers; what reading raises.
        """
        twice: list[tuple[str, str]] = []
        self._file.execute("BEGIN")
        for each in certificates:
            key, order = each.key, each.order or source
            row = (key, each.name, each.place, order, each.provider, queue_of(each), zone_of(key))
            added = self._file.execute(
                "INSERT OR IGNORE INTO certificate"
                " (key, name, place, source, provider, queue, zone, branch)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, branch(key)),
            )
            if not added.rowcount:
                twice.append((each.place, self._first(key, order, each)))
        self._file.execute("COMMIT")
        return twice

    def _first(self, key: str, order: str, again: Certificate) -> str:
        """Return where the certificate that is there *again* was first."""
        place, provider = self._one(
            "SELECT place, provider FROM certificate WHERE key = ? AND source = ?",
            (key, order),
        )
        if provider != again.provider:
            why = f"{quoted(again.name)} has another provider than at {place}"
            raise wrong(f"{again.place}: {why}")
        return str(place)

    def choices(self) -> list[tuple[Choice, str]]:
        """Return every choice that there is, and where the first certificate is that has it."""
        rows = self._file.execute(
            "SELECT source, provider, place, min(number) FROM certificate GROUP BY source, provider"
            " ORDER BY min(number)"
        )
        return [(Choice(source, provider), place) for source, provider, place, _ in rows]

    def largest(self) -> int:
        """Return how many certificates the largest zone has."""
        zones = self._file.execute(f"SELECT count(*) FROM certificate GROUP BY {OF_ZONE}")  # noqa: S608
        return max((count for (count,) in zones), default=0)

    def waves(self, size: int) -> list[Wave]:
        """Cut what is pending into waves of at most *size* certificates."""
        zones = self._file.execute(
            "SELECT source, provider, queue, count(*) FROM certificate"  # noqa: S608
            f" WHERE ended IS NULL GROUP BY {OF_ZONE} ORDER BY {OF_ZONE}"
        )
        found = list(cut(((Choice(*choice), count) for *choice, count in zones), size))
        numbers = self._file.execute(
            "SELECT number FROM certificate"  # noqa: S608
            f" WHERE ended IS NULL ORDER BY {OF_ZONE}, branch, number"
        )
        waves = (wave.number for wave in found for _ in range(wave.count))
        places = [(wave, number) for wave, (number,) in zip(waves, numbers, strict=True)]
        self._file.execute("BEGIN")
        self._file.executemany("UPDATE certificate SET wave = ? WHERE number = ?", places)
        self._file.execute("COMMIT")
        return found

    def names(self, wave: Wave) -> list[str]:
        """Return the certificates' names in *wave*."""
        return [name for _, name in self._in(wave)]

    def end(self, wave: Wave, ends: Sequence[End | None]) -> list[tuple[str, str]]:
        """Note what became of each certificate in *wave*; None: nothing yet.

        Returns their names and sources.
        """
        mine = self._in(wave)
        rows = [
            (end.exit, end.status, end.code, number)
            for end, (number, _) in zip(ends, mine, strict=True)
            if end
        ]
        self._file.executemany(
            "UPDATE certificate SET ended = ?, status = ?, code = ? WHERE number = ?", rows
        )
        return [(name, wave.choice.order) for _, name in mine]

    def end_rest(self, end: End, wave: int) -> list[tuple[str, str]]:
        """Note that *end* of all that are left, in *wave* or (-1) any; return names and sources."""
        which = "ended IS NULL AND ? IN (-1, wave)"
        rest = self._file.execute(
            f"SELECT name, source FROM certificate WHERE {which} ORDER BY number",  # noqa: S608
            (wave,),
        ).fetchall()
        self._file.execute(
            f"UPDATE certificate SET ended = ?, status = ?, code = ? WHERE {which}",  # noqa: S608
            (end.exit, end.status, end.code, wave),
        )
        return rest

    def add(self, wave: int, section: str, body: str) -> None:
        """Keep *body*, entries of *section* of the report, in the place of *wave*."""
        if body:
            self._file.execute("INSERT INTO part VALUES (?, ?, ?)", (wave, section, body))

    def tell(self, code: str, severity: str, body: str) -> None:
        """Keep a problem, once, whichever waves have it."""
        self._file.execute(
            "INSERT OR IGNORE INTO problem(code, severity, body) VALUES (?, ?, ?)",
            (code, severity, body),
        )

    def bodies(self, section: str) -> Iterator[str]:
        """Yield what was kept of *section*, in the order of waves."""
        rows = self._file.execute(
            "SELECT body FROM part WHERE section = ? ORDER BY wave, rowid", (section,)
        )
        return (body for (body,) in rows)

    def problems(self, code: str = "") -> Iterator[str]:
        """Yield the problems, or those with *code*, in the order in which they came."""
        rows = self._file.execute(
            "SELECT body FROM problem WHERE ? IN ('', code) ORDER BY number", (code,)
        )
        return (body for (body,) in rows)

    def warnings(self, most: int) -> Iterator[str]:
        """Yield the first warnings, at *most* so many; -1: all."""
        rows = self._file.execute(
            "SELECT body FROM problem WHERE severity = 'warning' ORDER BY number LIMIT ?", (most,)
        )
        return (body for (body,) in rows)

    def tally(self) -> Tally:
        """Return how many certificates ended how."""
        row = self._one(
            "SELECT coalesce(sum(ended = 0 AND status != ?), 0),"
            " coalesce(sum(ended = 0 AND status = ?), 0), coalesce(sum(ended != 0), 0),"
            " coalesce(sum(ended IS NULL), 0) FROM certificate",
            (NOT_DUE, NOT_DUE),
        )
        return Tally(*row)

    def exits(self) -> list[int]:
        """Return every exit that a certificate has."""
        rows = self._file.execute("SELECT DISTINCT ended FROM certificate WHERE ended NOT NULL")
        return [code for (code,) in rows]

    def failures(self, most: int) -> Iterator[tuple[str, int, int, list[str]]]:
        """Yield each reason to fail: code, exit, how many failed by it, *most* of their names."""
        groups = self._file.execute(
            "SELECT code, ended, count(*) FROM certificate WHERE ended != 0"
            " GROUP BY code, ended ORDER BY count(*) DESC, code"
        ).fetchall()
        for code, ended, count in groups:
            names = self._file.execute(
                "SELECT name FROM certificate WHERE ended = ? AND code = ? ORDER BY number LIMIT ?",
                (ended, code, most),
            )
            yield code, ended, count, [name for (name,) in names]

    def _in(self, wave: Wave) -> list[tuple[int, str]]:
        return self._file.execute(
            "SELECT number, name FROM certificate WHERE wave = ? AND ended IS NULL ORDER BY number",
            (wave.number,),
        ).fetchall()

    def _one(self, sql: str, values: Sequence[object]) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._file.execute(sql, values).fetchone()
        return row
