"""The RCL SSL API (V7, and V8 as far as ordering goes), on loopback, with every fault we know of.

It counts orders it created. A second one for a name fails the test that caused
it: the real quota is 100 a week. So does a second look at a certificate, or a
second finalization.
"""

import base64
import gzip
import json
import re
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from .cloudflare_http import Handler, Listener, Served

PASSWORD = "canary-3d7a-hunter2"
PFX = b"\x30\x82canary-3d7a" * 40
KEY = "45ref546-67rf-65ytr-65tr-546trfred"
SUBSCRIPTION = "sub_df45ghfh463nfhh"
URI = "https://acme-v02.api.letsencrypt.org/acme/order/116443104/10567267084"
CANARY = "canary-3d7a"
"""Part of everything in a certificate's answer that is nobody's business."""

V7 = r"/public/v1/subscription/(?P<whose>[^/?]+)/core/certificate/(?P<name>[^/?]+)"
V8 = r"/prod/v3/ssl/certificate/subscription/(?P<whose>[^/?]+)"
ROUTES = {
    "order": [("GET", re.compile(f"{V7}/order")), ("POST", re.compile(f"{V8}/order/create"))],
    "certificate": [
        ("GET", re.compile(V7)),
        ("GET", re.compile(rf"{V8}/get/certificatename/(?P<name>[^/?]+)")),
    ],
    "finalize": [("GET", re.compile(rf"{V7}/finalize\?orderuri=(?P<uri>https?://.+)"))],
}

Answer = Callable[[Handler], None]
"""Sends what the API has to say to one authorised request."""


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived: the path as it was on the wire, header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


class RclApi(Served):
    """Answers order requests while it is entered.

    Attributes:
        requests: Everything that arrived.
        created: Certificate names that an order was created for, in order.
        seen: What else was asked for, and of which certificate.
        finalized: The order URIs that were finalized, as they were on the wire.
        answer: What is sent to requests for an order with the right key and path.
        certificate: What is sent to those for a certificate.
        outcome: What is sent to those that finalize.
    """

    def __init__(
        self, answer: Answer, key: str = KEY, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self.answer = answer
        self.certificate = text(404, "The certificate was not found.")
        self.outcome = body(certificate())
        self.requests: list[Request] = []
        self.created: list[str] = []
        self.seen: list[str] = []
        self.finalized: list[str] = []
        self._key = key
        self._listener = Listener(self._respond)
        self.host = self._listener.url
        if tls:
            self._listener.socket = tls.wrap_socket(self._listener.socket, server_side=True)
            self.host = self.host.replace("http:", "https:")

    @property
    def base(self) -> str:
        return f"{self.host}/public"

    @property
    def base_v8(self) -> str:
        return f"{self.host}/prod"

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            sent = [f"{each.method} {each.path}" for each in self.requests]
            for asked in (sent, self.created, self.seen, self.finalized):
                assert len(asked) == len({*asked}), f"asked more than once: {self.requests}"

    def _respond(self, handler: Handler) -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        content = handler.rfile.read(int(headers.get("content-length", 0)))
        self.requests.append(Request(handler.command, handler.path, headers, content))
        what, found = route(handler)
        if found is None or unquote(found["whose"]) != SUBSCRIPTION:
            gateway(404, "Resource not found")(handler)
        elif headers.get("authorization") != f"Bearer {self._key}":
            text(401, "The API key is not valid for this subscription.\r\n")(handler)
        else:
            self._serve(handler, what, found.groupdict(), content)

    def _serve(self, handler: Handler, what: str, found: dict[str, str], content: bytes) -> None:
        name = unquote(found.get("name") or json.loads(content)["certificateName"])
        match what:
            case "order":
                self.created.append(name)
                self.answer(handler)
            case "certificate":
                self.seen.append(name)
                self.certificate(handler)
            case _:
                self.finalized.append(found["uri"])
                self.outcome(handler)


def route(handler: Handler) -> tuple[str, re.Match[str] | None]:
    """What is asked for, and where that stands in the path."""
    for what, ways in ROUTES.items():
        for method, path in ways:
            found = path.fullmatch(handler.path)
            if found and handler.command == method:
                return what, found
    return "", None


def certificate(expires: Any = "2023-11-26T16:54:45.7728501", **more: Any) -> bytes:
    """A certificate as the documentation shows one, PFX, password and links to the key included."""
    host = f"https://{CANARY}.blob.core.windows.net"
    links = {"pfxUrl": f"{host}/pfx?sig={CANARY}", "keyUrl": f"{host}/key?sig={CANARY}"}
    document = {
        "id": 76,
        "certificateName": "shopeneur.com",
        "rootDomain": "shopeneur.com",
        "email": f"{CANARY}@shopeneur.com",
        "challengeType": "dns",
        "orderUri": URI,
        "password": PASSWORD,
        "pfxString": base64.b64encode(PFX).decode(),
        "issueDate": "2023-08-28T16:54:45.7728501",
        "expiryDate": expires,
        "certificateDownloadUrl": links,
    }
    return json.dumps(document | more).encode()


def order_v8(tokens: Any = (), **more: Any) -> bytes:
    """An order as V8 answers: a certificate in the making, the password repeated, no status."""
    made = {"tokens": list(tokens), "subscriptionId": SUBSCRIPTION, "expiryDate": None}
    return certificate(**made | {"pfxString": None} | more)


def token(
    domain: Any = "shopeneur.com",
    name: Any = "_acme-challenge",
    value: Any = "pder_53er44PhE-keudgge45630",
    kind: Any = "DNS",
) -> dict[str, Any]:
    """A token as the documentation shows one, its 27-character value included."""
    return {"tokenName": name, "tokenValue": value, "challengeType": kind, "domain": domain}


def order(tokens: Any = (), status: Any = "pending", uri: Any = URI, **more: Any) -> bytes:
    """An order as the documentation shows one."""
    document = {
        "status": status,
        "validationTokens": list(tokens) if isinstance(tokens, tuple) else tokens,
        "orderUri": uri,
        "certificateUri": None,
    }
    return json.dumps(document | more).encode()


def body(content: bytes, status: int = 200, kind: str = "application/json") -> Answer:
    return reply(status, content, {"Content-Type": f"{kind}; charset=utf-8"})


def reply(status: int, content: bytes, headers: dict[str, str]) -> Answer:
    def answer(handler: Handler) -> None:
        start(handler, status, headers | {"Content-Length": str(len(content))})
        handler.wfile.write(content)

    return answer


def start(handler: Handler, status: int, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()


def text(status: int, words: str) -> Answer:
    """The API's own errors: a line of text."""
    return body(words.encode(), status, "text/plain")


def page(status: int, title: str) -> Answer:
    """A page of HTML from something in front of the API."""
    html = (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title><style>b {{color: red}}</style>"
        f"<script>alert('{title}')</script></head>\n<body>\x1b[31m<h1>{title}</h1>\n"
        f"::error::{'7' * 5000}</body></html>"
    )
    return body(html.encode(), status, "text/html")


def gateway(status: int, message: str, retry_after: object = None) -> Answer:
    """Azure API Management's own words."""
    content = json.dumps({"statusCode": status, "message": message}).encode()
    headers = {"Content-Type": "application/json"}
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return reply(status, content, headers)


def redirect(status: int, url: str) -> Answer:
    return reply(status, b"", {"Location": url})


def slow(seconds: float, content: bytes) -> Answer:
    """The true answer, late."""

    def answer(handler: Handler) -> None:
        time.sleep(seconds)
        body(content)(handler)

    return answer


def drip(pieces: Iterable[bytes], pause: float) -> Answer:
    """The true answer, a piece at a time, with *pause* seconds in between."""

    def answer(handler: Handler) -> None:
        handler.close_connection = True
        start(handler, 200, {"Content-Type": "application/json", "Connection": "close"})
        for piece in pieces:
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(pause)

    return answer


def cut(content: bytes = b"") -> Answer:
    """The connection ends after the request was read, or within the answer."""

    def answer(handler: Handler) -> None:
        if content:
            start(handler, 200, {"Content-Length": str(len(content) + 1)})
            handler.wfile.write(content)
            handler.wfile.flush()
        handler.cut()

    return answer


def gzipped(content: bytes) -> Answer:
    """Compressed although nobody asked for that."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return reply(200, gzip.compress(content), headers)
