"""A Cloudflare account with one zone, and an adapter that sees it through simulated time."""

from collections.abc import Iterator

import pytest
from dns.name import from_text

from providers.cloudflare import Cloudflare
from providers.contract import Zone
from tests.standins.cloudflare import CloudflareStandIn

from .scene import FakeTime, opened


@pytest.fixture
def api() -> Iterator[CloudflareStandIn]:
    with CloudflareStandIn(zones=["example.com"]) as api:
        yield api


@pytest.fixture
def clock() -> FakeTime:
    return FakeTime()


@pytest.fixture
def provider(api: CloudflareStandIn, clock: FakeTime) -> Cloudflare:
    return opened(api, clock)


@pytest.fixture
def zone(api: CloudflareStandIn) -> Zone:
    return Zone(from_text("example.com."), api.zones[0].id)
