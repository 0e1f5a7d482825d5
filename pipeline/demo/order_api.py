"""An order API on loopback in the shape of the RCL SSL Core API V7.

Like the real one it *creates* an order when asked for one; unlike it, no
certificate authority stands behind the tokens.
"""

import json
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from email.message import Message
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Lock, Thread
from typing import Self
from urllib.parse import unquote

Reply = tuple[int, str, str]
"""Status, media type and body."""

ORDER = re.compile(r"/public/v1/subscription/([^/]+)/core/certificate/([^/]+)/order")


class OrderApi:
    """Answers order requests from the moment it is made until it is closed.

    Asked again for a name it repeats the pending order, as Let's Encrypt does.

    Args:
        key: The API key that requests must bear.
        subscription: The only subscription it knows.
        renews: Whether each request starts a new order with new values instead.

    Attributes:
        url: The base of every path, with the gateway's ``/public``.
        requests: How many order requests arrived, refused ones included.
    """

    def __init__(self, key: str, subscription: str, *, renews: bool = False) -> None:
        self._authorized = (f"Bearer {key}", subscription)
        self._renews = renews
        self._lock = Lock()
        self._orders: dict[tuple[str, ...], str] = {}
        self.requests = 0
        self._server = _Server(self._reply)
        self.url = "http://{}:{}/public".format(*self._server.server_address)
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering. Closing twice is no error."""
        self._server.shutdown()
        self._server.server_close()

    def _reply(self, path: str, headers: Message) -> Reply:
        order = ORDER.fullmatch(path)
        if order is None:
            return 404, "application/json", '{"statusCode": 404, "message": "Resource not found"}'
        subscription, name = map(unquote, order.groups())
        with self._lock:
            self.requests += 1
            if (headers["Authorization"], subscription) != self._authorized:
                return 401, "text/plain", "The API key is not valid for this subscription."
            parts = tuple(part.strip().lower() for part in name.split(","))
            if not all(parts):
                return 400, "text/plain", "Certificate name is not defined."
            if self._renews or parts not in self._orders:
                self._orders[parts] = _new_order(parts)
            return 200, "application/json", self._orders[parts]


def _new_order(names: Sequence[str]) -> str:
    """Return a pending order with one token for each of a certificate's names."""
    order = {
        "status": "pending",
        "validationTokens": [_token(name) for name in names],
        "orderUri": f"https://acme.example/acme/order/1/{secrets.randbelow(10**11)}",
        "certificateUri": None,
    }
    return json.dumps(order)


def _token(domain: str) -> dict[str, str]:
    """Return a DNS token: its name is relative to the root domain, its value a new digest."""
    below_root = domain.removeprefix("*.").split(".")[:-2]  # good enough for a demonstration
    key_authorization = f"{secrets.token_urlsafe(32)}.{secrets.token_urlsafe(32)}"
    digest = sha256(key_authorization.encode()).digest()  # RFC 8555 §8.4
    return {
        "tokenName": ".".join(["_acme-challenge", *below_root]),
        "tokenValue": urlsafe_b64encode(digest).decode().rstrip("="),
        "challengeType": "DNS",
        "domain": domain,
    }


class _Server(ThreadingTCPServer):
    """Serves HTTP without looking up its own name, as `http.server.HTTPServer` does."""

    daemon_threads = True

    def __init__(self, reply: Callable[[str, Message], Reply]) -> None:
        self.reply = reply
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5.0  # seconds a client may stay silent

    def do_GET(self) -> None:
        status, media_type, body = self.server.reply(self.path, self.headers)
        self.send_response(status)
        self.send_header("Content-Type", f"{media_type}; charset=utf-8")
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing: only the command line prints."""
