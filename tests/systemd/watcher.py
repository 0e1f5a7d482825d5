"""A watcher on loopback: keeps every ping, and answers, refuses or says nothing."""

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Self
from urllib.parse import parse_qs, urlsplit

KEY = "6f1d0c0e-canary-7c1e-8a53-0d1e2f3a4b5c"
"""Of the check: part of its URL, and as secret."""


class Watching:
    """Hears pings at *url* until it is closed.

    Attributes:
        heard: Path below the check's own, run id and body of each ping.
        answer: Gives the status of the next answer; 0: none at all.
    """

    answer: Callable[[], int] = staticmethod(lambda: 200)

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []
        self.queries: list[dict[str, list[str]]] = []
        self.over = Event()
        watching = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                watching.hear(self)

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:  # who pings has lost patience
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/ping/{KEY}"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()

    def hear(self, handler: BaseHTTPRequestHandler) -> None:
        """Keep a ping, then answer it."""
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        parts = urlsplit(handler.path)
        query = parse_qs(parts.query)
        self.queries.append(query)
        self.heard.append((parts.path.partition(KEY)[2], query["rid"][0], body))
        status = self.answer()
        if not status:
            self.over.wait(30)
            return
        handler.send_response(status)
        handler.send_header("Content-Length", "2")
        handler.send_header("Location", "/elsewhere")
        handler.end_headers()
        handler.wfile.write(b"OK")

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.heard]
