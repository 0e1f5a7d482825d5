"""What else a CA checks, found out by real questions to servers on loopback."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count

import pytest
from dns import flags, rcode, rdatatype
from dns.dnssec import make_ds
from dns.message import Message, make_response
from dns.name import Name, from_text
from dns.rdata import from_text as rdata
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from dns.rrset import RRset
from dns.rrset import from_text as rrset

from pipeline.asking.exchange import Exchange
from pipeline.checks.examine import Examination, ds, innermost
from pipeline.checks.judgement import Findings
from pipeline.checks.signatures import Chain
from pipeline.checks.soundings import Soundings
from pipeline.clock import SystemClock
from pipeline.configuration.settings import Authority
from pipeline.model import Problem, Severity
from pipeline.questions import Perspective, Role, Silence
from pipeline.tree.delegation import Delegation, Place
from providers.embedded import Embedded, Nameserver
from providers.listener import Asked, Behaviour, Listener

from .scene import APEX, CHALLENGE, NOW, REFUSED, SERVFAIL, TIMEOUT, caa_reply, reply, rrsig, soa

VALUE = "A" * 43
FORBID = {"example.com.": caa_reply("example.com.", '0 issue ";"')}
KEY = f"257 3 13 {'A' * 86}=="
DS = rrset(APEX, 300, "IN", "DS", f"1 13 2 {'0' * 64}")


@dataclass
class Elsewhere:
    """The rest of the tree: what it answers, and what it was asked."""

    answers: dict[tuple[str, RdataType], Message | Silence] = field(default_factory=dict)
    asked: list[tuple[str, RdataType]] = field(default_factory=list)

    def resolve(
        self, questions: Iterable[tuple[Name, RdataType]]
    ) -> Mapping[tuple[Name, RdataType], Message | Silence]:
        found = {}
        for name, rdtype in questions:
            key = (name.to_text(), rdtype)
            self.asked.append(key)
            found[name, rdtype] = self.answers.get(key, reply(name, rdtype))
        return found

    def caa(self, answers: Mapping[str, Message | Silence]) -> None:
        self.answers |= {(owner, rdatatype.CAA): each for owner, each in answers.items()}


class World:
    """``example.com`` at two servers, a resolver, and the rest of the tree."""

    def __init__(self, stack: ExitStack) -> None:
        servers = [Nameserver("127.0.0.1"), Nameserver("127.0.0.1")]
        self.host = stack.enter_context(Embedded([APEX], servers, soa_ttl=300, minimum=300))
        ticks = count()
        self.resolver = stack.enter_context(
            Listener(("127.0.0.1", 0), self.resolve, lambda: float(next(ticks)))
        )
        self.says: dict[bool, list[RRset] | rcode.Rcode] = {False: [soa()], True: [soa()]}
        self.validates = False
        self.elsewhere = Elsewhere()
        self.exchange = stack.enter_context(Exchange(SystemClock()))
        self.left = 60.0
        self.one, self.two = self.host.addresses

    def resolve(self, query: Message) -> Message:
        """Answer as the resolver, by whether CD is set."""
        answer = make_response(query)
        match self.says[bool(query.flags & flags.CD)]:
            case rcode.Rcode() as code:
                answer.set_rcode(code)
            case found:
                answer.answer.extend(found)
                answer.flags |= flags.AD if self.validates else 0
        return answer

    def zone(self, apex: Name = APEX, *, is_configured: bool = False) -> Delegation:
        servers = tuple(
            Perspective(host, port, Role.AUTHORITATIVE, f"ns{i + 1}.example.com.")
            for i, (host, port) in enumerate(self.host.addresses)
        )
        return Delegation(apex, servers, is_configured=is_configured)

    def place(self, *values: str, zone: Delegation | None = None, name: Name = CHALLENGE) -> Place:
        return Place(name, zone or self.zone(), exists=True, values=frozenset(values))

    def examination(self, authority: Authority) -> Examination:
        host, port = self.resolver.address
        recursive = [Perspective(host, port, Role.RECURSIVE, "resolver")]
        soundings = Soundings(self.exchange, recursive, lambda: self.left)
        return Examination(soundings, self.elsewhere, authority, lambda: NOW)

    def before(self, *places: Place, domains: Iterable[str] = ("example.com",)) -> list[Problem]:
        """Return what stands in the way of writing."""
        authority = Authority(("letsencrypt.org",))
        findings = self.examination(authority).look(places or (self.place(),), domains)
        return list(findings.problems(authority, NOW))

    def in_depth(self, *places: Place) -> tuple[Findings, list[str]]:
        """Return all that can be found out, and the codes of what is wrong."""
        examination = self.examination(Authority(("letsencrypt.org",)))
        findings = examination.in_depth(places or (self.place(),), ["example.com"])
        return findings, [each.code for each in examination.judge(findings)]

    def signed(self, begin: int, end: int) -> None:
        """Have both servers sign the SOA record, good for some days from now."""

        def sign(asked: Asked, answer: Message) -> Message:
            if asked.rdtype == rdatatype.SOA and asked.query.ednsflags & flags.DO:
                answer.answer.append(rrsig(begin, end))
            return answer

        for address in self.host.addresses:
            self.host.behave(address, sign)


@pytest.fixture
def world() -> Iterator[World]:
    with ExitStack() as stack:
        yield World(stack)


def codes(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    return [(each.code, each.severity.value) for each in problems]


# Before a write


def test_a_healthy_zone_costs_little(world: World) -> None:
    """
    One question for SOA per server and resolver, one for CAA per label, none for DS; no finding.
    """
    domains = ["example.com", "*.example.com", "www.example.com"]
    assert not world.before(domains=domains)
    assert [(each.name, each.rdtype) for each in world.host.asked] == [(APEX, rdatatype.SOA)] * 2
    assert {each.address for each in world.host.asked} == {world.one, world.two}
    assert not any(each.query.flags & flags.RD for each in world.host.asked)
    [heard] = world.resolver.asked
    assert (heard.name, heard.rdtype) == (APEX, rdatatype.SOA)
    assert heard.query.flags & flags.RD
    assert not heard.query.flags & flags.CD
    labels = ["example.com.", "com.", "www.example.com."]
    assert world.elsewhere.asked == [(name, rdatatype.CAA) for name in labels]


TARGET = from_text("x.example.com.")


@pytest.mark.parametrize(
    "place",
    [
        Place(CHALLENGE, Delegation(CHALLENGE, ()), exists=True),
        Place(
            from_text("_acme-challenge.a.example.com."),
            Delegation(from_text("b._acme-challenge.a.example.com."), ()),
            exists=True,
        ),
        Place(CHALLENGE, Delegation(TARGET, ()), exists=True, alias=TARGET),
    ],
)
def test_no_resolver_hears_of_a_challenge_name(world: World, place: Place) -> None:
    """
    A zone whose apex is a challenge name, its alias's target, or below one, is not mentioned
    to any resolver, neither before a write nor in depth (rule 2).
    """
    world.before(place)
    world.in_depth(place)
    assert not world.resolver.asked


def test_resolvers_hear_of_the_apex_alone(world: World) -> None:
    """
    However deep the look, no resolver is asked about anything but the apex (rule 2).
    """
    world.says[False] = SERVFAIL
    world.left = 0.5
    world.host.behave(world.one, lambda *_: None)
    world.in_depth(world.place(VALUE))
    assert {(each.name, each.rdtype) for each in world.resolver.asked} == {(APEX, rdatatype.SOA)}


def test_what_caa_forbids_comes_first(world: World) -> None:
    """
    A fatal finding stands before the others, whatever it is about.
    """
    world.elsewhere.caa(FORBID)
    found = codes(world.before(world.place(VALUE)))
    assert found == [("caa-forbids", "error"), ("values-left", "notice")]


def test_a_bogus_zone(world: World) -> None:
    """
    SERVFAIL that CD lifts is fatal under a DS record, whose zone may well have lost its
    signatures; CD is asked for by the same resolver, after SERVFAIL alone.
    """
    world.says[False] = SERVFAIL
    world.elsewhere.answers["example.com.", rdatatype.DS] = reply(APEX, rdatatype.DS, DS)
    assert ("dnssec-bogus", "error") in codes(world.before())
    assert [bool(each.query.flags & flags.CD) for each in world.resolver.asked] == [False, True]
    assert all(each.query.ednsflags & flags.DO for each in world.resolver.asked)


def test_a_resolver_that_fails_altogether(world: World) -> None:
    """
    SERVFAIL with and without CD is a warning: nobody knows whose fault it is.
    """
    world.says = {False: SERVFAIL, True: SERVFAIL}
    assert codes(world.before()) == [("resolver-failing", "warning")]


def test_a_split_view_is_not_stopped_by_the_worlds_view(world: World) -> None:
    """
    Where servers are configured, nobody knows what a CA sees: nothing stops.
    """
    place = world.place(zone=world.zone(is_configured=True))
    world.says[False] = SERVFAIL
    world.elsewhere.caa(FORBID)
    assert {severity for _, severity in codes(world.before(place))} == {"warning"}
    world.elsewhere.caa({"example.com.": caa_reply("example.com.")})
    world.elsewhere.caa({"com.": reply(from_text("com."), rdatatype.CAA, code=rcode.NXDOMAIN)})
    expected = {("dnssec-bogus", "warning"), ("caa-failing", "warning")}
    assert set(codes(world.before(place))) == expected


def test_one_lone_hiccup(world: World) -> None:
    """
    One resolver's word against an unsigned zone does not stop a run.
    """
    world.says[False] = SERVFAIL
    assert codes(world.before()) == [("dnssec-bogus", "warning")]


def without_caa(code: rcode.Rcode | None) -> Behaviour:
    """Return how a server behaves that answers questions for CAA with *code*, or not at all."""

    def behave(asked: Asked, answer: Message) -> Message | None:
        if asked.rdtype == rdatatype.CAA:
            if code is None:
                return None
            answer.set_rcode(code)
        return answer

    return behave


@pytest.mark.parametrize("code", [SERVFAIL, REFUSED, rcode.NOTIMP, rcode.FORMERR])
def test_a_zone_that_denies_caa(world: World, code: rcode.Rcode) -> None:
    """
    Servers that answer for SOA but all have an error for CAA have it for a CA, too: fatal.
    """
    world.elsewhere.caa({"example.com.": TIMEOUT})
    world.host.behave(world.one, without_caa(code))
    world.host.behave(world.two, without_caa(code))
    [problem] = world.before()
    assert (problem.code, problem.severity) == ("caa-failing", "error")
    assert f"127.0.0.1:{world.two[1]}: {rcode.to_text(code)}" in problem.message


@pytest.mark.parametrize("code", [SERVFAIL, None])
def test_one_answer_is_enough(world: World, code: rcode.Rcode | None) -> None:
    """
    A look-up of CAA that failed is made up for by one server of the zone, asked once more.
    """
    world.left = 0.5
    world.elsewhere.caa({"example.com.": TIMEOUT})
    world.host.behave(world.one, without_caa(code))
    assert not world.before()
    again = [each.address for each in world.host.asked if each.rdtype == rdatatype.CAA]
    assert set(again) == {world.one, world.two}


def test_what_is_told_again_counts(world: World) -> None:
    """
    Records that only the second try has brought are judged as any others.
    """
    world.elsewhere.caa({"example.com.": TIMEOUT})

    def forbid(asked: Asked, answer: Message) -> Message:
        if asked.rdtype == rdatatype.CAA:
            answer.answer.append(rrset(asked.name, 60, "IN", "CAA", '0 issue ";"'))
        return answer

    world.host.behave(world.one, forbid)
    world.host.behave(world.two, forbid)
    assert codes(world.before()) == [("caa-forbids", "error")]


@pytest.mark.parametrize("left", [0.5, 0.0])
def test_silence_about_caa(world: World, left: float) -> None:
    """
    Silence of one server beside the other's error, and no time to ask, are never fatal.
    """
    world.left = left
    world.elsewhere.caa({"example.com.": TIMEOUT})
    world.host.behave(world.one, without_caa(None))
    world.host.behave(world.two, without_caa(SERVFAIL))
    assert ("caa-failing", "warning") in codes(world.before())


@pytest.mark.parametrize(
    "outcome", [TIMEOUT, reply(from_text("com."), rdatatype.CAA, code=SERVFAIL)]
)
def test_errors_of_caa_above(world: World, outcome: Message | Silence) -> None:
    """
    An error above the zone is a warning, and the zone's servers are not asked about it.
    """
    world.elsewhere.caa({"com.": outcome})
    assert codes(world.before()) == [("caa-failing", "warning")]
    assert not [each for each in world.host.asked if each.rdtype == rdatatype.CAA]


def test_the_innermost_zone_is_asked_again() -> None:
    """
    The servers of the smallest zone around a name are asked about it, whatever their order.
    """
    child = from_text("sub.example.com.")
    for zones in ([APEX, child], [child, APEX]):
        assert innermost(from_text("a.sub.example.com."), zones) == child
        assert innermost(from_text("a.example.com."), zones) == APEX
        assert innermost(from_text("com."), zones) is None


def test_signatures_ask_for_ds(world: World) -> None:
    """
    A signed zone is looked up in its parent; expired signatures under a DS record are fatal.
    """
    world.signed(-9, -1)
    world.elsewhere.answers["example.com.", rdatatype.DS] = reply(APEX, rdatatype.DS, DS)
    assert codes(world.before()) == [("signatures-expired", "error")]
    assert ("example.com.", rdatatype.DS) in world.elsewhere.asked


def test_a_resolver_that_validates_outdoes_our_reading(world: World) -> None:
    """
    What looks expired here is a warning if a resolver has validated the zone all the same.
    """
    world.signed(-9, -1)
    world.validates = True
    world.elsewhere.answers["example.com.", rdatatype.DS] = reply(APEX, rdatatype.DS, DS)
    assert codes(world.before()) == [("signatures-expired", "warning")]


def test_no_ds_no_matter(world: World) -> None:
    """
    Without a DS record in the parent nobody looks at the signatures.
    """
    world.signed(-9, -1)
    assert not world.before()


def test_who_has_told_of_ds() -> None:
    """
    The zone itself denies DS always, so that only the parent's "no" counts.
    """
    above = soa(from_text("com."))
    assert ds(APEX, reply(APEX, rdatatype.DS, DS)) == tuple(DS)
    assert ds(APEX, reply(APEX, rdatatype.DS, authority=[above])) == ()
    assert ds(APEX, reply(APEX, rdatatype.DS, authority=[soa()])) is None
    assert ds(APEX, reply(APEX, rdatatype.DS, code=SERVFAIL)) is None
    assert ds(APEX, TIMEOUT) is None


def test_the_key_that_the_parent_means(world: World) -> None:
    """
    Keys are asked for, of one server, where the parent has DS records; another key is fatal.
    """

    def show(asked: Asked, answer: Message) -> Message:
        if asked.rdtype == rdatatype.SOA:
            answer.answer.append(rrsig(-9, 9))
        if asked.rdtype == rdatatype.DNSKEY:
            answer.answer.append(rrset(asked.name, 60, "IN", "DNSKEY", KEY))
        return answer

    for address in world.host.addresses:
        world.host.behave(address, show)
    right = rrset(
        APEX, 300, "IN", "DS", make_ds(APEX, rdata(IN, rdatatype.DNSKEY, KEY), "SHA256").to_text()
    )
    for records, expected in ((right, []), (DS, [("ds-mismatch", "error")])):
        world.elsewhere.answers["example.com.", rdatatype.DS] = reply(APEX, rdatatype.DS, records)
        assert codes(world.before()) == expected
    assert sum(each.rdtype == rdatatype.DNSKEY for each in world.host.asked) == 2


def test_an_order_of_several(world: World) -> None:
    """
    Many orders are looked at once, and each is judged by what concerns it alone.
    """
    other = from_text("_acme-challenge.www.example.org.")
    lame = world.zone(from_text("example.org."))
    elsewhere, ours = Place(other, lame, exists=True), world.place(VALUE)
    world.elsewhere.caa(FORBID)
    examination = world.examination(Authority())
    findings = examination.look([ours, elsewhere], ["example.com", "www.example.org"])
    mine = examination.judge(findings.about([ours], ["example.com"]))
    assert [each.code for each in mine] == ["caa-forbids", "values-left"]
    theirs = examination.judge(findings.about([elsewhere], ["www.example.org"]))
    assert [each.code for each in theirs] == ["lame"]


def test_a_lame_server(world: World) -> None:
    """
    A server that refuses is named, and the other one saves the zone; if both do, nothing does.
    """

    def refuse(_: Asked, answer: Message) -> Message:
        answer.set_rcode(REFUSED)
        answer.answer.clear()
        return answer

    world.host.behave(world.one, refuse)
    [problem] = world.before()
    assert (problem.code, problem.severity) == ("lame", Severity.WARNING)
    assert f"ns1.example.com. 127.0.0.1:{world.one[1]}: REFUSED" in problem.message
    world.host.behave(world.two, refuse)
    assert codes(world.before()) == [("lame", "error")]


def test_the_size_counts_what_will_be_written(world: World) -> None:
    """
    Base and wildcard add two values to what is there: 20 and 2 are more than a datagram takes.
    """
    twenty = [f"{number:043}" for number in range(20)]
    one = world.before(world.place(*twenty), domains=["example.com", "other.example.com"])
    both = world.before(world.place(*twenty), domains=["example.com", "*.example.com"])
    assert codes(one) == [("values-left", "notice")]
    assert codes(both) == [("values-left", "notice"), ("answer-too-large", "notice")]


def test_an_alias_holds_no_values(world: World) -> None:
    """
    What stands at a name that is an alias is not judged: the values belong at its end.
    """
    twenty = [f"{number:043}" for number in range(30)]
    place = Place(CHALLENGE, world.zone(), exists=True, alias=TARGET, values=frozenset(twenty))
    assert not world.before(place)


def test_no_time_left(world: World) -> None:
    """
    After the deadline nobody is asked, and the look ends at once.
    """
    world.left = 0.0
    assert [code for code, _ in codes(world.before())] == ["server-silent"]
    assert not world.host.asked
    assert not world.resolver.asked


# In depth


def test_a_healthy_zone_in_depth(world: World) -> None:
    """
    Nothing is found where nothing is wrong; every server is asked by TCP as well, and again.
    """
    findings, found = world.in_depth()
    assert found == []
    zone = findings.zones[APEX]
    assert (zone.chain, zone.negative_ttl, zone.has_ds) == (Chain.UNSIGNED, 300, False)
    assert {each.address for each in world.host.asked if each.tcp} == {world.one, world.two}


def test_a_validated_zone(world: World) -> None:
    """
    AD from one resolver makes a zone secure.
    """
    world.validates = True
    findings, _ = world.in_depth()
    assert findings.zones[APEX].chain is Chain.SECURE


def test_tcp_closed(world: World) -> None:
    """
    A server that answers by UDP alone is found out.
    """
    world.left = 0.5
    world.host.behave(world.one, lambda asked, answer: None if asked.tcp else answer)
    findings, found = world.in_depth()
    assert found == ["tcp-closed"]
    [problem] = findings.problems(Authority(), NOW)
    assert f":{world.one[1]}" in problem.message
    assert f":{world.two[1]}" not in problem.message


def test_edns_dropped(world: World) -> None:
    """
    A server that is silent with EDNS but answers without is called that, not silent.
    """
    world.left = 0.5
    world.host.behave(world.one, lambda asked, answer: None if asked.query.edns >= 0 else answer)
    assert world.in_depth()[1] == ["edns-intolerant"]


def is_mixed(name: Name) -> bool:
    return name.labels != name.canonicalize().labels


def test_case_denied(world: World) -> None:
    """
    Servers that deny what is not in lower case are called that, not lame; all of them: fatal.
    """

    def deny(asked: Asked, answer: Message) -> Message:
        if is_mixed(asked.name):
            answer.answer.clear()
            answer.set_rcode(rcode.NXDOMAIN)
        return answer

    world.host.behave(world.one, deny)
    world.host.behave(world.two, deny)
    findings, found = world.in_depth()
    assert found == ["case-intolerant"]
    [problem] = findings.problems(Authority(), NOW)
    assert problem.severity is Severity.ERROR


def test_case_not_repeated(world: World) -> None:
    """
    A server that repeats every name in lower case is found out.
    """

    def lower(_: Asked, answer: Message) -> Message:
        answer.question[0].name = answer.question[0].name.canonicalize()
        return answer

    world.host.behave(world.one, lower)
    assert world.in_depth()[1] == ["case-careless"]


def test_machines_that_disagree(world: World) -> None:
    """
    A server whose answers differ from one question to the next is found out.
    """
    turns = count()

    def alternate(_: Asked, answer: Message) -> Message:
        if next(turns) % 2:
            answer.answer.clear()
            answer.set_rcode(rcode.NXDOMAIN)
        return answer

    world.host.behave(world.one, alternate)
    assert world.in_depth()[1] == ["flapping"]


def test_values_at_the_doubled_name(world: World) -> None:
    """
    A challenge's value where the host has appended the zone is found, at a server of the zone.
    """
    twin = from_text("_acme-challenge.example.com.example.com.")

    def misplace(asked: Asked, answer: Message) -> Message:
        if asked.name == twin and asked.rdtype == rdatatype.TXT:
            answer.set_rcode(rcode.NOERROR)
            answer.answer.append(rrset(asked.name, 60, "IN", "TXT", f'"{VALUE}"'))
        return answer

    world.host.behave(world.one, misplace)
    assert world.in_depth()[1] == ["doubled-name"]
    assert sum(each.name == twin for each in world.host.asked) == 1


def test_in_depth_asks_for_ds_anyway(world: World) -> None:
    """
    A DS record over a zone that is not signed is fatal, and only asking for it tells.
    """
    world.elsewhere.answers["example.com.", rdatatype.DS] = reply(APEX, rdatatype.DS, DS)
    assert world.in_depth()[1] == ["signatures-missing"]
