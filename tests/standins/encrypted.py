"""Resolvers behind TLS that do as they are told: DNS over TLS, over HTTP/2, or nothing at all."""

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Self

import dns.message
from dns.message import Message
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, StreamEnded

Serve = Callable[[ssl.SSLSocket, int], object]
"""Serves one connection, whose number counts from 1, until it returns or fails."""

Answer = tuple[int, str, bytes]
"""HTTP status, media type and body."""

MEDIA_TYPE = "application/dns-message"


class Secured:
    """A TLS server on loopback, each connection in a thread of its own.

    Attributes:
        address: Where it listens.
        connections: How many have been accepted so far.
        ended: How many have been closed.
    """

    def __init__(
        self,
        certificate: Path,
        serve: Serve,
        protocol: str = "h2",
        delay: float = 0.0,
        host: str = "127.0.0.1",
    ) -> None:
        """Serve; the handshake begins after *delay* seconds."""
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate / "leaf.pem", certificate / "key.pem")
        self._context.set_alpn_protocols([protocol])
        self._serve = serve
        self._delay = delay
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listening = socket.create_server((host, 0), family=family)
        self._open: list[socket.socket] = []
        self.address: tuple[str, int] = self._listening.getsockname()[:2]
        self.connections = self.ended = 0
        Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listening, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError), self._listening:
            while True:
                accepted, _ = self._listening.accept()
                self.connections += 1
                self._open.append(accepted.dup())
                Thread(target=self._attend, args=(accepted, self.connections), daemon=True).start()

    def _attend(self, accepted: socket.socket, number: int) -> None:
        time.sleep(self._delay)
        with (
            suppress(OSError, ValueError),
            accepted,
            self._context.wrap_socket(accepted, server_side=True) as connection,
        ):
            self._serve(connection, number)
        self._open[number - 1].close()
        self.ended += 1


def over_tls(respond: Callable[[Message, int], Iterable[Message]]) -> Serve:
    """Return the service that answers with what *respond* makes of a query and the connection."""

    def serve(connection: ssl.SSLSocket, number: int) -> None:
        with connection.makefile("rb") as stream:
            while head := stream.read(2):
                query = dns.message.from_wire(stream.read(int.from_bytes(head, "big")))
                for reply in respond(query, number):
                    connection.sendall(reply.to_wire(prepend_length=True))

    return serve


def over_https(respond: Callable[[Message, int], Answer | None]) -> Serve:
    """Return the service that answers with what *respond* makes of a query and the connection."""

    def serve(connection: ssl.SSLSocket, number: int) -> None:
        http = H2Connection(H2Configuration(client_side=False))
        http.initiate_connection()
        bodies: dict[int, bytes] = {}
        connection.sendall(http.data_to_send())
        while chunk := connection.recv(65535):
            for event in http.receive_data(chunk):
                match event:
                    case DataReceived():
                        bodies[event.stream_id] = bodies.get(event.stream_id, b"") + event.data
                    case StreamEnded():
                        query = dns.message.from_wire(bodies.pop(event.stream_id))
                        reply(http, event.stream_id, respond(query, number))
                    case ConnectionTerminated():
                        return
                    case _:
                        pass
            connection.sendall(http.data_to_send())

    return serve


def reply(http: H2Connection, stream: int, answer: Answer | None) -> None:
    """Send *answer* on *stream*, or nothing."""
    if answer is None:
        return
    status, media_type, body = answer
    http.send_headers(stream, [(":status", str(status)), ("content-type", media_type)])
    for start in range(0, len(body), 16384):
        http.send_data(stream, body[start : start + 16384])
    http.end_stream(stream)
