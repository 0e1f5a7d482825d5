"""The demo's order API says what the real one's documentation says."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from pipeline.demo.order_api import OrderApi

KEY = "45ref546-67rf-65ytr-65tr-546trfred"
SUBSCRIPTION = "sub_df45ghfh463nfhh"


@pytest.fixture
def api() -> Iterator[OrderApi]:
    with OrderApi(KEY, SUBSCRIPTION) as api:
        yield api


def get(
    api: OrderApi, name: str, key: str | None = KEY, subscription: str = SUBSCRIPTION
) -> httpx.Response:
    url = f"{api.url}/v1/subscription/{subscription}/core/certificate/{name}/order"
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.get(url, headers=headers, trust_env=False)


def tokens(api: OrderApi, name: str) -> list[dict[str, Any]]:
    reply = get(api, name)
    assert reply.status_code == 200
    return list(reply.json()["validationTokens"])


def test_an_order_has_the_documented_shape(api: OrderApi) -> None:
    """The fields of the Order model, nothing more; media type JSON; one order made."""
    reply = get(api, "shopeneur.com")
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    order = json.loads(reply.content)
    [token] = order["validationTokens"]
    assert token | {"tokenValue": ""} == {
        "tokenName": "_acme-challenge",
        "tokenValue": "",
        "challengeType": "DNS",
        "domain": "shopeneur.com",
    }
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token["tokenValue"])
    assert order["orderUri"].startswith("https://")
    assert order | {"orderUri": "", "validationTokens": []} == {
        "status": "pending",
        "validationTokens": [],
        "orderUri": "",
        "certificateUri": None,
    }
    assert api.requests == 1


@pytest.mark.parametrize(
    "name", ["shopeneur.com,*.shopeneur.com", "shopeneur.com%2C%2A.shopeneur.com"]
)
def test_apex_and_wildcard_share_a_name_not_a_value(api: OrderApi, name: str) -> None:
    """One token per name; commas and asterisks may be raw or escaped."""
    apex, wildcard = tokens(api, name)
    assert (apex["domain"], wildcard["domain"]) == ("shopeneur.com", "*.shopeneur.com")
    assert apex["tokenName"] == wildcard["tokenName"] == "_acme-challenge"
    assert apex["tokenValue"] != wildcard["tokenValue"]


@pytest.mark.parametrize(
    ("name", "token_name"),
    [
        ("www.shopeneur.com", "_acme-challenge.www"),
        ("*.store.shopeneur.com", "_acme-challenge.store"),
        ("a.b.shopeneur.com", "_acme-challenge.a.b"),
    ],
)
def test_token_names_are_relative_to_the_root(api: OrderApi, name: str, token_name: str) -> None:
    """Below the apex the token's name carries the labels in between."""
    assert [token["tokenName"] for token in tokens(api, name)] == [token_name]


def test_a_pending_order_is_repeated(api: OrderApi) -> None:
    """Asked again, however spelled, the same order comes back; others are their own."""
    first = get(api, "shopeneur.com,*.shopeneur.com").json()
    assert get(api, "Shopeneur.com, *.shopeneur.com").json() == first
    assert get(api, "shopeneur.com").json()["orderUri"] != first["orderUri"]
    assert api.requests == 3


def test_orders_may_be_renewed_each_time() -> None:
    """With `renews` the values of the first order are worthless after the second."""
    with OrderApi(KEY, SUBSCRIPTION, renews=True) as api:
        first, second = get(api, "shopeneur.com").json(), get(api, "shopeneur.com").json()
    assert first["orderUri"] != second["orderUri"]
    assert first["validationTokens"] != second["validationTokens"]


@pytest.mark.parametrize(
    ("key", "subscription"), [(None, SUBSCRIPTION), ("wrong", SUBSCRIPTION), (KEY, "other")]
)
def test_without_the_key_nothing_is_ordered(
    api: OrderApi, key: str | None, subscription: str
) -> None:
    """401 in plain text, without the key in it; the request is counted."""
    reply = get(api, "shopeneur.com", key, subscription)
    assert reply.status_code == 401
    assert reply.headers["content-type"].startswith("text/plain")
    assert KEY not in reply.text
    assert api.requests == 1


@pytest.mark.parametrize("name", ["%20", "shopeneur.com,", ","])
def test_a_certificate_needs_a_name(api: OrderApi, name: str) -> None:
    """400 in plain text."""
    reply = get(api, name)
    assert (reply.status_code, reply.text) == (400, "Certificate name is not defined.")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/subscription/{}/core/certificate/shopeneur.com/order",
        "/public/public/v1/subscription/{}/core/certificate/shopeneur.com/order",
        "/public/v1/subscription/{}/core/certificate/shopeneur.com",
        "/public/v1/subscription/{}/core/certificate//order",
    ],
)
def test_other_paths_do_not_exist(api: OrderApi, path: str) -> None:
    """404 from the gateway, also where only ``/public`` is missing or doubled; no order."""
    base = api.url.removesuffix("/public")
    reply = httpx.get(
        base + path.format(SUBSCRIPTION),
        headers={"Authorization": f"Bearer {KEY}"},
        trust_env=False,
    )
    assert (reply.status_code, reply.json()["statusCode"]) == (404, 404)
    assert api.requests == 0


def test_it_is_quiet_and_ends(api: OrderApi, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing on stdout or stderr; once closed, however often, nobody answers."""
    get(api, "shopeneur.com")
    api.close()
    api.close()
    with pytest.raises(httpx.ConnectError):
        get(api, "shopeneur.com")
    assert capfd.readouterr() == ("", "")
