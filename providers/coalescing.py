"""One writer per zone inside a process, and one batch for all who wait for it.

Two threads that write one zone would only refuse each other, or spend a request
each. So one writes, and whoever comes meanwhile is gathered into the next batch.
"""

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from threading import Condition

from .contract import TXT, Change, Zone
from .errors import ProviderError, Rejected, Unauthorized

Write = Callable[[Sequence[TXT]], Change]
"""Sends records to the host, those of all callers at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Errand:
    """What one caller wants written, and what becomes of it.

    Attributes:
        kind: Errands of one kind may share a batch.
    """

    kind: Hashable
    records: Sequence[TXT]
    outcome: Future[Change] = field(default_factory=Future)

    def done(self, change: Change) -> None:
        """Hand the caller its own part of *change*."""
        mine = {(record.name, record.value) for record in self.records}
        written = None if change.written is None else change.written & mine
        self.outcome.set_result(replace(change, written=written))


class OneWriter:
    """Lets one thread at a time write to a zone, for itself and for those who wait."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Errand]] = {}
        self._busy: set[str] = set()
        self._changed = Condition()

    def write(self, zone: Zone, kind: Hashable, records: Sequence[TXT], write: Write) -> Change:
        """Block until *records* are written, by *write* or by that of a caller of the same *kind*.

        A batch that is refused is taken apart, so that nobody fails for the sake of
        another's records; any other failure is everybody's.

        Args:
            zone: Other zones are written to at the same time.
            kind: Of errands with one, any caller's *write* does for all.
            records: None are written at once.
            write: Called by one thread at a time.
        """
        if not records:
            return Change(zone, written=frozenset())
        errand = Errand(kind, records)
        with self._changed:
            self._waiting.setdefault(zone.id, []).append(errand)
            self._changed.wait_for(lambda: errand.outcome.done() or zone.id not in self._busy)
            gathered = [] if errand.outcome.done() else self._begin(zone.id, kind)
        if gathered:
            try:
                settle(gathered, write)
            finally:
                self._end(zone.id)
        return errand.outcome.result()

    def _begin(self, key: str, kind: Hashable) -> list[Errand]:
        """Take the zone, and out of its queue all errands of *kind*."""
        self._busy.add(key)
        queue = self._waiting.pop(key)
        if rest := [errand for errand in queue if errand.kind != kind]:
            self._waiting[key] = rest
        return [errand for errand in queue if errand.kind == kind]

    def _end(self, key: str) -> None:
        with self._changed:
            self._busy.remove(key)
            self._changed.notify_all()


def settle(errands: Sequence[Errand], write: Write, *, touched: bool = False) -> None:
    """Write what all *errands* want at once; halve them where that is refused.

    With *touched* something of it may have been written already.
    """
    try:
        change = write([record for errand in errands for record in errand.records])
    except (Rejected, Unauthorized) as error:
        touched |= not error.untouched
        error.untouched = not touched
        if len(errands) == 1:
            errands[0].outcome.set_exception(error)
            return
        middle = len(errands) // 2
        settle(errands[:middle], write, touched=touched)
        settle(errands[middle:], write, touched=touched)
    except BaseException as error:  # noqa: BLE001 - raised again by every caller
        if isinstance(error, ProviderError):
            error.untouched &= not touched
        for errand in errands:
            errand.outcome.set_exception(error)
    else:
        for errand in errands:
            errand.done(change)
