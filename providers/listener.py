"""DNS on the wire: one address, UDP and TCP, every reply made by a function."""

import selectors
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Self

from dns.exception import DNSException
from dns.message import Message, from_wire, make_response
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType, is_metatype

Address = tuple[str, int]
"""An IPv4 or IPv6 address and a port."""

PAYLOAD = 1232
"""Largest UDP reply in octets: what fits every path (DNS flag day 2020)."""

_IDLE = 5.0  # seconds a TCP client may stay silent
_HEADER = 12  # octets
_QR, _OPCODE, _RD = 0x80, 0x78, 0x01  # in the header's third octet (RFC 1035 §4.1.1)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question as it arrived.

    Attributes:
        at: When, in seconds on the listener's clock.
        address: Where it arrived.
        query: The whole message; it holds exactly one question.
        tcp: Whether it came by TCP.
    """

    at: float
    address: Address
    query: Message
    tcp: bool

    @property
    def name(self) -> Name:
        """The name asked for, in the client's own spelling."""
        return self.query.question[0].name

    @property
    def rdtype(self) -> RdataType:
        """The type asked for."""
        return self.query.question[0].rdtype


Respond = Callable[[Message], Message]
"""Makes the reply to a query of class IN with one question of an ordinary type."""

Behaviour = Callable[[Asked, Message], Message | None]
"""Gets a question and its proper reply; returns what to send, None to stay silent."""


def proper(_asked: Asked, reply: Message) -> Message:
    """Send the proper reply: the `Behaviour` of a server without faults."""
    return reply


class Listener:
    """Serves DNS at one address until closed, each request in a thread of its own.

    What is no question for a name server is settled here: FORMERR, NOTIMP,
    BADVERS, and REFUSED for classes other than IN. Replies that do not fit
    their datagram lose whole RRsets and get TC (RFC 2181 §9).

    Args:
        address: Where to listen; port 0 takes one that is free for UDP and TCP.
        respond: Makes the proper replies; called from many threads at once.
        now: The clock of the log, in seconds.

    Attributes:
        address: Where it listens.
        asked: Every question so far, oldest first.
        behaviour: What becomes of the proper replies.

    Raises:
        OSError: The address cannot be had.
    """

    def __init__(self, address: Address, respond: Respond, now: Callable[[], float]) -> None:
        self.asked: list[Asked] = []
        self.behaviour: Behaviour = proper
        self._respond = respond
        self._now = now
        self._udp, self._tcp = _bind(*address)
        self.address: Address = self._udp.getsockname()[:2]
        self._connections: set[socket.socket] = set()
        self._stop, self._stopped = socket.socketpair()
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop at once and hang up on TCP clients. Closing twice is no error."""
        self._stop.close()
        self._thread.join()
        for each in (self._udp, self._tcp, self._stopped):
            each.close()
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            for each in (self._udp, self._tcp, self._stopped):
                selector.register(each, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._stopped in ready:
                    return
                with suppress(OSError):  # the client left between select and here
                    if self._udp in ready:
                        self._start(self._datagram, *self._udp.recvfrom(65535))
                    if self._tcp in ready:
                        connection, _ = self._tcp.accept()
                        self._connections.add(connection)
                        self._start(self._connection, connection)

    def _start(self, work: Callable[..., None], *args: object) -> None:
        Thread(target=work, args=args, daemon=True).start()

    def _datagram(self, wire: bytes, client: tuple[object, ...]) -> None:
        reply = self._reply(wire, tcp=False)
        if reply is not None:
            with suppress(OSError):  # closed meanwhile
                self._udp.sendto(reply, client)

    def _connection(self, connection: socket.socket) -> None:
        """Answer one query after the other (RFC 7766 §6.2.1) until the client stops."""
        connection.settimeout(_IDLE)
        with suppress(OSError), connection, connection.makefile("rb") as stream:
            while wire := stream.read(int.from_bytes(stream.read(2))):
                reply = self._reply(wire, tcp=True)
                if reply is not None:
                    connection.sendall(len(reply).to_bytes(2) + reply)
        self._connections.discard(connection)

    def _reply(self, wire: bytes, *, tcp: bool) -> bytes | None:
        if len(wire) < _HEADER or wire[2] & _QR:
            return None  # answering an answer could go on for ever
        if wire[2] & _OPCODE:
            return _bare(wire, Rcode.NOTIMP)
        try:
            query = from_wire(wire)
        except DNSException:
            return _bare(wire, Rcode.FORMERR)
        if len(query.question) != 1:
            return _bare(wire, Rcode.FORMERR)
        asked = Asked(self._now(), self.address, query, tcp)
        self.asked.append(asked)
        reply = self.behaviour(asked, self._proper(query))
        if reply is None:
            return None
        limit = 65535 if tcp else max(512, min(query.payload, PAYLOAD))
        return reply.to_wire(max_size=limit, prefer_truncation=True)

    def _proper(self, query: Message) -> Message:
        rcode = _refusal(query)
        if rcode is None:
            return self._respond(query)
        reply = make_response(query, our_payload=PAYLOAD)
        reply.set_rcode(rcode)
        return reply


def _refusal(query: Message) -> Rcode | None:
    """Return why no name server answers *query*, or None if one would."""
    [question] = query.question
    if query.edns > 0:
        return Rcode.BADVERS
    if question.rdclass != RdataClass.IN:
        return Rcode.REFUSED
    if is_metatype(question.rdtype):  # ANY, zone transfers
        return Rcode.NOTIMP
    return None


def _bare(wire: bytes, rcode: Rcode) -> bytes:
    """Return a reply to *wire* that is only a header: id, opcode and RD are copied."""
    return wire[:2] + bytes([_QR | wire[2] & (_OPCODE | _RD), rcode]) + bytes(8)


def _bind(host: str, port: int, attempts: int = 20) -> tuple[socket.socket, socket.socket]:
    """Return UDP and TCP sockets on one port; 0 is any that both can have."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    tcp = socket.create_server((host, port), family=family)
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        udp.bind(tcp.getsockname())
    except OSError:
        tcp.close()
        udp.close()
        if port or attempts == 1:
            raise
        return _bind(host, port, attempts - 1)
    return udp, tcp
