"""Fifty processes on one name at BIND and at Knot, among other clients of DNS UPDATE."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from threading import Event, Thread

import pytest
from dns.name import from_text

from providers.contract import Zone
from tests.lab import Lab
from tests.lab import topology as at

from .writers import Job, at_once

pytestmark = pytest.mark.servers

WRITERS = 50
OURS = [f"ours{number:02}" for number in range(WRITERS)]


class Updater(Thread):
    """nsupdate, which adds values and deletes some of its own again.

    Attributes:
        has: The values it has not deleted.
    """

    def __init__(self, keys: Path, server: str, apex: str, over: Event) -> None:
        super().__init__()
        self.has: set[str] = set()
        self._command = ["nsupdate", "-v", "-k", str(keys)]
        self._head = f"server {server}\nzone {apex}\n"
        self._name, self._over = f"_acme-challenge.many.{apex}", over

    def run(self) -> None:
        while not self._over.wait(0.05):
            value = f"theirs-{token_hex(4)}"
            lines = f'update add {self._name} 60 TXT "{value}"\n'
            self.has.add(value)
            if len(self.has) > 3:
                old = min(self.has)
                lines += f'update delete {self._name} TXT "{old}"\n'
                self.has.remove(old)
            script = f"{self._head}{lines}send\n"
            subprocess.run(
                self._command, input=script, text=True, check=True, capture_output=True, timeout=60
            )


@contextmanager
def updaters(keys: Path, server: str, apex: str) -> Iterator[set[str]]:
    """Let other tools work meanwhile; afterwards the set holds what they left there."""
    over, left = Event(), set[str]()
    tools = [Updater(keys, server, apex, over) for _ in range(3)]
    for tool in tools:
        tool.start()
    try:
        yield left
    finally:
        over.set()
        for tool in tools:
            tool.join()
            left |= tool.has


@pytest.mark.parametrize(
    ("server", "apex"), [(at.PRIMARY, "example.test."), (at.KNOT, "knot.test.")]
)
def test_fifty_processes_lose_nothing(lab: Lab, tmp_path: Path, server: str, apex: str) -> None:
    """
    All of ours are there, beside every foreign one that its tool did not delete; then fifty
    delete, and only ours are gone. Each takes one update: the server keeps values apart.
    """
    key = lab.keys.all
    path = tmp_path / "key"
    path.write_text(f'key "{key.name}" {{ algorithm hmac-sha256; secret "{key.secret}"; }};\n')
    settings = {
        "RFC2136_NAMESERVER": server,
        "RFC2136_TSIG_KEY": key.name,
        "RFC2136_TSIG_SECRET": key.secret,
    }
    name = from_text(f"_acme-challenge.many.{apex}")
    zone, theirs = Zone(from_text(apex), apex), set[str]()
    for verb, ours in (("append", set(OURS)), ("delete", set[str]())):
        with updaters(path, server, apex) as left:
            outcomes = at_once(Job("rfc2136", settings, verb, zone, name), OURS)
        theirs |= left
        assert [outcome.error for outcome in outcomes] == [""] * WRITERS
        assert {outcome.calls for outcome in outcomes} == {1}
        assert left
        assert lab.txt(name, server) == theirs | ours
