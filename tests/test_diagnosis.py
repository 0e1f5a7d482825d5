"""Every likely cause is told by what tells it, and by nothing less."""

from collections.abc import Mapping, Sequence

import pytest
from dns.name import Name, from_text
from dns.rdatatype import CNAME

from pipeline.explaining.causes import Kind
from pipeline.explaining.diagnosis import Inquest, diagnose
from pipeline.explaining.findings import Findings, Probe, Start, desk
from pipeline.propagation.evidence import Evidence
from pipeline.questions import Answer, Goal, Observation, Perspective, Question, Role, Silence

from .fakes import goal

ZONE = from_text("example.com.")
NAME = from_text("_acme-challenge.example.com.")
NS1, NS2 = (
    Perspective(f"192.0.2.{number}", 53, Role.AUTHORITATIVE, f"ns{number}.example.com.")
    for number in (1, 2)
)
PUBLIC = Perspective("198.51.100.1", 53, Role.RECURSIVE, "operator")

HELD = Answer(frozenset({"v", "other"}), 60.0, "holds 2 TXT values")
OLD = Answer(frozenset({"old"}), 60.0, "holds 1 TXT value")
ABSENT = Answer(frozenset(), 900.0, "NXDOMAIN")
ALIAS = Answer(frozenset(), 60.0, "CNAME to cdn.example.net.")
MUTE = Silence("timeout")
CLOSED = Silence("connection refused")
REFUSED = Silence("REFUSED")
SERVFAIL = Silence("SERVFAIL")
FAR = Silence("no route from this host", routeless=True)

Outcome = Answer | Silence
Probes = Mapping[Probe, Outcome]
Starts = Mapping[Perspective, tuple[int, str]]

BOTH = {NS1: [HELD, HELD], NS2: [HELD, HELD]}


def told(evidence: Evidence, question: Question, outcomes: Sequence[Outcome]) -> None:
    for at, outcome in enumerate(outcomes):
        evidence.sent(question)
        evidence.note(Observation(question, float(at), outcome))


def findings(question: Question, probes: Probes, starts: Starts) -> Findings:
    heard = {
        (probe, desk(question)): Observation(question, 60.0, outcome)
        for probe, outcome in probes.items()
    }
    return Findings(
        heard,
        {
            (ZONE, via): Start(serial, from_text(primary), 900.0)
            for via, (serial, primary) in starts.items()
        },
    )


def cause_of(
    via: Perspective,
    course: Mapping[Perspective, Sequence[Outcome]],
    probes: Probes | None = None,
    starts: Starts | None = None,
    published: Mapping[Name, bool] | None = None,
) -> tuple[Kind, str]:
    """Return why *via* keeps us waiting, after each server's *course* of outcomes."""
    wanted = goal(NAME, ZONE, {"v"}, [*course, *([] if PUBLIC in course else [PUBLIC])])
    evidence = Evidence([wanted])
    for question in wanted.questions:
        told(evidence, question, course.get(question.via, ()))
    [question] = (question for question in wanted.questions if question.via == via)
    found = findings(question, probes or {}, starts or {})
    cause = diagnose([wanted], [question], evidence, found, published or {})[question]
    return cause.kind, cause.particulars


AGAIN, LOWER, EDNS, TCP, SIBLING, CD = (
    Probe.AGAIN, Probe.LOWER_CASE, Probe.NO_EDNS, Probe.TCP, Probe.SIBLING, Probe.UNCHECKED,
)  # fmt: skip
SAME = {NS1: (7, "ns1."), NS2: (7, "ns1.")}


@pytest.mark.parametrize(
    ("outcomes", "probes", "starts", "kind"),
    [
        ([REFUSED], {AGAIN: REFUSED}, {}, Kind.LAME),
        ([Silence("lame: answers without authority (no AA)")], {}, {}, Kind.LAME),
        ([Silence("refers to the servers of com.")], {}, {}, Kind.LAME),
        ([REFUSED], {AGAIN: ABSENT}, {}, Kind.FAILING),
        ([SERVFAIL], {AGAIN: SERVFAIL}, SAME, Kind.FAILING),
        ([ABSENT], {}, {NS1: (7, "ns1."), NS2: (5, "ns1.")}, Kind.STALE),
        ([OLD], {AGAIN: OLD}, {NS1: (7, "ns1."), NS2: (5, "ns1.")}, Kind.STALE),
        ([ABSENT], {}, {NS1: (1, "ns1."), NS2: (2**32 - 1, "ns1.")}, Kind.STALE),
        ([ABSENT], {}, SAME, Kind.PROPAGATING),
        ([ABSENT], {}, {NS1: (7, "ns1."), NS2: (8, "ns1.")}, Kind.PROPAGATING),
        ([ABSENT], {}, {NS1: (7, "ns1.")}, Kind.PROPAGATING),
        ([ABSENT], {}, {NS2: (5, "ns1.")}, Kind.PROPAGATING),
        ([ABSENT], {}, {NS1: (7, "ns1."), NS2: (5, "dns.other.")}, Kind.OTHER_HOST),
        ([OLD], {SIBLING: OLD}, SAME, Kind.WILDCARD),
        ([OLD], {SIBLING: OLD}, {NS1: (7, "ns1."), NS2: (5, "ns1.")}, Kind.STALE),
        ([OLD], {SIBLING: HELD}, SAME, Kind.PROPAGATING),
        ([ABSENT], {SIBLING: ABSENT}, SAME, Kind.PROPAGATING),
        ([ALIAS], {SIBLING: ALIAS}, SAME, Kind.WILDCARD),
        ([ALIAS], {SIBLING: ABSENT}, SAME, Kind.ALIAS),
        ([ALIAS], {}, {}, Kind.ALIAS),
        ([HELD, ABSENT], {AGAIN: ABSENT}, SAME, Kind.VANISHED),
        ([HELD, ABSENT], {AGAIN: HELD}, SAME, Kind.FLAPPING),
        ([ABSENT, HELD, ABSENT, HELD], {}, {}, Kind.FLAPPING),
        ([ABSENT, HELD, ABSENT], {}, {}, Kind.VANISHED),
        ([ABSENT, HELD], {}, {}, Kind.LATE),
        ([ABSENT], {AGAIN: HELD, LOWER: HELD}, {}, Kind.LATE),
        ([ABSENT], {AGAIN: ABSENT, LOWER: HELD}, SAME, Kind.CASE),
        ([ABSENT], {LOWER: HELD}, SAME, Kind.PROPAGATING),
        ([ABSENT], {AGAIN: MUTE, LOWER: HELD}, SAME, Kind.PROPAGATING),
        ([ABSENT], {AGAIN: ABSENT, LOWER: OLD}, SAME, Kind.PROPAGATING),
        ([MUTE] * 3, {AGAIN: MUTE, LOWER: ABSENT}, {}, Kind.CASE),
        ([SERVFAIL] * 3, {AGAIN: SERVFAIL, LOWER: HELD}, SAME, Kind.CASE),
        ([MUTE] * 3, {AGAIN: MUTE, EDNS: HELD}, {}, Kind.EDNS),
        ([MUTE] * 3, {AGAIN: MUTE, TCP: HELD}, {}, Kind.UDP_CLOSED),
        ([MUTE] * 3, {AGAIN: MUTE, EDNS: HELD, TCP: HELD}, SAME, Kind.LOSSY),
        ([MUTE] * 3, {AGAIN: ABSENT, EDNS: HELD}, {}, Kind.LOSSY),
        ([MUTE] * 3, {AGAIN: MUTE, LOWER: MUTE, EDNS: MUTE, TCP: CLOSED}, {}, Kind.DOWN),
        ([MUTE] * 3, {AGAIN: MUTE}, SAME, Kind.DOWN),
        ([CLOSED], {}, {}, Kind.DOWN),
        ([ABSENT, MUTE, MUTE, MUTE], {}, {}, Kind.DOWN),
        ([ABSENT, MUTE], {}, {}, Kind.LOSSY),
        ([MUTE, ABSENT, MUTE, MUTE, MUTE], {}, {}, Kind.LOSSY),
        ([MUTE, HELD, MUTE, HELD], {}, {}, Kind.LOSSY),
        ([MUTE, ABSENT], {}, SAME, Kind.PROPAGATING),
        ([Silence("truncated over UDP; over TCP: timeout")], {}, {}, Kind.TCP_CLOSED),
        ([Silence("spells the name otherwise over UDP (0x20); …")], {}, {}, Kind.CASE),
        ([FAR], {}, {}, Kind.NO_ROUTE),
        ([], {}, {}, Kind.UNHEARD),
    ],
)
def test_why_a_name_server_is_unconfirmed(
    outcomes: Sequence[Outcome], probes: Probes, starts: Starts, kind: Kind
) -> None:
    """
    Each course of answers, with what follow-up questions bring, has its cause; the other server
    has the values.
    """
    assert cause_of(NS2, {NS1: [HELD, HELD], NS2: outcomes}, probes, starts)[0] is kind


def test_both_serials_are_named() -> None:
    """
    Of a stale secondary its serial is told, and the newest one, with the server that has it.
    """
    third = Perspective("192.0.2.3", 53, Role.AUTHORITATIVE, "ns3.example.com.")
    course = {NS1: [ABSENT], NS2: [ABSENT], third: [HELD, HELD]}
    starts = {NS1: (6, "ns1."), NS2: (5, "ns1."), third: (7, "ns1.")}
    _, particulars = cause_of(NS2, course, starts=starts)
    assert particulars == "serial 5, while ns3.example.com. has 7"
    assert cause_of(third, course | {third: [ABSENT]}, starts=starts)[0] is Kind.WRONG_ZONE


@pytest.mark.parametrize(
    ("course", "published", "kind", "remark"),
    [
        ({NS1: [ABSENT], NS2: [ABSENT]}, None, Kind.WRONG_ZONE, ""),
        ({NS1: [ABSENT], NS2: [ABSENT]}, True, Kind.WRONG_ZONE, "change is out"),
        ({NS1: [ABSENT], NS2: [ABSENT]}, False, Kind.PROPAGATING, "still pending"),
        ({NS1: [MUTE], NS2: [ABSENT]}, None, Kind.WRONG_ZONE, ""),
        ({NS1: [OLD], NS2: [OLD]}, None, Kind.OTHER_VALUES, ""),
        ({NS1: [OLD], NS2: [ABSENT]}, None, Kind.OTHER_VALUES, ""),
        ({NS1: [OLD, ABSENT], NS2: [ABSENT]}, None, Kind.WRONG_ZONE, ""),
        ({NS1: [OLD], NS2: [OLD]}, True, Kind.OTHER_VALUES, "change is out"),
        ({NS1: [OLD], NS2: [OLD]}, False, Kind.PROPAGATING, "still pending"),
        ({NS1: [HELD], NS2: [OLD]}, None, Kind.PROPAGATING, ""),
        ({NS1: [HELD, ABSENT], NS2: [ABSENT]}, None, Kind.PROPAGATING, ""),
        ({NS1: [HELD], NS2: [ABSENT]}, None, Kind.PROPAGATING, ""),
    ],
)
def test_a_zone_that_never_shows_a_value_is_the_wrong_one(
    course: Mapping[Perspective, Sequence[Outcome]],
    published: bool | None,  # noqa: FBT001 - a row of a table
    kind: Kind,
    remark: str,
) -> None:
    """
    No server ever showed it, nor another value, and nobody says that it is still on its way.
    """
    known = {} if published is None else {NAME: published}
    found, particulars = cause_of(NS2, course, starts=SAME, published=known)
    assert found is kind
    assert remark in particulars


@pytest.mark.parametrize(
    ("mine", "theirs", "kind", "may_be_masters"),
    [
        ((88, "ns2.example.com."), (105, "ns1.example.com."), Kind.OTHER_HOST, True),
        ((105, "NS2.Example.com."), (88, "ns1.example.com."), Kind.OTHER_HOST, True),
        ((88, "ns9.example.com."), (105, "ns1.example.com."), Kind.OTHER_HOST, False),
        ((88, "ns2.example.com."), (105, "ns9.example.com."), Kind.OTHER_HOST, False),
        ((88, "ns2.example.com."), (2026112300, "ns1.example.com."), Kind.OTHER_HOST, False),
        ((88, "ns1.example.com."), (105, "ns1.example.com."), Kind.STALE, False),
        ((88, "."), (105, "ns1.example.com."), Kind.OTHER_HOST, False),
    ],
)
def test_masters_that_each_name_themselves_may_lag(
    mine: tuple[int, str], theirs: tuple[int, str], kind: Kind, *, may_be_masters: bool
) -> None:
    """
    Two hosts look like that, and so do domain controllers (AD), each the primary of its own zone
    with a serial near the others': then both are said.
    """
    starts = {NS1: theirs, NS2: mine}
    found, said = cause_of(NS2, {NS1: [HELD, HELD], NS2: [ABSENT]}, starts=starts)
    assert found is kind
    assert ("replication" in said) is may_be_masters


def test_what_stands_at_a_masters_name_is_told_all_the_same() -> None:
    """
    That masters each count for themselves hides neither an alias at the name nor a removed value.
    """
    starts = {NS1: (105, "ns1.example.com."), NS2: (88, "ns2.example.com.")}
    for course, kind in (([ALIAS], Kind.ALIAS), ([HELD, ABSENT], Kind.VANISHED)):
        assert cause_of(NS2, {NS1: [HELD, HELD], NS2: course}, starts=starts)[0] is kind


def test_masters_that_the_user_named_are_known_by_their_serials() -> None:
    """
    Where a server has no name but its address, what it calls itself cannot be compared with one;
    a common primary is no master of its own.
    """
    via = [Perspective(f"192.0.2.{n}", 53, Role.AUTHORITATIVE, f"192.0.2.{n}") for n in (1, 2)]
    course = {via[0]: [HELD, HELD], via[1]: [ABSENT]}
    for primary, said in (("dc2.ad.example.com.", True), ("dc1.example.com.", False)):
        starts = {via[0]: (88, "dc1.example.com."), via[1]: (105, primary)}
        found, particulars = cause_of(via[1], course, starts=starts)
        assert found is (Kind.OTHER_HOST if said else Kind.PROPAGATING)
        assert bool(particulars) is said


def test_masters_of_different_families_are_two_hosts() -> None:
    """
    Two hosts whose first servers name themselves, under different domains, are two hosts.
    """
    a, b = (
        Perspective(f"192.0.2.{n}", 53, Role.AUTHORITATIVE, f"NS1.host{n}.test.") for n in (1, 2)
    )
    for server in (b, Perspective("192.0.2.2", 53, Role.AUTHORITATIVE, "ns2.host1.test.")):
        starts = {a: (105, a.server), server: (88, server.server)}
        found, particulars = cause_of(server, {a: [HELD, HELD], server: [ABSENT]}, starts=starts)
        assert found is Kind.OTHER_HOST
        assert ("replication" in particulars) is (server is not b)


@pytest.mark.parametrize(
    ("cut", "kind"),
    [
        ("_acme-challenge.www.example.com.", Kind.CUT),
        ("_ACME-challenge.www.example.COM.", Kind.CUT),
        ("www.example.com.", Kind.CUT),
        ("example.com.", Kind.LAME),
        ("com.", Kind.LAME),
        (".", Kind.LAME),
        ("other.example.com.", Kind.LAME),
    ],
)
def test_a_zone_cut_below_the_apex_is_no_lame_delegation(cut: str, kind: Kind) -> None:
    """
    A server that refers to a zone at the name, or above it in our zone, does serve our zone; who
    refers upwards does not.
    """
    name = from_text("_acme-challenge.www.example.com.")
    wanted = goal(name, ZONE, {"v"}, [NS1, NS2])
    evidence = Evidence([wanted])
    told(evidence, wanted.authoritative[1], [Silence(f"refers to the servers of {cut}")])
    cause = Inquest([wanted], evidence, Findings(), {}).cause(wanted.authoritative[1])
    assert cause.kind is kind
    assert cut in cause.particulars


@pytest.mark.parametrize(
    ("course", "apex", "kind"),
    [
        ({NS1: [MUTE], NS2: [MUTE]}, None, Kind.BLOCKED),
        ({NS1: [CLOSED], NS2: [MUTE]}, None, Kind.BLOCKED),
        ({NS1: [MUTE], NS2: [MUTE]}, ABSENT, Kind.BLOCKED),
        ({NS1: [MUTE], NS2: [MUTE]}, MUTE, Kind.BLOCKED),
        ({NS1: [MUTE], NS2: [MUTE]}, SERVFAIL, Kind.DOWN),
        ({NS1: [REFUSED], NS2: [MUTE]}, None, Kind.DOWN),
        ({NS1: [ABSENT, MUTE], NS2: [MUTE]}, None, Kind.DOWN),
        ({NS2: [MUTE]}, None, Kind.DOWN),
        ({NS1: [FAR], NS2: [MUTE]}, None, Kind.DOWN),
    ],
)
def test_port_53_is_blocked_if_nobody_is_heard(
    course: Mapping[Perspective, Sequence[Outcome]], apex: Outcome | None, kind: Kind
) -> None:
    """
    Several servers, never a word from any, and no resolver that cannot reach them either.
    """
    wanted = goal(NAME, ZONE, {"v"}, [*course, PUBLIC])
    evidence = Evidence([wanted])
    for question in wanted.authoritative:
        told(evidence, question, course[question.via])
    heard = {}
    if apex:
        [resolver] = wanted.recursive
        heard[Probe.APEX, desk(resolver)] = Observation(resolver, 60.0, apex)
    inquest = Inquest([wanted], evidence, Findings(heard), {})
    assert inquest.cause(wanted.authoritative[-1]).kind is kind


@pytest.mark.parametrize(
    ("outcomes", "probes", "starts", "kind"),
    [
        ([ABSENT], {}, {}, Kind.POISONED),
        ([ABSENT], {}, SAME | {PUBLIC: (5, "ns1.")}, Kind.POISONED),
        ([Answer(frozenset(), 300.0), Answer(frozenset(), 300.0)], {}, SAME, Kind.POISONED),
        ([OLD], {}, {}, Kind.CACHED),
        ([OLD, OLD], {}, SAME, Kind.CACHED),
        ([Answer(frozenset({"old"}), 900.0)] * 2, {}, SAME, Kind.CACHED),
        ([ABSENT, ABSENT], {}, SAME, Kind.SPLIT),
        ([ABSENT, ABSENT], {}, {}, Kind.POISONED),
        ([ABSENT, ABSENT, ABSENT], {}, {}, Kind.SPLIT),
        ([SERVFAIL, SERVFAIL, ABSENT], {}, {}, Kind.POISONED),
        ([Answer(frozenset(), 0.0, "NXDOMAIN")], {}, {}, Kind.SPLIT),
        ([ABSENT], {}, SAME | {PUBLIC: (7, "dns.other.")}, Kind.SPLIT),
        ([ABSENT], {}, {PUBLIC: (7, "dns.other.")}, Kind.POISONED),
        ([SERVFAIL], {CD: HELD}, {}, Kind.BOGUS),
        ([SERVFAIL], {CD: ABSENT}, {}, Kind.BOGUS),
        ([SERVFAIL], {CD: SERVFAIL}, {}, Kind.UNABLE),
        ([SERVFAIL], {}, {}, Kind.UNABLE),
        ([Silence("SERVFAIL (validation failure: signature expired)")], {}, {}, Kind.BOGUS),
        ([Silence("SERVFAIL (EDE 6)")], {}, {}, Kind.BOGUS),
        ([Silence("SERVFAIL (EDE 22)")], {}, {}, Kind.UNABLE),
        ([REFUSED], {}, {}, Kind.REFUSING),
        ([Silence("HTTP 403")], {}, {}, Kind.UNABLE),
        ([MUTE], {}, {}, Kind.DEAF),
        ([FAR], {}, {}, Kind.NO_ROUTE),
        ([], {}, {}, Kind.UNHEARD),
    ],
)
def test_why_a_resolver_is_unconfirmed(
    outcomes: Sequence[Outcome], probes: Probes, starts: Starts, kind: Kind
) -> None:
    """
    The name's servers have the values; a resolver's cause is told by its answers and TTLs.
    """
    assert cause_of(PUBLIC, BOTH | {PUBLIC: outcomes}, probes, starts)[0] is kind


def test_a_blind_goal_sees_no_split() -> None:
    """
    Where no name server can be asked there is nothing that a resolver could differ from.
    """
    seen = goal(NAME, ZONE, {"v"}, [PUBLIC, NS1])
    blind = Goal(NAME, seen.wanted, (), seen.recursive, (NAME,), is_blind=True)
    evidence = Evidence([blind])
    told(evidence, blind.recursive[0], [ABSENT] * 3)
    assert Inquest([blind], evidence, Findings(), {}).cause(blind.recursive[0]).kind is (
        Kind.POISONED
    )


def test_a_link_of_a_delegated_challenge_has_a_cause_of_its_own() -> None:
    """
    An alias that leads elsewhere is no missing value, and a stale server of its zone is stale.
    """
    values = goal(from_text("v.example.net."), from_text("example.net."), {"v"}, [NS1])
    link = [Question(NAME, ZONE, frozenset({"v.example.net."}), via, CNAME) for via in (NS1, NS2)]
    wanted = Goal(NAME, values.wanted, (*link, *values.authoritative), (), (NAME, values.name))
    evidence = Evidence([wanted])
    right = Answer(frozenset({"v.example.net."}), 60.0, "CNAME to v.example.net.")
    wrong = Answer(frozenset({"x.example.net."}), 60.0, "CNAME to x.example.net.")
    told(evidence, link[0], [right, right])
    told(evidence, link[1], [wrong])
    assert Inquest([wanted], evidence, Findings(), {}).cause(link[1]).kind is Kind.ALIAS_CHANGED
    behind = findings(link[1], {}, {NS1: (7, "ns1."), NS2: (5, "ns1.")})
    assert Inquest([wanted], evidence, behind, {}).cause(link[1]).kind is Kind.STALE


def test_a_name_that_was_not_asked_shares_the_canarys_cause() -> None:
    """
    While a server shows nothing one name speaks for all; its cause is that of the others.
    """
    names = [from_text(f"_acme-challenge.h{number}.example.com.") for number in range(2)]
    goals = [goal(name, ZONE, {"v"}, [NS1, NS2, PUBLIC]) for name in names]
    evidence = Evidence(goals)
    told(evidence, goals[0].authoritative[1], [REFUSED])
    inquest = Inquest(goals, evidence, Findings(), {})
    assert inquest.cause(goals[1].authoritative[1]).kind is Kind.LAME
    assert inquest.cause(goals[1].authoritative[0]).kind is Kind.UNHEARD


def test_a_resolver_that_had_to_wait_for_the_name_above_says_so() -> None:
    """
    Below a name that is not confirmed no resolver was asked, and it is not the resolver's fault.
    """
    below = goal(from_text("x._acme-challenge.example.com."), ZONE, {"v"}, [NS1, PUBLIC])
    goals = [goal(NAME, ZONE, {"v"}, [NS1, PUBLIC]), below]
    evidence = Evidence(goals)
    told(evidence, goals[0].authoritative[0], [ABSENT])
    inquest = Inquest(goals, evidence, Findings(), {})
    assert inquest.cause(below.recursive[0]).kind is Kind.HELD_BACK
    assert inquest.cause(goals[0].recursive[0]).kind is Kind.UNHEARD


def test_a_late_value_is_told_of_the_name_that_was_asked_again_only() -> None:
    """
    One name that has arrived meanwhile says nothing of another at the same server.
    """
    names = [from_text(f"_acme-challenge.h{number}.example.com.") for number in range(2)]
    goals = [goal(name, ZONE, {"v"}, [NS1, NS2]) for name in names]
    evidence = Evidence(goals)
    first, second = (each.authoritative[1] for each in goals)
    for question in (first, second):
        told(evidence, question, [ABSENT])
    inquest = Inquest(goals, evidence, findings(first, {AGAIN: HELD}, {}), {})
    assert inquest.cause(first).kind is Kind.LATE
    assert inquest.cause(second).kind is Kind.WRONG_ZONE
