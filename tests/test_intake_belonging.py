"""Whose order a document is, and whether a CA would still pass it."""

import json
from typing import Any

import pytest

from pipeline.model import Exit, Failed, Order
from pipeline.orders.intake import read_order
from tests.standins.rcl import order, token

A, B = "A" * 43, "B" * 43
PAST = ("ready", "valid", "processing")
WRONG_TOKENS: list[Any] = ["DNS", [5], [{}], [{"domain": 7}], [token("no name")]]


def read(tokens: Any, name: str, status: str, source: str = "document") -> Order:
    return read_order(order(tokens, status), name, source)


def refusal(tokens: Any, name: str, status: str, source: str = "document") -> str:
    with pytest.raises(Failed) as caught:
        read(tokens, name, status, source)
    assert (caught.value.exit, caught.value.problem.code) == (Exit.DATA, "order")
    return str(caught.value)


@pytest.mark.parametrize("kind", ["DNS", "HTTP"])
@pytest.mark.parametrize("source", ["document", "rcl"])
@pytest.mark.parametrize("status", ["pending", *PAST])
def test_an_order_of_other_names_is_refused_whatever_its_status(
    status: str, source: str, kind: str
) -> None:
    """
    A name is ready by its own order only: nobody is told so by one of another domain.
    """
    tokens = (token(value=A), token("www.example.org", kind=kind, value=B))
    assert refusal(tokens, "shopeneur.com", status, source) == (
        'token 2: domain "www.example.org" is not in the certificate name asked for'
    )


@pytest.mark.parametrize("status", PAST)
def test_a_document_that_names_nobody_proves_nothing(status: str) -> None:
    """
    Without tokens a document cannot show that it is the order of the names given.
    """
    for tokens in (None, ()):
        said = refusal(tokens, "shopeneur.com", status)
        assert (
            said == f'the order is "{status}", yet lists no token to show that it is of this name'
        )


@pytest.mark.parametrize("tokens", WRONG_TOKENS)
@pytest.mark.parametrize("status", PAST)
def test_a_document_whose_domains_cannot_be_read_proves_nothing(tokens: Any, status: str) -> None:
    """
    What is no domain is none of the names given.
    """
    said = refusal(tokens, "shopeneur.com", status)
    assert "is not" in said or ", not" in said or "is missing" in said


@pytest.mark.parametrize("tokens", [None, (), *WRONG_TOKENS])
@pytest.mark.parametrize("status", PAST)
def test_an_api_was_asked_for_the_name(tokens: Any, status: str) -> None:
    """
    Its order past validation legitimately comes without tokens, and needs none.
    """
    found = read(tokens, "shopeneur.com", status, "rcl")
    assert (found.name, found.status, found.challenges) == ("shopeneur.com", status, ())


@pytest.mark.parametrize("status", PAST)
def test_a_document_of_the_names_given_needs_nothing(status: str) -> None:
    """
    Domains among the names given, a wildcard as its base, show whose order it is.
    """
    found = read((token("*.shopeneur.com"),), "shopeneur.com,www.shopeneur.com", status)
    assert (found.status, found.challenges) == (status, ())


@pytest.mark.parametrize("status", ["invalid", "expired", "deactivated", "revoked", "Invalid"])
@pytest.mark.parametrize("name", ["", "shopeneur.com"])
def test_a_token_that_the_ca_has_given_up_ends_the_order(status: str, name: str) -> None:
    """
    No CA passes it (RFC 8555 §7.1.6): publishing its value, and saying ready, would be a lie.
    """
    dead = token("*.shopeneur.com", value=B) | {"status": status}
    assert refusal((token(value=A), dead), name, "pending") == (
        f'token 2: the CA has given up "*.shopeneur.com": its status is "{status.lower()}"'
    )


@pytest.mark.parametrize(
    ("status", "valid"),
    [
        (None, False),
        ("", False),
        ("pending", False),
        ("Processing", False),
        ("other", False),
        (5, False),
        (["valid"], False),
        ("Valid", True),
    ],
)
def test_a_token_that_may_yet_pass_is_published(status: Any, valid: bool) -> None:  # noqa: FBT001 - a column
    """
    Only what the CA has accepted already is left out; a word that is none of ACME's says nothing.
    """
    [challenge] = read((token(value=A) | {"status": status},), "", "pending").challenges
    assert challenge.valid is valid


def test_an_http_token_that_was_given_up_is_left_to_others() -> None:
    """
    It is not served here, so its end is its own server's to tell.
    """
    http = token(kind="HTTP") | {"status": "invalid"}
    assert len(read((http, token(value=A)), "", "pending").challenges) == 1


GOOD = json.dumps(token(value=A))
ORDER = f'{{"status": "pending", "validationTokens": [{GOOD}]}}'
TWICE = {
    "status": ORDER.replace("{", '{"status": "invalid", ', 1),
    "domain": ORDER.replace("}]", ', "domain": "b.example"}]'),
    r"a\u200b": f'{ORDER[:-1]}, "x": {{"a\u200b": 1, "a\u200b": 1}}}}',
}


def test_a_document_that_says_each_thing_once_is_taken() -> None:
    """
    The same key in two objects is no repetition.
    """
    assert read_order(ORDER.replace("}]", f"}}, {GOOD}]").encode(), "", "document").challenges


@pytest.mark.parametrize("key", TWICE)
def test_a_document_that_says_a_thing_twice_is_refused(key: str) -> None:
    """
    Readers of JSON differ in which of the two they take (RFC 8259 §4): another than this one
    may have approved it.
    """
    with pytest.raises(Failed) as caught:
        read_order(TWICE[key].encode(), "", "document")
    assert caught.value.exit is Exit.DATA
    assert str(caught.value) == f'the order document has "{key}" twice in one object'


@pytest.mark.parametrize("mark", list("\u200b\u00ad\u2060\ufe0f\u034f\u3164\u115f\u180e\ufeff"))
def test_no_character_of_a_domain_is_dropped(mark: str) -> None:
    """
    What cannot be seen is shown and refused, and not ignored (UTS 46): another reader keeps it.
    """
    domain = f"shopeneur{mark}.com"
    shown = f'"shopeneur{mark.encode("unicode_escape").decode()}.com"'
    assert refusal((token(domain, value=A),), "", "pending") == (
        f"token 1: domain {shown} is not a domain name"
    )
    assert refusal((token(value=A),), domain, "pending") == f"{shown} is not a domain name"


def test_a_joiner_where_a_language_needs_it_stays() -> None:
    """
    ZERO WIDTH NON-JOINER is part of Persian names (RFC 5892 §A.1), and of their A-labels.
    """
    [challenge] = read((token("نامه‌ای.example", "_acme-challenge", A),), "", "pending").challenges
    assert challenge.name.to_text() == "_acme-challenge.xn--mgba3gch31f060k.example."
