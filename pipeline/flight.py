"""One DNS question on its way to one server: over UDP, then over TCP if it must.

It travels in a socket of its own, connected, so that the kernel picks a random
source port, drops strangers' datagrams and reports ICMP errors (RFC 5452 §9.2).
"""

import errno
import socket
from dataclasses import dataclass

import dns.exception
import dns.message
from dns.flags import RD
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from .questions import Transport

PAYLOAD = 1232
"""EDNS buffer size in octets: fits any path unfragmented (DNS flag day 2020)."""

RESEND_AFTER = 0.7
"""Seconds without answer after which a datagram is taken for lost."""


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A question for one server.

    Attributes:
        recursion: Whether to set RD.
        timeout: Seconds until silence, TCP included.
        transport: How it travels.
        dnssec: Whether to ask for signatures (DO, RFC 3225).
        unchecked: Whether a validating resolver is to hand out what is bogus (CD, RFC 4035 §3.2.2).
        edns: Whether to speak EDNS at all (RFC 6891).
        tcp: Whether to begin with TCP.
        mixed_case: Whether to spell the name in random case, which the answer must repeat.
    """

    name: Name
    rdtype: RdataType
    address: str
    port: int
    recursion: bool
    timeout: float = 2.0
    transport: Transport = Transport.PLAIN
    dnssec: bool = False
    unchecked: bool = False
    edns: bool = True
    tcp: bool = False
    mixed_case: bool = True


class Flight:
    """A query under way: over UDP, then over TCP if the answer is truncated."""

    def __init__(self, query: Query, now: float) -> None:
        self.query = query
        self.message = dns.message.make_query(query.name, query.rdtype, use_edns=0, payload=PAYLOAD)
        if not query.recursion:
            self.message.flags &= ~RD
        self.wire = self.message.to_wire()
        self.started_at = now
        self.resend_at: float | None = now + RESEND_AFTER
        self.gives_up_at = now + query.timeout
        self.socket = self._connect(socket.SOCK_DGRAM)
        self.received = bytearray()

    @property
    def wakes_at(self) -> float:
        """When this flight next needs attention without having heard anything."""
        return self.gives_up_at if self.resend_at is None else min(self.resend_at, self.gives_up_at)

    def drop_edns(self) -> None:
        """Be ready to ask the same again in the words of 1987."""
        self.message.use_edns(edns=False)
        self.wire = self.message.to_wire()
        self.received.clear()

    def turn_to_tcp(self) -> None:
        """Ask the same again over TCP."""
        self.socket.close()
        self.resend_at = None
        self.socket = self._connect(socket.SOCK_STREAM)

    def send(self) -> None:
        """Send the question as the transport wants it."""
        if self.is_tcp:
            self.socket.sendall(len(self.wire).to_bytes(2, "big") + self.wire)
        else:
            self.socket.send(self.wire)

    def receive(self) -> bytes | None:
        """Return one message from the socket, or None if it is not complete yet."""
        if not self.is_tcp:
            return self.socket.recv(65535)
        chunk = self.socket.recv(65535)
        if not chunk:
            raise ConnectionResetError(errno.ECONNRESET, "connection closed before the answer")
        self.received += chunk
        end = 2 + int.from_bytes(self.received[:2], "big")
        return bytes(self.received[2:end]) if len(self.received) >= max(end, 3) else None

    @property
    def is_tcp(self) -> bool:
        """Whether the question has turned to TCP."""
        return self.socket.type == socket.SOCK_STREAM

    def _connect(self, kind: socket.SocketKind) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.query.address else socket.AF_INET
        opened = socket.socket(family, kind)
        opened.settimeout(0)
        try:
            opened.connect((self.query.address, self.query.port))
        except BlockingIOError:
            pass  # TCP: writable once connected
        except OSError:
            opened.close()
            raise
        return opened


def genuine(wire: bytes, flight: Flight) -> Message | None:
    """Return the message in *wire* if it answers *flight*'s question: id, opcode, question.

    Anything else is noise or forgery; the real answer may still come.
    """
    try:
        message = dns.message.from_wire(wire, ignore_trailing=True, raise_on_truncation=False)
    except dns.exception.DNSException:
        return None
    return message if flight.message.is_response(message) else None
