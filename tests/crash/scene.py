"""Two hosts with a zone each, values of other people at every name, and a folder of receipts."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from dns.name import Name, from_text

from providers.contract import TXT, Zone
from providers.embedded import Embedded
from tests.bridge import APEX, OTHER, Site, leaf, opened
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.route53 import Route53Front

FOREIGN = "somebody-elses"
FORGE = Path(__file__).with_name("forge.py")


@dataclass(frozen=True)
class Outcome:
    """How a command ended: status, or None if it was killed; the steps it took; what it said."""

    status: int | None
    steps: Sequence[str]
    out: str
    err: str


@dataclass
class Forge:
    """A process that runs the command for us, one at a time."""

    environment: dict[str, str]

    def __enter__(self) -> Self:
        self._folder = TemporaryDirectory()
        self._process = subprocess.Popen(
            [sys.executable, FORGE],
            env=self.environment | {"PYTHONPATH": str(FORGE.parents[2])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def run(self, environment: Mapping[str, str], *words: str, kill_at: int = 0) -> Outcome:
        """Run the command with *words*; kill it at its step *kill_at*, if any."""
        folder = self._folder.name
        job = {"words": words, "folder": folder, "environment": environment, "kill_at": kill_at}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        out, err = ((Path(folder) / name).read_text() for name in ("out", "err"))
        return Outcome(answer["status"], answer["steps"], out, err)


@dataclass
class Scene:
    """``example.com`` at Cloudflare and ``example.org`` at Route 53, seen in one name server."""

    site: Site
    cloudflare: CloudflareStandIn
    route53: Route53Front
    zone_id: str

    @property
    def environment(self) -> dict[str, str]:
        return self.site.environment | {
            "CLOUDFLARE_API_TOKEN": self.cloudflare.token,
            "CLOUDFLARE_BASE_URL": self.cloudflare.url,
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL_ROUTE_53": self.route53.url,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def names(self, mark: str) -> list[str]:
        """Prepare names that nobody has asked for yet; return the certificates' names.

        One is in the zone at Cloudflare, with an alias into the other zone;
        one is in the zone at Route 53. Other people have a value at each.
        """
        first, alias, second = self.hosts(mark)
        self.site.dns.alias(leaf(alias), from_text(f"{mark}-target.{OTHER}"))
        self.cloudflare.put("TXT", str(leaf(first)), f'"{FOREIGN}"')
        for owner in (leaf(second), from_text(f"{mark}-target.{OTHER}")):
            self.route53.put(self.zone_id, owner.to_text(), f'"{FOREIGN}"')
        return [f"{first},{alias}", second]

    def hosts(self, mark: str) -> tuple[str, str, str]:
        com, org = (apex.to_text(omit_final_dot=True) for apex in (APEX, OTHER))
        return f"{mark}.{com}", f"{mark}-alias.{com}", f"{mark}.{org}"

    def values(self, mark: str) -> dict[str, set[str]]:
        """Return the values in DNS at every name of *mark*."""
        first, _, second = self.hosts(mark)
        owners = (leaf(first), leaf(second), from_text(f"{mark}-target.{OTHER}"))
        return {owner.to_text(): self.site.dns.values(owner) for owner in owners}


@contextmanager
def staged(folder: Path, endpoint: str) -> Iterator[Scene]:
    """Open a scene; *endpoint* is a running ministack."""
    with (
        opened(folder, lags=[0.0], apexes=(APEX, OTHER)) as site,
        CloudflareStandIn(zones=["example.com"], mirror=into(site.dns, APEX)) as cloudflare,
        Route53Front(endpoint, mirror=into(site.dns, OTHER)) as route53,
    ):
        config = folder / "dns01.toml"
        text = config.read_text()
        for apex, provider in ((APEX, "cloudflare"), (OTHER, "route53")):
            table = f'[zones."{apex}"]\n'
            text = text.replace(table, f'{table}provider = "{provider}"\n')
        config.write_text(text)
        yield Scene(site, cloudflare, route53, route53.create_zone("example.org."))


def into(dns: Embedded, apex: Name) -> Callable[[Any, Any, set[str]], None]:
    """Return what makes *dns* serve at a name of the zone *apex* what its host has there."""
    zone = Zone(apex, "")

    def mirror(_zone: object, name: Name | str, values: set[str]) -> None:
        owner = name if isinstance(name, Name) else from_text(name)
        old = dns.values(owner)
        dns.append(zone, [TXT(owner, value, 60) for value in sorted(values - old)], "")
        dns.delete(zone, [TXT(owner, value, 60) for value in sorted(old - values)])

    return mirror
