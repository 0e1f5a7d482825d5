"""Questions go out and genuine answers come back, over real sockets on loopback."""

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from threading import Event
from typing import Any

import dns.message
import pytest
from dns import flags, rcode, rdatatype
from dns.message import Message
from dns.name import from_text
from dns.rrset import from_text as rrset

from pipeline.asking.exchange import Exchange
from pipeline.asking.flight import RESEND_AFTER
from pipeline.asking.query import Query, Reply
from pipeline.asking.socket_limit import MOST_SOCKETS, socket_limit
from pipeline.asking.wire import read
from pipeline.clock import SystemClock
from pipeline.questions import Answer, Role, Silence
from providers.contract import TXT, Zone
from providers.embedded import Embedded, Nameserver
from providers.listener import Asked

ZONE = from_text("example.com.")
NAME = from_text("_acme-challenge.example.com.")


@pytest.fixture
def server() -> Iterator[Embedded]:
    with Embedded([ZONE], [Nameserver()], soa_ttl=77, minimum=600) as embedded:
        yield embedded


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange(SystemClock()) as opened:
        yield opened


def publish(server: Embedded, *values: str) -> None:
    server.append(Zone(ZONE, ""), [TXT(NAME, value) for value in values], "mark")


def query(server: Embedded, timeout: float = 2.0) -> Query:
    host, port = server.addresses[0]
    return Query(NAME, rdatatype.TXT, host, port, recursion=False, timeout=timeout)


def ask(exchange: Exchange, *queries: Query) -> list[Message | Silence]:
    return [reply.outcome for reply in exchange.ask(queries)]


def judged(outcome: Message | Silence) -> Answer | Silence:
    return outcome if isinstance(outcome, Silence) else read(outcome, NAME, Role.AUTHORITATIVE)


def test_values_come_back_whole(server: Embedded, exchange: Exchange) -> None:
    """
    An answer holds the values of the RRset and its TTL; the question went without RD, with EDNS.
    """
    publish(server, "one", "two")
    [outcome] = ask(exchange, query(server))
    assert judged(outcome) == Answer(frozenset({"one", "two"}), 60.0, "holds 2 TXT values")
    asked = server.asked[0].query
    assert not asked.flags & flags.RD
    assert asked.payload == 1232


def test_negative_answers_carry_the_soa_ttl(server: Embedded, exchange: Exchange) -> None:
    """
    How long "no" is repeated is the TTL of the SOA record received, not its MINIMUM field.
    """
    [outcome] = ask(exchange, query(server))
    assert judged(outcome) == Answer(frozenset(), 77.0, "NXDOMAIN")


def test_truncated_answers_are_fetched_by_tcp(server: Embedded, exchange: Exchange) -> None:
    """
    An RRset that no datagram holds arrives complete.
    """
    values = {f"{number:03}" + "x" * 200 for number in range(30)}
    publish(server, *values)
    [outcome] = ask(exchange, query(server))
    assert isinstance(answer := judged(outcome), Answer)
    assert answer.values == values
    assert [asked.tcp for asked in server.asked] == [False, True]
    assert exchange.sent == 2


def test_a_lost_datagram_is_sent_again(server: Embedded, exchange: Exchange) -> None:
    """
    One loss costs less than a second, not the whole timeout.
    """
    publish(server, "v")
    dropped: list[Asked] = []

    def lose_first(asked: Asked, reply: Message) -> Message | None:
        if dropped:
            return reply
        dropped.append(asked)
        return None

    server.behave(server.addresses[0], lose_first)
    [reply] = exchange.ask([query(server)])
    assert isinstance(judged(reply.outcome), Answer)
    assert len(server.asked) == 2
    assert reply.at >= RESEND_AFTER


def test_silence_ends_at_the_timeout(server: Embedded, exchange: Exchange) -> None:
    """
    A server that never answers is silent after the timeout; others are not held up by it.
    """
    publish(server, "v")
    server.behave(server.addresses[0], lambda _asked, _reply: None)
    with Embedded([ZONE]) as living:
        exchange.send(dead := query(server, timeout=0.9))
        exchange.send(alive := query(living))
        first = exchange.receive(float("inf"))
        assert [reply.query for reply in first] == [alive]
        [last] = exchange.receive(float("inf"))
    assert last.query is dead
    assert last.outcome == Silence("timeout")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (rcode.SERVFAIL, "SERVFAIL"),
        (rcode.REFUSED, "REFUSED"),
        (rcode.BADVERS, "BADVERS"),
        (rcode.Rcode.make(15), "RCODE 15"),
        (rcode.Rcode.make(4000), "RCODE 4000"),
    ],
)
def test_error_codes_are_silence(
    server: Embedded, exchange: Exchange, code: rcode.Rcode, reason: str
) -> None:
    """
    A server that fails or refuses says nothing about the name; a code without a name is a number,
    and is said to be one.
    """

    def fail(_asked: Asked, reply: Message) -> Message:
        reply.set_rcode(code)
        return reply

    server.behave(server.addresses[0], fail)
    [outcome] = ask(exchange, query(server))
    assert judged(outcome) == Silence(reason)


def test_an_answer_without_authority_is_silence(server: Embedded, exchange: Exchange) -> None:
    """
    A lame server's answer, right or wrong, neither confirms nor denies.
    """
    publish(server, "v")

    def lame(_asked: Asked, reply: Message) -> Message:
        reply.flags &= ~flags.AA
        return reply

    server.behave(server.addresses[0], lame)
    [outcome] = ask(exchange, query(server))
    assert isinstance(verdict := judged(outcome), Silence)
    assert "lame" in verdict.reason


def test_nobody_listening_is_silence_at_once(exchange: Exchange) -> None:
    """
    A closed port answers by ICMP, which is heard.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    [reply] = exchange.ask([Query(NAME, rdatatype.TXT, "127.0.0.1", port, recursion=False)])
    assert reply.outcome == Silence("connection refused")


def test_no_route_is_told_apart() -> None:
    """
    An address family this host cannot reach is not observable, which is not the same as silent.
    """
    with Exchange(SystemClock()) as exchange:
        # A zone-less link-local address cannot be routed anywhere.
        [reply] = exchange.ask([Query(NAME, rdatatype.TXT, "fe80::1", 53, recursion=False)])
    assert isinstance(reply.outcome, Silence)


def test_many_at_once(server: Embedded, exchange: Exchange) -> None:
    """
    More questions than sockets: each gets its own answer, in the order asked.
    """
    publish(server, "v")
    host, port = server.addresses[0]
    names = [NAME if number % 2 else ZONE for number in range(3 * MOST_SOCKETS)]
    queries = [Query(name, rdatatype.TXT, host, port, recursion=False) for name in names]
    replies = exchange.ask(queries)
    assert [reply.query for reply in replies] == queries
    for reply in replies:
        assert isinstance(reply.outcome, Message)
        assert bool(reply.outcome.answer) == (reply.query.name == NAME)


def test_forged_answers_are_ignored(exchange: Exchange) -> None:
    """
    A wrong id, another question, garbage: none of it counts, and the real answer still does.
    """
    genuine = rrset(NAME, 60, "IN", "TXT", '"v"')
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as liar:
        liar.bind(("127.0.0.1", 0))

        def lie() -> None:
            wire, client = liar.recvfrom(4096)
            question = dns.message.from_wire(wire)
            real = dns.message.make_response(question)
            real.flags |= flags.AA
            real.answer.append(genuine)
            wrong_id = dns.message.make_response(question)
            wrong_id.flags |= flags.AA
            wrong_id.id ^= 1
            other = dns.message.make_response(dns.message.make_query(ZONE, rdatatype.TXT))
            other.id = question.id
            for packet in (b"", b"garbage", wrong_id.to_wire(), other.to_wire(), wire):
                liar.sendto(packet, client)
            liar.sendto(real.to_wire(), client)

        thread = threading.Thread(target=lie)
        thread.start()
        port = liar.getsockname()[1]
        [outcome] = ask(exchange, Query(NAME, rdatatype.TXT, "127.0.0.1", port, recursion=False))
        thread.join()
    assert judged(outcome) == Answer(frozenset({"v"}), 60.0, "holds 1 TXT value")


class Octets(Message):
    """What is sent in place of a message."""

    def __init__(self, wire: bytes) -> None:
        super().__init__()
        self._wire = wire

    def to_wire(self, *_: Any, **__: Any) -> bytes:
        return self._wire


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize("kind", ["garbage", "half", "other"])
def test_an_answer_that_makes_no_sense_is_no_timeout(
    server: Embedded, exchange: Exchange, kind: str, *, tcp: bool
) -> None:
    """
    A server that answers with what nobody can read has answered: that is what is said of it, once
    no better answer came.
    """

    def babble(asked: Asked, reply: Message) -> Message:
        other = dns.message.make_response(dns.message.make_query(ZONE, rdatatype.TXT))
        other.id = asked.query.id
        wires = {"garbage": b"garbage", "half": reply.to_wire()[:-9], "other": other.to_wire()}
        return Octets(wires[kind])

    server.behave(server.addresses[0], babble)
    [outcome] = ask(exchange, replace(query(server, timeout=0.9), tcp=tcp))
    said = "answers another question" if kind == "other" else "is no DNS message"
    assert outcome == Silence(f"what came {said}")
    assert not Silence(f"what came {said}").is_nothing


def test_ids_and_ports_are_random(server: Embedded, exchange: Exchange) -> None:
    """
    Neither message ids nor source ports repeat or count upwards.
    """
    ask(exchange, *(query(server) for _ in range(50)))
    ids = [asked.query.id for asked in server.asked]
    assert len(set(ids)) > 45
    steps = {second - first for first, second in pairwise(ids)}
    assert len(steps) > 45


def test_tcp_that_breaks_off_is_silence(exchange: Exchange) -> None:
    """
    A connection cut before the answer is complete is no answer.
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        udp.bind(tcp.getsockname())

        def cut() -> None:
            wire, client = udp.recvfrom(4096)
            reply = dns.message.make_response(dns.message.from_wire(wire))
            reply.flags |= flags.TC
            udp.sendto(reply.to_wire(), client)
            connection, _ = tcp.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"\x00\x50half")

        thread = threading.Thread(target=cut)
        thread.start()
        port = tcp.getsockname()[1]
        [outcome] = ask(exchange, Query(NAME, rdatatype.TXT, "127.0.0.1", port, recursion=False))
        thread.join()
    assert isinstance(outcome, Silence)


def test_strings_are_joined_and_compared_whole() -> None:
    """
    A value may come in several strings; a prefix or another case is another value.
    """
    message = dns.message.make_response(dns.message.make_query(NAME, rdatatype.TXT))
    message.flags |= flags.AA
    message.answer.append(rrset(NAME, 60, "IN", "TXT", '"ab" "cd"', '"AB"', '"\\200"'))
    answer = judged(dns.message.from_wire(message.to_wire()))
    assert isinstance(answer, Answer)
    assert answer.values == {"abcd", "AB", "\xc8"}


def test_a_cname_is_named() -> None:
    """
    Where a CNAME stands there is no TXT, and the reader learns why.
    """
    message = dns.message.make_response(dns.message.make_query(NAME, rdatatype.TXT))
    message.flags |= flags.AA
    message.answer.append(rrset(NAME, 60, "IN", "CNAME", "elsewhere.example."))
    answer = judged(dns.message.from_wire(message.to_wire()))
    assert answer == Answer(frozenset(), 60.0, "CNAME to elsewhere.example.")


def test_nxdomain_is_a_denial_whatever_else_it_holds(server: Embedded, exchange: Exchange) -> None:
    """
    A CA takes "no such name" for final, so a TXT beside it confirms nothing.
    """
    publish(server, "v")

    def contradict(_asked: Asked, reply: Message) -> Message:
        reply.set_rcode(rcode.NXDOMAIN)
        return reply

    server.behave(server.addresses[0], contradict)
    [outcome] = ask(exchange, query(server))
    assert isinstance(answer := judged(outcome), Answer)
    assert (answer.values, answer.detail) == (frozenset(), "NXDOMAIN")


def test_a_server_without_edns_is_asked_without(server: Embedded, exchange: Exchange) -> None:
    """
    FORMERR to a question with EDNS is how old servers say that they know none (RFC 6891 §7).
    """
    publish(server, "v")

    def old(asked: Asked, reply: Message) -> Message:
        if asked.query.edns >= 0:
            reply.answer.clear()
            reply.set_rcode(rcode.FORMERR)
        return reply

    server.behave(server.addresses[0], old)
    [outcome] = ask(exchange, query(server))
    assert isinstance(answer := judged(outcome), Answer)
    assert answer.values == {"v"}
    assert [asked.query.edns for asked in server.asked] == [0, -1]


def test_what_has_arrived_counts_before_what_is_overdue(server: Embedded) -> None:
    """
    A process that was stopped for longer than the timeout reads its answers, not its watch.
    """
    publish(server, "v")

    class Sleepy(SystemClock):
        slept = 0.0

        def now(self) -> float:
            return super().now() + self.slept

    go_on = Event()

    def slow(_asked: Asked, reply: Message) -> Message:
        go_on.wait(60)
        return reply

    server.behave(server.addresses[0], slow)
    clock = Sleepy()
    with Exchange(clock) as exchange:
        exchange.send(query(server))
        assert exchange.receive(clock.now()) == []  # sent; the answer is on its way
        go_on.set()
        time.sleep(1.0)
        clock.slept = 60.0
        [reply] = exchange.receive(clock.now() + 1)
    assert isinstance(judged(reply.outcome), Answer)


def test_the_dead_do_not_hold_back_the_living(server: Embedded, exchange: Exchange) -> None:
    """
    However many questions to however many servers that say nothing went before, all of the living
    one's answers have come before the first of those is given up, and sockets are not without
    number; see `tests.test_fair_queue`.
    """
    publish(server, "v")
    with ExitStack() as stack:
        dead = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(100)]
        for each in dead:
            each.bind(("127.0.0.1", 0))
        silent = [
            replace(query(server, timeout=30.0), port=each.getsockname()[1]) for each in dead * 20
        ]
        living = [query(server, timeout=30.0) for _ in range(3 * MOST_SOCKETS)]
        for each_query in (*silent, *living):
            exchange.send(each_query)
        replies: list[Reply] = []
        while len(replies) < len(living):
            replies += exchange.receive(float("inf"))
            with socket.socket() as another:
                assert another.fileno() <= max(each.fileno() for each in dead) + MOST_SOCKETS + 5
    assert {reply.query for reply in replies} == set(living)
    assert all(isinstance(judged(reply.outcome), Answer) for reply in replies)


def test_without_descriptors_a_question_waits(server: Embedded) -> None:
    """
    Where the process has no descriptor to spare it goes on with those that it has: that says
    nothing of the server.
    """
    publish(server, "v")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with Exchange(SystemClock()) as exchange, socket.socket() as highest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest.fileno() + 5, hard))
        try:
            replies = exchange.ask([query(server, timeout=30.0) for _ in range(40)])
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert all(isinstance(judged(reply.outcome), Answer) for reply in replies)
    assert exchange.sent >= 40


def test_a_quarter_of_the_descriptors_is_for_questions() -> None:
    """
    A process that may open few files has some left for the rest of it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        for limit, room in ((10**6, MOST_SOCKETS), (1024, MOST_SOCKETS), (256, 64)):
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(limit, hard), hard))
            assert socket_limit() == room
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
