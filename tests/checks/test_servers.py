"""The servers of a zone, judged by its SOA record, and what they put up with."""

from dataclasses import replace

import pytest
from dns import flags, rdatatype
from dns.name import from_text
from dns.rrset import from_text as rrset
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.servers import Hearing, Lame, Soa, hear, latest, problems, read
from pipeline.checks.tolerance import Manner, Twin, explained, manners
from pipeline.checks.tolerance import problems as intolerance
from pipeline.model import Problem, Severity
from pipeline.questions import Silence

from .scene import APEX, NXDOMAIN, SERVFAIL, heard, lame, mute, reply, rrsig, soa, via

ROUTELESS = Silence("no route from this host", routeless=True)


def summary(found: tuple[Problem, ...]) -> list[tuple[str, str]]:
    return [(each.code, each.severity.value) for each in found]


# What one answer says


def test_an_answer_with_the_record() -> None:
    """
    Serial, primary and signatures are taken from the answer; the smaller of TTL and MINIMUM is
    how long a "no" is remembered.
    """
    for ttl, minimum in ((900, 86400), (3600, 900)):
        answer = [soa(serial=9, ttl=ttl, minimum=minimum), rrsig(-1, 9)]
        found = read(APEX, reply(APEX, rdatatype.SOA, *answer))
        assert isinstance(found, Soa)
        assert (found.serial, found.negative_ttl) == (9, 900)
        assert (found.primary, len(found.signatures)) == (from_text("ns1.example.com."), 1)


REFERRAL = rrset("example.com.", 300, "IN", "NS", "ns1.example.com.")

LAME = [
    (reply(APEX, rdatatype.SOA, code=SERVFAIL), "SERVFAIL"),
    (reply(APEX, rdatatype.SOA, code=NXDOMAIN), "NXDOMAIN"),
    (reply(APEX, rdatatype.SOA, soa(), set_flags=flags.QR), "no AA"),
    (reply(APEX, rdatatype.SOA, set_flags=flags.QR, authority=[REFERRAL]), "refers"),
    (reply(APEX, rdatatype.SOA, authority=[soa(from_text("com."))]), "zone above"),
]


@pytest.mark.parametrize(("message", "words"), LAME)
def test_an_answer_without_it(message: object, words: str) -> None:
    """
    An error, a missing AA, a referral, or the SOA of a zone above: the server is lame, and why.
    """
    found = read(APEX, message)  # type: ignore[arg-type]
    assert isinstance(found, Lame)
    assert words in found.reason


def aliased(number: int = 1, target: str = "www.example.net.") -> Hearing:
    """Return that the server *number* has an alias at the apex."""
    cname = rrset(APEX, 300, "IN", "CNAME", target)
    return hear(via(number), APEX, reply(APEX, rdatatype.SOA, cname))


def test_an_alias_at_the_apex() -> None:
    """
    It is called what it is, with its target, and stops nothing: names below it may be found.
    """
    [problem] = problems(APEX, [aliased(1, "<b>.example.net."), aliased(2)])
    assert problem.severity is Severity.WARNING
    assert "example.com. is an alias at 2 name servers" in problem.message
    assert "ns2.example.net. 192.0.2.2: CNAME to www.example.net." in problem.message
    assert "<b>" not in problem.message
    assert "zone above" not in problem.message


# What all of them say

MANY = [
    ([heard(soa()), heard(soa(), number=2)], []),
    ([heard(soa()), lame(2)], [("lame", "warning")]),
    ([lame(1), lame(2)], [("lame", "error")]),
    ([lame(1)], [("lame", "error")]),
    ([lame(1), mute(2)], [("lame", "warning"), ("server-silent", "warning")]),
    ([heard(soa()), mute(2)], [("server-silent", "warning")]),
    ([heard(soa()), mute(2, ROUTELESS)], [("no-route", "warning")]),
    ([mute(1), mute(2)], [("server-silent", "warning")]),
    ([aliased(1), lame(2)], [("lame", "warning"), ("lame", "warning")]),
    ([aliased(1), heard(soa(), number=2)], [("lame", "warning")]),
    ([heard(soa(serial=7)), heard(soa(serial=8), number=2)], [("stale-secondary", "warning")]),
    ([heard(soa(serial=7)), heard(soa(serial=8, primary="x."), number=2)], []),
    ([], []),
]


@pytest.mark.parametrize(("hearings", "expected"), MANY)
def test_servers_together(hearings: list[Hearing], expected: list[tuple[str, str]]) -> None:
    """
    Lame at every server is fatal; lame, silent, without a route or behind at some is a warning;
    serials of different primaries do not compare.
    """
    assert summary(problems(APEX, hearings)) == expected


def test_an_address_without_a_route_beside_one_that_answers_is_good_to_know() -> None:
    """
    The host can be asked all the same; only of one that cannot, ready would have to do without.
    """
    twin = Hearing(replace(via(), address="2001:db8::1"), ROUTELESS)
    [problem] = problems(APEX, [heard(soa()), twin])
    assert (problem.code, problem.severity) == ("no-route", Severity.NOTICE)
    assert "2001:db8::1" in problem.message


def test_the_culprits_are_named() -> None:
    """
    Each finding names the zone, the server by host and address, and what it says.
    """
    hearings = [heard(soa(serial=12)), heard(soa(serial=9), number=2), lame(3), mute(4)]
    by_code = {each.code: each.message for each in problems(APEX, hearings)}
    assert "ns2.example.net. 192.0.2.2 has 9 instead of 12" in by_code["stale-secondary"]
    assert "ns1.example.net." not in by_code["stale-secondary"]
    assert "ns3.example.net. 192.0.2.3: REFUSED" in by_code["lame"]
    assert "ns4.example.net. 192.0.2.4: timeout" in by_code["server-silent"]
    assert all("example.com." in message for message in by_code.values())


def test_a_crowd_is_cut_short() -> None:
    """
    Twenty lame servers make one finding, with six of them and how many more there are.
    """
    [problem] = problems(APEX, [lame(number) for number in range(1, 21)])
    assert problem.message.count("192.0.2.") == 6
    assert "and 14 more" in problem.message


SERIAL = st.integers(0, 2**32 - 1)


@given(SERIAL, st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=5))
def test_serials_wrap(first: int, steps: list[int]) -> None:
    """
    The newest serial is the one furthest ahead, across the wrap at 2^32 (RFC 1982 §3.2).
    """
    ahead = [(first + step) % 2**32 for step in steps]
    assert latest([first, *ahead]) == (first + max(steps)) % 2**32
    assert latest([2**32 - 1, 0]) == latest([0, 2**32 - 1]) == 0


# What they put up with


def again(first: Hearing, manner: Manner, second: Hearing) -> Twin:
    return Twin(manner, first, second)


GOOD = heard(soa())
CUT_OFF = mute(1, Silence("truncated over UDP; over TCP: timeout"))
TWINS = [
    ([again(GOOD, Manner.STREAM, GOOD)], []),
    ([again(GOOD, Manner.STREAM, mute())], [("tcp-closed", "warning")]),
    ([again(GOOD, Manner.STREAM, lame())], [("flapping", "warning")]),
    ([again(GOOD, Manner.AGAIN, GOOD)], []),
    ([again(GOOD, Manner.AGAIN, lame())], [("flapping", "warning")]),
    ([again(GOOD, Manner.AGAIN, heard(soa(serial=8)))], [("flapping", "warning")]),
    (
        [again(GOOD, Manner.AGAIN, lame()), again(GOOD, Manner.AGAIN, lame())],
        [("flapping", "warning")],
    ),
    ([again(GOOD, Manner.AGAIN, mute())], []),
    ([again(CUT_OFF, Manner.LOWER, CUT_OFF)], [("tcp-closed", "warning")]),
    ([again(mute(), Manner.BARE, GOOD)], [("edns-intolerant", "warning")]),
    ([again(mute(), Manner.BARE, mute())], []),
    ([again(mute(), Manner.LOWER, GOOD)], [("case-intolerant", "warning")]),
    ([again(lame(), Manner.LOWER, GOOD)], [("case-intolerant", "error")]),
    (
        [again(lame(), Manner.LOWER, GOOD), again(lame(), Manner.BARE, GOOD)],
        [("flapping", "warning")],
    ),
    (
        [again(mute(), Manner.LOWER, GOOD), again(mute(), Manner.BARE, GOOD)],
        [("lossy", "warning")],
    ),
    ([again(GOOD, Manner.STREAM, mute()), again(GOOD, Manner.STREAM, GOOD)], []),
]


@pytest.mark.parametrize(("twins", "expected"), TWINS)
def test_another_manner(twins: list[Twin], expected: list[tuple[str, str]]) -> None:
    """
    What a server does not put up with shows in the one manner that helps, or fails; where any
    helps it was chance. Fatal is only a wrong answer to mixed case at every server.
    """
    hearings = [twins[0].first]
    assert summary(intolerance(APEX, hearings, twins, ())) == expected


def test_one_server_that_knows_case_saves_the_zone() -> None:
    """
    Wrong answers to mixed case are a warning while another server gives the right one.
    """
    bad, good = lame(1), heard(soa(), number=2)
    found = intolerance(APEX, [bad, good], [again(bad, Manner.LOWER, GOOD)], ())
    assert summary(found) == [("case-intolerant", "warning")]


def test_a_server_that_spells_as_it_likes() -> None:
    """
    The servers of the zone among the careless ones are named, and no others.
    """
    found = intolerance(APEX, [heard(soa()), heard(soa(), number=2)], [], {("192.0.2.2", 53)})
    assert summary(found) == [("case-careless", "warning")]
    assert "192.0.2.2" in found[0].message
    assert "192.0.2.1" not in found[0].message


def test_what_is_explained_is_not_said_twice() -> None:
    """
    A server that only a manner made silent or lame is not called silent or lame as well.
    """
    first = mute(1)
    twins = [again(first, Manner.BARE, GOOD), again(lame(2), Manner.LOWER, lame(2))]
    hearings = [first, lame(2)]
    assert explained(hearings, twins) == {via(1)}
    found = problems(APEX, hearings, explained(hearings, twins))
    assert summary(found) == [("lame", "warning")]


def test_a_truncated_answer_without_tcp_is_no_silence() -> None:
    """
    A server that answers by UDP, truncated, but not by TCP is called that, asked again or not.
    """
    assert explained([CUT_OFF, lame(2)], []) == {via(1)}
    assert not explained([mute()], [again(mute(), Manner.BARE, mute())])


def test_what_is_asked_again() -> None:
    """
    A good answer is asked for twice by TCP and twice more, anything else in other words.
    """
    assert sorted(each.name for each in manners(GOOD)) == ["AGAIN"] * 2 + ["STREAM"] * 2
    assert set(manners(lame())) == set(manners(mute())) == {Manner.LOWER, Manner.BARE}


def test_findings_never_forbid_by_chance() -> None:
    """
    Whatever servers put up with, only `case-intolerant` may be fatal.
    """
    for twins, _ in TWINS:
        for each in intolerance(APEX, [twins[0].first], twins, {("192.0.2.1", 53)}):
            assert each.severity is not Severity.ERROR or each.code == "case-intolerant"
