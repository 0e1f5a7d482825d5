"""A primary server that answers by script, where a real one cannot be brought to."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from socketserver import BaseRequestHandler, StreamRequestHandler, TCPServer, UDPServer
from threading import Thread
from typing import Self

import dns.flags
import dns.message
import dns.opcode
import dns.rrset
import dns.tsig
from dns.message import Message
from dns.rcode import Rcode

KEY = dns.tsig.Key("key.test.", b"0123456789abcdef0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Request:
    """A message as it arrived; under `KEY`, its signature is verified."""

    message: Message
    tcp: bool

    @property
    def signed(self) -> bool:
        return self.message.had_tsig

    @property
    def is_update(self) -> bool:
        return self.message.opcode() == dns.opcode.UPDATE

    def answer(
        self, *records: str, rcode: Rcode = Rcode.NOERROR, aa: bool = True, tsig_error: int = 0
    ) -> Message:
        """Return a reply, signed if the request is; NS and SOA *records* go to the authority."""
        reply = dns.message.make_response(self.message, tsig_error=tsig_error)
        reply.flags |= dns.flags.AA * aa
        reply.set_rcode(rcode)
        for record in records:
            owner, ttl, rdtype, text = record.split(" ", 3)
            section = reply.authority if rdtype in {"NS", "SOA"} else reply.answer
            section.append(dns.rrset.from_text(owner, int(ttl), "IN", rdtype, text))
        return reply


Script = Callable[[Request], Message | bytes | Iterator[bytes] | None]
"""What to send back; None is silence by UDP and hanging up by TCP.

An iterator is what goes down a TCP connection piece by piece, lengths included.
"""


class Primary:
    """Runs *script* at an address of its own, by UDP and TCP, until closed.

    Attributes:
        port: On which it listens, the same for both.
        requests: What arrived so far.
    """

    def __init__(self, script: Script, host: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self._script = script
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        stream, datagram = self._handlers()
        tcp = type("TCP", (TCPServer,), {"address_family": family})
        udp = type("UDP", (UDPServer,), {"address_family": family})
        self._servers = [tcp((host, 0), stream)]
        self.port: int = self._servers[0].server_address[1]
        self._servers.append(udp((host, self.port), datagram))
        self._threads = [Thread(target=each.serve_forever, args=(0.01,)) for each in self._servers]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        for thread in self._threads:
            thread.join()

    def _handlers(self) -> tuple[type[BaseRequestHandler], type[BaseRequestHandler]]:
        reply = self._reply

        class Stream(StreamRequestHandler):
            def handle(self) -> None:
                answer = reply(self.rfile.read(int.from_bytes(self.rfile.read(2))), tcp=True)
                if isinstance(answer, bytes):
                    answer = iter((len(answer).to_bytes(2) + answer,))
                with suppress(OSError):
                    for piece in answer or ():
                        self.wfile.write(piece)

        class Datagram(BaseRequestHandler):
            def handle(self) -> None:
                wire, sender = self.request
                answer = reply(wire, tcp=False)
                if isinstance(answer, bytes):
                    sender.sendto(answer, self.client_address)

        return Stream, Datagram

    def _reply(self, wire: bytes, *, tcp: bool) -> bytes | Iterator[bytes] | None:
        request = Request(dns.message.from_wire(wire, keyring=KEY), tcp)
        self.requests.append(request)
        answer = self._script(request)
        if isinstance(answer, Message):
            return answer.to_wire(max_size=65535 if tcp else 1232, prefer_truncation=True)
        return answer
