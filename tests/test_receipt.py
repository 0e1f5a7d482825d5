"""Receipts: what is written comes back the same, and nothing else is believed."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dns.name import Name, from_text
from hypothesis import given
from hypothesis import strategies as some

from pipeline.model import Challenge, Exit, Failed, Order, Record, Standing
from pipeline.receipts.receipt import (
    RESUMABLE_FOR,
    Claim,
    Receipt,
    State,
    from_json,
    normal,
    to_json,
)
from pipeline.text import printable
from providers.contract import Zone

TODAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
APEX = from_text("example.com.")


def challenge(host: str, value: str) -> Challenge:
    return Challenge(from_text(f"_acme-challenge.{host}"), value, host)


def record(host: str, value: str, provider: str = "route53") -> Record:
    return Record(challenge(host, value), Zone(APEX, "Z1"), provider, 60)


def claim(name: str, *challenges: Challenge, fetched: datetime | None = TODAY) -> Claim:
    order = Order(name, "rcl", f"https://ca.example/{name}", "pending", challenges)
    return Claim(name, "rcl", "account", fetched, order if fetched else None)


A, B = challenge("a.example.com", "va"), challenge("b.example.com", "vb")
RECEIPT = Receipt(
    "0123456789abcdef",
    TODAY,
    State.WAITING,
    (claim("a.example.com", A), claim("b.example.com", B)),
    (record("a.example.com", "va"), record("b.example.com", "vb")),
)

labels = some.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
values = some.from_regex(r"[A-Za-z0-9_-]{1,255}", fullmatch=True)
times = some.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made aware
    lambda naive: naive.replace(microsecond=0, tzinfo=UTC)
)


@some.composite
def records(draw: some.DrawFn) -> Record:
    below = draw(some.lists(labels, max_size=3))
    apex = draw(some.lists(labels, min_size=1, max_size=3))
    name = Name([each.encode() for each in ("_acme-challenge", *below, *apex, "")])
    zone = Zone(Name([each.encode() for each in (*apex, "")]), draw(some.text()))
    told = Challenge(name, draw(values), draw(some.text()), draw(some.booleans()))
    return Record(told, zone, draw(some.text()), draw(some.integers(1, 86400)))


@some.composite
def claims(draw: some.DrawFn) -> Claim:
    name, source, account = draw(some.text()), draw(some.text()), draw(some.text())
    if draw(some.booleans()):
        return Claim(name, source, account)
    challenges = tuple(each.challenge for each in draw(some.lists(records(), max_size=2)))
    uri = printable(draw(some.text()), 500)  # as an order's is
    expires = draw(some.none() | times)
    order = Order(name, source, uri, draw(some.text()), challenges, expires=expires)
    return Claim(name, source, account, draw(times), order)


@given(
    some.builds(
        Receipt,
        some.text(),
        times,
        some.sampled_from(State),
        some.lists(claims(), max_size=3).map(tuple),
        some.lists(records(), max_size=3).map(tuple),
        some.booleans(),
    )
)
def test_round_trip(receipt: Receipt) -> None:
    """
    Whatever a run knew, `clean` knows: nothing is lost or changed on disk.
    """
    assert from_json(to_json(receipt), "r") == receipt


def test_a_record_is_a_line() -> None:
    """
    A person finds what to remove by hand: each order and each record has one line to itself.
    """
    lines = to_json(RECEIPT).decode().splitlines()
    listed = [json.loads(line.rstrip(",")) for line in lines if '"ttl"' in line]
    assert [each["value"] for each in listed] == [r.challenge.value for r in RECEIPT.records]
    assert sum('"order_uri"' in line for line in lines) == len(RECEIPT.claims)


@given(some.recursive(some.none() | some.text() | some.floats(), some.lists) | some.binary())
def test_rubbish_is_refused(rubbish: object) -> None:
    """
    Whatever lies in the folder, the answer is 65 and a reason, never a crash.
    """
    body = rubbish if isinstance(rubbish, bytes) else json.dumps(rubbish).encode()
    assert refusal(body)


def test_no_secret_and_nothing_unneeded_is_written() -> None:
    """
    A receipt holds exactly these fields: neither key nor token has a place in it.
    """
    document = json.loads(to_json(RECEIPT))
    assert set(document) == {
        "dns01_receipt", "id", "created", "state", "removing", "landing", "orders", "records",
    }  # fmt: skip
    assert set(document["orders"][0]) == {
        "name", "source", "account", "fetched", "order_uri", "status", "challenges", "standing",
        "expires",
    }  # fmt: skip
    assert set(document["records"][0]) == {
        "name", "value", "domain", "valid", "zone", "zone_id", "provider", "ttl", "target",
    }  # fmt: skip


Tamper = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (lambda r: r["records"][0].update(name="www.example.com."), "outside _acme-challenge"),
        (lambda r: r["records"][0].update(name="_acme-challenge."), "outside _acme-challenge"),
        (lambda r: r["records"][0].update(name="_acme-challenge.a.example.org."), "not in zone"),
        (lambda r: r["records"][0].update(name="_acme-challenge.." + "a" * 70), "domain name"),
        (lambda r: r["records"][0].update(value="v=spf1 -all"), "base64url"),
        (lambda r: r["records"][0].update(value=7), "expected string"),
        (lambda r: r["records"][0].update(ttl=float("inf")), "'ttl' is not of type int"),
        (lambda r: r["records"][0].pop("zone_id"), "it lacks 'zone_id'"),
        (lambda r: r["orders"][0]["challenges"][0].update(name="example.com."), "outside"),
        (lambda r: r["orders"][0].update(fetched="2026-11-23T12:00:00"), "time without zone"),
        (lambda r: r.update(created="2026-11-23T12:00:00"), "time without zone"),
        (lambda r: r.update(created="yesterday"), "isoformat"),
        (lambda r: r.update(dns01_receipt=2), "it is of version 2"),
        (lambda r: r.pop("dns01_receipt"), "it lacks 'dns01_receipt'"),
        (lambda r: r.update(state="gone"), "'gone' is not a valid State"),
        (lambda r: r.update(dns01_receipt=True), "'dns01_receipt' is not of type int"),
        (lambda r: r.update(orders=None), "'orders' is not of type list"),
        (lambda r: r.update(orders={}), "'orders' is not of type list"),
        (lambda r: r.update(records={}), "'records' is not of type list"),
        (lambda r: r.update(records=""), "'records' is not of type list"),
        (lambda r: r.update(records=["x"]), "string indices"),
        (lambda r: r["records"][0].update(provider=None), "'provider' is not of type str"),
        (lambda r: r["records"][0].update(ttl="60"), "'ttl' is not of type int"),
        (lambda r: r["orders"][0].update(name=None), "'name' is not of type str"),
        (lambda r: r["orders"][0].update(source=["rcl"]), "'source' is not of type str"),
        (lambda r: r["orders"][0].update(challenges={}), "'challenges' is not of type list"),
    ],
)
def test_tampering_is_refused(tamper: Tamper, reason: str) -> None:
    """
    A receipt that names what we never write, or that we do not understand, is 65 as a whole.
    """
    document = json.loads(to_json(RECEIPT))
    tamper(document)
    assert reason in refusal(json.dumps(document).encode())


def test_a_tampered_order_uri_is_one_harmless_line() -> None:
    """
    What goes on to reports and into a command's environment has passed as an order's URI does.
    """
    document = json.loads(to_json(RECEIPT))
    document["orders"][0]["order_uri"] = "https://ca.example/\x1b[2J\n::error::"
    order = from_json(json.dumps(document).encode(), "r").claims[0].order
    assert order is not None
    assert order.uri.isprintable()
    assert "::" not in order.uri


@pytest.mark.parametrize("state", [State.PLANNED, State.CLEANED])
def test_records_are_never_idle(state: State) -> None:
    """
    A receipt that lists records is not done with, whatever is made of it and whatever its file
    says: an idle one would be passed over, and its records never removed.
    """
    assert replace(RECEIPT, state=state).state is State.WRITING
    assert replace(RECEIPT, state=state, records=()).state is state
    document = json.loads(to_json(RECEIPT)) | {"state": state.value}
    assert from_json(json.dumps(document).encode(), "r") == replace(RECEIPT, state=State.WRITING)


def test_truncated_is_refused() -> None:
    """
    Half a receipt is none, wherever it was cut.
    """
    body = to_json(RECEIPT).rstrip()
    for length in range(0, len(body), 7):
        assert refusal(body[:length])


def test_refusal_is_one_harmless_line() -> None:
    """
    A damaged receipt speaks on the terminal only through what is stripped from all foreign text.
    """
    document = json.loads(to_json(RECEIPT))
    document["records"][0]["zone"] = "\x1b[31m::error::<b>"
    assert refusal(json.dumps(document).encode()).isprintable()


def refusal(body: bytes) -> str:
    with pytest.raises(Failed) as caught:
        from_json(body, "/state/x.json")
    assert caught.value.exit is Exit.DATA
    message = str(caught.value)
    assert message.startswith("receipt /state/x.json cannot be used: ")
    assert "nothing its run wrote was touched" in caught.value.problem.hint
    return message


def test_names_are_compared_without_case_and_spaces() -> None:
    """
    `clean "A.example, b.example"` finds what `ready a.example,b.example` wrote.
    """
    assert normal("A.Example.com, *.B.example.com") == "a.example.com,*.b.example.com"
    assert normal("a.example.com., b.example.com.") == "a.example.com,b.example.com"
    assert claim("A.example.com", A).key == claim(" a.Example.com ", A).key


@pytest.mark.parametrize(
    ("state", "age", "kept"),
    [
        (State.PLANNED, timedelta(), True),
        (State.WRITING, timedelta(minutes=1), True),
        (State.WAITING, RESUMABLE_FOR - timedelta(seconds=1), True),
        (State.WAITING, RESUMABLE_FOR, False),
        (State.READY, timedelta(), False),
        (State.CLEANED, timedelta(), False),
    ],
)
def test_what_is_resumed(state: State, age: timedelta, kept: bool) -> None:  # noqa: FBT001
    """
    An order is used again while it is young and its run was neither ready nor cleaned.
    """
    receipt = replace(RECEIPT, state=state, records=())
    wanted = receipt.claims[1]
    assert receipt.resumable(wanted.key, TODAY + age) == (wanted if kept else None)


def test_only_ones_own_order_is_resumed() -> None:
    """
    Another source, account or name, or a claim without an order, is no reason not to ask.
    """
    [_, mine] = RECEIPT.claims
    others = (replace(mine, source="acme"), replace(mine, account="x"), replace(mine, name="c"))
    assert not any(RECEIPT.resumable(each.key, TODAY) for each in others)
    receipt = replace(RECEIPT, claims=(claim("b.example.com", fetched=None),))
    assert receipt.resumable(mine.key, TODAY) is None


def test_without_a_claim_its_records_go() -> None:
    """
    What only the struck claim needs goes; what another still needs stays.
    """
    a, b = RECEIPT.claims
    shared = replace(RECEIPT, claims=(a, claim("c", A)))
    assert RECEIPT.without([a.key]).records == (RECEIPT.records[1],)
    assert RECEIPT.without([a.key]).claims == (b,)
    assert RECEIPT.without([a.key]).state is State.WAITING
    assert shared.without([a.key]).records == (RECEIPT.records[0],)


def test_without_all_claims_it_is_cleaned() -> None:
    """
    The last claim takes the rest with it; the receipt stays as a trace of who they were.
    """
    after = RECEIPT.without(claim.key for claim in RECEIPT.claims)
    assert (after.state, after.records, after.claims) == (State.CLEANED, (), RECEIPT.claims)


def test_an_expired_order_is_not_resumed() -> None:
    """
    However young it is: up to the moment when the CA gives it up, and not at that moment.
    """
    order = Order("a.example.com", "acme", "", "pending", (A,), expires=TODAY)
    mine = Claim("a.example.com", "acme", "account", TODAY - timedelta(minutes=5), order)
    receipt = replace(RECEIPT, claims=(mine,))
    before = TODAY - timedelta(seconds=1)
    assert receipt.resumable(mine.key, before) == mine
    assert receipt.resumable(mine.key, TODAY) is None


LASTING = Standing(
    from_text("example.com."),
    ("ca.example", "ca.example.org"),
    "https://ca.example/acct/1",
    is_wildcard=True,
    domain="*.example.com",
)


def lasting(standing: Standing) -> Receipt:
    order = Order("*.example.com", "acme", "https://ca.example/1", "pending", standing=(standing,))
    return replace(RECEIPT, claims=(Claim("*.example.com", "acme", "account", TODAY, order),))


def test_lasting_records_come_back() -> None:
    """A run that goes on with the order looks for them, too."""
    for each in (LASTING, replace(LASTING, is_wildcard=False, valid=True)):
        assert from_json(to_json(lasting(each)), "r") == lasting(each)


def test_receipts_of_earlier_versions_have_none() -> None:
    """They are read as they were written."""
    document = json.loads(to_json(RECEIPT))
    for order in document["orders"]:
        del order["standing"]
    assert from_json(json.dumps(document).encode(), "r") == RECEIPT


def test_a_lasting_record_is_read_by_the_guard() -> None:
    """A receipt that was tampered with tells nobody to publish a policy of a stranger's."""
    text = to_json(lasting(LASTING)).replace(b"acct/1", b"acct/1; policy=wildcard")
    with pytest.raises(Failed, match="cannot be used"):
        from_json(text, "r")
