"""waitress, as strangers may meet it: nobody's connections keep anybody else's out."""

import socket
from collections.abc import Callable
from typing import Any

from waitress import channel, parser, server, utilities  # type: ignore[import-untyped]

THREADS = 48
"""Requests that are looked at at once; most wait for their turn, and for DNS hosts."""

CONNECTIONS = 200
"""At once."""

SHARE = 100
"""Of them for one address."""

LARGEST = 65_536
"""Octets of headers, and of a body, that are read before the application says it is too much."""


class Parser(parser.HTTPRequestParser):  # type: ignore[misc]  # not typed
    """Reads requests, each of one length."""

    def parse_header(self, header_plus: bytes) -> None:
        """Take no request that somebody between us and the client may have seen end elsewhere."""
        super().parse_header(header_plus)
        is_coded = self.chunked or "TRANSFER_ENCODING" in self.headers
        if is_coded and "CONTENT_LENGTH" in self.headers:
            raise parser.ParsingError("Content-Length and Transfer-Encoding exclude each other")


class Channel(channel.HTTPChannel):  # type: ignore[misc]  # not typed
    """A connection."""

    parser_class = Parser


class Server(server.TcpWSGIServer):  # type: ignore[misc]  # not typed
    """Serves who asks; who only holds a connection gives it up for others.

    Attributes:
        idle: Seconds without a whole request after which a connection is closed.
    """

    channel_class = Channel
    idle: float

    def handle_accept(self) -> None:
        """Let one more in, for the oldest that asks nothing; if all ask something, it goes."""
        super().handle_accept()
        there = [each for each in self.active_channels.values() if not each.will_close]
        same = [each for each in there if each.addr[0] == there[-1].addr[0]]
        if len(same) > SHARE or len(there) > CONNECTIONS:
            crowd = same if len(same) > SHARE else there
            next(each for each in crowd if not each.requests).will_close = True

    def maintenance(self, now: float) -> None:
        """Close what is idle, or comes too slowly, however steadily it drips."""
        for each in list(self.active_channels.values()):
            since = each.last_activity
            if each.request:  # half of one
                since = vars(each.request).setdefault("seen_at", now)
            if not each.requests and now - since > self.idle:
                each.will_close = True


def opened(application: Callable[..., Any], bound: socket.socket, idle: float) -> Server:
    """Return a server for *application* at the socket *bound*."""
    for logger in (utilities.logger, utilities.queue_logger):
        logger.disabled = True  # they quote strangers
    found = Server(
        application,
        _sock=bound,
        bind_socket=False,
        sockinfo=(bound.family, bound.type, bound.proto, bound.getsockname()),
        ident="dns01",
        threads=THREADS,
        connection_limit=2 * CONNECTIONS,  # at which it would let nobody in: ours comes first
        max_request_header_size=LARGEST,
        max_request_body_size=LARGEST,
        cleanup_interval=min(5, idle / 2),
        asyncore_use_poll=True,
    )
    found.idle = idle
    return found
