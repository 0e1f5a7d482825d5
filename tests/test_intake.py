"""What an order document may say."""

from typing import Any

import pytest

from pipeline.model import Order
from pipeline.orders.intake import read_order
from tests.standins.rcl import URI, order, token

A, B = "A" * 43, "-_" + "B" * 39 + "--"


def read(*tokens: dict[str, Any], name: str = "", **more: Any) -> Order:
    return read_order(order(tokens, **more), name, "document")


def names(found: Order) -> set[str]:
    return {challenge.name.to_text(omit_final_dot=True) for challenge in found.challenges}


@pytest.mark.parametrize(
    ("token_name", "domain", "certificate", "record"),
    [
        ("_acme-challenge", "shopeneur.com", "", "_acme-challenge.shopeneur.com"),
        ("_acme-challenge", "*.shopeneur.com", "", "_acme-challenge.shopeneur.com"),
        (
            "_acme-challenge",
            "shopeneur.com,*.shopeneur.com",
            "",
            "_acme-challenge.shopeneur.com",
        ),
        (
            "_acme-challenge",
            "shopeneur.com, *.shopeneur.com",
            "shopeneur.com",
            "_acme-challenge.shopeneur.com",
        ),
        ("_acme-challenge.www", "www.shopeneur.com", "", "_acme-challenge.www.shopeneur.com"),
        ("_acme-challenge", "www.shopeneur.com", "", "_acme-challenge.www.shopeneur.com"),
        (
            "_acme-challenge.www",
            "shopeneur.com",
            "shopeneur.com,www.shopeneur.com",
            "_acme-challenge.www.shopeneur.com",
        ),
        (
            "_acme-challenge.store",
            "*.store.shopeneur.com",
            "",
            "_acme-challenge.store.shopeneur.com",
        ),
        ("_acme-challenge.a.b", "a.b.shopeneur.com", "", "_acme-challenge.a.b.shopeneur.com"),
        ("_acme-challenge.a", "a.b.shopeneur.com", "", "_acme-challenge.a.b.shopeneur.com"),
        (
            "_acme-challenge.www.www",
            "www.www.shopeneur.com",
            "",
            "_acme-challenge.www.www.shopeneur.com",
        ),
        ("_acme-challenge.shopeneur.com", "shopeneur.com", "", "_acme-challenge.shopeneur.com"),
        (
            "_acme-challenge.www.shopeneur.com.",
            "www.shopeneur.com",
            "",
            "_acme-challenge.www.shopeneur.com",
        ),
        ("_ACME-Challenge", "Shopeneur.COM.", "", "_acme-challenge.shopeneur.com"),
        ("_acme-challenge", "bücher.example", "", "_acme-challenge.xn--bcher-kva.example"),
        ("_acme-challenge", "xn--bcher-kva.example", "", "_acme-challenge.xn--bcher-kva.example"),
        (
            "_acme-challenge.bücher",
            "BÜCHER.example",
            "xn--bcher-kva.example",
            "_acme-challenge.xn--bcher-kva.example",
        ),
        ("_acme-challenge.example", "example.co.uk", "", "_acme-challenge.example.co.uk"),
        (
            "_acme-challenge.www",
            "Shopeneur.com",
            "*.WWW.shopeneur.com.,shopeneur.com",
            "_acme-challenge.www.shopeneur.com",
        ),
        ("_acme-challenge", "3.2.1.example", "", "_acme-challenge.3.2.1.example"),
        ("_acme-challenge", "a" * 63 + ".example", "", f"_acme-challenge.{'a' * 63}.example"),
    ],
)
def test_the_record_name_follows_from_token_name_and_domain(
    token_name: str, domain: str, certificate: str, record: str
) -> None:
    """tokenName is a label-aligned prefix of the record, or relative to a covered name."""
    assert names(read(token(domain, token_name), name=certificate)) == {record}


@pytest.mark.parametrize(
    ("domains", "certificate"),
    [
        (("shopeneur.com", "*.shopeneur.com"), "shopeneur.com,*.shopeneur.com"),
        (("shopeneur.com", "shopeneur.com"), "*.shopeneur.com"),
        (("shopeneur.com,*.shopeneur.com",) * 2, ""),
    ],
)
def test_two_values_of_one_name_are_both_wanted(domains: tuple[str, ...], certificate: str) -> None:
    """Apex and wildcard share the name, however their domain is written."""
    found = read(*map(token, domains, ["_acme-challenge"] * 2, [A, B]), name=certificate)
    assert names(found) == {"_acme-challenge.shopeneur.com"}
    assert [challenge.value for challenge in found.challenges] == [A, B]


def test_a_value_repeated_is_one() -> None:
    """The same name and value twice, even if spelled otherwise, is one challenge."""
    found = read(token(value=A), token("*.SHOPENEUR.com", "_acme-challenge.", value=A))
    assert [challenge.value for challenge in found.challenges] == [A]
    assert found.name == "shopeneur.com"


@pytest.mark.parametrize("value", ["x", A, B, "-", "--", "_-", "a" * 255])
def test_values_are_taken_as_they_are(value: str) -> None:
    """1 to 255 characters of base64url; only their length is remarked upon."""
    found = read(token(value=value))
    assert [challenge.value for challenge in found.challenges] == [value]
    assert [remark.code for remark in found.remarks] == ["unusual-value"] * (len(value) != 43)


def test_a_value_met_already_is_marked() -> None:
    """A token the CA has validated is known as such."""
    found = read(token(value=A) | {"status": "valid"}, token(value=B) | {"status": "pending"})
    assert [challenge.valid for challenge in found.challenges] == [True, False]


@pytest.mark.parametrize("kind", ["DNS", "dns", "Dns"])
def test_the_kind_is_compared_without_case(kind: str) -> None:
    """The API's generations differ in the case of challengeType and status."""
    assert len(read(token(kind=kind), status="PENDING").challenges) == 1


def test_http_tokens_are_left_to_others() -> None:
    """Beside DNS tokens they are remarked upon by index, and nothing of them is published."""
    http, nameless = token(kind="HTTP", name="x", value="a.b"), token(None, kind="http")
    found = read(http, token(value=A), nameless)
    assert [challenge.value for challenge in found.challenges] == [A]
    assert [remark.message for remark in found.remarks] == [
        'token 1 for "shopeneur.com" validates by HTTP and is not served here',
        "token 3 of no domain validates by HTTP and is not served here",
    ]


@pytest.mark.parametrize("name", ["shopeneur", "a.example,b.example", "*.a.example"])
def test_the_name_asked_for_stays_the_orders_name(name: str) -> None:
    """Reports and receipts use the caller's words."""
    first = name.split(",", maxsplit=1)[0]
    found = read(token(first), name=name)
    assert (found.name, found.source, found.uri) == (name, "document", URI)


@pytest.mark.parametrize("uri", [None, 5, ["x"], ""])
def test_an_order_may_lack_its_uri(uri: Any) -> None:
    """Nobody but the reader of the report needs it."""
    assert read(token(), uri=uri).uri == ""


def test_a_uri_is_made_harmless() -> None:
    """It ends up in reports and in the environment of commands."""
    assert read(token(), uri="https://ca.example/\x1b[31m1\n::error::").uri == (
        "https://ca.example/ 1 :error:"
    )
