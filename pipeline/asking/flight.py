"""One DNS question on its way to one server: over UDP, then over TCP if it must.

It travels in a socket of its own, connected, so that the kernel picks a random
source port, drops strangers' datagrams and reports ICMP errors (RFC 5452 §9.2).
"""

import errno
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace

import dns.exception
import dns.message
from dns.flags import CD, RD, TC
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from pipeline.questions import Silence, Transport

from .spelling import in_random_case, question_section, respelt

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
    """A query under way: over UDP, then over TCP if the answer is truncated or in doubt.

    Args:
        query: What is asked.
        now: Seconds on our clock.
        mixed: Whether to spell the name in random case. The answer must then
            repeat it to the letter, which a forger cannot (draft-vixie-dnsext-dns0x20).

    Raises:
        OSError: The server cannot be reached from here.
    """

    def __init__(self, query: Query, now: float, *, mixed: bool) -> None:
        self.query = query
        self.message = question(query)
        self._plain = question_section(self.message)
        self._asked = in_random_case(self._plain) if mixed else self._plain
        self._received = bytearray()
        self._doubt = ""
        self._nonsense = ""
        self.misspelt = False
        self.started_at = now
        self.resend_at: float | None = None if query.tcp else now + RESEND_AFTER
        self.gives_up_at = now + query.timeout
        self.socket = self._connect(socket.SOCK_STREAM if query.tcp else socket.SOCK_DGRAM)

    @property
    def wakes_at(self) -> float:
        """When this flight next needs attention without having heard anything."""
        return self.gives_up_at if self.resend_at is None else min(self.resend_at, self.gives_up_at)

    @property
    def is_tcp(self) -> bool:
        """Whether it goes by TCP, from the start or by now."""
        return self.socket.type == socket.SOCK_STREAM

    def drop_edns(self) -> None:
        """Be ready to ask the same again in the words of 1987."""
        self.message.use_edns(edns=False)
        self._received.clear()

    def turn_to_tcp(self) -> None:
        """Ask the same again over TCP."""
        self.socket.close()
        self.resend_at = None
        self.socket = self._connect(socket.SOCK_STREAM)

    def send(self) -> None:
        """Send the question as the transport wants it."""
        wire = respelt(self.message.to_wire(), self._plain, self._asked)
        if self.is_tcp:
            self.socket.sendall(len(wire).to_bytes(2, "big") + wire)
        else:
            self.socket.send(wire)

    def receive(self) -> Message | None:
        """Return the answer that the socket holds, or None if it holds none, or not all of it.

        Sets *misspelt* if the answer does not repeat the name as we spelt it.
        """
        messages = map(self._genuine, self._messages())
        return next((each for each in messages if each is not None), None)

    def doubts(self, message: Message) -> bool:
        """Whether *message* is to be fetched again over TCP, where it is whole and not forged."""
        if self.is_tcp:
            return False
        if message.flags & TC:
            self._doubt = "truncated over UDP"
        elif self.misspelt:
            self._doubt = "spells the name otherwise over UDP (0x20)"
        return bool(self._doubt)

    def unanswered(self) -> Silence:
        """Return the silence of which time is up, with what came in place of an answer if any."""
        return Silence(self._nonsense or "timeout")

    def failed(self, silence: Silence) -> Silence:
        """Return *silence*, with the reason why TCP was tried if it was."""
        if not self._doubt:
            return silence
        return replace(silence, reason=f"{self._doubt}; over TCP: {silence.reason}")

    def _messages(self) -> Iterator[bytes]:
        """Yield each message that has come as a whole; no more than the next one is kept."""
        chunk = self.socket.recv(65535)
        if not self.is_tcp:
            yield chunk
            return
        if not chunk:
            raise ConnectionResetError(errno.ECONNRESET, "connection closed before the answer")
        self._received += chunk
        while len(self._received) >= (end := 2 + int.from_bytes(self._received[:2], "big")):
            message = bytes(self._received[2:end])
            del self._received[:end]
            yield message

    def _genuine(self, wire: bytes) -> Message | None:
        """Return the message in *wire* if it is an answer to ours: id, opcode, question.

        Anything else is noise or forgery; the real answer may still come.
        Names in it that point to the question come out as *query* spells them.
        """
        restored = respelt(wire, self._asked, self._plain)
        try:
            message = dns.message.from_wire(
                restored, ignore_trailing=True, raise_on_truncation=False
            )
        except dns.exception.DNSException:
            self._nonsense = "what came is no DNS message"
            return None
        if not self.message.is_response(message):
            self._nonsense = "what came answers another question"
            return None
        is_mixed = self._asked != self._plain
        self.misspelt = is_mixed and bool(message.question) and restored == wire
        return message

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


def question(query: Query) -> Message:
    """Return *query* as a message with a random id."""
    message = dns.message.make_query(
        query.name,
        query.rdtype,
        use_edns=0 if query.edns else False,
        payload=PAYLOAD,
        want_dnssec=query.dnssec and query.edns,
    )
    if not query.recursion:
        message.flags &= ~RD
    if query.unchecked:
        message.flags |= CD
    return message
