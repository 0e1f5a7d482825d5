"""Toy DNS keeps the contract; its API is played by a server on loopback."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import unquote

import pytest
from dns.name import Name
from toydns import ADAPTER, Toy

from providers.contract import Provider
from providers.errors import Misconfigured
from providers.testing import ProviderContract

ALIASES: set[str] = set()
STORED: set[tuple[str, str]] = set()
STORE = Lock()


class Host(BaseHTTPRequestHandler):
    """Toy DNS, as its documentation has it."""

    def do_GET(self) -> None:
        self.answer(200, json.dumps([{"name": "example.com", "id": "z1"}]))

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        name, value = map(unquote, self.path.split("/")[-2:])
        if name in ALIASES:
            return self.answer(409, "a CNAME is there")
        with STORE:
            STORED.add((name, value))
        return self.answer(204)

    def do_DELETE(self) -> None:
        name, value = map(unquote, self.path.split("/")[-2:])
        with STORE:
            known = (name, value) in STORED
            STORED.discard((name, value))
        self.answer(204 if known else 404)

    def answer(self, status: int, body: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class TestToy(ProviderContract):
    @pytest.fixture
    def provider(self) -> Iterator[Provider]:
        with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
            Thread(target=server.serve_forever, args=(0.01,)).start()
            yield Toy({"TOYDNS_TOKEN": "secret"}, f"http://127.0.0.1:{server.server_port}")
            server.shutdown()

    def values(self, name: Name) -> set[str]:
        owner = name.to_text(omit_final_dot=True).lower()
        return {value for stored, value in STORED if stored == owner}

    def alias(self, name: Name) -> None:
        ALIASES.add(name.to_text(omit_final_dot=True).lower())


def test_without_a_token_it_says_which_setting_is_missing() -> None:
    with pytest.raises(Misconfigured) as caught:
        ADAPTER.open({})
    assert "TOYDNS_TOKEN" in caught.value.hint
