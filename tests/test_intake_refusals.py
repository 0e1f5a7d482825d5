"""What an order document may not say: exit 65 for the whole order, before any write."""

import json
from typing import Any

import pytest

from pipeline.model import Exit, Failed, Order
from pipeline.orders.intake import read_order
from tests.standins.rcl import order, token

A, B = "A" * 43, "-_" + "B" * 39 + "--"


def read(*tokens: dict[str, Any], name: str = "", **more: Any) -> Order:
    return read_order(order(tokens, **more), name, "document")


def refusal(*tokens: dict[str, Any], name: str = "", **more: Any) -> str:
    with pytest.raises(Failed) as caught:
        read(*tokens, name=name, **more)
    assert caught.value.exit is Exit.DATA
    assert caught.value.problem.code == "order"
    return str(caught.value)


LABEL_64 = "a" * 64
LONG = ".".join(["a" * 60] * 4)

BAD_DOMAINS: list[Any] = [
    "",
    None,
    5,
    True,
    ["shopeneur.com"],
    {"name": "shopeneur.com"},
    "@",
    ".",
    "shopeneur..com",
    ".shopeneur.com",
    "shopeneur.com..",
    "*",
    "*.",
    "*.*.shopeneur.com",
    "**.shopeneur.com",
    "w*.shopeneur.com",
    "www.*.shopeneur.com",
    "shopeneur.*",
    "_acme-challenge.shopeneur.com",
    "192.0.2.1",
    "2001:db8::1",
    "[2001:db8::1]",
    "https://shopeneur.com",
    "shopeneur.com:443",
    "shopeneur.com/x",
    "shop eneur.com",
    " shopeneur.com",
    "shopeneur.com ",
    "shopeneur.com\n",
    "shop\x00eneur.com",
    "shop\u00adeneur.com\x1b",
    "\ud800.com",
    "℀.com",
    "💩.example",
    "-a.example",
    "a-.example",
    f"{LABEL_64}.com",
    f"{'ü' * 64}.com",
    f"{LONG}.com",
    "shopeneur.com,",
    ",shopeneur.com",
    "shopeneur.com,,*.shopeneur.com",
    "shopeneur.com;*.shopeneur.com",
]


@pytest.mark.parametrize("certificate", ["", "shopeneur.com"])
@pytest.mark.parametrize("domain", BAD_DOMAINS, ids=ascii)
def test_a_domain_is_a_host_name(domain: Any, certificate: str) -> None:
    """No address, URL, port, path, space, control character, stray asterisk or odd label."""
    message = refusal(token(value=A), token(domain, value=B), name=certificate)
    assert message.startswith("token 2: domain ")
    assert_offence_is_shown(domain, message)


BAD_TOKEN_NAMES: list[Any] = [
    "",
    None,
    7,
    [],
    "@",
    "*",
    ".",
    "www",
    "_acme-challenges",
    "acme-challenge",
    "_acme-challenge_",
    "_acme-challenge ",
    " _acme-challenge",
    "_acme-challenge\n",
    "x._acme-challenge",
    "._acme-challenge",
    "_acme-challenge..",
    "_acme-challenge..www",
    "_acme-challenge.*",
    "*._acme-challenge",
    "_acme-challenge.www/..",
    "_acme-challenge.www:80",
    "_acme-challenge.w w",
    "_acme-challenge.\u202ewww",
    f"_acme-challenge.{LABEL_64}",
    f"_acme-challenge.{LONG}",
    "_acme-challenge.other.com",
    "_acme-challenge.other.com.",
    "_acme-challenge.shopeneur.com",  # under www.shopeneur.com: another record
    "_acme-challenge.mail",
    "_acme-challenge.w",
    "_acme-challenge.wwww",
    "_acme-challenge.www.shop",
    "_acme-challenge.www.www",
    "_acme-challenge.www.shopeneur.com.evil",
    "_validation-persist",
]


@pytest.mark.parametrize("certificate", ["", "www.shopeneur.com"])
@pytest.mark.parametrize("token_name", BAD_TOKEN_NAMES, ids=ascii)
def test_a_token_name_fits_its_domain(token_name: Any, certificate: str) -> None:
    """Nothing but _acme-challenge first, and nothing that is no covered name's record."""
    message = refusal(token("www.shopeneur.com", token_name), name=certificate)
    assert message.startswith("token 1: tokenName ")
    assert_offence_is_shown(token_name, message)


BAD_VALUES: list[Any] = [
    "",
    None,
    0,
    {},
    " ",
    A + " ",
    A + "\n",
    "two words",
    '"quoted"',
    "key.authorization",
    "padded=",
    "a+b/c",
    "ünïcode",
    "a" * 256,
    "a;b",
    "a\\032b",
    "\u0660",
]


@pytest.mark.parametrize("value", BAD_VALUES, ids=ascii)
def test_a_value_is_base64url(value: Any) -> None:
    """Nothing that needs quoting, and no HTTP key authorization, which has a dot."""
    message = refusal(token(value=A), token(value=value))
    assert message.startswith("token 2: tokenValue ")
    assert_offence_is_shown(value, message)


@pytest.mark.parametrize(
    "kind", ["", None, "TLS-ALPN", "tls-alpn-01", "DNS ", 1, ["DNS"]], ids=ascii
)
def test_a_kind_is_dns_or_http(kind: Any) -> None:
    """An unknown challengeType ends the whole order, whatever stands beside it."""
    message = refusal(token(value=A), token(kind=kind, value=B))
    assert message.startswith("token 2: challengeType ")
    assert_offence_is_shown(kind, message)


def assert_offence_is_shown(value: Any, message: str) -> None:
    """The beginning of what offends is in *message*, which is one printable line."""
    match value:
        case None | "":
            words = "is missing"
        case list():
            words = "is a list, not text"
        case dict():
            words = "is an object, not text"
        case str():
            [words, *_] = "".join(c if c.isprintable() else " " for c in f'"{value}').split()
        case _:
            words = f"is {json.dumps(value)}, not text"
    assert words[:60] in message
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize(
    ("domain", "certificate"),
    [
        ("other.com", "shopeneur.com"),
        ("www.shopeneur.com", "shopeneur.com"),
        ("shopeneur.com", "www.shopeneur.com"),
        ("www.shopeneur.com", "*.shopeneur.com"),
        ("evilshopeneur.com", "shopeneur.com"),
        ("shopeneur.com.evil.example", "shopeneur.com"),
        ("shopeneur.com,other.com", "shopeneur.com"),
        ("com", "shopeneur.com"),
    ],
)
def test_a_domain_is_one_that_was_asked_for(domain: str, certificate: str) -> None:
    """An order source, wrong or hostile, cannot have us publish for another name."""
    assert refusal(token(domain), name=certificate) == (
        f'token 1: domain "{domain}" is not in the certificate name asked for'
    )


def test_a_domain_stands_for_one_record() -> None:
    """Of several names in one domain it would be anyone's guess whose value this is."""
    message = refusal(token("shopeneur.com,www.shopeneur.com"))
    assert message.endswith(
        '"shopeneur.com,www.shopeneur.com" stands for more than one record name'
    )


def test_a_token_name_is_not_read_across_the_certificate() -> None:
    """Without a covering name, tokenName cannot make one up below the domain (row 7)."""
    message = refusal(token("shopeneur.com", "_acme-challenge.www"), name="shopeneur.com")
    assert "fits no name of this certificate at or below shopeneur.com." in message


def test_one_bad_token_ends_the_whole_order() -> None:
    """Good tokens beside it are not served."""
    assert refusal(token(value=A), token(value="b d")).startswith("token 2: tokenValue")


@pytest.mark.parametrize("name", ["a b", "192.0.2.1", "a,,b", "a/b", " ", "shopeneur.com\n"])
@pytest.mark.parametrize("status", ["pending", "ready"])
def test_a_name_that_is_none_is_refused(name: str, status: str) -> None:
    """The name asked for is checked first, whatever the document says."""
    assert "is not a domain name" in refusal(token(), name=name, status=status)


@pytest.mark.parametrize(
    ("tokens", "hint"),
    [([], "must use the DNS challenge"), ([token(kind="HTTP")], "challenge type to DNS")],
)
def test_nothing_to_publish_is_said_with_a_next_step(tokens: list[Any], hint: str) -> None:
    """A certificate set up for HTTP is repaired in the portal."""
    with pytest.raises(Failed) as caught:
        read(*tokens)
    assert hint in caught.value.problem.hint
