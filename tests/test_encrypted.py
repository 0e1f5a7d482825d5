"""Questions over TLS and HTTPS: what they carry, what is believed, and what a failure is called."""

import asyncio
import errno
import os
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import dns.message
import httpx
import pytest
from dns import flags, rdatatype
from dns.message import Message, make_query, make_response
from dns.name import Name, from_text
from dns.rrset import from_text as rrset

from pipeline.asking.encrypted.https import LIMIT, MEDIA_TYPE, judged
from pipeline.asking.encrypted.trust import failure
from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query, Reply
from pipeline.clock import SystemClock
from pipeline.questions import Silence, Transport
from providers.listener import Listener

from .bridge import until
from .lab.pebble import certify
from .standins.encrypted import Answer, Secured, Serve, over_https, over_tls

NAME = from_text("_acme-challenge.example.com.")
TLS, HTTPS = Transport.TLS, Transport.HTTPS
BOTH = pytest.mark.parametrize("transport", [TLS, HTTPS])


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a CA, and a certificate of it for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificates")
    certify("127.0.0.1", folder)
    return folder


@pytest.fixture(autouse=True)
def trusted(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust that CA and go through no proxy."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange(SystemClock()) as opened:
        yield opened


def answer(query: Message) -> Message:
    reply = make_response(query)
    reply.answer.append(rrset(query.question[0].name, 60, "IN", "TXT", '"v"'))
    return reply


def good(transport: Transport) -> Serve:
    """Return the service of a resolver that knows everything."""
    if transport is TLS:
        return over_tls(lambda query, _: [answer(query)])
    return over_https(lambda query, _: packed(answer(query)))


def saying(transport: Transport, reply: Message) -> Serve:
    """Return the service of a resolver that always says the same, under the right id."""

    def say(query: Message, _connection: int) -> Message:
        reply.id = query.id
        return reply

    if transport is TLS:
        return over_tls(lambda query, number: [say(query, number)])
    return over_https(lambda query, number: packed(say(query, number)))


def packed(reply: Message) -> Answer:
    return 200, MEDIA_TYPE, reply.to_wire()


def mute(connection: ssl.SSLSocket, _number: int) -> None:
    while connection.recv(65535):
        pass


def query(server: Secured, transport: Transport, name: Name = NAME, timeout: float = 3.0) -> Query:
    host, port = server.address
    return Query(
        name, rdatatype.TXT, host, port, recursion=True, timeout=timeout, transport=transport
    )


def outcome(exchange: Exchange, asked: Query) -> Message | Silence:
    [reply] = exchange.ask([asked])
    return reply.outcome


def reason(exchange: Exchange, asked: Query) -> str:
    silence = outcome(exchange, asked)
    assert isinstance(silence, Silence)
    return silence.reason


# What works


@BOTH
def test_many_questions_share_one_connection(
    certificates: Path, exchange: Exchange, transport: Transport
) -> None:
    """
    Hundreds of questions, each with its own answer, on one connection that is kept for later ones.
    """
    names = [from_text(f"h{number}.example.com.") for number in range(300)]
    with Secured(certificates, good(transport)) as server:
        for _ in range(2):
            replies = exchange.ask([query(server, transport, name, timeout=30.0) for name in names])
            for reply, name in zip(replies, names, strict=True):
                assert isinstance(reply.outcome, Message)
                assert reply.outcome.answer[0].name == name
    assert server.connections == 1
    assert exchange.sent == 600


@BOTH
def test_ipv6(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: Exchange, transport: Transport
) -> None:
    """
    A v6 address is asked, and looked for in the certificate, like any other.
    """
    certify("::1", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Secured(tmp_path, good(transport), host="::1") as server:
        assert isinstance(outcome(exchange, query(server, transport)), Message)


@BOTH
def test_wishes_travel(certificates: Path, exchange: Exchange, transport: Transport) -> None:
    """
    RD, DO, CD and the absence of EDNS arrive; names as they are written, and over HTTPS id 0.
    """
    heard: list[Message] = []

    def note(asked: Message, _connection: int) -> Message:
        heard.append(asked)
        return answer(asked)

    serve = (
        over_tls(lambda asked, number: [note(asked, number)])
        if transport is TLS
        else over_https(lambda asked, number: packed(note(asked, number)))
    )
    with Secured(certificates, serve) as server:
        plain = query(server, transport)
        for asked in (
            plain,
            replace(plain, dnssec=True, recursion=False),
            replace(plain, unchecked=True),
            replace(plain, edns=False),
        ):
            assert isinstance(outcome(exchange, asked), Message)
    assert [bool(each.flags & flags.RD) for each in heard] == [True, False, True, True]
    assert [bool(each.ednsflags & flags.DO) for each in heard] == [False, True, False, False]
    assert [bool(each.flags & flags.CD) for each in heard] == [False, False, True, False]
    assert [each.edns for each in heard] == [0, 0, 0, -1]
    assert {each.question[0].name.to_text() for each in heard} == {NAME.to_text()}
    assert transport is TLS or {each.id for each in heard} == {0}


def test_answers_over_tls_come_in_any_order(certificates: Path, exchange: Exchange) -> None:
    """
    A server may answer the second question first (RFC 7766 §6.2.1.1); ids tell them apart.
    """
    held: list[Message] = []

    def second_first(asked: Message, _connection: int) -> list[Message]:
        held.insert(0, asked)
        return [answer(each) for each in held] if len(held) == 2 else []

    names = [from_text("one.example."), from_text("two.example.")]
    with Secured(certificates, over_tls(second_first)) as server:
        for name in names:
            exchange.send(query(server, TLS, name))
        replies = exchange.receive(5.0)
        if len(replies) < 2:
            replies += exchange.receive(5.0)
    assert [reply.query.name for reply in replies] == names[::-1]
    for reply in replies:
        assert isinstance(reply.outcome, Message)
        assert reply.outcome.answer[0].name == reply.query.name


def test_transports_race(certificates: Path, exchange: Exchange) -> None:
    """
    Encrypted or not, the first good answer wins, and the rest is dropped.
    """
    with (
        Secured(certificates, mute) as https,
        Secured(certificates, good(TLS)) as tls,
    ):
        race = [query(https, HTTPS), query(tls, TLS)]
        [replies] = exchange.race([race], lambda _: True, 0.2)
        assert [reply.query for reply in replies] == race[1:]
        assert exchange.receive(replies[0].at + 0.3) == []


@BOTH
def test_a_connection_that_ended_is_opened_again(
    certificates: Path, exchange: Exchange, transport: Transport
) -> None:
    """
    Servers hang up when they like. A question lost with the connection is asked once more.
    """
    kept = good(transport)

    def first_hangs_up(connection: ssl.SSLSocket, number: int) -> None:
        if number == 1:
            connection.recv(1)  # the question is on its way
            return
        kept(connection, number)

    with Secured(certificates, first_hangs_up) as server:
        assert isinstance(outcome(exchange, query(server, transport)), Message)
    assert server.connections == 2
    assert exchange.sent == 2


@BOTH
def test_a_server_that_always_hangs_up_is_silent(
    certificates: Path, exchange: Exchange, transport: Transport
) -> None:
    """
    Once more, and no oftener.
    """
    with Secured(certificates, lambda connection, _: connection.recv(1)) as server:
        assert reason(exchange, query(server, transport)) == ("connection closed before the answer")
    assert server.connections == 2


def test_an_idle_end_costs_nothing(certificates: Path, exchange: Exchange) -> None:
    """
    A connection closed between two questions is noticed before the second is written to it.
    """

    def once(connection: socket.socket, _number: int) -> None:
        head = connection.recv(2)
        asked = dns.message.from_wire(connection.recv(int.from_bytes(head, "big")))
        connection.sendall(answer(asked).to_wire(prepend_length=True))

    with Secured(certificates, once) as server:
        for number in range(1, 4):
            assert isinstance(outcome(exchange, query(server, TLS)), Message)
            until(lambda: server.ended == number)  # noqa: B023 - called at once
            time.sleep(0.2)  # by then it is noticed
    assert server.connections == exchange.sent == 3


# What hangs


def stuck() -> tuple[socket.socket, int]:
    """Return a listener that accepts TCP and never says a word, and its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, listener.getsockname()[1]


@BOTH
def test_a_server_that_never_shakes_hands_is_silent(
    exchange: Exchange, transport: Transport
) -> None:
    """
    The timeout of the question holds, for all who wait there; others are not held up.
    """
    clock, timeout = SystemClock(), 2.0
    listener, port = stuck()
    with listener, Listener(("127.0.0.1", 0), answer, clock.now) as living:
        asked = [
            Query(NAME, rdatatype.TXT, "127.0.0.1", port, True, timeout, transport)  # noqa: FBT003
            for _ in range(20)
        ]
        for each in asked:
            exchange.send(each)
        alive = Query(NAME, rdatatype.TXT, *living.address, recursion=True)
        [reply] = exchange.ask([alive])
        assert isinstance(reply.outcome, Message)
        assert clock.now() < timeout
        replies: list[Reply] = []
        while len(replies) < len(asked):
            replies += exchange.receive(5.0)
    assert [reply.outcome for reply in replies] == [Silence("timeout")] * 20
    assert clock.now() < 2 * timeout


@BOTH
def test_a_connection_gone_dead_is_given_up(
    certificates: Path, exchange: Exchange, transport: Transport
) -> None:
    """
    After a question that nothing came of the next one gets a new connection.
    """
    kept = good(transport)

    def first_is_dead(connection: ssl.SSLSocket, number: int) -> None:
        (mute if number == 1 else kept)(connection, number)

    with Secured(certificates, first_is_dead) as server:
        assert reason(exchange, query(server, transport, timeout=0.6)) == "timeout"
        time.sleep(0.2)
        assert isinstance(outcome(exchange, query(server, transport)), Message)
    assert server.connections == 2


@BOTH
def test_one_slow_answer_costs_nobody_else_theirs(
    certificates: Path, exchange: Exchange, transport: Transport
) -> None:
    """
    Where one question times out, another on the same connection still gets its answer.
    """
    slow, quick = from_text("slow.example."), from_text("quick.example.")

    def lose(asked: Message) -> bool:
        return bool(asked.question[0].name == slow)

    serve = (
        over_tls(lambda asked, _: [] if lose(asked) else [answer(asked)])
        if transport is TLS
        else over_https(lambda asked, _: None if lose(asked) else packed(answer(asked)))
    )
    with Secured(certificates, serve) as server:
        assert isinstance(outcome(exchange, query(server, transport, quick)), Message)
        exchange.send(query(server, transport, slow, timeout=2.0))
        time.sleep(0.3)
        assert isinstance(outcome(exchange, query(server, transport, quick)), Message)
        [lost] = exchange.receive(5.0)
        assert lost.outcome == Silence("timeout")
        assert isinstance(outcome(exchange, query(server, transport, quick)), Message)
    assert transport is HTTPS or server.connections == 1  # it was heard of meanwhile


@BOTH
def test_no_question_waits_for_another(
    certificates: Path, exchange: Exchange, transport: Transport
) -> None:
    """
    Behind a first question that gets no answer the second is asked, and answered, at once.
    """
    slow, quick = from_text("slow.example."), from_text("quick.example.")
    serve = (
        over_tls(lambda asked, _: [answer(asked)] if asked.question[0].name == quick else [])
        if transport is TLS
        else over_https(
            lambda asked, _: packed(answer(asked)) if asked.question[0].name == quick else None
        )
    )
    with Secured(certificates, serve) as server:
        exchange.send(query(server, transport, slow, timeout=20.0))
        asked = query(server, transport, quick, timeout=20.0)
        [reply] = exchange.ask([asked])
        assert isinstance(reply.outcome, Message)
        assert reply.at < 10.0
        assert server.connections == 1


def test_another_questions_timeout_is_not_ours(certificates: Path, exchange: Exchange) -> None:
    """
    A connection given up for one question's sake is opened again for those who still wait.
    """
    serve = over_https(lambda asked, number: packed(answer(asked)) if number > 1 else None)
    with Secured(certificates, serve) as server:
        exchange.send(first := query(server, HTTPS, timeout=2.0))
        assert exchange.receive(0.3) == []
        [second] = exchange.ask([query(server, HTTPS, timeout=30.0)])
        assert isinstance(second.outcome, Message)
        [gone] = exchange.receive(0.0)
    assert (gone.query, gone.outcome) == (first, Silence("timeout"))
    assert server.connections == 2


@BOTH
def test_one_impatient_question_leaves_the_others_their_connection(
    certificates: Path, exchange: Exchange, transport: Transport
) -> None:
    """
    A connection that takes a while to open serves those who still wait.
    """
    with Secured(certificates, good(transport), delay=2.0) as server:
        exchange.send(impatient := query(server, transport, timeout=0.3))
        exchange.send(patient := query(server, transport, timeout=30.0))
        [first] = exchange.receive(60.0)
        [second] = exchange.receive(60.0)
    assert (first.query, first.outcome) == (impatient, Silence("timeout"))
    assert second.query is patient
    assert isinstance(second.outcome, Message)
    assert transport is HTTPS or server.connections == 1


def test_threads_end_with_the_exchange(certificates: Path) -> None:
    """
    Nothing is left running once the exchange is closed.
    """

    def ours() -> list[threading.Thread]:
        return [each for each in threading.enumerate() if each.name == "encrypted questions"]

    with Secured(certificates, good(TLS)) as tls, Secured(certificates, good(HTTPS)) as https:
        with Exchange(SystemClock()) as exchange:
            exchange.ask([query(tls, TLS), *(query(https, HTTPS) for _ in range(9))])
            running = ours()
        [thread] = running
        thread.join(60)
        assert not thread.is_alive()


# What is not believed


@BOTH
def test_an_unknown_ca_is_refused(
    certificates: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    exchange: Exchange,
    transport: Transport,
) -> None:
    """
    A certificate that nobody we trust has signed is no server's, and the reason says so.
    """
    certify("127.0.0.1", tmp_path)  # another CA
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Secured(certificates, good(transport)) as server:
        said = reason(exchange, query(server, transport))
    assert said.startswith("TLS certificate not accepted: ")
    assert "certificate" in said.removeprefix("TLS certificate") or "issuer" in said


@BOTH
def test_the_certificate_is_for_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: Exchange, transport: Transport
) -> None:
    """
    The right CA does not do: the address asked must stand in the certificate.
    """
    certify("127.0.0.2", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with Secured(tmp_path, good(transport)) as server:
        said = reason(exchange, query(server, transport))
    assert "mismatch" in said
    assert "127.0.0.1" in said


@BOTH
def test_a_missing_trust_store_is_named(
    certificates: Path, monkeypatch: pytest.MonkeyPatch, exchange: Exchange, transport: Transport
) -> None:
    """
    What is wrong then is SSL_CERT_FILE, not the server.
    """
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/ca.pem")
    with Secured(certificates, good(transport)) as server:
        assert "ssl_cert_file" in reason(exchange, query(server, transport)).lower()


@BOTH
def test_another_question_is_no_answer(
    certificates: Path, exchange: Exchange, transport: Transport
) -> None:
    """
    On a connection of our own there are no strangers: a wrong question is the server's fault.
    """
    other = answer(make_query("other.example.", rdatatype.TXT))
    with Secured(certificates, saying(transport, other)) as server:
        assert reason(exchange, query(server, transport)) == "answer to another question"


def test_garbage_is_no_answer(certificates: Path, exchange: Exchange) -> None:
    """
    Octets that are no DNS message are called that.
    """
    with Secured(certificates, over_https(lambda _, __: (200, MEDIA_TYPE, b"gar"))) as server:
        assert reason(exchange, query(server, HTTPS)) == "answer is no DNS message"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ((503, MEDIA_TYPE, b""), "HTTP status 503"),
        ((301, "text/html", b""), "HTTP status 301"),
        ((200, "text/html; charset=utf-8", b"<p>sign in"), "answer is text/html, not"),
        ((200, "", b""), "answer is of no type, not"),
    ],
)
def test_what_http_says_is_told(
    certificates: Path, exchange: Exchange, told: Answer, said: str
) -> None:
    """
    A status other than 200, or another media type, is named: a portal or a proxy in the way.
    """
    with Secured(certificates, over_https(lambda _, __: told)) as server:
        assert said in reason(exchange, query(server, HTTPS))


def test_media_types_have_parameters_and_no_case(certificates: Path, exchange: Exchange) -> None:
    """
    ``Application/DNS-Message; x=y`` is the type that is wanted (RFC 9110 §8.3.1).
    """

    def respond(asked: Message, _connection: int) -> Answer:
        return 200, "Application/DNS-Message; x=y", answer(asked).to_wire()

    with Secured(certificates, over_https(respond)) as server:
        assert isinstance(outcome(exchange, query(server, HTTPS)), Message)


def test_http_1_is_refused(certificates: Path, exchange: Exchange) -> None:
    """
    A server that has no HTTP/2 is told apart from one that does not answer.
    """

    def old(connection: ssl.SSLSocket, number: int) -> None:
        connection.recv(65535)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        mute(connection, number)  # hanging up at once might cut the request short

    with Secured(certificates, old, "http/1.1") as server:
        assert reason(exchange, query(server, HTTPS)) == "speaks HTTP/1.1, and HTTP/2 is needed"


def test_no_more_is_read_than_a_message_may_have() -> None:
    """
    A body without end is not waited for, nor kept.
    """
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1000
            yield b"\0" * 1000

    response = httpx.Response(
        200,
        headers={"Content-Type": MEDIA_TYPE},
        content=endless(),
        extensions={"http_version": b"HTTP/2"},
    )
    judgement = asyncio.run(judged(response, make_query(NAME, rdatatype.TXT)))
    assert isinstance(judgement, Silence)
    assert LIMIT < read < LIMIT + 2000


# Who cannot be reached


@BOTH
def test_nobody_listening_is_refused(exchange: Exchange, transport: Transport) -> None:
    """
    As over plain TCP.
    """
    listener, port = stuck()
    listener.close()
    asked = Query(NAME, rdatatype.TXT, "127.0.0.1", port, recursion=True, transport=transport)
    assert outcome(exchange, asked) == Silence("connection refused")


def test_no_route_is_told_apart_however_deep() -> None:
    """
    What the operating system said counts, whatever the HTTP client wraps around it.
    """
    wrapped = httpx.ConnectError("connect failed")
    wrapped.__cause__ = OSError(errno.ENETUNREACH, "Network is unreachable")
    assert failure(wrapped) == Silence("no route from this host", routeless=True)
    assert failure(httpx.ConnectError("all\x1b[2J attempts failed")) == Silence(
        "all attempts failed"
    )


def test_https_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch, exchange: Exchange) -> None:
    """
    HTTPS_PROXY is asked for a tunnel to the address; its refusal is the reason.
    """
    heard: list[bytes] = []
    listener, port = stuck()

    def refuse() -> None:
        connection, _ = listener.accept()
        with connection, suppress(OSError):
            heard.append(connection.recv(65535))
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=refuse)
    thread.start()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    with listener:
        asked = Query(NAME, rdatatype.TXT, "192.0.2.1", 443, recursion=True, transport=HTTPS)
        assert "403 Forbidden" in reason(exchange, asked)
        thread.join()
    assert heard[0].startswith(b"CONNECT 192.0.2.1:443 ")
