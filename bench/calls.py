"""What publishing and cleaning costs in requests to DNS hosts, before stand-ins of their APIs.

The adapters run in a process of their own, so that their CPU is told from the stand-ins', and by
a clock that jumps over the waits between requests.
"""

import multiprocessing
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import log
from types import MappingProxyType

from dns.name import Name, from_text

from providers.cloudflare.adapter import open_account
from providers.contract import TXT, Provider
from providers.route53 import Route53
from providers.route53.client import client
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.cloudflare_account import HostedZone
from tests.standins.ministack import Ministack
from tests.standins.route53 import Route53Front

from .table import Figure, Row, Target, text

ROUTE53, CLOUDFLARE, PAID = "Route 53", "Cloudflare", "Cloudflare, paid plan"
SIZES = {
    ROUTE53: ((1, 1), (20, 1), (100, 1), (1_000, 1), (200, 20)),
    CLOUDFLARE: ((1, 1), (20, 1), (100, 1), (1_000, 1), (200, 20)),
    PAID: ((1_000, 1), (10_000, 1)),
}
"""Names, and zones that they are spread over. What plays Route 53 takes the square of the time."""

PUBLISH, CLEAN, CPU = "requests to publish", "to clean", "CPU, ms a name"
GROWN = ((ROUTE53, 1_000), (PAID, 10_000))

Settings = Mapping[str, str]
Host = Callable[[Sequence[str]], Settings]
"""Hosts zones, and says what opens the adapter for them."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took, and seconds of CPU with it."""

    publish: int
    clean: int
    cpu_s: float


class Jumping:
    """A clock that nobody waits for."""

    def __init__(self) -> None:
        self.jumped = 0.0

    def now(self) -> float:
        return time.monotonic() + self.jumped

    def pause(self, seconds: float) -> None:
        self.jumped += seconds


def measure() -> list[Row]:
    """Return requests and CPU for each host, by names and zones."""
    spawn = multiprocessing.get_context("spawn")
    with hosts() as found, ProcessPoolExecutor(1, mp_context=spawn) as process:
        return [
            row(host, names, zones, process.submit(cost, *job).result())
            for host, opened in found.items()
            for names, zones in SIZES[host]
            for job in [prepared(opened, names, zones)]
        ]


def targets(rows: Sequence[Row]) -> list[Target]:
    """Return what is promised of *rows*."""
    found = {row.name: row.figures for row in rows}
    many = title(ROUTE53, 200, 20)

    def cpu(host: str, names: int) -> float:
        return number(found[title(host, names, 1)][CPU])

    return [
        *(
            Target(f"{each}: requests to publish", number(found[each][PUBLISH]), 4)
            for each in (title(ROUTE53, 100, 1), title(CLOUDFLARE, 100, 1))
        ),
        Target(f"{many}: requests to publish", number(found[many][PUBLISH]), 41),
        *(
            Target(
                f"{host}: power of n by which CPU grows, from 100 to {names:,} names",
                1 + log(cpu(host, names) / cpu(host.partition(",")[0], 100)) / log(names / 100),
                1.1,
            )
            for host, names in GROWN
        ),
    ]


def number(figure: Figure) -> float:
    """Return *figure*, which is a number."""
    assert isinstance(figure, int | float)
    return figure


def title(host: str, names: int, zones: int) -> str:
    """Return how a run is called."""
    many = f"{names:,} name{'s' * (names > 1)}"
    return f"{host}, {many} in {zones} zone{'s' * (zones > 1)}"


def row(host: str, names: int, zones: int, found: Cost) -> Row:
    """Return what *found* says."""
    figures = {
        PUBLISH: found.publish,
        CLEAN: found.clean,
        CPU: found.cpu_s / names * 1000,
    }
    return Row(title(host, names, zones), figures)


def prepared(host: Host, names: int, zones: int) -> tuple[Settings, list[list[Name]]]:
    """Host new zones; return how to open them, and the names that are to be written in each."""
    apexes = [from_text(f"z{secrets.token_hex(4)}.example.") for _ in range(zones)]
    found = [
        [from_text(f"_acme-challenge.h{number}", apex) for number in range(index, names, zones)]
        for index, apex in enumerate(apexes)
    ]
    return host([apex.to_text() for apex in apexes]), found


def cost(settings: Settings, names: Sequence[Sequence[Name]]) -> Cost:
    """Publish a value at each of *names*, those of a zone together, and remove them again."""
    adapter = opened(settings)
    began = time.process_time()
    zones = {zone.apex: zone for zone in adapter.zones([each for group in names for each in group])}
    records = {
        zones[group[0].parent().parent()]: [TXT(each, secrets.token_urlsafe(32)) for each in group]
        for group in names
    }
    for zone, values in records.items():
        adapter.append(zone, values, "dns01 run=bench")
    publish = adapter.api_calls
    for zone, values in records.items():
        adapter.delete(zone, values)
    return Cost(publish, adapter.api_calls - publish, time.process_time() - began)


def opened(settings: Settings) -> Provider:
    """Return the adapter for *settings*, in a hurry."""
    clock = Jumping()
    if "CLOUDFLARE_API_TOKEN" in settings:
        return open_account(settings, pause=clock.pause, now=clock.now)
    return Route53(client(settings), pause=clock.pause, now=clock.now)


@contextmanager
def hosts() -> Iterator[Mapping[str, Host]]:
    """Yield stand-ins, each with an account that has no zones yet."""
    with Ministack() as endpoint, Route53Front(endpoint) as front, CloudflareStandIn() as api:

        def route53(apexes: Sequence[str]) -> Settings:
            for zone in front.admin.list_hosted_zones()["HostedZones"]:
                front.admin.delete_hosted_zone(Id=zone["Id"])
            for apex in apexes:
                front.create_zone(apex)
            keys = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "not-a-secret"}
            return keys | {"AWS_ENDPOINT_URL_ROUTE_53": front.url}

        def cloudflare(apexes: Sequence[str], plan: str = "free") -> Settings:
            api.zones[:] = [HostedZone(apex.rstrip("."), plan=plan) for apex in apexes]
            return {"CLOUDFLARE_API_TOKEN": api.token, "CLOUDFLARE_BASE_URL": api.url}

        yield MappingProxyType(
            {
                ROUTE53: route53,
                CLOUDFLARE: cloudflare,
                PAID: lambda apexes: cloudflare(apexes, "pro"),
            }
        )


if __name__ == "__main__":
    measured = measure()
    print(text(measured))
    for target in targets(measured):
        print(f"{target.name}: {target.value:.2f} of {target.most:g} {target.unit}")
