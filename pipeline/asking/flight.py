"""One DNS question on its way to one server: over UDP, then over TCP if it must.

It travels in a socket of its own, connected, so that the kernel picks a random
source port, drops strangers' datagrams and reports ICMP errors (RFC 5452 §9.2).
"""

import errno
import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf

from dns.flags import TC
from dns.message import Message
from dns.rdatatype import TXT

from pipeline.questions import Silence

from .octets import HEADER, answers, concise, is_no_answer, request, respelt, section
from .query import Query
from .spelling import in_random_case

RESEND_AFTER = 0.7
"""Seconds without answer after which a datagram is taken for lost."""

Parse = Callable[[bytes], Message | None]
"""Returns the message in some octets, if it is one."""


class Flight:
    """A query under way: over UDP, then over TCP if the answer is truncated or in doubt.

    Args:
        query: What is asked.
        now: Seconds on our clock.
        parse: Reads what comes; the messages it returns have the id 0.
        mixed: Whether to spell the name in random case. The answer must then
            repeat it to the letter, which a forger cannot (draft-vixie-dnsext-dns0x20).

    Raises:
        OSError: The server cannot be reached from here.
    """

    def __init__(self, query: Query, now: float, parse: Parse, *, mixed: bool) -> None:
        self.query = query
        self.edns = query.edns
        self._parse = parse
        self._id = secrets.randbits(16)
        self._plain = section(query)
        self._asked = in_random_case(self._plain) if mixed else self._plain
        self._received = bytearray()
        self._doubt = ""
        self._nonsense = ""
        self.misspelt = False
        self.started_at = now
        self.resend_at = inf if query.tcp else now + RESEND_AFTER
        self.gives_up_at = now + query.timeout
        self.is_tcp = query.tcp
        self.socket = self._connect()

    @property
    def wakes_at(self) -> float:
        """When this flight next needs attention without having heard anything."""
        return min(self.resend_at, self.gives_up_at)

    def drop_edns(self) -> None:
        """Be ready to ask the same again in the words of 1987."""
        self.edns = False
        self._received.clear()

    def turn_to_tcp(self) -> None:
        """Ask the same again over TCP."""
        self.socket.close()
        self.resend_at = inf
        self.is_tcp = True
        self.socket = self._connect()

    def send(self) -> None:
        """Send the question as the transport wants it."""
        wire = request(self.query, self._id, self._asked, edns=self.edns)
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
        if len(wire) < HEADER:
            self._nonsense = "what came is no DNS message"
            return None
        if not answers(wire, self._id, self._asked):
            self._nonsense = "what came answers another question"
            return None
        restored = respelt(wire, self._asked, self._plain)
        message = self._parse(b"\0\0" + self._read(restored)[2:])
        if message is None:
            self._nonsense = "what came is no DNS message"
            return None
        if is_no_answer(message):
            self._nonsense = "what came answers another question"
            return None
        is_mixed = self._asked != self._plain
        self.misspelt = is_mixed and bool(message.question) and restored == wire
        return message

    def _read(self, wire: bytes) -> bytes:
        """Return what somebody will read of *wire*: who asks for TXT wants nothing beside it."""
        is_plain = self.query.rdtype is TXT and not self.query.dnssec
        return concise(wire, self._plain) if is_plain else wire

    def _connect(self) -> socket.socket:
        kind = socket.SOCK_STREAM if self.is_tcp else socket.SOCK_DGRAM
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
