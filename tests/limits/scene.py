"""The real command against accounts with limits, whose zones are served by an embedded server."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dns.name import Name, from_text

from providers.contract import TXT, Zone
from providers.embedded import Embedded
from tests.bridge import CANARY, Site, opened
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.route53 import Reply, Route53Front


class Clocked(Route53Front):
    """Notes when each request came, and what became of it."""

    def reply(self, method: str, target: str, body: bytes) -> Reply | None:
        at = time.monotonic()
        reply = super().reply(method, target, body)
        said = reply[1] if reply else b""
        self.times.append((at, b"Throttling" in said, b"PriorRequestNotComplete" in said))
        return reply

    def __init__(self, endpoint: str, dns: Embedded) -> None:
        self.times: list[tuple[float, bool, bool]] = []
        super().__init__(endpoint, mirror=lambda apex, name, values: show(dns, apex, name, values))

    @property
    def taken(self) -> list[float]:
        """When the requests came that were not throttled."""
        return sorted(at for at, throttled, _ in self.times if not throttled)

    @property
    def throttled_answers(self) -> int:
        return sum(throttled for _, throttled, _ in self.times)


def show(dns: Embedded, apex: Name, name: Name, values: set[str]) -> None:
    """Let *dns* serve exactly *values* at *name*."""
    zone, there = Zone(apex, apex.to_text()), dns.values(name)
    dns.delete(zone, [TXT(name, value) for value in there - values])
    dns.append(zone, [TXT(name, value) for value in values - there], "")


def document(folder: Path, values: Mapping[str, str]) -> str:
    """Write an order with the *values* wanted for hosts; return its path."""
    tokens = [
        {
            "tokenName": "_acme-challenge",
            "tokenValue": value,
            "challengeType": "DNS",
            "domain": host,
        }
        for host, value in values.items()
    ]
    path = folder / f"order-{len(list(folder.glob('order-*')))}.json"
    path.write_text(json.dumps({"status": "pending", "validationTokens": tokens}))
    return str(path)


@dataclass
class Account:
    """A site whose zones are hosted by somebody with limits."""

    site: Site
    variables: dict[str, str]

    def report(self, *words: str, **more: str) -> dict[str, Any]:
        return self.site.report(*words, **self.variables | more)


def apexes(count: int) -> Sequence[Name]:
    return [from_text(f"z{number}.example.") for number in range(count)]


@contextmanager
def route53(folder: Path, endpoint: str, zones: int) -> Iterator[tuple[Account, Clocked]]:
    """Host so many zones at Route 53."""
    with (
        opened(folder, lags=(0.0,), apexes=apexes(zones)) as site,
        Clocked(endpoint, site.dns) as front,
    ):
        for apex in apexes(zones):
            front.create_zone(apex.to_text())
        variables = {
            "DNS01_PROVIDER": "route53",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": f"{CANARY}-aws",
            "AWS_ENDPOINT_URL_ROUTE_53": front.url,
        }
        yield Account(site, variables), front


@contextmanager
def cloudflare(folder: Path) -> Iterator[tuple[Account, CloudflareStandIn]]:
    """Host one zone at Cloudflare."""
    [apex] = apexes(1)
    with opened(folder, lags=(0.0,), apexes=[apex]) as site:

        def mirror(_apex: str, name: str, values: set[str]) -> None:
            show(site.dns, apex, from_text(name), values)

        with CloudflareStandIn(["z0.example"], mirror) as api:
            variables = {
                "DNS01_PROVIDER": "cloudflare",
                "CLOUDFLARE_API_TOKEN": api.token,
                "CLOUDFLARE_BASE_URL": api.url,
            }
            yield Account(site, variables), api
