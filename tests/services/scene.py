"""One run of the real command at one service behind a gate, and what is left of it."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dns.name import Name, from_text

from providers.contract import TXT, Zone
from providers.embedded import Embedded
from tests.bridge import CANARY, DNS01, Site, leaf, opened
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.cloudflare_account import HostedZone
from tests.standins.route53 import Route53Front

from .gate import Call, Gate

VALUE = "v" * 43
TOKEN = f"{CANARY}-cloudflare"


@dataclass
class Outcome:
    """What a process left behind.

    Attributes:
        said: Each problem of the report, with its hint.
        peak: Megabytes of memory at most.
    """

    exit: int
    said: list[str]
    seconds: float
    peak: float
    report: Mapping[str, Any]


@dataclass
class Scene:
    """A service at fault, and the command that is about to use it.

    Attributes:
        stored: Whether the value is in the service's store.
        words: What the command is told about the order.
        secrets: What nobody may get to see, beside the canary.
    """

    site: Site
    variables: dict[str, str]
    stored: Callable[[], bool]
    words: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    log: list[Outcome] = field(default_factory=list)

    def ready(self, timeout: float) -> Outcome:
        return self._run("ready", *self.words, "--timeout", str(timeout))

    def clean(self) -> Outcome:
        return self._run("clean", "--all")

    @property
    def listed(self) -> bool:
        """Whether any receipt lists a record."""
        return any(receipt["records"] for receipt in self.site.receipts())

    def _run(self, *words: str) -> Outcome:
        """Run the command to its end; it shows no secret and no traceback, in lines of a line."""
        log = self.site.folder / f"run-{len(self.log)}"
        started = time.monotonic()
        with log.with_suffix(".out").open("wb") as out, log.with_suffix(".err").open("wb") as err:
            process = subprocess.Popen(
                [DNS01, *words, "--json"],
                cwd=self.site.folder,
                env=self.site.environment | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
            try:
                _, status, usage = os.wait4(process.pid, 0)
            except BaseException:
                process.kill()
                raise
        process.returncode = os.waitstatus_to_exitcode(status)
        shown = log.with_suffix(".out").read_text() + log.with_suffix(".err").read_text()
        kept = "".join(path.read_text() for path in self.site.state.rglob("*.json"))
        assert "Traceback" not in shown, shown
        assert "Fatal Python error" not in shown, shown
        for secret in (CANARY, *self.secrets):
            assert secret not in shown + kept, shown + kept
        report = json.loads(log.with_suffix(".out").read_text())
        assert report["exit"] == process.returncode, shown
        problems = [(each["message"], each["hint"]) for each in report["problems"]]
        assert all((message + hint).isprintable() for message, hint in problems), problems
        said = [f"{message} ({hint})" if hint else message for message, hint in problems]
        seconds = time.monotonic() - started
        outcome = Outcome(process.returncode, said, seconds, usage.ru_maxrss / 1024, report)
        self.log.append(outcome)
        return outcome


Behind = Callable[[str], Gate]
"""Makes the gate before a stand-in, given that one's URL."""


@contextmanager
def order_api(folder: Path, host: str, behind: Behind) -> Iterator[tuple[Scene, Gate]]:
    """The order API at fault, and a DNS host that is not."""
    apex = from_text(host).parent()
    with opened(folder, lags=(0.0,), apexes=[apex]) as site, behind(site.orders.url) as gate:
        variables = {"RCL_BASE_URL": f"{gate.url}/public", "DNS01_PROVIDER": "bridge"}
        name = leaf(host)
        yield Scene(site, variables, lambda: bool(site.dns.values(name)), (host,)), gate


@contextmanager
def cloudflare(folder: Path, host: str, behind: Behind) -> Iterator[tuple[Scene, Gate]]:
    """Cloudflare at fault; the order is a document."""
    apex = from_text(host).parent()
    with ExitStack() as stack:
        site = stack.enter_context(opened(folder, lags=(0.0,), apexes=[apex]))
        servers = (f"ns1.{apex}".rstrip("."),)
        zone = HostedZone(apex.to_text(omit_final_dot=True), name_servers=servers)
        api = stack.enter_context(CloudflareStandIn([zone], mirror(site.dns)))
        api.tokens[TOKEN] = api.tokens[api.token]
        gate = stack.enter_context(behind(api.url))
        variables = {
            "DNS01_PROVIDER": "cloudflare",
            "CLOUDFLARE_API_TOKEN": TOKEN,
            "CLOUDFLARE_BASE_URL": f"{gate.url}/client/v4",
        }
        name = f"_acme-challenge.{host}"
        words = ("--from", site.document(host, VALUE))
        yield Scene(site, variables, lambda: VALUE in api.values(name), words), gate


@contextmanager
def route53(folder: Path, host: str, behind: Behind, endpoint: str) -> Iterator[tuple[Scene, Gate]]:
    """Route 53 at fault, over the emulator at *endpoint*; the order is a document."""
    apex = from_text(host).parent()
    with ExitStack() as stack:
        site = stack.enter_context(opened(folder, lags=(0.0,), apexes=[apex]))
        front = stack.enter_context(Route53Front(endpoint, mirror=mirror(site.dns)))
        zone = front.create_zone(apex.to_text())
        front.served_from[zone] = [f"ns1.{apex}"]
        gate = stack.enter_context(behind(front.url))
        variables = {
            "DNS01_PROVIDER": "route53",
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": f"{CANARY}-aws",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL_ROUTE_53": gate.url,
        }
        name = leaf(host).to_text()
        words = ("--from", site.document(host, VALUE))
        yield Scene(site, variables, lambda: VALUE in front.values(zone, name), words), gate


def mirror(dns: Embedded) -> Callable[[Name | str, Name | str, set[str]], None]:
    """Return what makes *dns* serve what a stand-in stores."""

    def show(apex: Name | str, name: Name | str, values: set[str]) -> None:
        apex, name = (from_text(each) if isinstance(each, str) else each for each in (apex, name))
        zone, before = Zone(apex, apex.to_text()), dns.values(name)
        dns.append(zone, [TXT(name, value) for value in values - before], "")
        dns.delete(zone, [TXT(name, value) for value in before - values])

    return show


def is_zones(call: Call) -> bool:
    """Whether *call* lists zones, at either host."""
    return call.method == "GET" and call.path.partition("?")[0].endswith(("/zones", "/hostedzone"))


def is_lookup(call: Call) -> bool:
    """Whether *call* asks which records there are, at either host."""
    path = call.path.partition("?")[0]
    return call.method == "GET" and path.endswith(("/dns_records", "/rrset"))


def is_addition(call: Call) -> bool:
    """Whether *call* adds records, at either host."""
    return b'"posts"' in call.body or b"CREATE" in call.body


def is_removal(call: Call) -> bool:
    """Whether *call* takes records away, at either host."""
    return call.method == "POST" and not is_addition(call)
