"""Listen for HTTP, by waitress: it reads requests whole before a thread is spent on them."""

import os
import socket
from collections.abc import Callable, Iterable
from threading import Thread

from pipeline.clock import Clock
from pipeline.model import Exit, Failed

IDLE = 30
"""Seconds after which a connection without a request, or with half of one, is closed."""

Application = Callable[..., Iterable[bytes]]


class Listener:
    """A server that has its address already, and serves from `serve` to `stop`.

    Attributes:
        url: Where it is.

    Raises:
        Failed: 78, if the address cannot be had.
    """

    def __init__(
        self, application: Application, host: str, port: int, clock: Clock, idle: float = IDLE
    ) -> None:
        """Listen at *host* and *port*; *idle*: see `IDLE`."""
        self._clock = clock
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            bound = socket.create_server((host, port), family=family)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else str(error)  # Python adds to it
            raise Failed(
                Exit.CONFIG,
                "listen",
                f"cannot listen on {address(host, port)}: {why.lower()}",
                "is another dns01 serve at work there? --listen ADDR:PORT names another place",
            ) from error
        from .server import opened  # noqa: PLC0415 - waitress is for servers only

        self._server = opened(application, bound, idle)
        self.url = f"http://{address(host, bound.getsockname()[1])}"
        self._thread = Thread(target=self._server.run, daemon=True)

    def serve(self) -> None:
        """Serve, until a signal's exception comes out of here: serving goes on behind it."""
        self._thread.start()
        self._thread.join()
        raise RuntimeError("the server's loop has ended by itself")

    @property
    def at_work(self) -> int:
        """Connections with a request that is not answered, or an answer that is not sent."""
        channels = list(self._server.active_channels.values())
        return sum(bool(each.requests or each.total_outbufs_len) for each in channels)

    def stop(self, patience: float) -> int:
        """Take no more connections, wait until none is at work; return how many still are."""
        self._server.trigger.pull_trigger(self._refuse)
        until = self._clock.now() + patience
        while (left := self.at_work) and self._clock.now() < until:
            self._clock.pause(0.05)
        return left

    def _refuse(self) -> None:
        """Close the door, in the server's own thread."""
        if self._server.accepting:
            self._server.accepting = False
            self._server.del_channel()
            self._server.socket.close()


def address(host: str, port: int) -> str:
    """Return *host*, an IP address, and *port* as a URL has them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
