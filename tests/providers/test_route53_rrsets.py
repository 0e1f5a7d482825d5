"""The pure part of the Route 53 adapter: spelling, swaps, batches."""

from typing import Any

import pytest
from dns.name import Name, from_text
from hypothesis import given
from hypothesis import strategies as st

from providers.contract import TXT
from providers.errors import Rejected
from providers.route53.rrsets import (
    Swap,
    appended,
    batch,
    named,
    quoted,
    removed,
    spelled,
    unquoted,
)

NAME = from_text("_acme-challenge.example.com.")


def rrset(*values: str, kind: Any = "TXT", ttl: int = 300) -> Any:
    records = [{"Value": value} for value in values]
    return {"Name": NAME.to_text(), "Type": kind, "TTL": ttl, "ResourceRecords": records}


def actions(swap: Swap | None) -> list[tuple[str, list[str]]]:
    assert swap
    return [
        (c["Action"], [r["Value"] for r in c["ResourceRecordSet"].get("ResourceRecords", ())])
        for c in swap.changes
    ]


@given(st.text(alphabet=st.characters(max_codepoint=0x7E), max_size=600))
def test_values_come_back_as_they_were(value: str) -> None:
    """Quoting and unquoting are inverse, for any ASCII and any length."""
    assert unquoted(quoted(value)) == value.encode()


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=5))
def test_names_come_back_as_they_were(labels: list[bytes]) -> None:
    """Spelling and reading a name are inverse, up to the case of letters."""
    name = Name((*labels, b""))
    assert named(spelled(name)) == name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abc-_", '"abc-_"'),
        ("", '""'),
        ('a"b\\c', r'"a\"b\\c"'),
        ("tab\t", r'"tab\011"'),
        ("v" * 256, f'"{"v" * 255}" "v"'),
    ],
)
def test_values_are_quoted_as_documented(value: str, text: str) -> None:
    r"""Strings of at most 255 octets in quotation marks, odd octets as octal ``\ooo``."""
    assert quoted(value) == text


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ('"a" "b"', b"ab"),
        ('"a""b"', b"ab"),
        (r'"\141\"\\"', b'a"\\'),
        (r'"\351"', b"\xe9"),
        (r'"\\101"', b"\\101"),
        ("bare", b"bare"),
        ('""', b""),
        ('" spaced  out "', b" spaced  out "),
    ],
)
def test_values_of_others_are_read(text: str, octets: bytes) -> None:
    """Split, escaped and (older emulators) unquoted values all have one meaning."""
    assert unquoted(text) == octets


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (r"\052.example.com.", from_text("*.example.com.")),
        (r"a\056b.example.com.", Name((b"a.b", b"example", b"com", b""))),
        ("example.com", from_text("EXAMPLE.com.")),
    ],
)
def test_names_of_route_53_are_octal(text: str, name: Name) -> None:
    r"""``\052`` is an asterisk; read as RFC 1035 has it, it would be ``4``."""
    assert named(text) == name


def test_a_swap_deletes_exactly_what_stood_there() -> None:
    """The old set goes back whole, the new one keeps name, TTL and others' values first."""
    old = rrset('"b"', '"a" "a"')
    swap = appended(NAME, [TXT(NAME, "new"), TXT(NAME, "new"), TXT(NAME, "aa")], [old])
    assert actions(swap) == [
        ("DELETE", ['"b"', '"a" "a"']),
        ("CREATE", ['"b"', '"a" "a"', '"new"']),
    ]
    assert swap
    assert [change["ResourceRecordSet"]["TTL"] for change in swap.changes] == [300, 300]
    assert old == rrset('"b"', '"a" "a"')


def test_the_shortest_ttl_of_a_new_set_counts() -> None:
    """One RRset, one TTL (RFC 2181 §5.2)."""
    swap = appended(NAME, [TXT(NAME, "a", 60), TXT(NAME, "b", 30)], [])
    assert swap
    assert [change["ResourceRecordSet"].get("TTL") for change in swap.changes] == [30]


def test_other_types_do_not_matter() -> None:
    """Only a CNAME excludes a TXT."""
    others = [rrset("192.0.2.1", kind="A"), rrset('0 issue "x"', kind="CAA")]
    assert actions(appended(NAME, [TXT(NAME, "v")], others)) == [("CREATE", ['"v"'])]
    assert removed(NAME, [TXT(NAME, '0 issue "x"')], others) is None


def test_removing_takes_every_spelling() -> None:
    """What DNS serves as the value goes, the rest stays; an empty set is not created."""
    old = rrset('"v"', '"" "v"', '"w"')
    assert actions(removed(NAME, [TXT(NAME, "v")], [old]))[1:] == [("CREATE", ['"w"'])]
    everything = [TXT(NAME, "v"), TXT(NAME, "w"), TXT(NAME, "ghost")]
    assert [action for action, _ in actions(removed(NAME, everything, [old]))] == ["DELETE"]


def test_a_cname_alias_is_a_cname() -> None:
    """An alias of type CNAME has no records, and is in the way all the same."""
    alias: Any = {"Name": NAME.to_text(), "Type": "CNAME", "AliasTarget": {"DNSName": "x."}}
    with pytest.raises(Rejected, match="CNAME"):
        appended(NAME, [TXT(NAME, "v")], [alias])


@pytest.mark.parametrize(("last", "fits"), [(62, True), (63, False)])
def test_a_batch_is_full_at_32000_characters(last: int, fits: bool) -> None:  # noqa: FBT001
    """Counted with quotation marks, over all values of all changes."""
    swaps = [appended(NAME, [TXT(NAME, "v" * size)], []) for size in [62] * 499 + [last]]
    batched = batch(swap for swap in swaps if swap)
    assert len(batched) == (500 if fits else 499)


def test_a_batch_is_never_empty() -> None:
    """A swap too big for any request goes out alone, for the host to refuse."""
    huge = appended(NAME, [TXT(NAME, f"{i:0250}") for i in range(200)], [])
    small = appended(NAME, [TXT(NAME, "v")], [])
    assert huge
    assert small
    assert batch([huge, small]) == [huge]
    assert batch([small, huge, small]) == [small]
    assert batch([small, small]) == [small, small]
