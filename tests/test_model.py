"""The nouns guard themselves."""

import pytest
from dns.name import Name, from_text, root

from pipeline.model import WORST_FIRST, Challenge, Exit, Standing, worst

ACCOUNT = "_ujmmovf2vn55tgye._acme-challenge"
URI = "https://acme.example/acct/1"


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
    ("name", "base"),
    [
        ("_acme-challenge.www.example.com.", "www.example.com."),
        (f"{ACCOUNT}.www.example.com.", "www.example.com."),
        ("_acme-challenge._acme-challenge.example.", "_acme-challenge.example."),
    ],
)
def test_a_challenge_knows_what_it_proves(name: str, base: str) -> None:
    """The name without the challenge's own labels: one, or two with an account's (dns-account)."""
    assert Challenge(from_text(name), "v").base == from_text(base)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("www.example.com.", "v"),
        (f"{ACCOUNT}.", "v"),
        ("_ujmmovf2vn55tgy._acme-challenge.example.com.", "v"),
        ("_ujmmovf2vn55tgye7._acme-challenge.example.com.", "v"),
        ("_ujmmovf2vn55tgy1._acme-challenge.example.com.", "v"),
        ("_UJMMOVF2VN55TGYE._acme-challenge.example.com.", "v"),
        ("ujmmovf2vn55tgye._acme-challenge.example.com.", "v"),
        ("_ujmmovf2vn55tgye.www._acme-challenge.example.com.", "v"),
        ("_ujmmovf2vn55tgye.example.com.", "v"),
        (f"x.{ACCOUNT}.example.com.", "v"),
        (f"{ACCOUNT}.example.com", "v"),
        ("_validation-persist.example.com.", "v"),
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


def test_a_standing_record_is_beside_what_it_proves() -> None:
    """It stands at _validation-persist below the name, a wildcard's at its base."""
    found = Standing(from_text("www.example.com."), ("ca.example",), URI)
    assert found.name == from_text("_validation-persist.www.example.com.")


LONG = from_text(".".join(["a" * 59] * 4) + ".")


@pytest.mark.parametrize(
    ("base", "issuers", "account"),
    [
        (root, ("ca.example",), URI),
        (from_text("example.com", None), ("ca.example",), URI),
        (LONG, ("ca.example",), URI),
        (from_text("example.com."), (), URI),
        (from_text("example.com."), ("ca.example",), ""),
        (from_text("example.com."), ("ca.example",), "acct/1"),
        (from_text("example.com."), ("ca.example",), f"{URI}; policy=wildcard"),
        (from_text("example.com."), ("ca.example",), f"{URI}\n"),
    ],
)
def test_no_standing_record_is_outside_the_guard(
    base: Name, issuers: tuple[str, ...], account: str
) -> None:
    """It can be asked about, and a person can be told its text: no parameter is smuggled in."""
    with pytest.raises(ValueError, match=r"standing record|no URI"):
        Standing(base, issuers, account)
