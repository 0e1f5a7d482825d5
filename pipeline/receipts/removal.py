"""Take records out of DNS and strike them from their receipts, in this order."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pipeline.hosts import Hosts
from pipeline.model import Failed, Record
from pipeline.planning import Group, by_zone
from pipeline.text import counted

from .held import Held
from .receipt import Receipt
from .store import Store


@dataclass(frozen=True, slots=True)
class Removal:
    """What is gone of one receipt's records, what is not, and what went wrong.

    Attributes:
        late: What is gone, and may come back: it stays listed.
    """

    removed: tuple[Record, ...] = ()
    stuck: tuple[Record, ...] = ()
    late: tuple[Record, ...] = ()
    failures: tuple[Failed, ...] = ()


def withdraw(
    goals: Mapping[Held, Receipt],
    store: Store,
    hosts: Hosts,
    until: float,
    late: Collection[Held] = (),
) -> dict[Held, Removal]:
    """Remove the records that each receipt lists and its goal does not, then save the goal.

    What another receipt lists too stays for that one. What cannot be removed
    stays in its receipt; so does everything where the disk refuses, and what
    one of *late* lists: a write of it may yet take effect.
    """
    gone = {held: surplus(held.receipt, after) for held, after in goals.items()}
    removals: dict[Held, Removal] = {}
    with store.removal():
        released = store.release(gone)
        ours = [record for held, mine in released.items() for record in begun(held, mine)]
        failures = hosts.withdraw(by_zone(ours), until)
        for held, after in goals.items():
            mine = released[held]
            if isinstance(mine, Failed):
                removals[held] = Removal(stuck=tuple(gone[held]), failures=(mine,))
            else:
                removals[held] = strike(held, after, mine, failures, is_late=held in late)
    return removals


def begun(held: Held, records: Sequence[Record] | Failed) -> Sequence[Record]:
    """Return *records*, once the receipt says that they are being removed.

    On a full disk it does not, which keeps nothing from being removed.
    """
    if isinstance(records, Failed) or not records:
        return ()
    with suppress(Failed):
        held.save(replace(held.receipt, removing=True))
    return records


def strike(
    held: Held,
    after: Receipt,
    records: Sequence[Record],
    failures: Mapping[Group, Failed],
    *,
    is_late: bool,
) -> Removal:
    """Save *after*, and whichever of *records* are not gone because of *failures*.

    So it does with those that are gone, and may come back because what wrote them *is_late*.
    """
    stuck = tuple(r for r in records if (r.provider, r.zone) in failures)
    gone = tuple(r for r in records if (r.provider, r.zone) not in failures)
    late, gone = (gone, ()) if is_late else ((), gone)
    left = stuck + late
    mine = tuple(failures[group] for group in by_zone(records) if group in failures)
    try:
        held.save(replace(held.receipt, records=after.records + left) if left else after)
    except Failed as failed:
        problem = failed.problem
        message = f"{counted(len(records) - len(left), 'record')} gone from DNS, still listed: "
        unsaved = Failed(failed.exit, problem.code, message + problem.message, problem.hint)
        return Removal(gone, stuck, late, (*mine, unsaved))
    return Removal(gone, stuck, late, mine)


def surplus(receipt: Receipt, after: Receipt) -> list[Record]:
    """Return the records that *receipt* lists and *after* does not."""
    kept = {record.place for record in after.records}
    return [record for record in receipt.records if record.place not in kept]
