"""How batches are filled, and what is looked at when one is refused; no network."""

import secrets
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from dns.name import Name, from_text

from providers.contract import TXT, Zone
from providers.errors import Rejected
from providers.route53.errors import Conflict, Lost
from providers.route53.rrsets import MOST_CHARACTERS, Swap, spelled
from providers.route53.writing import Edit, appending, removing, write

ZONE = Zone(from_text("example.com."), "Z1")
SPELLING = 45  # characters of an ACME value in quotation marks


@dataclass
class Zoned:
    """A zone that answers as told.

    Attributes:
        refusals: What is said to the coming changes, by their names; None takes one.
        stored: What is read.
    """

    refusals: list[Callable[[Sequence[Swap]], Exception | None]] = field(default_factory=list)
    stored: dict[Name, Any] = field(default_factory=dict)
    sent: list[Sequence[Swap]] = field(default_factory=list)
    read_names: list[AbstractSet[Name]] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)

    def change(self, _zone_id: str, swaps: Sequence[Swap], _comment: str) -> str:
        self.sent.append(swaps)
        if self.refusals and (error := self.refusals.pop(0)(swaps)):
            raise error
        return f"C{len(self.sent)}"

    def read(self, _zone_id: str, names: AbstractSet[Name]) -> dict[Name, Any]:
        self.read_names.append(set(names))
        return {name: self.stored.get(name, ()) for name in names}

    @property
    def patience(self) -> "Zoned":
        return self

    def wait(self, attempt: int, _error: Exception, _first: float) -> None:
        self.waits.append(attempt)


def names(count: int) -> list[Name]:
    return [from_text(f"_acme-challenge.h{i}", ZONE.apex) for i in range(count)]


def said(kind: type[Exception], *mentioned: Name) -> Callable[[Sequence[Swap]], Exception]:
    texts = [f"Tried to create [name='{spelled(name)}', type='TXT']" for name in mentioned]
    return lambda _swaps: kind(f"InvalidChangeBatch: [{', '.join(texts)}]")


def rrset(name: Name, *values: str) -> list[dict[str, Any]]:
    records = [{"Value": f'"{value}"'} for value in values]
    return [{"Name": spelled(name), "Type": "TXT", "TTL": 60, "ResourceRecords": records}]


def counted(edits: dict[Name, Edit], calls: list[Name]) -> dict[Name, Edit]:
    """Note in *calls* which of *edits* is computed."""

    def counting(name: Name, edit: Edit) -> Edit:
        def swap(rrsets: Any) -> Swap | None:
            calls.append(name)
            return edit.swap(rrsets)

        return replace(edit, swap=swap)

    return {name: counting(name, edit) for name, edit in edits.items()}


@pytest.mark.parametrize("edits", [appending, removing])
def test_batches_are_full(edits: Callable[[Sequence[TXT]], dict[Name, Edit]]) -> None:
    """
    10,000 ACME values take as many batches as their characters need, and each is computed once.
    """
    zone = Zoned()
    calls: list[Name] = []
    records = [TXT(name, secrets.token_urlsafe(32)) for name in names(10_000)]
    write(zone, ZONE, counted(edits(records), calls), "")  # type: ignore[arg-type]
    full = MOST_CHARACTERS // SPELLING
    assert [len(batch) for batch in zone.sent] == [full] * 14 + [10_000 - 14 * full]
    assert len(calls) == 10_000
    assert zone.read_names == []


def test_only_what_is_mentioned_is_read_and_made_anew() -> None:
    """
    A wrong guess is no race: nobody waits, and the other names of the batch stay as they were.
    """
    first, *others = names(50)
    zone = Zoned([said(Conflict, first)], {first: rrset(first, "theirs")})
    calls: list[Name] = []
    edits = counted(appending([TXT(name, "ours") for name in (first, *others)]), calls)
    change = write(zone, ZONE, edits, "")  # type: ignore[arg-type]
    assert zone.read_names == [{first}]
    assert calls == [first, *others, first]
    assert [len(swap.changes) for swap in zone.sent[1]] == [2] + [1] * 49
    assert zone.waits == []
    assert change.written == frozenset((name, "ours") for name in (first, *others))
    assert change.id == "C2"


def test_nobody_guesses_wrong_twice() -> None:
    """
    A name at which others were met is read first the next time, and one request is saved.
    """
    first, other = names(2)
    zone = Zoned([said(Conflict, first)], {first: rrset(first, "theirs")})
    met: set[Name] = set()
    write(zone, ZONE, appending([TXT(first, "one")]), "", met)  # type: ignore[arg-type]
    assert met == {first}
    again = Zoned([], {first: rrset(first, "theirs")})
    edits = appending([TXT(name, "two") for name in (first, other)])
    write(again, ZONE, edits, "", met)  # type: ignore[arg-type]
    assert again.read_names == [{first}]
    assert [len(swap.changes) for swap in again.sent[0]] == [2, 1]
    assert len(again.sent) == 1


def test_a_race_after_the_look_is_waited_out() -> None:
    """
    Who is refused what was read a moment ago makes room for others, longer each time.
    """
    [name] = names(1)
    zone = Zoned([said(Conflict, name)] * 3, {name: rrset(name, "theirs")})
    write(zone, ZONE, appending([TXT(name, "ours")]), "")  # type: ignore[arg-type]
    assert zone.waits == [0, 1]


def test_what_others_wrote_meanwhile_is_not_ours() -> None:
    """
    A value that the look after a refusal finds was not written by us; after a lost answer it
    may have been.
    """
    [name] = names(1)
    for kind, written in ((Conflict, frozenset[Any]()), (Lost, frozenset({(name, "v")}))):
        zone = Zoned([said(kind, name)], {name: rrset(name, "v")})
        change = write(zone, ZONE, appending([TXT(name, "v")]), "")  # type: ignore[arg-type]
        assert change.written == written
        assert len(zone.sent) == 1


def test_a_lost_batch_that_was_not_performed_owns_nothing() -> None:
    """
    A batch is all or nothing: if one of its values is missing after the answer was lost,
    those that are there are somebody else's, however often answers are lost.
    """
    first, second, third = names(3)
    for losses in (1, 2):
        zone = Zoned([said(Lost)] * losses, {first: rrset(first, "v")})
        edits = appending([TXT(name, "v") for name in (first, second, third)])
        change = write(zone, ZONE, edits, "")  # type: ignore[arg-type]
        assert change.written == frozenset({(second, "v"), (third, "v")})
        assert [len(swaps) for swaps in zone.sent] == [3] + [2] * losses


def test_a_set_of_another_ttl_was_not_made_by_a_lost_batch() -> None:
    """
    After a lost answer a set with a TTL that the batch did not give is not of its making.
    """
    [name] = names(1)
    [stored] = rrset(name, "v")
    zone = Zoned([said(Lost)], {name: [stored | {"TTL": 300}]})
    change = write(zone, ZONE, appending([TXT(name, "v")]), "")  # type: ignore[arg-type]
    assert change.written == frozenset()


def test_every_name_that_is_in_the_way_is_told() -> None:
    """
    One look at what a refusal mentions tells all sets that nothing can stand beside, each in
    words of its own, and that nothing was done.
    """
    first, second, third = names(3)
    zone = Zoned([said(Rejected, first, third)])
    for name in (first, third):
        zone.stored[name] = [rrset(name, "w")[0] | {"SetIdentifier": "x"}]
    edits = appending([TXT(name, "v") for name in (first, second, third)])
    with pytest.raises(Rejected, match="routing policy") as caught:
        write(zone, ZONE, edits, "")  # type: ignore[arg-type]
    assert caught.value.each.keys() == {first, third}
    assert all(str(name) in str(error) for name, error in caught.value.each.items())
    assert caught.value.untouched


@pytest.mark.parametrize("first", [said(Lost), lambda _swaps: None])
def test_a_refusal_after_a_batch_may_leave_something(
    first: Callable[[Sequence[Swap]], Exception | None],
) -> None:
    """
    Once a batch was taken, or may have been, a refusal does not say that nothing was done.
    """
    zone = Zoned([first, said(Rejected)])
    with pytest.raises(Rejected) as caught:
        write(zone, ZONE, appending([TXT(name, "v") for name in names(1_100)]), "")  # type: ignore[arg-type]
    assert not caught.value.untouched


def test_a_refusal_for_good_is_explained_once() -> None:
    """
    The names it mentions are looked at, for what stands there may say more; then it is raised.
    """
    [name] = names(1)
    zone = Zoned([said(Rejected, name)] * 2)
    with pytest.raises(Rejected, match="InvalidChangeBatch") as caught:
        write(zone, ZONE, appending([TXT(name, "v")]), "")  # type: ignore[arg-type]
    assert (len(zone.sent), zone.read_names) == (1, [{name}])
    assert caught.value.each.keys() == {name}
    zone = Zoned([said(Rejected)])
    with pytest.raises(Rejected, match="InvalidChangeBatch") as caught:
        write(zone, ZONE, appending([TXT(name, "v")]), "")  # type: ignore[arg-type]
    assert zone.read_names == [set()]
    assert not caught.value.each
