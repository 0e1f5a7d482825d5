"""What passes the loopback, read from a capture file; and who served what when."""

import struct
from ipaddress import IPv4Address

import dns.message
import dns.update
import pytest

from bench.capture import Capture, read
from bench.watch import served
from tests.lab import topology

HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
QUESTION = dns.message.make_query("_acme-challenge.example.test.", "TXT")


def packet(source: str, destination: str, protocol: int, segment: bytes) -> bytes:
    addresses = IPv4Address(source).packed + IPv4Address(destination).packed
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, protocol, 0)
    frame = bytes(14) + head + addresses + segment
    return struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame


def udp(source: str, destination: str, message: bytes) -> bytes:
    head = struct.pack("!HHHH", 4000, 53, 8 + len(message), 0)
    return packet(source, destination, 17, head + message)


def tcp(destination: str, octets: bytes, port: int = 4000) -> bytes:
    head = struct.pack("!HHIIBBHHH", port, 53, 0, 0, 0x50, 0, 0, 0, 0)
    return packet(destination, destination, 6, head + octets)


def counted(*packets: bytes) -> Capture:
    capture = Capture()
    read(HEADER + b"".join(packets), capture)
    return capture


def test_a_clients_questions_are_counted() -> None:
    """
    By server and type: from this host's own address, which for a server's address is that one.
    """
    root = dns.message.make_query(".", "NS").to_wire()
    capture = counted(
        udp("127.0.0.1", topology.KNOT, QUESTION.to_wire()),
        udp(topology.PRIMARY, topology.PRIMARY, QUESTION.to_wire()),
        udp("127.0.0.1", topology.ROOT, root),
        udp("127.0.0.1", topology.KNOT, b"short"),
    )
    assert capture.questions == {
        (topology.KNOT, "TXT"): 1, (topology.PRIMARY, "TXT"): 1, (topology.ROOT, "NS"): 1,
    }  # fmt: skip
    assert capture.kinds([topology.KNOT, topology.ROOT]) == {"TXT": 1, "NS": 1}


def test_servers_among_themselves_are_not() -> None:
    """
    A resolver's questions to servers, and answers, are nobody's traffic here.
    """
    answer = dns.message.make_response(QUESTION).to_wire()
    capture = counted(
        udp(topology.UNBOUND, topology.PRIMARY, QUESTION.to_wire()),
        udp("127.0.0.1", topology.KNOT, answer),
    )
    assert capture == Capture()


def test_updates_over_tcp_in_pieces() -> None:
    """
    Messages on a connection are put together again, several of them, each connection for itself.
    """
    update = dns.update.UpdateMessage("example.test.")
    update.add("a", 60, "TXT", "x")
    wires = [update.to_wire(), QUESTION.to_wire()]
    stream = b"".join(struct.pack("!H", len(wire)) + wire for wire in wires)
    capture = counted(
        tcp(topology.PRIMARY, b""),
        tcp(topology.PRIMARY, stream[:5]),
        tcp(topology.PRIMARY, stream, port=4001),
        tcp(topology.PRIMARY, stream[5:]),
    )
    assert capture.updates == {topology.PRIMARY: 2}
    assert capture.questions == {(topology.PRIMARY, "TXT"): 2}


def test_conditions_alone_are_a_question() -> None:
    """
    An update without a change asks whether its conditions hold.
    """
    update = dns.update.UpdateMessage("example.test.")
    update.present("a", "TXT", "x")
    capture = counted(udp("127.0.0.1", topology.PRIMARY, update.to_wire()))
    assert not capture.updates
    assert capture.kinds([topology.PRIMARY]) == {"conditions": 1}


WRITTEN = [(1.0, topology.PRIMARY, 7), (1.0, topology.KNOT, 7), (1.0, topology.NSD, 7)]


@pytest.mark.parametrize(
    ("changes", "truth"),
    [
        ([], None),
        ([(2.0, topology.PRIMARY, 8)], None),
        ([(2.0, topology.PRIMARY, 8), (7.0, topology.NSD, 8)], None),
        (
            [(2.0, topology.PRIMARY, 8), (7.0, topology.NSD, 8), (8.0, topology.KNOT, 9)],
            (2.0, 8.0),
        ),
        (
            [
                *[(2.0, topology.PRIMARY, 8), (3.0, topology.PRIMARY, 9), (5.0, topology.NSD, 8)],
                *[(6.0, topology.NSD, 9), (7.0, topology.KNOT, 9), (9.9, topology.PRIMARY, 10)],
            ],
            (3.0, 7.0),
        ),
    ],
)
def test_when_the_last_server_served(
    changes: list[tuple[float, str, int]], truth: tuple[float, float] | None
) -> None:
    """
    The wait is from the last write before the verdict until the last server has it, or a later one.
    """
    assert served([*WRITTEN, *changes], before=9.0) == truth
