"""Lasting records: which text lets our account have the certificate (dns-persist-01)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from dns.name import from_text
from hypothesis import given
from hypothesis import strategies as some

from pipeline.model import Exit, Order, Standing
from pipeline.standing import choose, missing, objection, required, text_for

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
URI = "https://ca.example/acct/1"
PLAIN = Standing(from_text("example.com."), ("ca.example", "ca.example.org"), URI)
WILD = replace(PLAIN, is_wildcard=True)
SOON = int(NOW.timestamp())


@pytest.mark.parametrize(
    "text",
    [
        f"ca.example; accounturi={URI}",
        f"ca.example;accounturi={URI}",
        f" \tCA.Example.\t;\taccounturi\t=\t{URI} ",
        f"ca.example.org; accounturi={URI}",
        f"ca.example; AccountURI={URI}",
        f"ca.example; accounturi={URI}; policy=wildcard",
        f"ca.example; accounturi={URI}; policy=strict",
        f"ca.example; accounturi={URI}; persistUntil={SOON}",
        f"ca.example; persistuntil={SOON}; accounturi={URI}",
        f"ca.example; accounturi={URI}; future=1; future=2",
    ],
)
def test_what_does(text: str) -> None:
    """White space, the case of names, order and parameters of tomorrow make no difference."""
    assert objection(text, PLAIN, NOW) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "names the CA"),
        ("v=spf1 -all", "names the CA"),
        ("ca.example", "names the account"),
        ("ca.example;", "names the account"),
        ("ca.example; accounturi=", "names the account"),
        (f"; accounturi={URI}", "names the CA"),
        (f"other.example; accounturi={URI}", "names the CA"),
        (f"ca.example.; accounturi={URI}/", "names the account"),
        (f"ca.example; accounturi={URI.upper()}", "names the account"),
        (f"ca.example; accounturi={URI};", "is malformed"),
        (f"ca.example; accounturi={URI} x", "is malformed"),
        (f"ca.example; accounturi={URI}; policy", "is malformed"),
        (f"ca.example; accounturi={URI}; accounturi={URI}", "has accounturi twice"),
        (f"ca.example; accounturi={URI}; policy=a; POLICY=wildcard", "has policy twice"),
        (f"ca.example; accounturi={URI}; persistUntil={SOON - 1}", "ends at persistUntil"),
        (f"ca.example; accounturi={URI}; persistUntil=-{SOON}", "ends at persistUntil"),
        (f"ca.example; accounturi={URI}; persistUntil=2100-01-01", "ends at persistUntil"),
        (f"ca.example; accounturi={URI}; persistUntil=", "ends at persistUntil"),
    ],
)
def test_what_does_not(text: str, why: str) -> None:
    """Said in words, for whoever has to correct it."""
    assert objection(text, PLAIN, NOW).startswith(why)


@pytest.mark.parametrize("policy", ["wildcard", "WildCard"])
def test_a_wildcard_needs_the_policy(policy: str) -> None:
    """A record without covers the name alone; its value has no case."""
    assert objection(f"ca.example; accounturi={URI}", WILD, NOW) == "lacks policy=wildcard"
    assert objection(f"ca.example; accounturi={URI}; policy={policy}", WILD, NOW) == ""
    assert objection(f"ca.example; accounturi={URI}; policy=wild", WILD, NOW)


@given(some.text(max_size=80))
def test_no_text_is_too_odd(text: str) -> None:
    """Anybody may have a TXT record there; it never breaks anything."""
    assert objection(text, WILD, NOW)


@given(some.booleans())
def test_what_we_ask_for_would_do(is_wildcard: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
    """The text in the hint is one that we take ourselves."""
    standing = replace(PLAIN, is_wildcard=is_wildcard)
    assert objection(text_for(standing), standing, NOW + timedelta(days=9999)) == ""


def test_of_several_one_must_do() -> None:
    """That which most servers have; records of others beside it do no harm."""
    good, better = text_for(PLAIN), text_for(WILD)
    texts = {"v=spf1 -all": 9, good: 1, better: 2}
    assert choose(texts, PLAIN, NOW) == better
    assert choose({"v=spf1 -all": 9}, PLAIN, NOW) is None


def test_what_is_missing_is_told_to_the_letter() -> None:
    """65, with the TXT record that has to be published, and what is wrong with those there."""
    failed = missing(WILD, [f"ca.example; accounturi={URI}", "`x`"], NOW)
    assert failed.exit is Exit.DATA
    assert failed.problem.code == "standing-record"
    assert "lacks policy=wildcard" in failed.problem.message
    assert "`" not in failed.problem.message
    text = f'"ca.example; accounturi={URI}; policy=wildcard"'
    assert f"_validation-persist.example.com. TXT {text}" in failed.problem.hint


def test_a_name_and_its_wildcard_need_one_record() -> None:
    """With the policy: nobody is sent twice; what the CA has accepted needs none."""
    order = Order("n", "acme", "", "pending", standing=(PLAIN, WILD, PLAIN))
    assert required(order) == (WILD,)
    done = Order("n", "acme", "", "pending", standing=(PLAIN, replace(WILD, valid=True)))
    assert required(done) == (PLAIN,)
