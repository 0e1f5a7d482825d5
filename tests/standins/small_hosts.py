"""Two small HTTP servers on loopback: one of lego's httpreq protocol, and an acme-dns.

Both keep to what their protocols' clients can see, the traps included: acme-dns has room for
two values, and a third, or the same once more, takes the place of the oldest.
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, ClassVar, Self

Answer = tuple[int, object]
VALUE_LENGTH = 43


@dataclass
class Host:
    """A server; `before` may answer in its place, given the path."""

    before: Callable[[str], Answer | None] = lambda _path: None
    requests: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    PATHS: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        host = self
        self.lock = Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                host.requests.append((self.path, content))
                status, body = host.before(self.path) or host.served(
                    self.path, content, self.headers
                )
                octets = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(octets)))
                if 300 <= status < 400:
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()

    def served(self, path: str, content: Mapping[str, Any], headers: Any) -> Answer:
        raise NotImplementedError


@dataclass
class HttpreqHost(Host):
    """A server of lego's httpreq protocol; `login` is ``user:password``, or nothing."""

    login: str = ""
    values: dict[str, set[str]] = field(default_factory=dict)
    aliases: set[str] = field(default_factory=set)

    def served(self, path: str, content: Mapping[str, Any], headers: Any) -> Answer:
        wanted = f"Basic {base64.b64encode(self.login.encode()).decode()}"
        if self.login and headers.get("Authorization") != wanted:
            return 401, {"error": "who are you?"}
        fqdn, value = content["fqdn"], content["value"]
        with self.lock:
            match path:
                case "/dns/present" if fqdn in self.aliases:
                    return 409, {"error": f"a CNAME is in the way at {fqdn}"}
                case "/dns/present":
                    self.values.setdefault(fqdn, set()).add(value)
                case "/dns/cleanup":
                    self.values.get(fqdn, set()).discard(value)
                case _:
                    return 404, "<html>nothing here</html>"
        return 204, ""


@dataclass
class AcmeDnsHost(Host):
    """An acme-dns server whose `accounts` are keyed by subdomain: user and password.

    Attributes:
        shows: Is told the values of a subdomain whenever they have changed.
    """

    accounts: dict[str, tuple[str, str]] = field(default_factory=dict)
    shows: Callable[[str, list[str]], object] = lambda _subdomain, _values: None
    values: dict[str, list[str]] = field(default_factory=dict)

    def served(self, path: str, content: Mapping[str, Any], headers: Any) -> Answer:
        subdomain, txt = content.get("subdomain", ""), content.get("txt", "")
        login = (headers.get("X-Api-User"), headers.get("X-Api-Key"))
        if path != "/update":
            return 404, ""
        if self.accounts.get(subdomain) != login:
            return 401, {"error": "forbidden"}
        if len(txt) != VALUE_LENGTH:
            return 400, {"error": "bad_txt"}
        with self.lock:
            kept = self.values.setdefault(subdomain, [])
            kept[:] = [*kept, txt][-2:]
            self.shows(subdomain, kept)
        return 200, {"txt": txt}
