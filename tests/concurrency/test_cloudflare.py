"""Fifty processes on one name at Cloudflare, among tools with records of their own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from threading import Event, Thread
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from dns.name import from_text

from providers.contract import Zone
from tests.standins.cloudflare import CloudflareStandIn

from .writers import Job, at_once

NAME = from_text("_acme-challenge.www.example.com.")
HOST = "_acme-challenge.www.example.com"
WRITERS = 50
OURS = [f"ours{number:02}" for number in range(WRITERS)]


@pytest.fixture
def api() -> Iterator[CloudflareStandIn]:
    with CloudflareStandIn(zones=["example.com"]) as api:
        yield api


class Owner(Thread):
    """Another tool: creates a record, lists, and deletes by id those that are its own, in turns.

    Attributes:
        has: The values it has not deleted.
    """

    def __init__(self, api: CloudflareStandIn, over: Event) -> None:
        super().__init__()
        self.has: set[str] = set()
        self._url = f"{api.url}/zones/{api.zones[0].id}/dns_records"
        self._token, self._over = api.token, over
        self._opener = build_opener(ProxyHandler({}))

    def run(self) -> None:
        while not self._over.wait(0.05):
            value = f"theirs-{token_hex(4)}"
            record = {"type": "TXT", "name": HOST, "content": value, "ttl": 60}
            self._call("POST", self._url, record)
            self.has.add(value)
            if len(self.has) > 3:
                rows = self._call("GET", f"{self._url}?name={HOST}&per_page=1000")
                mine = min(self.has)
                [key] = [row["id"] for row in rows if row["content"] == mine]
                self._call("DELETE", f"{self._url}/{key}")
                self.has.remove(mine)

    def _call(self, method: str, url: str, body: object = None) -> Any:
        sent = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = Request(url, sent, headers, method=method)
        with self._opener.open(request, timeout=60) as answer:
            return json.load(answer)["result"]


@contextmanager
def owners(api: CloudflareStandIn) -> Iterator[set[str]]:
    """Let other tools work meanwhile; afterwards the set holds what they left there."""
    over, left = Event(), set[str]()
    tools = [Owner(api, over) for _ in range(3)]
    for tool in tools:
        tool.start()
    try:
        yield left
    finally:
        over.set()
        for tool in tools:
            tool.join()
            left |= tool.has


def test_fifty_processes_lose_nothing(api: CloudflareStandIn, tmp_path: Path) -> None:
    """
    All of ours are there, beside every foreign one that its tool did not delete; then fifty
    delete, on machines of their own, and only ours are gone. Each takes three calls to write, two
    to delete: no repetition.
    """
    settings = {"CLOUDFLARE_API_TOKEN": api.token, "CLOUDFLARE_BASE_URL": api.url}
    zone = Zone(from_text("example.com."), api.zones[0].id)
    machine = tmp_path / "shared"
    theirs = set[str]()
    steps = (("append", 3, set(OURS), machine), ("delete", 2, set[str](), None))
    for verb, calls, ours, shared in steps:
        with owners(api) as left:
            outcomes = at_once(Job("cloudflare", settings, verb, zone, NAME, shared), OURS)
        theirs |= left
        assert [outcome.error for outcome in outcomes] == [""] * WRITERS
        assert {outcome.calls for outcome in outcomes} == {calls}
        assert left
        assert api.values(HOST) == theirs | ours
