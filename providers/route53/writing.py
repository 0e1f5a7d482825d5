"""Bring RRsets to hold what we want, in as few requests as the zone allows.

The first batch is made on a guess: a new value's name is empty, and a value that we
wrote is the whole set. A wrong guess changes nothing, for the batch is atomic and
neither CREATE nor DELETE touches a set that is another than they say; and the refusal
names the sets. So only those are read.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from dns.name import Name

from providers.contract import TXT, Change, Zone
from providers.errors import Rejected, refused
from providers.tally import Tally

from .errors import Conflict, Lost
from .rrsets import Swap, alone, appended, batch, removed, spelled

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import ResourceRecordSetOutputTypeDef

    from .requests import Requests

    RRsets = Sequence[ResourceRecordSetOutputTypeDef]

FIRST_PAUSE = 0.1  # Seconds after a lost race, which is over sooner than a throttled second.


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to become of one name.

    Attributes:
        swap: Makes the changes, of what stands at the name.
        guess: What stands there if nobody but us has been there.
    """

    swap: "Callable[[RRsets], Swap | None]"
    guess: "RRsets"


def appending(records: Iterable[TXT]) -> dict[Name, Edit]:
    """Return the edits that add *records*."""
    return {
        name: Edit(partial(appended, name, group), ()) for name, group in _by_name(records).items()
    }


def removing(records: Iterable[TXT]) -> dict[Name, Edit]:
    """Return the edits that take *records* out."""
    return {
        name: Edit(partial(removed, name, group), (alone(name, group),))
        for name, group in _by_name(records).items()
    }


def write(
    requests: "Requests",
    zone: Zone,
    edits: Mapping[Name, Edit],
    comment: str,
    surprising: set[Name] | None = None,
) -> Change:
    """Submit *edits* in as few batches as possible, until all are made.

    The last batch stands for all: Route 53 takes the changes of a zone one after the other. What
    is *surprising*, for a guess about it was wrong before, is read first, and noted.
    """
    tally, noted = Tally(), set[Name]() if surprising is None else surprising
    with tally.refusals():
        change = _submit(requests, zone, edits, comment, tally=tally, surprising=noted)
    return replace(change, written=tally.written())


def _submit(  # noqa: PLR0913 - what `write` has, and its tally
    requests: "Requests",
    zone: Zone,
    edits: Mapping[Name, Edit],
    comment: str,
    *,
    tally: Tally,
    surprising: set[Name],
) -> Change:
    change, attempt = Change(zone), 0
    left = [swap for edit in edits.values() if (swap := edit.swap(edit.guess))]
    read = surprising & edits.keys()
    if read:
        left = _again(left, edits, requests.read(zone.id, read))
    while left:
        swaps = batch(left)
        try:
            change = Change(zone, requests.change(zone.id, swaps, comment))
        except (Conflict, Lost) as error:
            doubted = _mentioned(error, swaps) or {swap.name for swap in swaps}
            surprising |= doubted
            if isinstance(error, Lost) or doubted & read:  # no mere guess that was wrong
                requests.patience.wait(attempt, error, FIRST_PAUSE)
                attempt += 1
            known = requests.read(zone.id, doubted)
            if isinstance(error, Lost) and not _is_refuted(swaps, known):
                tally.lost(_added(swaps))
            again = _again(swaps, edits, known)
        except Rejected as error:
            doubted = _mentioned(error, swaps) - read
            again = _again(swaps, edits, requests.read(zone.id, doubted))
            if again == swaps:  # whatever stands there is not why
                error.each = dict.fromkeys(_mentioned(error, swaps), error)
                raise
        else:
            tally.taken(_added(swaps))
            doubted, again = set(), []
        left = again + left[len(swaps) :]
        read |= doubted
    return change


def _again(
    swaps: Sequence[Swap], edits: Mapping[Name, Edit], known: "Mapping[Name, RRsets]"
) -> list[Swap]:
    """Return what is to be made of *swaps* now that some sets are *known*.

    Raises:
        Rejected: For each name where something is in the way.
    """
    made: list[Swap | None] = []
    each: dict[Name, Rejected] = {}
    for swap in swaps:
        try:
            made.append(edits[swap.name].swap(known[swap.name]) if swap.name in known else swap)
        except Rejected as error:
            each[swap.name] = error
    if each:
        raise refused(each)
    return [swap for swap in made if swap]


def _is_refuted(swaps: Sequence[Swap], known: "Mapping[Name, RRsets]") -> bool:
    """Whether a set that is *known* now has another TTL than *swaps* would have left it with."""
    return any(
        rrset["Type"] == "TXT" and rrset.get("TTL") != swap.changes[-1]["ResourceRecordSet"]["TTL"]
        for swap in swaps
        for rrset in known.get(swap.name, ())
    )


def _added(swaps: Iterable[Swap]) -> set[tuple[Name, str]]:
    return {(swap.name, value) for swap in swaps for value in swap.added}


def _mentioned(error: Exception, swaps: Sequence[Swap]) -> set[Name]:
    """Return the names of *swaps* that *error* complains of."""
    words = set(re.split(r"[\s',\[\]]+", str(error).replace(r"\052", "*")))
    return {swap.name for swap in swaps if spelled(swap.name) in words}


def _by_name(records: Iterable[TXT]) -> Mapping[Name, list[TXT]]:
    groups: dict[Name, list[TXT]] = {}
    for record in records:
        groups.setdefault(record.name, []).append(record)
    return groups
