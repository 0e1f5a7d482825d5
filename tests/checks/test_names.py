"""What stands at a challenge name and beside it: doubled labels, left-overs, size, denial."""

from dataclasses import replace

import pytest
from dns import rdatatype
from dns.name import Name, from_text
from dns.rrset import from_text as rrset

from pipeline.checks import names
from pipeline.checks.servers import heard as answered
from pipeline.model import Problem, Severity
from pipeline.questions import Silence

from .scene import APEX, CHALLENGE, NXDOMAIN, TIMEOUT, heard, place, reply, rrsig, soa

VALUE = "A" * 43
TWIN = from_text("_acme-challenge.example.com.example.com.")


def txt(*texts: str, owner: Name = TWIN) -> object:
    return rrset(owner, 60, "IN", "TXT", *(f'"{text}"' for text in texts))


# Doubled names


def test_the_doubled_name() -> None:
    """
    A host that appends the zone by itself turns a whole name into one with the zone twice.
    """
    assert names.doubled(CHALLENGE, APEX) == TWIN
    deep = from_text("_acme-challenge.a.b.example.com.")
    assert str(names.doubled(deep, APEX)) == "_acme-challenge.a.b.example.com.example.com."
    long = Name((b"_acme-challenge", *[b"x" * 60] * 3, b"com", b""))
    assert names.doubled(long, Name(long.labels[1:])) is None


MISPLACED = [
    ([VALUE], [], 1),
    ([VALUE, "v=spf1 -all"], [], 1),
    (["short", "shorter"], [], 2),
    (["v=spf1 -all"], [], 0),
    (["key=value"], [], 0),
    (["wildcard"], ["wildcard"], 0),
    ([VALUE], ["other"], 1),
]


@pytest.mark.parametrize(("texts", "here", "count"), MISPLACED)
def test_values_at_the_doubled_name(texts: list[str], here: list[str], count: int) -> None:
    """
    What could be a challenge's value is a mistake there; what a wildcard shows everywhere is none.
    """
    answer = reply(TWIN, rdatatype.TXT, txt(*texts))  # type: ignore[arg-type]
    found = names.misplaced(place(*here), TWIN, answer)
    assert [each.code for each in found] == ["doubled-name"] * bool(count)
    for each in found:
        assert each.message.startswith(f"{count} challenge value")
        assert str(TWIN) in each.message
        assert str(CHALLENGE) in each.message


def test_nothing_at_the_doubled_name() -> None:
    """
    NXDOMAIN, and a server that does not answer, tell of no mistake.
    """
    assert not names.misplaced(place(), TWIN, reply(TWIN, rdatatype.TXT, code=NXDOMAIN))
    assert not names.misplaced(place(), TWIN, TIMEOUT)


# Left-over values


@pytest.mark.parametrize(("values", "count"), [([], 0), (["v=spf1"], 0), ([VALUE, "x"], 1)])
def test_left_over_values(values: list[str], count: int) -> None:
    """
    Values of the past are named and counted; other TXT records are none of our business.
    """
    found = names.left_over([place(*values)])
    assert [each.code for each in found] == ["values-left"] * count
    assert all(f"{count} challenge value at {CHALLENGE}" in each.message for each in found)


def test_what_is_expected_is_not_left_over() -> None:
    """
    Values that the run itself is about, from an earlier try, are no values of the past.
    """
    [found] = names.left_over([place(VALUE, VALUE.swapcase())], {VALUE})
    assert "1 challenge value" in found.message
    assert names.left_over([place(VALUE)], {VALUE}) == ()


def test_many_left_over_values_are_told_once() -> None:
    """
    In one sentence, with how many there are and the first of their names.
    """
    others = [replace(place(VALUE), name=from_text(f"h{at}.example.")) for at in range(9)]
    [found] = names.left_over([*others, place()])
    told = "9 challenge values at h0.example., h1.example., h2.example. and 6 more names already"
    assert found.message == told


# Size


def many(count: int) -> list[str]:
    return [f"{number:043}" for number in range(count)]


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("count", [1, 5, 40])
def test_the_size_is_the_wires(count: int, signed: bool) -> None:  # noqa: FBT001
    """
    The octets told are those of the real message, with a signature where there is one.
    """
    signature = rrsig(-1, 1, covered="TXT")
    signature.name = CHALLENGE
    text = [txt(*many(count), owner=CHALLENGE), *([signature] if signed else [])]
    real = reply(CHALLENGE, rdatatype.TXT, *text)  # type: ignore[arg-type]
    told = names.size(place(*many(count - 1)), 1, list(signature) if signed else [])
    assert told == len(real.to_wire(max_size=65535))


BULK = [(1, None), (21, None), (22, Severity.NOTICE), (72, Severity.NOTICE), (73, "warning")]


@pytest.mark.parametrize(("count", "severity"), BULK)
def test_large_answers(count: int, severity: str | None) -> None:
    """
    An answer beyond a datagram needs TCP, which is worth a notice; beyond 4096 octets a warning.
    """
    found = names.bulky(place(*many(count - 1)), 1, [])
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert all(f"{count} value" in each.message for each in found)


# Memory of absence


@pytest.mark.parametrize(("ttl", "minimum", "is_long"), [
    (900, 86400, True), (3600, 1800, True), (899, 86400, False), (86400, 899, False),
])  # fmt: skip
def test_long_memories(ttl: int, minimum: int, is_long: bool) -> None:  # noqa: FBT001
    """
    From 15 minutes on, the smaller of TTL and MINIMUM is worth a notice.
    """
    found = names.remembered(APEX, answered([heard(soa(ttl=ttl, minimum=minimum))]))
    assert [each.severity for each in found] == [Severity.NOTICE] * is_long
    assert all(f"{min(ttl, minimum)} s" in each.message for each in found)
    assert not names.remembered(APEX, [])


def nsec(owner: str, next_: str) -> object:
    return rrset(owner, 60, "IN", "NSEC", f"{next_} A RRSIG NSEC")


def denial(*records: object) -> tuple[Problem, ...]:
    answer = reply(TWIN, rdatatype.TXT, code=NXDOMAIN, authority=[soa(), *records])  # type: ignore[list-item]
    return names.denying(APEX, answer)


def test_denial_by_range() -> None:
    """
    NSEC from one name of the zone to the next denies what lies between, unasked (RFC 8198).
    """
    [problem] = denial(nsec("example.com.", "www.example.com."))
    assert (problem.code, problem.severity) == ("nsec-ranges", Severity.NOTICE)
    assert "example.com. to www.example.com." in problem.message


@pytest.mark.parametrize("next_", ["\\000.a.example.com.", "a\\000.example.com."])
def test_denial_of_one_name(next_: str) -> None:
    """
    NSEC made on the spot for the one name asked (RFC 4470), NSEC3, and unsigned zones do no harm.
    """
    assert not denial(nsec("a.example.com.", next_))
    assert not denial()
    assert not denial(rrset("x.example.com.", 60, "IN", "NSEC3", f"1 0 0 - {'0' * 32} A"))
    assert not names.denying(APEX, Silence("timeout"))
