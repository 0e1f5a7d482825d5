"""Whatever an order document says, the guard holds."""

import json
from typing import Any

import pytest
from dns.name import from_text
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.model import LEAF, VALUE, Exit, Failed, Order
from pipeline.orders.identifiers import bases
from pipeline.orders.intake import read_order
from tests.standins.rcl import token

A = "A" * 43


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
labels = st.sampled_from(
    ["_acme-challenge", "_ACME-CHALLENGE", "www", "a", "shopeneur", "com", "*", "", "ü", "-", "9"]
) | st.text(max_size=3)
domains = st.lists(labels, max_size=5).map(".".join)
token_values = st.text("abc-_.= ", max_size=5) | st.sampled_from([A, "a" * 255, "a" * 256])
tokens_drawn = st.fixed_dictionaries(
    {
        "tokenName": st.builds("_acme-challenge{}".format, domains) | domains | json_values,
        "tokenValue": token_values | json_values,
        "challengeType": st.sampled_from(["DNS", "dns", "HTTP"]) | json_values,
        "domain": domains | st.lists(domains, max_size=3).map(",".join) | json_values,
    }
)
orders_drawn = st.fixed_dictionaries(
    {
        "status": st.just("pending") | st.sampled_from(["ready", "invalid"]) | json_values,
        "validationTokens": st.lists(tokens_drawn | json_values, max_size=3) | json_values,
    },
    optional={"orderUri": json_values},
)


@settings(max_examples=300)
@given(orders_drawn | json_values, st.just("") | domains)
@example({"status": "pending", "validationTokens": [token()]}, "")
def test_whatever_comes_in_the_guard_holds(document: Any, name: str) -> None:
    """Any JSON is an Order whose every challenge is inside the guard, or exit 65."""
    found = outcome(json.dumps(document).encode(), name)
    if isinstance(found, Failed):
        assert found.exit is Exit.DATA
        assert str(found).isprintable()
        return
    for challenge in found.challenges:
        assert challenge.name.is_absolute()
        assert challenge.name.labels[0] == LEAF
        assert LEAF not in challenge.name.labels[1:]
        assert challenge.name == from_text(challenge.name.to_text())
        assert challenge.name.parent() in bases(name or challenge.domain)
        assert VALUE.fullmatch(challenge.value)


def outcome(content: bytes, name: str) -> Order | Failed:
    try:
        return read_order(content, name, "document")
    except Failed as failed:
        return failed


@given(st.binary(max_size=60))
def test_whatever_octets_come_in(content: bytes) -> None:
    """What is not even JSON is exit 65 as well."""
    with pytest.raises(Failed) as caught:
        read_order(content, "", "document")
    assert caught.value.exit is Exit.DATA
