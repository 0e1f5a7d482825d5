"""Of several servers that know the same, the first good answer will do."""

from collections.abc import Iterator
from contextlib import ExitStack
from threading import Event

import pytest
from dns import rcode, rdatatype
from dns.message import Message
from dns.name import from_text

from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query, Reply
from pipeline.asking.socket_limit import MOST_SOCKETS
from pipeline.clock import SystemClock
from pipeline.questions import Silence
from providers.embedded import Embedded
from providers.listener import Asked

ZONE = from_text("example.com.")
SOON, LATE = 0.2, 30.0


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def exchange(clock: SystemClock) -> Iterator[Exchange]:
    with Exchange(clock) as opened:
        yield opened


@pytest.fixture
def servers() -> Iterator[list[Embedded]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Embedded([ZONE])) for _ in range(3)]


def mute(_asked: Asked, _reply: Message) -> None:
    return None


def failing(_asked: Asked, reply: Message) -> Message:
    reply.set_rcode(rcode.SERVFAIL)
    return reply


def queries(servers: list[Embedded], timeout: float = 2.0) -> list[Query]:
    return [
        Query(ZONE, rdatatype.SOA, *server.addresses[0], recursion=False, timeout=timeout)
        for server in servers
    ]


def good(reply: Reply) -> bool:
    assert isinstance(reply.outcome, Message)  # silence is judged by the race itself
    return reply.outcome.rcode() == rcode.NOERROR


def counts(servers: list[Embedded]) -> list[int]:
    return [len(server.asked) for server in servers]


def test_a_good_first_answer_spares_the_others(servers: list[Embedded], exchange: Exchange) -> None:
    """
    Nobody else is asked where the first server answers well.
    """
    race = queries(servers)
    [replies] = exchange.race([race], good, LATE)
    assert [reply.query for reply in replies] == race[:1]
    assert counts(servers) == [1, 0, 0]


def test_a_bad_answer_brings_the_next_at_once(servers: list[Embedded], exchange: Exchange) -> None:
    """
    An answer that does not satisfy, or silence, is not waited over: the next is asked.
    """
    servers[0].behave(servers[0].addresses[0], failing)
    servers[1].behave(servers[1].addresses[0], mute)
    race = queries(servers)
    [replies] = exchange.race([race], good, LATE)
    assert [reply.query for reply in replies] == race
    assert replies[1].outcome == Silence("timeout")
    assert good(replies[2])
    assert replies[2].at < LATE / 2


def test_a_slow_server_is_not_waited_for_alone(
    servers: list[Embedded], exchange: Exchange, clock: SystemClock
) -> None:
    """
    After the stagger the next is asked beside it, and what the slow one says later is dropped.
    """
    answered = Event()

    def slow(_asked: Asked, reply: Message) -> Message:
        answered.wait(60)
        return reply

    servers[0].behave(servers[0].addresses[0], slow)
    race, stagger = queries(servers, timeout=30.0), 1.0
    started = clock.now()
    [replies] = exchange.race([race], good, stagger)
    assert [reply.query for reply in replies] == race[1:2]
    assert stagger <= replies[0].at - started < 2 * stagger
    assert counts(servers)[1:] == [1, 0]  # the first is asked again, as if its packet were lost
    answered.set()
    assert exchange.receive(clock.now() + 0.2) == []


def test_the_slow_may_still_win(servers: list[Embedded], exchange: Exchange) -> None:
    """
    Whoever answers well first has won, in whatever order they were asked.
    """
    asked = Event()

    def after_the_next(_asked: Asked, reply: Message) -> Message:
        asked.wait(60)
        return reply

    def notice(_asked: Asked, _reply: Message) -> None:
        asked.set()

    servers[0].behave(servers[0].addresses[0], after_the_next)
    servers[1].behave(servers[1].addresses[0], notice)
    race = queries(servers[:2], timeout=30.0)
    [replies] = exchange.race([race], good, SOON)
    assert [reply.query for reply in replies] == race[:1]


def test_without_a_winner_all_have_spoken(servers: list[Embedded], exchange: Exchange) -> None:
    """
    A race that nobody wins ends when the last one has answered or timed out.
    """
    for server in servers:
        server.behave(server.addresses[0], failing)
    servers[1].behave(servers[1].addresses[0], mute)
    race = queries(servers, timeout=0.3)
    [replies] = exchange.race([race], good, LATE)
    assert {reply.query for reply in replies} == set(race)
    assert counts(servers) == [1, 1, 1]


def test_contests_run_at_the_same_time(
    servers: list[Embedded], exchange: Exchange, clock: SystemClock
) -> None:
    """
    Many races, more than there are sockets, last as long as one; each gets its own replies.
    """
    servers[0].behave(servers[0].addresses[0], mute)
    races = [queries(servers, timeout=60.0) for _ in range(MOST_SOCKETS - 10)]
    plain = [queries(servers[1:], timeout=60.0) for _ in range(MOST_SOCKETS)]
    started = clock.now()
    outcomes = exchange.race([*races, [], *plain], good, SOON)
    assert clock.now() - started < len(races) * SOON / 2  # in turn they take twice that at least
    assert outcomes[len(races)] == []
    for race, replies in zip([*races, [], *plain], outcomes, strict=True):
        assert all(reply.query in race for reply in replies)
        assert not race or good(replies[-1])


def test_others_get_their_replies_later(servers: list[Embedded], exchange: Exchange) -> None:
    """
    What arrives during a race, or a look-up, for somebody else is kept for `receive`.
    """
    servers[1].behave(servers[1].addresses[0], mute)
    [other] = queries(servers[:1])
    exchange.send(other)
    exchange.race([queries(servers[1:2], timeout=1.5)], good)
    assert [reply.query for reply in exchange.receive(0.0)] == [other]
    [another] = queries(servers[:1])
    exchange.send(another)
    exchange.ask(queries(servers[1:2], timeout=1.5))
    assert [reply.query for reply in exchange.receive(0.0)] == [another]
