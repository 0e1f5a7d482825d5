"""Keep what hosts say that appends have added, for only that is ours: a value may be there before.

Pure.
"""

from typing import TYPE_CHECKING

from providers.contract import Change

from .model import Record
from .planning import Group

if TYPE_CHECKING:
    from dns.name import Name


class Additions:
    """What the appends of a run have added, as far as the hosts have told."""

    def __init__(self) -> None:
        self._told: dict[Group, set[tuple[Name, str]]] = {}
        self._untold: set[Group] = set()

    def note(self, group: Group, change: Change) -> None:
        """Take note of the *change* that an append has made to *group*."""
        if change.written is None:
            self._untold.add(group)
        self._told.setdefault(group, set()).update(change.written or ())

    def doubt(self, group: Group) -> None:
        """Take note that an append to *group* has failed, of which part may be done."""
        self._untold.add(group)

    def have(self, record: Record) -> bool:
        """Whether *record* was added."""
        return (record.owner, record.challenge.value) in self._told.get(
            (record.provider, record.zone), ()
        )

    def lack(self, record: Record) -> bool:
        """Whether *record* was there already, each time that it was to be written."""
        group = record.provider, record.zone
        return group in self._told and group not in self._untold and not self.have(record)
