"""Questions and updates as they pass the loopback: one yardstick for every client."""

import secrets
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from struct import Struct

import dns.opcode
from dns.opcode import Opcode
from dns.rdatatype import RdataType

CONDITIONS = "conditions"
"""The type of question that an update without changes is (RFC 2136 §2.4)."""

NOBODY = ("127.0.0.98", 53)
PATIENCE_S = 10.0

ROOM = ("--snapshot-length", "32768", "--buffer-size", "65536")
"""Each packet takes the room of the longest: 2,048 of them while tcpdump waits for a processor."""

_CLIENT = "127.0.0.1"
_ETHERNET, _FILE, _PACKET = 14, 24, 16  # octets of headers (pcap-savefile(5))
_HEADER, _RESPONSE = 12, 0x80  # of a message: its length, and QR in the third octet
_CHANGES = slice(8, 10)  # of a header: how many there are (RFC 2136 §2.2)
_LITTLE = b"\xd4\xc3\xb2\xa1"
_TCP, _UDP = 6, 17


@dataclass(slots=True)
class Capture:
    """What clients on this machine sent to DNS servers.

    Attributes:
        questions: By server's address and type, e.g. ``("127.0.0.20", "TXT")``.
        updates: RFC 2136 messages that change something, by server's address.
    """

    questions: Counter[tuple[str, str]] = field(default_factory=Counter)
    updates: Counter[str] = field(default_factory=Counter)

    def kinds(self, addresses: Collection[str]) -> Mapping[str, int]:
        """Return how many questions *addresses* were asked, by type, the most frequent first."""
        kinds: Counter[str] = Counter()
        for (address, kind), count in self.questions.items():
            if address in addresses:
                kinds[kind] += count
        return dict(kinds.most_common())


@contextmanager
def capturing(folder: Path) -> Iterator[Capture]:
    """Capture while the body runs; what is yielded is filled when it has ended.

    Raises:
        TimeoutError: tcpdump did not start, or did not see what was sent.
    """
    path = folder / "capture"
    command = ["tcpdump", "-Z", "root", "-i", "lo", "-n", "-U", "--immediate-mode", *ROOM]
    capture = Capture()
    with subprocess.Popen(
        [*command, "-w", str(path), "dst port 53"], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        try:
            if "listening" not in process.stderr.readline():
                raise TimeoutError("tcpdump does not listen")
            yield capture
            _settle(path)
        finally:
            process.terminate()
    read(path.read_bytes(), capture)


def read(captured: bytes, capture: Capture) -> None:
    """Add what a client sent to *capture*; what servers send to one another is left out."""
    streams: dict[tuple[bytes, bytes], bytes] = {}
    for packet in _packets(captured):
        source, destination = (str(IPv4Address(packet[at : at + 4])) for at in (12, 16))
        # The kernel talks to an address of its own from that address.
        if source not in (_CLIENT, destination):
            continue
        segment = packet[(packet[0] & 15) * 4 :]
        if packet[9] == _UDP:
            _count(segment[8:], destination, capture)
        elif packet[9] == _TCP:
            key = (packet[12:20], segment[:4])
            streams[key] = streams.get(key, b"") + segment[(segment[12] >> 4) * 4 :]
    for (addresses, _), stream in streams.items():
        for message in _messages(stream):
            _count(message, str(IPv4Address(addresses[4:])), capture)


def _messages(stream: bytes) -> Iterator[bytes]:
    """Yield the messages of a TCP connection (RFC 1035 §4.2.2)."""
    at = 0
    while at + 2 <= len(stream):
        size = int.from_bytes(stream[at : at + 2])
        yield stream[at + 2 : at + 2 + size]
        at += 2 + size


def _packets(captured: bytes) -> Iterator[bytes]:
    """Yield the IPv4 packets of a capture file."""
    sizes = Struct(f"{'<' if captured[:4] == _LITTLE else '>'}I")
    at = _FILE
    while at + _PACKET <= len(captured):
        (size,) = sizes.unpack_from(captured, at + 8)
        packet = captured[at + _PACKET + _ETHERNET : at + _PACKET + size]
        at += _PACKET + size
        if packet and packet[0] >> 4 == 4:
            yield packet


def _count(message: bytes, address: str, capture: Capture) -> None:
    end = message.find(b"\0", _HEADER) + 1
    if not end or message[2] & _RESPONSE:
        return
    asks = dns.opcode.from_flags(int.from_bytes(message[2:4]))
    if asks == Opcode.UPDATE and any(message[_CHANGES]):
        capture.updates[address] += 1
    elif asks == Opcode.UPDATE:
        capture.questions[address, CONDITIONS] += 1
    elif asks == Opcode.QUERY:
        kind = RdataType.make(int.from_bytes(message[end : end + 2]))
        capture.questions[address, RdataType.to_text(kind)] += 1


def _settle(path: Path) -> None:
    """Wait until all that was sent so far is in the file."""
    mark = secrets.token_bytes(16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(mark, NOBODY)
    deadline = time.monotonic() + PATIENCE_S
    while mark not in path.read_bytes()[-65536:]:
        if time.monotonic() > deadline:
            raise TimeoutError("tcpdump does not see what was sent")
        time.sleep(0.02)
