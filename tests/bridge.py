"""The real command as a subprocess against servers that live in the test's process.

The command finds a provider called ``bridge``, installed as pip would leave
it, which passes every call on to an embedded DNS server here; so tests can
look at the order of events from the DNS host's side, and make it fail.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

from dns.message import Message
from dns.name import Name, from_text
from dns.rdatatype import TXT as TXT_TYPE

from pipeline.demo.order_api import OrderApi
from pipeline.demo.resolver import Resolver
from providers.contract import TXT, Change, Zone
from providers.embedded import Embedded, Nameserver
from providers.errors import ProviderError, Unauthorized
from providers.listener import Asked, proper

COVERAGE = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE")}
DNS01 = Path(sys.executable).with_name("dns01")
CANARY = "canary-7c1e"
"""Part of every secret; nothing that comes out of the command may hold it."""

APEX = from_text("example.com.")
OTHER = from_text("example.org.")


def leaf(host: str) -> Name:
    """Return the challenge name of *host*."""
    return from_text(f"_acme-challenge.{host}.")


@dataclass
class Bridge:
    """The near end: hands each call on to *host*, once `before` has let it.

    Attributes:
        before: Called with the verb and its arguments; may raise, or take its time.
        calls: Every verb and zone so far.
    """

    host: Embedded
    before: Callable[[str, dict[str, Any]], object] = lambda _verb, _content: None
    calls: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        bridge = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                verb = self.path.strip("/")
                try:
                    if CANARY not in self.headers["Authorization"]:
                        raise Unauthorized("who are you?")
                    status, body = 200, bridge.answer(verb, content)
                except ProviderError as error:
                    status, body = 500, (type(error).__name__, str(error))
                text = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:  # the command was killed
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, verb: str, content: dict[str, Any]) -> object:
        self.calls.append((verb, content.get("zone", "")))
        self.before(verb, content)
        match verb:
            case "zones":
                names = [from_text(name) for name in content["names"]]
                return [
                    {
                        "apex": zone.apex.to_text(),
                        "id": zone.id,
                        "nameservers": [host.to_text() for host in zone.nameservers],
                    }
                    for zone in self.host.zones(names)
                ]
            case "in_sync":
                return self.host.in_sync(Change(Zone(APEX, ""), content["id"]))
            case _:
                return self._write(verb, content)

    def _write(self, verb: str, content: dict[str, Any]) -> dict[str, Any]:
        zone = Zone(from_text(content["zone"]), content["zone"])
        records = [TXT(from_text(name), value, ttl) for name, value, ttl in content["records"]]
        if verb == "append":
            change = self.host.append(zone, records, "")
            written = [(name.to_text(), value) for name, value in change.written or ()]
            return {"id": change.id, "written": written}
        return {"id": self.host.delete(zone, records).id, "written": None}


@dataclass
class Site:
    """A DNS host, resolvers, an order API, and a folder to run the command in."""

    dns: Embedded
    resolver: Resolver
    orders: OrderApi
    bridge: Bridge
    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def environment(self) -> dict[str, str]:
        """What a user would have set: nothing is inherited but the path and coverage."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(self.folder / "packages"),
            "DNS01_STATE_DIR": str(self.state),
            "DNS01_SHARED_DIR": str(self.folder / "shared"),
            "DNS01_CONFIG": str(self.folder / "dns01.toml"),
            "DNS01_RESOLVERS": at(self.resolver.address),
            "BRIDGE_URL": self.bridge.url,
            "BRIDGE_TOKEN": f"{CANARY}-bridge",
            "RCL_BASE_URL": self.orders.url,
            "RCL_API_KEY": f"{CANARY}-rcl",
            "RCL_SUBSCRIPTION_ID": "subscription",
            **COVERAGE,
        }

    def start(self, *words: str, **variables: str) -> subprocess.Popen[str]:
        """Start the command, in a session of its own as from a terminal's or a job's."""
        return subprocess.Popen(
            [DNS01, *words],
            cwd=self.folder,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def dns01(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command to its end; *variables* are set in its environment."""
        return finish(self.start(*words, **variables))

    def report(self, *words: str, **variables: str) -> dict[str, Any]:
        """Run the command with ``--json`` and return its one document."""
        result = self.dns01(*words, "--json", **variables)
        document: dict[str, Any] = json.loads(result.stdout)
        assert document["exit"] == result.returncode, result
        return document

    def document(self, host: str = "www.example.com", value: str = "v" * 43) -> str:
        """Write an order document for *host* and return its path."""
        token = {"tokenName": "_acme-challenge", "tokenValue": value, "challengeType": "DNS"}
        order = {"status": "pending", "validationTokens": [token | {"domain": host}]}
        path = self.folder / f"order-{host}-{value[:8]}.json"
        path.write_text(json.dumps(order))
        return str(path)

    def receipts(self) -> list[dict[str, Any]]:
        """Return every receipt on disk, once; a run that begins may just put some aside."""
        while True:
            paths = sorted(self.state.rglob("*.json"))
            kept = [path for path in paths if not path.name.endswith(".report.json")]
            with suppress(FileNotFoundError):
                return [json.loads(path.read_text()) for path in kept]

    def mute(self) -> None:
        """Let every name server fall silent."""
        for address in self.dns.addresses:
            self.dns.behave(address, lambda _asked, _reply: None)

    def hide(self) -> None:
        """Let every name server answer that there is nothing."""
        for address in self.dns.addresses:
            self.dns.behave(address, without_answer)

    def show(self) -> None:
        """Let every name server answer as it should."""
        for address in self.dns.addresses:
            self.dns.behave(address, proper)


def finish(process: subprocess.Popen[str], timeout: float = 90) -> subprocess.CompletedProcess[str]:
    """Wait for *process*; whatever it did, it shows neither a traceback nor a secret."""
    with process:
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
    assert "Traceback" not in err, err
    assert "Fatal Python error" not in err, err
    assert CANARY not in out + err, out + err
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def until(holds: Callable[[], object], timeout: float = 60) -> None:
    """Wait until *holds* is true; a machine that is busy may take its time."""
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def without_answer(asked: Asked, reply: Message) -> Message:
    """Take the values out of *reply*; the zone itself stays as it is."""
    if asked.rdtype == TXT_TYPE:
        reply.answer.clear()
    return reply


def at(address: tuple[str, int]) -> str:
    """Return *address* as the configuration spells it."""
    return "{}:{}".format(*address)


def install(folder: Path) -> None:
    """Put the adapter into *folder* as a distribution of its own."""
    info = folder / "dns01_bridge-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dns01-bridge\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dns01.providers]\nbridge = bridge_adapter:ADAPTER\n")
    shutil.copy(Path(__file__).with_name("bridge_adapter.py"), folder)


@contextmanager
def opened(
    folder: Path,
    *,
    lags: Sequence[float] = (0.0, 0.2),
    renews: bool = False,
    apexes: Sequence[Name] = (APEX, OTHER),
) -> Iterator[Site]:
    """Serve *apexes* with *lags* in seconds, one per name server; a site in *folder*."""
    with ExitStack() as stack:
        nameservers = [Nameserver(lag=lag) for lag in lags]
        dns = stack.enter_context(Embedded(apexes, nameservers, soa_ttl=1, minimum=1))
        zones = dict.fromkeys(apexes, dns.addresses)
        resolver = stack.enter_context(Resolver(zones, time.monotonic))
        orders = stack.enter_context(OrderApi(f"{CANARY}-rcl", "subscription", renews=renews))
        bridge = stack.enter_context(Bridge(dns))
        install(folder / "packages")
        servers = json.dumps([at(address) for address in dns.addresses])
        tables = [f'[zones."{apex}"]\nnameservers = {servers}\n' for apex in apexes]
        (folder / "dns01.toml").write_text("\n".join(tables))
        yield Site(dns, resolver, orders, bridge, folder)
