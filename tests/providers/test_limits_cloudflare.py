"""The Cloudflare adapter when the host takes no calls: how long it goes on, and what it says."""

from collections.abc import Iterator

import pytest

from providers.cloudflare.api import ATTEMPTS
from providers.contract import Paced
from providers.errors import Unavailable
from tests.providers.cloudflare.scene import NAME, FakeTime, opened
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.cloudflare_faults import bad_gateway, throttled


@pytest.fixture
def api() -> Iterator[CloudflareStandIn]:
    with CloudflareStandIn(zones=["example.com"]) as api:
        yield api


def test_a_run_that_has_time_sits_out_any_number_of_blocks(api: CloudflareStandIn) -> None:
    """
    Where the run says how long it waits, a 429 is no failed attempt.
    """
    clock = FakeTime()
    provider = opened(api, clock)
    assert isinstance(provider, Paced)
    provider.pace(lambda seconds, _reason: clock.pause(seconds), None)
    api.next(*[throttled(2)] * (2 * ATTEMPTS))
    assert len(provider.zones([NAME])) == 1
    assert sum(clock.pauses) >= 4 * ATTEMPTS


def test_without_a_run_attempts_are_counted(api: CloudflareStandIn) -> None:
    """
    A library user is not kept for ever.
    """
    api.next(*[throttled(2)] * (2 * ATTEMPTS))
    with pytest.raises(Unavailable, match="429"):
        opened(api, FakeTime()).zones([NAME])
    assert len(api.log) == ATTEMPTS


def test_no_block_is_no_second(api: CloudflareStandIn) -> None:
    """
    `Retry-After: 0` still is a block: a second passes before the next call.
    """
    clock = FakeTime()
    api.next(throttled(0))
    opened(api, clock).zones([NAME])
    assert sum(clock.pauses) >= 1


def test_the_hosts_failure_is_what_is_said(api: CloudflareStandIn) -> None:
    """
    Where there is no time to try again, the reason is what the host said, not the lack of time.
    """

    def refuse(_seconds: float, _reason: str) -> None:
        raise Unavailable("no time")

    provider = opened(api, FakeTime())
    provider.pace(refuse, None)
    api.next(bad_gateway())
    with pytest.raises(Unavailable, match="502"):
        provider.zones([NAME])
