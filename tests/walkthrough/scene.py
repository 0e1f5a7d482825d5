"""Where a page is worked through: a home, a zone, an order API, a DNS host, on loopback."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from dns.name import from_text

from providers.contract import TXT, Zone
from providers.embedded import Embedded
from tests.bridge import CANARY, Site, at, opened
from tests.documents import ROOT
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.ministack import Ministack
from tests.standins.route53 import Route53Front

from . import programs
from .script import Step, fenced, replaced, script

ZONES = ("example.com", "example.org", "example.net", "shopeneur.com")
TOPS = ("com", "net", "org")
FOLDERS = (
    *("etc/dns01", "etc/systemd/system", "opt/dns01/bin", "srv", "usr/local/bin", "var/log"),
    *("var/lib/dns01", "var/lib/node_exporter", "run/secrets"),
)
"""Those of the system that a page may expect; they are in a folder of the test's."""

SECRETS = {"cloudflare.token": "CLOUDFLARE_API_TOKEN", "rcl.key": "RCL_API_KEY"}
"""Files with a secret, at home and in /etc/dns01, by the variable that would hold it."""

ALIAS = ("_acme-challenge.www.example.org.", "www-example-org.acme.example.net.")
FINALIZE = "#!/bin/sh\necho finalized\n"
SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Walked:
    """How a page went: the exit of its script, and all that was written."""

    status: int
    output: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A place to work through one page.

    Attributes:
        own: What a reader fills in, by the variable's name.
        variables: The environment.
        places: Addresses here, by those that pages name.
    """

    site: Site
    own: Mapping[str, str]
    variables: Mapping[str, str]
    places: Mapping[str, str]

    def walk(self, steps: list[Step]) -> Walked:
        """Take *steps* in one shell, and end whatever they leave running."""
        folder = self.site.folder
        text = script(steps, set(self.own), folder / "root", self.places)
        shell = subprocess.Popen(
            ["bash", "-c", text],
            cwd=folder / "home",
            env=dict(self.variables) | {f"OWN_{name}": value for name, value in self.own.items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = shell.communicate(timeout=SECONDS)
        finally:
            end(shell)
        return Walked(shell.returncode, output)


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def end(shell: subprocess.Popen[str]) -> None:
    """End *shell* and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(shell.pid, signal.SIGKILL)
    shell.wait()


def mirror(dns: Embedded, zone: str, name: str, values: set[str]) -> None:
    """Serve exactly *values* at *name* in *zone*, as the host's own servers do."""
    hosted, owner = Zone(from_text(f"{zone}."), zone), from_text(f"{name}.")
    there = dns.values(owner)
    dns.append(hosted, [TXT(owner, value, 1) for value in sorted(values - there)], "")
    dns.delete(hosted, [TXT(owner, value) for value in sorted(there - values)])


def addresses(site: Site) -> dict[str, str]:
    """Return what stands for the addresses that pages name."""
    first, second = map(at, site.dns.addresses)
    listening = {each: f"127.0.0.1:{free_port()}" for each in ("127.0.0.1:8053", "192.0.2.10:8053")}
    inner = {"10.1.0.53": first, "10.1.0.54:5353": second, "10.1.0.2": at(site.resolver.address)}
    return listening | inner


def amazon(stack: ExitStack, page: Path) -> dict[str, str]:
    """Return what leads to an emulated Route 53, on the page about it: it takes long to start."""
    if page.stem != "route53":
        return {}
    front = stack.enter_context(Route53Front(stack.enter_context(Ministack())))
    front.create_zone("example.com.")
    return {"AWS_ENDPOINT_URL_ROUTE_53": front.url}


def furnish(folder: Path, page: Path, places: Mapping[str, str], own: Mapping[str, str]) -> None:
    """Make the home that the page's reader has: its files, an order, a program that finalizes."""
    home, root = folder / "home", folder / "root"
    home.mkdir()
    for each in FOLDERS:
        (root / each).mkdir(parents=True)
    programs.install(folder / "bin")
    programs.write(root / "opt/dns01/bin/dns01", programs.passing_on(programs.dns01()))
    shutil.copytree(ROOT / "contrib", home / "contrib")
    shutil.copytree(ROOT / "docs/examples", home / "docs/examples")
    for file, variable in SECRETS.items():
        for path in (home / file, root / "etc/dns01" / file):
            path.touch(0o600)
            path.write_text(own[variable])
    for name in ("finalize.sh", "finalize-rcl"):
        programs.write(home / name, FINALIZE)
    programs.write(root / "usr/local/bin/finalize", FINALIZE)
    for block in fenced(page):
        if block.file:
            programs.write(home / block.file, replaced(block.text, places))


@contextmanager
def scene(folder: Path, page: Path) -> Iterator[Scene]:
    """Open a place to work through *page* below *folder*."""
    with ExitStack() as stack:
        apexes = [from_text(f"{zone}.") for zone in (*ZONES, *TOPS)]
        site = stack.enter_context(opened(folder, apexes=apexes))
        cloudflare = stack.enter_context(
            CloudflareStandIn(ZONES, mirror=lambda *change: mirror(site.dns, *change))
        )
        places = addresses(site)
        site.dns.alias(from_text(ALIAS[0]), from_text(ALIAS[1]))
        cloudflare.put("TXT", "_acme-challenge.example.com", "VALUE")
        own = {
            "RCL_API_KEY": f"{CANARY}-rcl",
            "RCL_SUBSCRIPTION_ID": "subscription",
            "CLOUDFLARE_API_TOKEN": cloudflare.token,
        }
        keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": CANARY}
        furnish(folder, page, places, own)
        bridged = ("BRIDGE_URL", "BRIDGE_TOKEN")
        variables = {k: v for k, v in site.environment.items() if k not in bridged} | {
            "CLOUDFLARE_BASE_URL": cloudflare.url,
            "HOME": str(folder / "home"),
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            **own,
            **amazon(stack, page),
        }
        yield Scene(site, own | keys, variables, places)
