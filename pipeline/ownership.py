"""Tell values that a run has written from those that it found: only its own are its to remove."""

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING

from .additions import Additions
from .model import Problem, Record, Severity
from .receipts.ledger import Ledger
from .receipts.receipt import State

if TYPE_CHECKING:
    from .receipts.folder import Place


class Ownership:
    """Which of a run's records were in DNS before any run of this machine wrote them.

    A receipt lists them while the first write is under way, for it may turn out to be
    ours. Once the host has said that it found them, and no other receipt lists
    them, they are struck: they are somebody else's to remove, until the host says that a
    later write of ours has added them after all. So are those struck that their host has refused,
    without having done anything.

    Attributes:
        ledger: The run's receipt.
    """

    def __init__(self, ledger: Ledger, additions: Additions) -> None:
        self.ledger, self._additions = ledger, additions
        self._ours: set[Place] = set()
        self._found: dict[Place, Record] = {}
        self._begun = ledger.now()

    def begin(self, inherited: Iterable[Record]) -> None:
        """Take note, before the write, of what is ours for certain: *inherited*, or listed here."""
        self._ours = {record.place for record in inherited} | self.ledger.listed_elsewhere()

    def listed(self, state: State, records: Iterable[Record]) -> Sequence[Record]:
        """Return what the receipt of a run with these *records* is to list in *state*."""
        for record in self.regained():
            del self._found[record.place]
        every = (*self.ledger.records, *records)
        if state is State.WRITING:
            return [record for record in every if record.place not in self._found]
        return self.own(every)

    def own(
        self, records: Iterable[Record], touched: "Container[Place] | None" = None
    ) -> Sequence[Record]:
        """Return those of *records* that are ours, as far as the hosts have told.

        None is whose place was not *touched*, after a first write of them all.
        """
        listed = [
            record
            for record in records
            if touched is None or record.place in self._ours or record.place in touched
        ]
        known = self._ours | self._found.keys()
        found = [r for r in listed if r.place not in known and self._additions.lack(r)]
        if found:
            self._ours |= self._left_to_us(found)  # and stay so when the others are gone
            self._found |= {each.place: each for each in found if each.place not in self._ours}
        return [record for record in listed if record.place not in self._found]

    def _left_to_us(self, found: Iterable[Record]) -> "set[Place]":
        """Return which of *found* other runs here wanted, too: those that list them leave them."""
        wanted = self.ledger.wanted_by_others(self._begun)
        left = {r.place for r in found if (r.challenge.name, r.challenge.value) in wanted}
        return left | self.ledger.listed_elsewhere()

    def regained(self) -> Sequence[Record]:
        """Return what was found, and has been added by us since; no receipt lists it yet."""
        return [record for record in self._found.values() if self._additions.have(record)]

    def problems(self) -> list[Problem]:
        """Return what was found, and is left alone."""
        regained = self.regained()
        return [left_alone(each) for each in self._found.values() if each not in regained]


def left_alone(record: Record) -> Problem:
    """Return the notice that *record* was there before."""
    return Problem(
        "value-found",
        f"{record.owner} TXT {record.challenge.value} was in zone {record.zone.apex} at "
        f"{record.provider} before this run wrote anything: it is somebody else's, and stays",
        "whoever wrote it removes it; if that was a run whose receipts are lost, do so by hand",
        Severity.NOTICE,
    )
