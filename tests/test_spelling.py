"""Names go out in random case; who repeats them is believed, who does not is asked again by TCP."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace

import dns.message
import pytest
from dns import flags, rcode, rdatatype
from dns.message import Message
from dns.name import Name, from_text
from dns.rrset import RRset
from dns.rrset import from_text as rrset

from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query
from pipeline.asking.spelling import in_random_case
from pipeline.asking.wire import read
from pipeline.clock import SystemClock
from pipeline.questions import Answer, Role, Silence
from providers.listener import Address, Asked, Listener

NAME = from_text("_acme-challenge.host-with-a-long-name.example.com.")


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange(SystemClock()) as opened:
        yield opened


def proper(query: Message) -> Message:
    """Answer with the value; the owner is spelt as in the question."""
    reply = dns.message.make_response(query)
    reply.flags |= flags.AA
    reply.answer.append(rrset(query.question[0].name, 60, "IN", "TXT", '"v"'))
    return reply


def lowering(_asked: Asked, reply: Message) -> Message:
    """Spell the name in lower case, as careless servers do."""
    return lowered(reply)


def lowered(reply: Message) -> Message:
    [asked] = reply.question  # shared with the query in the server's log
    reply.question = [RRset(asked.name.canonicalize(), asked.rdclass, asked.rdtype)]
    return reply


@pytest.fixture
def server() -> Iterator[Listener]:
    with Listener(("127.0.0.1", 0), proper, SystemClock().now) as listener:
        yield listener


def query(at: Address, name: Name = NAME) -> Query:
    return Query(name, rdatatype.TXT, *at, recursion=False, timeout=1.5)


def ask(exchange: Exchange, asked: Query) -> Answer | Silence:
    [reply] = exchange.ask([asked])
    if isinstance(reply.outcome, Silence):
        return reply.outcome
    return read(reply.outcome, NAME, Role.AUTHORITATIVE)


def spellings(server: Listener) -> list[tuple[bool, str]]:
    return [(asked.tcp, asked.name.to_text()) for asked in server.asked]


def test_names_are_spelt_at_random(server: Listener, exchange: Exchange) -> None:
    """
    Each question in its own mixture; every letter is seen both ways, and nothing but letters
    changes.
    """
    for _ in range(20):
        assert isinstance(ask(exchange, query(server.address)), Answer)
    names = [text for tcp, text in spellings(server) if not tcp]
    assert len(names) == len(set(names)) == 20
    assert {text.lower() for text in names} == {NAME.to_text()}
    for column in zip(*names, strict=True):
        assert len(set(column)) == (2 if column[0].isalpha() else 1)
    assert exchange.careless == set()


def test_only_letters_of_the_name_change() -> None:
    """
    Octets above 127, escapes and the type are left alone, whatever letters they look like.
    """
    name = b"".join(
        bytes([len(label)]) + label for label in from_text(r"A\000\233\@z.example.").labels
    )
    section = name + b"AZaz"
    for _ in range(50):
        spelt = in_random_case(section)
        assert spelt.endswith(b"AZaz")
        assert spelt[:-4].lower() == name.lower()
        assert spelt[2:5] == b"\x00\xe9@"


def test_the_answer_has_the_names_of_the_query(server: Listener, exchange: Exchange) -> None:
    """
    What is handed out is spelt as it was asked for, not as chance had it.
    """
    [reply] = exchange.ask([query(server.address)])
    assert isinstance(reply.outcome, Message)
    assert reply.outcome.question[0].name.to_text() == NAME.to_text()
    assert reply.outcome.answer[0].name.to_text() == NAME.to_text()
    assert spellings(server)[0][1] != NAME.to_text()


def test_a_careless_server_is_asked_by_tcp_once(server: Listener, exchange: Exchange) -> None:
    """
    A name in another case may be forged: TCP decides. Later questions go as the query spells them.
    """
    server.behaviour = lowering
    assert isinstance(ask(exchange, query(server.address)), Answer)
    assert exchange.careless == {server.address}
    assert [tcp for tcp, _ in spellings(server)] == [False, True]
    assert isinstance(ask(exchange, query(server.address)), Answer)
    assert spellings(server)[2:] == [(False, NAME.to_text())]
    assert exchange.sent == 3


def test_a_forged_case_does_not_make_the_server_careless(exchange: Exchange) -> None:
    """
    Where only the datagram is spelt otherwise the answer by TCP counts, and nothing is noted.
    """

    def forged(asked: Asked, reply: Message) -> Message:
        if asked.tcp:
            return reply
        reply.answer = [rrset(NAME, 60, "IN", "TXT", '"forged"')]
        return lowering(asked, reply)

    with Listener(("127.0.0.1", 0), proper, SystemClock().now) as server:
        server.behaviour = forged
        answer = ask(exchange, query(server.address))
    assert isinstance(answer, Answer)
    assert answer.values == {"v"}
    assert exchange.careless == set()


@pytest.mark.parametrize(("cut", "said"), [(False, "0x20"), (True, "truncated")])
def test_without_tcp_the_reason_says_why_it_was_tried(
    exchange: Exchange, *, cut: bool, said: str
) -> None:
    """
    A server whose datagrams do not do and that takes no TCP: both halves of that are told.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))

        def answer() -> None:
            wire, client = udp.recvfrom(4096)
            reply = proper(dns.message.from_wire(wire))
            reply.flags |= flags.TC if cut else 0
            udp.sendto((reply if cut else lowered(reply)).to_wire(), client)

        thread = threading.Thread(target=answer)
        thread.start()
        outcome = ask(exchange, query(udp.getsockname()))
        thread.join()
    assert isinstance(outcome, Silence)
    assert said in outcome.reason
    assert outcome.reason.endswith("over TCP: connection refused")
    assert not outcome.is_nothing


def test_errors_without_a_question_are_heard(server: Listener, exchange: Exchange) -> None:
    """
    A refusal may come as a bare header; it repeats nothing and is believed as it is.
    """

    def bare(_asked: Asked, reply: Message) -> Message:
        reply.question.clear()
        reply.answer.clear()
        reply.set_rcode(rcode.SERVFAIL)
        return reply

    server.behaviour = bare
    assert ask(exchange, query(server.address)) == Silence("SERVFAIL")
    assert len(server.asked) == 1
    assert exchange.careless == set()


def test_mixed_case_is_a_wish(server: Listener, exchange: Exchange) -> None:
    """
    Without it the name goes as it is, and any spelling of it is an answer.
    """
    server.behaviour = lowering
    name = from_text("_ACME-challenge.host-with-a-long-name.example.com.")
    assert isinstance(ask(exchange, replace(query(server.address, name), mixed_case=False)), Answer)
    assert spellings(server) == [(False, name.to_text())]
    assert exchange.careless == set()


def test_without_edns_the_spelling_stays(server: Listener, exchange: Exchange) -> None:
    """
    A server that knows no EDNS is asked again in the same spelling, and held to it.
    """

    def old(asked: Asked, reply: Message) -> Message:
        if asked.query.edns >= 0:
            reply.answer.clear()
            reply.set_rcode(rcode.FORMERR)
        return reply

    server.behaviour = old
    assert isinstance(ask(exchange, query(server.address)), Answer)
    [(_, first), (_, second)] = spellings(server)
    assert first == second != NAME.to_text()


def test_wishes_reach_the_server(server: Listener, exchange: Exchange) -> None:
    """
    DO, CD, no EDNS and TCP from the start are as the query wants them, and off where it does not.
    """
    ask(exchange, query(server.address))
    ask(exchange, replace(query(server.address), dnssec=True))
    ask(exchange, replace(query(server.address), unchecked=True))
    ask(exchange, replace(query(server.address), edns=False))
    ask(exchange, replace(query(server.address), tcp=True))
    asked = server.asked
    assert [bool(each.query.ednsflags & flags.DO) for each in asked] == [False, True, *[False] * 3]
    assert [bool(each.query.flags & flags.CD) for each in asked] == [
        *[False] * 2,
        True,
        *[False] * 2,
    ]
    assert [each.query.edns for each in asked] == [0, 0, 0, -1, 0]
    assert [each.tcp for each in asked] == [False, False, False, False, True]
    assert exchange.sent == 5


def test_signatures_need_edns(server: Listener, exchange: Exchange) -> None:
    """
    Without EDNS there is no place to ask for signatures: no EDNS it is.
    """
    ask(exchange, replace(query(server.address), dnssec=True, edns=False))
    assert server.asked[0].query.edns == -1


def test_a_careless_server_by_tcp_only_is_noted(server: Listener, exchange: Exchange) -> None:
    """
    Over TCP, where the connection is the proof, the first answer does.
    """
    server.behaviour = lowering
    assert isinstance(ask(exchange, replace(query(server.address), tcp=True)), Answer)
    assert len(server.asked) == 1
    assert exchange.careless == {server.address}
