"""A gate on the way to an HTTP stand-in: passes requests on, or does to them what a test says."""

import http.client
import socket
import ssl
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Event, Lock, Thread
from typing import IO, Self
from urllib.parse import urlsplit

Answer = tuple[int, Mapping[str, str], bytes]
"""Status, headers and body."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that arrived, and what can be done with it.

    Attributes:
        onward: Sends it to the stand-in and returns what that answers.
        over: Set when nobody needs an answer any more.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    onward: Callable[[], Answer]
    over: Event
    connection: socket.socket

    def reply(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Answer in full, and hang up, as every answer here does."""
        self.begin(status, {"Content-Length": str(len(body)), **headers})
        self.send(body)

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Odd')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.send("\r\n".join([*lines, "Connection: close", "", ""]).encode())

    def send(self, octets: bytes) -> None:
        self.connection.sendall(octets)

    def reset(self) -> None:
        """End the connection with RST instead of FIN."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Fault = Callable[[Call], object]
"""Answers a call, more or less."""


def passed(call: Call) -> None:
    """Answer what the stand-in answers."""
    call.reply(*call.onward())


class Gate:
    """Stands before the stand-in at *upstream* for as long as a context lasts.

    Attributes:
        fault: What befalls the calls that `meets` says yes to, so `often` at most.
        calls: The calls that it said yes to.
        connections: How many were accepted.
        tls: What to be known by; None speaks plain HTTP.
        mute: Whether connections are accepted and then left alone.
    """

    def __init__(self, upstream: str, tls: ssl.SSLContext | None = None) -> None:
        self.fault: Fault = passed
        self.meets: Callable[[Call], bool] = lambda _call: True
        self.often: int | None = None
        self.calls: list[Call] = []
        self.connections = 0
        self.mute = False
        self.tls = tls
        self._upstream = urlsplit(upstream).netloc
        self._over = Event()
        self._lock = Lock()
        self._server = _server(self)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()

    def serve(self, connection: socket.socket) -> None:
        """Answer the one request of *connection*."""
        self.connections += 1
        if self.mute:
            self._over.wait()
            return
        with suppress(OSError, ValueError):
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                call = self._read(stream, connection)
                self._fate(call)(call)

    def _fate(self, call: Call) -> Fault:
        with self._lock:
            if not self.meets(call):
                return passed
            self.calls.append(call)
            is_spared = self.often is not None and len(self.calls) > self.often
        return passed if is_spared else self.fault

    def _read(self, stream: IO[bytes], connection: socket.socket) -> Call:
        method, path, _ = stream.readline().decode("latin-1").split(" ")
        parsed = http.client.parse_headers(stream)
        headers = {name.lower(): value for name, value in parsed.items()}
        body = stream.read(int(headers.get("content-length", 0)))

        def onward() -> Answer:
            behind = http.client.HTTPConnection(self._upstream, timeout=30)
            with suppress(KeyError):
                del headers["connection"]
            behind.request(method, path, body, headers)
            answer = behind.getresponse()
            content = answer.read()
            behind.close()
            kept = {"content-type", "retry-after", "ratelimit"}
            return (
                answer.status,
                {n: v for n, v in answer.headers.items() if n.lower() in kept},
                content,
            )

        return Call(method, path, headers, body, onward, self._over, connection)


def _server(gate: Gate) -> ThreadingTCPServer:
    class Handler(StreamRequestHandler):
        def setup(self) -> None:
            """Leave the connection as it is: it may become TLS."""

        def handle(self) -> None:
            gate.serve(self.request)

        def finish(self) -> None:
            """Likewise."""

    server = ThreadingTCPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
    server.daemon_threads = True
    server.request_queue_size = 64
    server.server_bind()
    server.server_activate()
    return server
