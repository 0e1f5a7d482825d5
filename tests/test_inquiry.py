"""After a time-out a few questions tell the cause, over real sockets, and no resolver too early."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from dns import rcode, rdatatype
from dns.flags import CD, TC
from dns.message import Message, make_response
from dns.name import Name, from_text
from dns.rrset import from_text as rrset

from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query
from pipeline.asking.socket_limit import MOST_SOCKETS
from pipeline.clock import SystemClock
from pipeline.demo.resolver import Resolver
from pipeline.explaining.causes import Cause, Kind
from pipeline.explaining.diagnosis import diagnose
from pipeline.explaining.inquiry import PATIENCE, STARTS, SUSPECTS, Inquiry, inquire
from pipeline.propagation.confirm import confirm
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.policy import Policy
from pipeline.propagation.rules import Expired
from pipeline.questions import Answer, Goal, Observation, Perspective, Question, Role, Silence
from providers.contract import TXT, Zone
from providers.embedded import Embedded, Nameserver
from providers.listener import Address, Asked, Behaviour, Listener

from .fakes import goal

ZONE = from_text("example.com.")
NAME = from_text("_acme-challenge.www.example.com.")
LONG_LAG = Nameserver(lag=3600.0)


@dataclass
class Scene:
    """Some servers, and a clock and an exchange to ask them with."""

    stack: ExitStack
    clock: SystemClock
    exchange: Exchange

    def servers(self, *nameservers: Nameserver, apex: Name = ZONE) -> Embedded:
        """Return name servers that have the value "v", as far as their lag lets them."""
        embedded = self.stack.enter_context(
            Embedded([apex], nameservers, soa_ttl=900, minimum=900, now=self.clock.now)
        )
        embedded.append(Zone(apex, ""), [TXT(NAME, "v")], "mark")
        return embedded

    def listener(self, respond: Callable[[Message], Message]) -> Listener:
        return self.stack.enter_context(Listener(("127.0.0.1", 0), respond, self.clock.now))

    def resolver(self, servers: Embedded, apex: Name = ZONE) -> Resolver:
        return self.stack.enter_context(Resolver({apex: servers.addresses}, self.clock.now))

    def wait(self, *goals: Goal, timeout: float = 2.0) -> tuple[Expired, Evidence]:
        now = self.clock.now()
        policy = Policy(now, now + timeout)
        verdict, evidence = confirm(
            goals, self.exchange, self.clock, policy, lambda _evidence, _now: None
        )
        assert isinstance(verdict, Expired)
        return verdict, evidence

    def causes(self, *goals: Goal, timeout: float = 2.0) -> dict[Perspective, Cause]:
        """Return the likely causes by server, asked for as a run does."""
        expired, evidence = self.wait(*goals, timeout=timeout)
        findings = inquire(goals, expired, evidence, self.exchange, self.clock)
        found = diagnose(goals, expired.unconfirmed, evidence, findings, {})
        return {question.via: cause for question, cause in found.items()}


@pytest.fixture
def scene() -> Iterator[Scene]:
    clock = SystemClock()
    with ExitStack() as stack, Exchange(clock) as exchange:
        yield Scene(stack, clock, exchange)


def authoritative(*addresses: Address) -> list[Perspective]:
    return [Perspective(host, port, Role.AUTHORITATIVE, f"ns{port}") for host, port in addresses]


def recursive(*addresses: Address) -> list[Perspective]:
    return [Perspective(host, port, Role.RECURSIVE, "configured") for host, port in addresses]


def wanting(via: Sequence[Perspective], zone: Name = ZONE) -> Goal:
    return goal(NAME, zone, {"v"}, via)


def with_rcode(code: rcode.Rcode) -> Behaviour:
    def behaviour(asked: Asked, _reply: Message) -> Message:
        answer = make_response(asked.query)
        answer.set_rcode(code)
        return answer

    return behaviour


def mixed_case_is_another_name(asked: Asked, reply: Message) -> Message:
    if str(asked.name) == str(asked.name).lower():
        return reply
    return with_rcode(rcode.NXDOMAIN)(asked, reply) or reply


def everything_is_there(asked: Asked, reply: Message) -> Message:
    """Answer like a zone with a wildcard TXT record."""
    if asked.rdtype == rdatatype.TXT:
        reply.set_rcode(rcode.NOERROR)
        reply.authority.clear()
        reply.answer = [rrset(asked.name, 60, "IN", "TXT", "old")]
    return reply


def test_servers_that_answer_are_told_apart(scene: Scene) -> None:
    """
    Lame, a stale secondary, one that minds mixed case, a wildcard: each has its own cause, and a
    stale one both serials.
    """
    servers = scene.servers(*[Nameserver()] * 2, LONG_LAG, Nameserver(), Nameserver())
    _, lame, stale, minds, wildcard = authoritative(*servers.addresses)
    servers.behave(servers.addresses[1], with_rcode(rcode.REFUSED))
    servers.behave(servers.addresses[3], mixed_case_is_another_name)
    servers.behave(servers.addresses[4], everything_is_there)
    causes = scene.causes(wanting(authoritative(*servers.addresses)))
    assert {via: cause.kind for via, cause in causes.items()} == {
        lame: Kind.LAME,
        stale: Kind.STALE,
        minds: Kind.CASE,
        wildcard: Kind.WILDCARD,
    }
    assert causes[stale].particulars == f"serial 1, while ns{servers.addresses[0][1]} has 2"


def test_servers_that_are_silent_are_told_apart(scene: Scene) -> None:
    """
    One drops EDNS, one answers over TCP only, one cuts its answers and closes TCP, one is down.
    """

    def drops_edns(asked: Asked, reply: Message) -> Message | None:
        return None if asked.query.edns >= 0 else reply

    def drops_udp(asked: Asked, reply: Message) -> Message | None:
        return reply if asked.tcp else None

    def cuts(asked: Asked, reply: Message) -> Message | None:
        reply.flags |= TC
        return None if asked.tcp else reply

    servers = scene.servers(*[Nameserver()] * 5)
    behaviours = (drops_edns, drops_udp, cuts, lambda *_: None)
    for address, behaviour in zip(servers.addresses[1:], behaviours, strict=True):
        servers.behave(address, behaviour)
    _, *silent = authoritative(*servers.addresses)
    causes = scene.causes(wanting(authoritative(*servers.addresses)), timeout=2.3)
    assert [causes[via].kind for via in silent] == [
        Kind.EDNS, Kind.UDP_CLOSED, Kind.TCP_CLOSED, Kind.DOWN,
    ]  # fmt: skip


def test_a_value_that_comes_after_the_deadline_is_late(scene: Scene) -> None:
    """
    What has arrived meanwhile is no fault of the server.
    """
    servers = scene.servers(Nameserver(), Nameserver(lag=2.5))
    arrives = scene.clock.now() + 2.5
    _, late = authoritative(*servers.addresses)
    wanted = wanting(authoritative(*servers.addresses))
    expired, evidence = scene.wait(wanted, timeout=1.0)
    while scene.clock.now() <= arrives:
        scene.exchange.receive(arrives)
    findings = inquire([wanted], expired, evidence, scene.exchange, scene.clock)
    causes = diagnose([wanted], expired.unconfirmed, evidence, findings, {})
    assert {question.via: cause.kind for question, cause in causes.items()} == {late: Kind.LATE}


def test_bogus_signatures_show_with_checking_disabled(scene: Scene) -> None:
    """
    A resolver that fails, but answers with CD=1, finds the zone bogus; it was asked so once, when
    the name's servers had the value.
    """

    def validates(query: Message) -> Message:
        answer = make_response(query)
        if not query.flags & CD:
            answer.set_rcode(rcode.SERVFAIL)
        return answer

    servers, resolver = scene.servers(Nameserver()), scene.listener(validates)
    via = [*authoritative(*servers.addresses), *recursive(resolver.address)]
    causes = scene.causes(wanting(via))
    assert [cause.kind for cause in causes.values()] == [Kind.BOGUS]
    unchecked = [asked for asked in resolver.asked if asked.query.flags & CD]
    assert [asked.name for asked in unchecked] == [NAME]


def test_no_resolver_hears_of_a_name_that_is_not_confirmed(scene: Scene) -> None:
    """
    While one name server lacks the value no resolver is asked anything, not even afterwards.
    """
    servers = scene.servers(Nameserver(), LONG_LAG)
    resolver = scene.resolver(servers)
    via = [*authoritative(*servers.addresses), *recursive(resolver.address)]
    causes = scene.causes(wanting(via))
    assert [cause.kind for cause in causes.values()] == [Kind.STALE]
    assert resolver.asked == []


def test_no_failing_resolver_is_asked_again_once_a_server_lost_the_value() -> None:
    """
    A resolver that has failed is asked with CD=1 only if the name's servers still have the value,
    and those of the names above.
    """
    above = goal(NAME.parent(), ZONE, {"v"}, (*SERVERS, OPERATOR))
    wanted = goal(NAME, ZONE, {"v"}, (*SERVERS, OPERATOR))
    [resolver] = wanted.recursive
    for unconfirmed in (wanted.authoritative[0], above.authoritative[0]):
        evidence = Evidence([above, wanted])
        note(evidence, resolver, Silence("SERVFAIL"))
        stuck = Inquiry([above, wanted], Expired((unconfirmed, resolver)), evidence, 1.0)
        assert not [line for line in stuck.lines() if line.query.unchecked]
        free = Inquiry([above, wanted], Expired((resolver,)), evidence, 1.0)
        assert [line.question for line in free.lines() if line.query.unchecked] == [resolver]


def test_a_poisoned_resolver_is_left_alone(scene: Scene) -> None:
    """
    A resolver that remembers a "no" hears the name once; afterwards only of the zone itself.
    """
    servers = scene.servers(Nameserver(lag=1.2))
    resolver = scene.resolver(servers)
    [via] = recursive(resolver.address)
    early = Query(NAME, rdatatype.TXT, *resolver.address, recursion=True)
    scene.exchange.ask([early])
    causes = scene.causes(wanting([*authoritative(*servers.addresses), via]), timeout=3.5)
    assert causes[via].kind is Kind.POISONED
    assert [(asked.name, asked.rdtype) for asked in resolver.asked] == [
        (NAME, rdatatype.TXT),
        (NAME, rdatatype.TXT),
        (ZONE, rdatatype.SOA),
    ]


def test_a_zone_at_the_challenge_name_is_no_resolvers_business() -> None:
    """
    Where the challenge name is a zone of its own, resolvers are not asked about that zone.
    """
    wanted = wanting([*SERVERS, OPERATOR], zone=NAME)
    [resolver] = wanted.recursive
    evidence = Evidence([wanted])
    note(evidence, resolver, Silence("SERVFAIL"))
    lines = list(Inquiry([wanted], Expired((resolver,)), evidence, 1.0).lines())
    asked = [line.query for line in lines if line.query.recursion]
    assert [(query.rdtype, query.unchecked) for query in asked] == [(rdatatype.TXT, True)]


@pytest.mark.parametrize(
    ("code", "kind"), [(rcode.NOERROR, Kind.BLOCKED), (rcode.SERVFAIL, Kind.DOWN)]
)
def test_blocked_or_down_is_asked_of_resolvers_by_the_zone(
    scene: Scene, code: rcode.Rcode, kind: Kind
) -> None:
    """
    When no name server is heard, resolvers tell whether it is they or we; they hear of the zone
    alone. One that fails as well means that the servers are down.
    """

    def answers(query: Message) -> Message:
        answer = make_response(query)
        answer.set_rcode(code)
        return answer

    servers, resolver = scene.servers(Nameserver(), Nameserver()), scene.listener(answers)
    for address in servers.addresses:
        servers.behave(address, lambda *_: None)
    via = [*authoritative(*servers.addresses), *recursive(resolver.address)]
    causes = scene.causes(wanting(via), timeout=2.3)
    assert {cause.kind for cause in causes.values()} == {kind}
    assert {(asked.name, asked.rdtype) for asked in resolver.asked} == {(ZONE, rdatatype.SOA)}


def test_the_inquiry_is_bounded(scene: Scene) -> None:
    """
    However many servers are silent: a few dozen questions, and two seconds.
    """
    deaf = scene.listener(lambda query: query)
    deaf.behaviour = lambda *_: None
    address, port = deaf.address
    via = [
        Perspective(f"127.0.1.{number}", port, Role.AUTHORITATIVE, f"ns{number}")
        for number in range(1, 60)
    ] + [Perspective(address, port, Role.AUTHORITATIVE, "deaf")]
    wanted = wanting(via)
    evidence = Evidence([wanted])
    for question in wanted.questions:
        note(evidence, question, Silence("timeout"))
    expired = Expired(tuple(reversed(wanted.questions)))
    lines = list(Inquiry([wanted], expired, evidence, 0.0).lines())
    assert len({line.question for line in lines if line.query.rdtype == rdatatype.SOA}) == STARTS
    assert len({line.question for line in lines if line.query.rdtype != rdatatype.SOA}) == SUSPECTS
    assert len(lines) == STARTS + 4 * SUSPECTS
    started = scene.clock.now()
    inquire([wanted], expired, evidence, scene.exchange, scene.clock)
    assert PATIENCE - 0.5 < scene.clock.now() - started < PATIENCE + 1.5


def test_a_backlog_does_not_stretch_the_inquiry(scene: Scene) -> None:
    """
    Questions of the wait that are still queued take none of its time, and their answers are not
    taken for ours.
    """
    deaf = scene.listener(lambda query: query)
    deaf.behaviour = lambda *_: None
    for _ in range(2 * MOST_SOCKETS):
        scene.exchange.send(
            Query(NAME, rdatatype.TXT, *deaf.address, recursion=False, timeout=PATIENCE)
        )
    wanted = wanting(authoritative(deaf.address))
    evidence = Evidence([wanted])
    note(evidence, wanted.authoritative[0], Silence("timeout"))
    started = scene.clock.now()
    findings = inquire(
        [wanted], Expired(wanted.authoritative), evidence, scene.exchange, scene.clock
    )
    assert scene.clock.now() - started < PATIENCE + 1.5
    assert all(each.question in wanted.questions for each in findings.heard.values())


def test_a_resolver_is_not_asked_again_while_it_repeats_itself() -> None:
    """
    Rule 3 holds to the end: what it said before it failed has not run out.
    """
    wanted = wanting([*SERVERS, OPERATOR])
    [resolver] = wanted.recursive
    evidence = Evidence([wanted])
    evidence.sent(resolver)
    evidence.note(Observation(resolver, 0.0, Answer(frozenset(), 60.0, "NXDOMAIN")))
    note(evidence, resolver, Silence("SERVFAIL"))
    for now, asked in ((59.0, []), (60.0, [resolver])):
        lines = Inquiry([wanted], Expired((resolver,)), evidence, now).lines()
        assert [line.question for line in lines if line.query.unchecked] == asked


def test_nobody_is_asked_whom_we_cannot_reach() -> None:
    """
    A server without a route, and one that was never asked, get no question.
    """
    wanted = wanting([*SERVERS, OPERATOR])
    evidence = Evidence([wanted])
    note(evidence, wanted.authoritative[0], Silence("no route", routeless=True))
    expired = Expired((*wanted.authoritative, *wanted.recursive))
    lines = list(Inquiry([wanted], expired, evidence, 0.0).lines())
    assert {line.question for line in lines} <= {wanted.authoritative[1]}


SERVERS = tuple(
    Perspective(f"192.0.2.{number}", 53, Role.AUTHORITATIVE, f"ns{number}.") for number in (1, 2)
)
OPERATOR = Perspective("198.51.100.1", 53, Role.RECURSIVE, "operator")


def note(evidence: Evidence, question: Question, outcome: Silence) -> None:
    evidence.sent(question)
    evidence.note(Observation(question, 0.0, outcome))
