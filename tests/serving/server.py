"""`dns01 serve` as a process, and what is sent to it."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from signal import SIGTERM
from typing import Any

from tests.bridge import Site, finish

VALUE = "v" * 43
WHERE = "_acme-challenge.www.example.com."


@dataclass
class Server:
    """A server of *site*'s zones."""

    site: Site
    process: subprocess.Popen[str]
    url: str

    def post(
        self, path: str, content: object, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Return the status and the content of the answer."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return answered(urllib.request.Request(self.url + path, body, dict(headers or {})))

    def present(self, fqdn: str = WHERE, value: str = VALUE) -> tuple[int, dict[str, Any]]:
        return self.post("/present", {"fqdn": fqdn, "value": value})

    def cleanup(self, fqdn: str = WHERE, value: str = VALUE) -> tuple[int, dict[str, Any]]:
        return self.post("/cleanup", {"fqdn": fqdn, "value": value})

    def stop(self, signum: int = SIGTERM) -> subprocess.CompletedProcess[str]:
        """Send a signal; return how it ended."""
        self.process.send_signal(signum)
        return finish(self.process)


def answered(request: urllib.request.Request | str) -> tuple[int, dict[str, Any]]:
    """Return what a *request* is answered."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@contextmanager
def serving(site: Site, *words: str, **variables: str) -> Iterator[Server]:
    """Start a server; stop it if that is not done by then."""
    listen = [] if "--listen" in words else ["--listen", "127.0.0.1:0"]
    process = site.start("serve", *listen, "--provider", "bridge", *words, **variables)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on http://"), line + (process.communicate()[1])
        yield Server(site, process, line.split()[-1])
    finally:
        if process.poll() is None:
            process.terminate()
            finish(process)
