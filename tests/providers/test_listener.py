"""What every DNS server here does with a packet, whoever makes its replies."""

import random
import socket
import struct
import threading
import time
from collections.abc import Iterator

import dns.flags
import dns.opcode
import dns.query
import pytest
from dns.message import Message, from_wire, make_query, make_response
from dns.name import from_text
from dns.rcode import Rcode
from dns.rrset import from_text_list

from providers.listener import Address, Listener
from tests.bridge import until

from .faults import silent

NAME = "a.example.com."
OWN = f"127.53.{random.randrange(256)}.{random.randrange(1, 255)}"
"""A loopback address no one else uses: there a port just seen free stays free."""


def echo(query: Message) -> Message:
    """Answer with as many TXT records as the first label says."""
    reply = make_response(query, our_payload=1232)
    label = query.question[0].name.labels[0]
    count = int(label) if label.isdigit() else 1
    values = [f'"{i:04}{"x" * 96}"' for i in range(count)]
    reply.answer = [from_text_list(query.question[0].name, 60, "IN", "TXT", values)]
    return reply


@pytest.fixture
def server() -> Iterator[Listener]:
    with Listener(("127.0.0.1", 0), echo, time.monotonic) as listener:
        yield listener


def udp(query: Message, address: Address, timeout: float = 5) -> Message:
    return dns.query.udp(query, address[0], port=address[1], timeout=timeout)


def tcp(query: Message, address: Address) -> Message:
    return dns.query.tcp(query, address[0], port=address[1], timeout=5)


def raw(wire: bytes, address: Address, timeout: float = 5) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        client.sendto(wire, address)
        return client.recv(65535)


def test_one_port_speaks_udp_and_tcp(server: Listener) -> None:
    """The same answer comes both ways, with the client's EDNS echoed."""
    query = make_query(NAME, "TXT", use_edns=0, payload=4096)
    assert udp(query, server.address).answer == tcp(query, server.address).answer
    assert udp(query, server.address).payload == 1232
    assert [asked.tcp for asked in server.asked] == [False, True, False]


def test_ipv6_is_an_address_too() -> None:
    """A listener on ::1 answers there."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"no IPv6 on loopback: {error}")
    with Listener(("::1", 0), echo, time.monotonic) as server:
        assert udp(make_query(NAME, "TXT"), server.address).answer


@pytest.mark.parametrize(("payload", "fits"), [(0, 4), (100, 4), (512, 4), (1232, 10), (4096, 10)])
def test_what_does_not_fit_a_datagram_is_truncated(
    server: Listener, payload: int, fits: int
) -> None:
    """512 octets without EDNS, else the client's size up to 1232; TC and no partial RRset."""
    edns = {"use_edns": 0, "payload": payload} if payload else {"use_edns": False}
    for count, truncated in ((fits, False), (fits + 1, True)):
        query = make_query(f"{count}.example.com.", "TXT", **edns)
        reply = udp(query, server.address)
        assert bool(reply.flags & dns.flags.TC) == truncated
        assert [len(rrset) for rrset in reply.answer] == ([] if truncated else [count])
        whole = dns.query.udp_with_fallback(query, server.address[0], 5, server.address[1])
        assert (len(whole[0].answer[0]), whole[1]) == (count, truncated)


def test_many_questions_share_one_connection(server: Listener) -> None:
    """TCP clients may go on asking (RFC 7766 §6.2.1)."""
    with socket.create_connection(server.address, timeout=5) as client:
        for label in "ab":
            query = make_query(f"{label}.example.com.", "TXT")
            dns.query.send_tcp(client, query)
            reply, _ = dns.query.receive_tcp(client)
            assert query.is_response(reply)


def test_the_questions_spelling_comes_back(server: Listener) -> None:
    """A client may check its letters' case (0x20): question and answer both keep it."""
    reply = udp(make_query("A.eXample.COM.", "TXT"), server.address)
    assert reply.question[0].name.to_text() == "A.eXample.COM."
    assert reply.answer[0].name.to_text() == "A.eXample.COM."


@pytest.mark.parametrize("recursion", [True, False])
def test_the_wish_for_recursion_is_copied(server: Listener, recursion: bool) -> None:  # noqa: FBT001
    """RD comes back as it was sent (RFC 1035 §4.1.1)."""
    query = make_query(NAME, "TXT", flags=dns.flags.RD if recursion else dns.flags.Flag(0))
    assert bool(udp(query, server.address).flags & dns.flags.RD) == recursion


@pytest.mark.parametrize(
    ("query", "rcode"),
    [
        (make_query(NAME, "ANY"), Rcode.NOTIMP),
        (make_query(NAME, "AXFR"), Rcode.NOTIMP),
        (make_query("version.bind.", "TXT", "CH"), Rcode.REFUSED),
        (make_query(NAME, "TXT", use_edns=1), Rcode.BADVERS),
    ],
    ids=["any", "axfr", "chaos", "edns1"],
)
def test_what_is_no_ordinary_question_is_refused(
    server: Listener, query: Message, rcode: Rcode
) -> None:
    """Each in the words the RFCs have for it, and it is logged like any other."""
    assert udp(query, server.address).rcode() == rcode
    assert [asked.name for asked in server.asked] == [query.question[0].name]


def header(opcode: int, questions: int) -> bytes:
    return struct.pack("!6H", 4711, opcode << 11 | 0x0100, questions, 0, 0, 0)


@pytest.mark.parametrize(
    ("wire", "rcode"),
    [
        (header(dns.opcode.UPDATE, 1), Rcode.NOTIMP),
        (header(dns.opcode.QUERY, 0), Rcode.FORMERR),
        (header(dns.opcode.QUERY, 1), Rcode.FORMERR),
        (header(dns.opcode.QUERY, 1) + b"\x3fabc", Rcode.FORMERR),
        (header(dns.opcode.QUERY, 2) + b"\x01a\x00\x00\x10\x00\x01" * 2, Rcode.FORMERR),
    ],
    ids=["update", "no question", "cut", "bad label", "two questions"],
)
def test_what_is_no_question_gets_an_error(server: Listener, wire: bytes, rcode: Rcode) -> None:
    """The id, opcode and RD of the header come back with the rcode."""
    reply = from_wire(raw(wire, server.address))
    assert (reply.id, reply.rcode()) == (4711, rcode)
    assert reply.opcode() == wire[2] >> 3
    assert reply.flags & dns.flags.RD
    assert server.asked == []


@pytest.mark.parametrize("wire", [b"", b"\0" * 11, header(0x10, 1)], ids=["empty", "short", "qr"])
def test_what_cannot_be_answered_is_not(server: Listener, wire: bytes) -> None:
    """Neither less than a header nor another reply: that could go on for ever."""
    with pytest.raises(TimeoutError):
        raw(wire, server.address, timeout=0.1)
    assert udp(make_query(NAME, "TXT"), server.address).answer


def test_noise_never_stops_the_server(server: Listener) -> None:
    """Random damage to a good query is answered or dropped, and life goes on."""
    dice = random.Random(8)
    wire = make_query(NAME, "TXT", use_edns=0).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for i in range(400):
            damaged = bytearray(wire)
            for _ in range(dice.randint(1, 6)):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            client.sendto(damaged, server.address)
            if i % 20 == 19:  # lets the server catch up, too
                assert udp(make_query(NAME, "TXT"), server.address).answer


def test_the_log_says_what_came_when_and_where() -> None:
    """Times are those of the clock it was given."""
    with Listener(("127.0.0.1", 0), echo, lambda: 42.0) as server:
        udp(make_query(NAME, "MX"), server.address)
        [asked] = server.asked
    assert (asked.at, asked.address, asked.name) == (42.0, server.address, from_text(NAME))
    assert asked.rdtype.name == "MX"


def test_a_behaviour_may_change_or_keep_a_reply(server: Listener) -> None:
    """It sees question and proper reply; silence is a reply as well, on UDP and TCP."""
    server.behaviour = silent
    with pytest.raises(dns.exception.Timeout):
        udp(make_query(NAME, "TXT"), server.address, timeout=0.1)
    with socket.create_connection(server.address, timeout=0.1) as client:
        dns.query.send_tcp(client, make_query(NAME, "TXT"))
        with pytest.raises(TimeoutError):
            client.recv(1)
    until(lambda: len(server.asked) == 2)


def test_a_slow_question_holds_up_no_other(server: Listener) -> None:
    """Requests are served side by side."""
    release = threading.Event()

    def slow(_: object, reply: Message) -> Message:
        release.wait(5)
        return reply

    server.behaviour = slow
    with socket.create_connection(server.address, timeout=5) as client:
        dns.query.send_tcp(client, make_query(NAME, "TXT"))
        while not server.asked:
            time.sleep(0.01)
        server.behaviour = lambda _, reply: reply
        assert udp(make_query(NAME, "TXT"), server.address).answer
        release.set()
        assert dns.query.receive_tcp(client)[0].answer


def test_closing_frees_the_port_and_hangs_up() -> None:
    """Nobody is answered any more, not even on open connections, and the port can be had again."""
    server = Listener((OWN, 0), echo, time.monotonic)
    with socket.create_connection(server.address, timeout=5) as client:
        dns.query.send_tcp(client, make_query(NAME, "TXT"))
        dns.query.receive_tcp(client)
        server.close()
        server.close()
        assert client.recv(1) == b""
    with Listener(server.address, echo, time.monotonic) as again:
        assert again.address == server.address
        assert udp(make_query(NAME, "TXT"), again.address).answer


def test_an_address_in_use_is_an_error(server: Listener) -> None:
    """Also when only its UDP half is taken; nothing stays bound."""
    with pytest.raises(OSError, match="in use"):
        Listener(server.address, echo, time.monotonic)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((OWN, 0))
        with pytest.raises(OSError, match="in use"):
            Listener(taken.getsockname(), echo, time.monotonic)
        with socket.create_server(taken.getsockname()):
            pass


def test_a_free_port_is_free_for_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that TCP could have but UDP could not is given back for another."""
    create_server = socket.create_server
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((OWN, 0))
        offers = [taken.getsockname(), (OWN, 0)]
        monkeypatch.setattr(
            "socket.create_server", lambda _, family: create_server(offers.pop(0), family=family)
        )
        with Listener((OWN, 0), echo, time.monotonic) as server:
            assert server.address != taken.getsockname()
            assert tcp(make_query(NAME, "TXT"), server.address).answer


def test_a_client_that_hangs_up_harms_nobody(server: Listener) -> None:
    """Half a message, then gone."""
    with socket.create_connection(server.address, timeout=5) as client:
        client.sendall(b"\x00\x40half")
    with socket.create_connection(server.address, timeout=5) as client:
        client.sendall(b"\x00")
    assert tcp(make_query(NAME, "TXT"), server.address).answer
