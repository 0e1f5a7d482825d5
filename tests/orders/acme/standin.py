"""A CA that says what a test wants, over plain HTTP on loopback; it checks no signature."""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from pipeline.clock import Clock, SystemClock
from pipeline.configuration.acme import AcmeAccount
from pipeline.orders.acme.source import AcmeSource

from .bench import new_key

ERROR = "urn:ietf:params:acme:error:"
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"


@dataclass
class Reply:
    """An answer: a JSON body, or octets as they are."""

    body: object = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def problem(kind: str, detail: str, status: int = 400, **more: object) -> Reply:
    """Return a problem document (RFC 7807)."""
    body = {"type": ERROR + kind, "detail": detail, "status": status} | more
    return Reply(body, status, {"Content-Type": "application/problem+json"})


@dataclass
class StandIn:
    """What the CA holds, by path; a test changes it.

    Attributes:
        replies: What comes back for a path, or what makes it of the payload.
        asked: Each path asked for so far, with the payload.
    """

    url: str
    replies: dict[str, Reply | Callable[[Any], Reply]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)

    def paths(self) -> list[str]:
        """Return the paths asked for so far."""
        return [path for path, _ in self.asked]

    def order(self, *names: str, **more: object) -> Reply:
        """Hold an order for *names*, each with one authorization; return what it is made with."""
        authorizations = []
        for number, name in enumerate(names):
            self.replies[f"/authz/{number}"] = self.authorization(name, f"/chall/{number}")
            self.replies[f"/chall/{number}"] = Reply({"type": "dns-01", "url": self.url})
            authorizations.append(f"{self.url}/authz/{number}")
        body = {
            "status": "pending",
            "identifiers": [{"type": "dns", "value": name} for name in names],
            "authorizations": authorizations,
            "finalize": f"{self.url}/finalize/1",
        } | more
        self.replies["/order/1"] = Reply(body)
        made = Reply(body, 201, {"Location": f"{self.url}/order/1"})
        self.replies["/new-order"] = made
        return made

    def authorization(
        self, name: str, path: str, *kinds: str, status: str = "pending", **more: object
    ) -> Reply:
        """Return an authorization for *name* that offers challenges of *kinds*."""
        body = {
            "identifier": {"type": "dns", "value": name.removeprefix("*.")},
            "status": status,
            "challenges": [
                {"type": kind, "url": self.url + path, "status": "pending", "token": TOKEN}
                for kind in kinds or ("http-01", "dns-01")
            ],
        } | more
        return Reply(body | ({"wildcard": True} if name.startswith("*.") else {}))


@contextmanager
def standing() -> Iterator[StandIn]:
    """Serve a CA with an account, and no order yet."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(None)

        def do_HEAD(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            signed = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = base64.urlsafe_b64decode(signed["payload"] + "==")
            self._answer(json.loads(text) if text else None)

        def _answer(self, payload: object) -> None:
            ca.asked.append((self.path, payload))
            reply = ca.replies.get(self.path) or problem("malformed", "no such resource", 404)
            reply = reply if isinstance(reply, Reply) else reply(payload)
            content = reply.body
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(reply.status)
            for name, value in {
                "Content-Type": "application/json",
                "Replay-Nonce": f"nonce{len(ca.asked):011}",
                "Content-Length": str(len(body)),
                **reply.headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    ca = StandIn(f"http://127.0.0.1:{server.server_port}")
    ca.replies |= {
        "/dir": Reply(
            {
                "newNonce": f"{ca.url}/new-nonce",
                "newAccount": f"{ca.url}/new-account",
                "newOrder": f"{ca.url}/new-order",
                "meta": {
                    "termsOfService": "https://ca.example/terms",
                    "caaIdentities": ["ca.example"],
                },
            }
        ),
        "/new-nonce": Reply(),
        "/new-account": Reply({"status": "valid"}, headers={"Location": f"{ca.url}/account/1"}),
    }
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield ca
    finally:
        server.shutdown()
        server.server_close()


def source(ca: StandIn, folder: Path, clock: Clock | None = None, **more: Any) -> AcmeSource:
    """Return the ACME source for *ca*, with a new key in *folder*."""
    key = new_key(folder / "key.pem").read_text()
    account = AcmeAccount(f"{ca.url}/dir", key, is_local=True, **more)
    return AcmeSource(account, clock or SystemClock())
