"""Seeking zones by name in a long account; no network."""

from collections.abc import Callable
from typing import Any

import pytest
from dns.name import Name, from_text
from hypothesis import given
from hypothesis import strategies as st

from providers.route53.rrsets import named
from providers.route53.zones import PAGE, reversed_labels, seek

Order = Callable[[Name], Any]
LABELS = st.sampled_from(["a", "a-", "a-b", "a_b", "a0", "ab", "b", "-a", "*", "A"])
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(
    lambda labels: from_text(".".join([*labels, "test."])).canonicalize()
)
ORDERS: list[Order] = [reversed_labels, lambda name: name]


class Account:
    """Lists zones by name, in some order, a few at a time."""

    def __init__(self, zones: set[Name], order: Order, page: int) -> None:
        self._zones, self._order, self._page = sorted(zones, key=order), order, page
        self.asked: list[Name] = []

    def zones_from(self, start: Name) -> tuple[list[Any], Name | None]:
        self.asked.append(start)
        left = [each for each in self._zones if self._order(each) >= self._order(start)]
        shown, more = left[: self._page], left[self._page :]
        return [{"Name": each.to_text()} for each in shown], more[0] if more else None

    def found(self, wanted: set[Name]) -> set[Name]:
        rows = seek(self, wanted)  # type: ignore[arg-type]
        return {named(row["Name"]) for row in rows} & wanted


@pytest.mark.parametrize("order", ORDERS)
@given(zones=st.sets(NAMES), wanted=st.sets(NAMES), page=st.integers(1, 4))
def test_what_is_hosted_is_found(
    order: Order, zones: set[Name], wanted: set[Name], page: int
) -> None:
    """
    Whichever of the two orders the host has for names such as ``a-b`` and ``a``; nothing is asked
    twice.
    """
    account = Account(zones, order, page)
    assert account.found(wanted) == zones & wanted
    assert len(account.asked) == len(set(account.asked)) <= len(wanted)


def test_neighbours_come_together() -> None:
    """
    All of 2,000 zones take the pages that list them; one zone takes one, and what is below it none.
    """
    zones = {from_text(f"z{i:04}.test.") for i in range(2000)}
    account = Account(zones, reversed_labels, PAGE)
    assert account.found(zones) == zones
    assert len(account.asked) == 20
    apex = from_text("z0777.test.")
    account = Account(zones, reversed_labels, PAGE)
    assert account.found({apex, *(from_text(f"_h{i}", apex) for i in range(100))}) == {apex}
    assert len(account.asked) == 1
