"""A fleet: what many certificates cost, and whether that grows faster than they do.

``python -m bench.fleet --names 10000 --zones 200``: an inventory through the real command, to a
BIND by DNS UPDATE, with an order API and an Unbound as resolver, all on loopback.
"""

import argparse
import json
import math
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

from dns import query
from dns.exception import DNSException
from dns.message import make_query

from pipeline.demo.order_api import OrderApi

from .table import Row, Target, text

SIZES = ((100, 2), (1000, 20), (10_000, 200))
"""Certificates, and the zones that they are in."""

GROWTH = 1.1
"""The exponent of the cost of n certificates, at most."""

SECRET = "c2VjcmV0LW9mLXRoZS1iZW5jaG1hcms="
DNS01 = Path(sys.executable).with_name("dns01")

NAMED = """
options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
  pid-file "{folder}/pid"; session-keyfile "{folder}/session.key"; recursion no; notify no; }};
controls {{ }};
key fleet. {{ algorithm hmac-sha256; secret "{secret}"; }};
"""
ZONE = """zone "{apex}" {{ type primary; file "{apex}.zone"; allow-update {{ key fleet.; }}; }};
"""
RECORDS = """$TTL 60
@ SOA ns.fleet.test. host.fleet.test. 1 3600 600 86400 1
@ NS ns.fleet.test.
"""
UNBOUND = """server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/unbound.pid"
  use-syslog: no
  local-zone: "test." nodefault
  do-not-query-localhost: no
  module-config: "iterator"
  num-queries-per-thread: 4096
remote-control:
  control-enable: no
stub-zone:
  name: "fleet.test."
  stub-addr: 127.0.0.1@{authority}
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the servers of a fleet are, and the folder that is theirs."""

    folder: Path
    authority: int
    resolver: int
    orders: OrderApi
    zones: Sequence[str]


@contextmanager
def served(zones: int) -> Iterator[Place]:
    """Serve so many zones from loopback."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="fleet-")))
        authority, resolver = free_port(), free_port()
        apexes = [f"zone{at}.fleet.test" for at in range(zones)]
        for apex in apexes:
            (folder / f"{apex}.zone").write_text(RECORDS)
        head = NAMED.format(folder=folder, port=authority, secret=SECRET)
        (folder / "named.conf").write_text(head + "".join(ZONE.format(apex=a) for a in apexes))
        unbound = UNBOUND.format(folder=folder, port=resolver, authority=authority)
        (folder / "unbound.conf").write_text(unbound)
        for words in (("named", "-f", "-n1", "-c"), ("unbound", "-d", "-c")):
            stack.enter_context(started(*words, str(folder / f"{words[0]}.conf")))
        for port in (authority, resolver):
            await_answer(apexes[-1], port)
        orders = stack.enter_context(OrderApi("key", "subscription"))
        yield Place(folder, authority, resolver, orders, apexes)


def free_port() -> int:
    """Return a port that is free for TCP and, most likely, for UDP."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def started(*words: str) -> Iterator[None]:
    """Keep a server running."""
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            yield
        finally:
            server.terminate()


def await_answer(apex: str, port: int) -> None:
    """Wait until the server at *port* knows *apex*."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            if query.udp(make_query(apex, "SOA"), "127.0.0.1", 0.5, port).answer:
                return
        except (OSError, DNSException):
            time.sleep(0.05)
    raise TimeoutError(f"no server of {apex} at port {port}")


def measured(names: int, zones: int, jobs: int) -> Row:
    """Return what *names* certificates in *zones* zones cost."""
    with served(zones) as place:
        (place.folder / "fleet.txt").write_text(
            "".join(f"host{at}.{place.zones[at % zones]}\n" for at in range(names))
        )
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        report, sizes = run(place, jobs)
        wall = time.monotonic() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if report["exit"] or len(report["orders"]) != names:
        raise RuntimeError(f"exit {report['exit']}: {report['problems'][:3]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    figures = {
        "wall s": wall,
        "CPU s": cpu,
        "CPU ms/name": 1000 * cpu / names,
        "questions/name": report["dns_queries"] / names,
        "orders": place.orders.requests,
        "calls/zone": report["api_calls"] / zones,
        "receipts": len({each["receipt"] for each in report["orders"]}),
        "supervisor MiB": sizes.supervisor / 1024,
        "worker MiB": sizes.worker / 1024,
        "all MiB": sizes.all / 1024,
    }
    return Row(f"{names:,} names, {zones} zones", figures)


def run(place: Place, jobs: int) -> tuple[dict[str, Any], "Sizes"]:
    """Run the inventory of *place*; return its report and how much memory that took."""
    tables = (
        f'[zones."{a}"]\nnameservers = ["127.0.0.1:{place.authority}"]\n' for a in place.zones
    )
    (place.folder / "dns01.toml").write_text("".join(tables))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(place.folder),
        "DNS01_CONFIG": str(place.folder / "dns01.toml"),
        "DNS01_STATE_DIR": str(place.folder / "state"),
        "DNS01_SHARED_DIR": str(place.folder / "shared"),
        "DNS01_RESOLVERS": f"127.0.0.1:{place.resolver}",
        "RFC2136_NAMESERVER": f"127.0.0.1:{place.authority}",
        "RFC2136_TSIG_KEY": "fleet.",
        "RFC2136_TSIG_SECRET": SECRET,
        "RCL_BASE_URL": place.orders.url,
        "RCL_API_KEY": "key",
        "RCL_SUBSCRIPTION_ID": "subscription",
    }
    words = ["ready", "--inventory", str(place.folder / "fleet.txt"), "--json"]
    words += ["--provider", "rfc2136", "--jobs", str(jobs), "--timeout", "10m"]
    with (place.folder / "report.json").open("wb") as out:
        process = subprocess.Popen([DNS01, *words], env=environment, stdout=out)
        with Sizes(process.pid).watched() as sizes:
            process.wait()
    return json.loads((place.folder / "report.json").read_bytes()), sizes


@dataclass(slots=True)
class Sizes:
    """The most KiB that the supervisor, one of its workers, and all of them together held."""

    process: int
    supervisor: int = 0
    worker: int = 0
    all: int = 0

    @contextmanager
    def watched(self) -> Iterator["Sizes"]:
        """Look, several times a second."""
        over = Event()

        def watch() -> None:
            while not over.wait(0.1):
                self._look()

        thread = Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()

    def _look(self) -> None:
        task = Path(f"/proc/{self.process}/task/{self.process}/children")
        try:
            workers = [resident(int(each)) for each in task.read_text().split()]
        except OSError:
            return
        own = resident(self.process)
        self.supervisor = max(self.supervisor, own)
        self.worker = max(self.worker, *workers, 0)
        self.all = max(self.all, own + sum(workers))


def resident(process: int) -> int:
    """Return the KiB that *process* holds in memory; 0 if it has gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def growth(rows: Sequence[Row], sizes: Sequence[tuple[int, int]]) -> float:
    """Return the exponent of CPU over certificates, from the second smallest size to the largest.

    Of the smallest size the start is most of the cost, which would hide what grows.
    """
    ends = (0 if len(rows) < 3 else 1, len(rows) - 1)
    (cost, count), (more, most) = (
        (float(rows[at].figures["CPU s"] or 0), sizes[at][0]) for at in ends
    )
    return math.log(more / cost) / math.log(most / count)


def measure(sizes: Sequence[tuple[int, int]] = SIZES, jobs: int = 4) -> list[Row]:
    """Return a row for each of *sizes*, and one for the growth."""
    rows = [measured(names, zones, jobs) for names, zones in sizes]
    if len(sizes) > 1:
        rows.append(Row("growth", {"exponent": growth(rows, sizes)}))
    return rows


def targets(rows: Sequence[Row]) -> list[Target]:
    """Return what is promised of *rows*."""
    exponents = [row.figures["exponent"] for row in rows if row.name == "growth"]
    return [Target("fleet: exponent of growth", float(each or 0), GROWTH) for each in exponents]


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int)
    parser.add_argument("--zones", type=int)
    parser.add_argument("--jobs", type=int, default=4)
    given = parser.parse_args()
    sizes = SIZES if given.names is None else ((given.names, given.zones or -(-given.names // 50)),)
    sys.stdout.write(text(measure(sizes, given.jobs)) + "\n")


if __name__ == "__main__":
    main()
