"""The nouns guard themselves."""

import pytest
from dns.name import from_text, root

from pipeline.model import WORST_FIRST, Challenge, Exit, worst


@pytest.mark.parametrize(
    ("exits", "verdict"),
    [
        ([], Exit.DONE),
        ([Exit.DONE, Exit.DONE], Exit.DONE),
        ([Exit.DONE, Exit.NOT_READY], Exit.NOT_READY),
        ([Exit.NOT_READY, Exit.UNAVAILABLE], Exit.UNAVAILABLE),
        ([Exit.UNAVAILABLE, Exit.DATA], Exit.DATA),
        ([Exit.DATA, Exit.REFUSED], Exit.REFUSED),
        ([Exit.REFUSED, Exit.CONFIG], Exit.CONFIG),
        ([Exit.CONFIG, Exit.USAGE], Exit.USAGE),
        ([Exit.USAGE, Exit.BUG], Exit.BUG),
    ],
)
def test_several_orders_end_with_the_worst(exits: list[Exit], verdict: Exit) -> None:
    """By 70, 64, 78, 77, 65, 69, 75, 0, whatever their order."""
    assert worst(exits) is worst(exits[::-1]) is verdict


def test_every_exit_has_a_rank() -> None:
    """Whatever ends an order can be compared with what ends another."""
    assert sorted(WORST_FIRST) == sorted(Exit)


@pytest.mark.parametrize("value", ["v", "-_A" * 85])
def test_a_challenge_inside_the_guard(value: str) -> None:
    """_acme-challenge below any domain, 1 to 255 characters of base64url."""
    assert Challenge(from_text("_acme-challenge.example."), value).value == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("www.example.com.", "v"),
        ("_acme-challenge.", "v"),
        ("_acme-challenge", "v"),
        ("_acme-challenge.example.com", "v"),
        ("x._acme-challenge.example.com.", "v"),
        ("_acme-challenge.example.com.", ""),
        ("_acme-challenge.example.com.", "a" * 256),
        ("_acme-challenge.example.com.", "a b"),
        ("_acme-challenge.example.com.", "v\n"),
        ("_acme-challenge.example.com.", 'a"'),
    ],
)
def test_no_challenge_is_outside_the_guard(name: str, value: str) -> None:
    """Whoever asks: no other record can be written, since only challenges become records."""
    relative = from_text(name, origin=root if name.endswith(".") else None)
    with pytest.raises(ValueError, match=r"record name outside|value is not base64url"):
        Challenge(relative, value)
