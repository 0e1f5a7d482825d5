"""Runs of the real command on a Route 53 account that takes five requests a second."""

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bridge import finish
from tests.standins.ministack import Ministack

from .scene import Account, Clocked, document, route53

Note = Callable[[str, object], None]

RATE = 5
NAMES, ZONES = 200, 40
PROCESSES, BUSY_ZONES = 30, 3


@pytest.fixture
def endpoint() -> Iterator[str]:
    with Ministack() as endpoint:
        yield endpoint


def hosts(names: int, zones: int, round_: int = 0) -> dict[str, str]:
    """Return values for new names; resolvers remember those of an earlier round."""
    return {f"h{round_}-{i}.z{i % zones}.example": secrets.token_urlsafe(32) for i in range(names)}


def above_the_floor(front: Clocked) -> float:
    """Return by how much longer than the limiter's own floor the requests took."""
    times = front.taken
    floor = (len(times) - RATE) / RATE
    return (times[-1] - times[0]) / floor


def stored(front: Clocked) -> int:
    return sum(
        len(front.values(zone["Id"], rrset["Name"]))
        for zone in front.admin.list_hosted_zones()["HostedZones"]
        for rrset in front.rrsets(zone["Id"])
        if rrset["Type"] == "TXT"
    )


def test_many_names(tmp_path: Path, endpoint: str, record_property: Note) -> None:
    """
    200 names in 40 zones: ready and clean again, within 1.3 times the least that the account's
    rate allows. A machine that is busy with other things may need a second try.
    """
    with route53(tmp_path, endpoint, ZONES) as (account, front):
        front.rate = RATE
        rounds = [ready_and_clean(tmp_path, account, front, each) for each in range(2)]
        record_property("ratios", rounds)
        for ratios in zip(*rounds, strict=True):
            assert min(ratios) <= 1.3, rounds


def ready_and_clean(
    folder: Path, account: Account, front: Clocked, round_: int
) -> tuple[float, float]:
    """Return by how much longer than the limiter's floor either took."""
    front.times.clear()
    report = account.report("ready", "--from", document(folder, hosts(NAMES, ZONES, round_)))
    assert (report["status"], len(report["records"])) == ("ready", NAMES)
    assert stored(front) == NAMES
    assert report["api_calls"] == len(front.times) <= 1 + 2 * ZONES + front.throttled_answers
    ready = above_the_floor(front)
    front.times.clear()
    assert account.report("clean", "--all")["status"] == "cleaned"
    assert len(front.times) == ZONES + front.throttled_answers
    assert stored(front) == 0
    return ready, above_the_floor(front)


def test_many_processes(tmp_path: Path, endpoint: str, record_property: Note) -> None:
    """
    30 processes at once, in three zones that stay busy for a while after each change: all ready,
    nobody starved, and hardly a request in vain.
    """
    with route53(tmp_path, endpoint, BUSY_ZONES) as (account, front):
        front.rate, front.busy_seconds = RATE, 2.0
        orders = [
            document(tmp_path, {host: value})
            for host, value in hosts(PROCESSES, BUSY_ZONES).items()
        ]
        began = time.monotonic()
        started = [
            account.site.start("ready", "--from", order, "--json", **account.variables)
            for order in orders
        ]
        results = [finish(process, 200) for process in started]
        assert [result.returncode for result in results] == [0] * PROCESSES, results
        assert stored(front) == PROCESSES
        calls, throttled = len(front.times), front.throttled_answers
        busy = sum(busy for *_, busy in front.times)
        record_property("seconds", round(time.monotonic() - began, 1))
        record_property("calls", calls)
        record_property("throttled", throttled)
        record_property("busy", busy)
        assert throttled <= calls / 10
        assert calls - throttled - busy <= 5 * PROCESSES
