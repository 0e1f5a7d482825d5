"""Runs of the real command on a Cloudflare account that blocks whoever asks too much."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge import finish, until
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.cloudflare_faults import Fault, throttled

from .scene import Account, cloudflare, document

HOSTS = [f"{label}.z0.example" for label in "abc"]
AGAIN = re.compile(r"try again after \d\d:\d\d:\d\d UTC")
BLOCK = 12
"""Seconds; by then a process has started even where a machine has much to do."""

UNDER_WAY = 1.0
"""Seconds within which a call may arrive that was sent before its sender could know."""


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[tuple[Account, CloudflareStandIn]]:
    with cloudflare(tmp_path) as both:
        yield both


def ready(account: Account, host: str, *more: str) -> tuple[str, ...]:
    """Return the words of a run that publishes a value for *host*."""
    return ("ready", "--from", document(account.site.folder, {host: "v" * 43}), *more)


def published(api: CloudflareStandIn) -> list[str]:
    """Return the hosts whose values are stored."""
    return [host for host in HOSTS if api.values(f"_acme-challenge.{host}")]


def listed(account: Account) -> list[object]:
    """Return the records that receipts list."""
    return [record for receipt in account.site.receipts() for record in receipt["records"]]


@pytest.mark.parametrize("number", [1, 4])
def test_a_block_is_sat_out_by_everybody(
    scene: tuple[Account, CloudflareStandIn], number: int
) -> None:
    """
    From a 429 until the block ends no process asks anything, also one that starts meanwhile; then
    all get through. The wait is shown.
    """
    account, api = scene
    api.faults[number] = throttled(BLOCK, block=BLOCK)
    first = account.site.start(*ready(account, HOSTS[0]), **account.variables)
    until(lambda: len(api.log) >= number, 60)
    later = [account.site.start(*ready(account, host), **account.variables) for host in HOSTS[1:]]
    results = [finish(process, 100) for process in (first, *later)]
    assert [result.returncode for result in results] == [0, 0, 0], results
    began = api.log[number - 1].at
    inside = [call.at - began for call in api.log if UNDER_WAY < call.at - began < BLOCK]
    assert inside == []
    assert published(api) == HOSTS
    for result in results:
        assert re.search(r"cloudflare: waiting \d+ s until the host's block", result.stderr)


def test_a_wait_is_silent_for_who_wants_quiet(scene: tuple[Account, CloudflareStandIn]) -> None:
    """
    `--quiet` is quiet about waits, too, as long as nothing fails.
    """
    account, api = scene
    api.next(throttled(3, block=3))
    result = account.site.dns01(*ready(account, HOSTS[0], "--quiet"), **account.variables)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert api.log[1].at - api.log[0].at >= 3


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_long_block_is_not_waited_for(
    scene: tuple[Account, CloudflareStandIn], number: int
) -> None:
    """
    Where the block outlasts the run, it ends at once: 69, until when, nothing written. What could
    not be looked for stays in the receipt. The next run asks nothing at all.
    """
    account, api = scene
    api.faults[number] = throttled(300, block=300)
    began = time.monotonic()
    report = account.report(*ready(account, HOSTS[0]))
    assert time.monotonic() - began < 100
    assert report["exit"] == 69
    [problem] = [each for each in report["problems"] if each["code"] == "provider-unavailable"]
    assert re.search(
        r"(300|29\d) s until the host's block of this account ends", problem["message"]
    )
    assert AGAIN.search(problem["hint"])
    assert published(api) == []
    assert len(listed(account)) == (number > 1)
    assert (report["receipt"] is not None) == (number > 1)
    calls = len(api.log)
    assert calls == number
    result = account.site.dns01(*ready(account, HOSTS[1]), **account.variables)
    assert result.returncode == 69
    assert AGAIN.search(result.stderr)
    assert len(api.log) == calls


def test_a_block_during_clean(scene: tuple[Account, CloudflareStandIn]) -> None:
    """
    A short one is sat out. A long one ends with 69, and the receipt keeps what is in DNS: when it
    is over, `clean` removes that.
    """
    account, api = scene
    for host in HOSTS[:2]:
        assert account.report(*ready(account, host))["exit"] == 0
    api.next(throttled(300, block=300))
    report = account.report("clean", "--all")
    assert report["exit"] == 69
    assert {each["code"] for each in report["problems"]} == {
        "provider-unavailable",
        "records-left",
    }
    assert published(api) == HOSTS[:2]
    assert len(listed(account)) == 2
    api.end_block()
    elsewhere = {"DNS01_SHARED_DIR": str(account.site.folder / "elsewhere")}
    api.next(None, throttled(2, block=2))
    report = account.report("clean", "--all", **elsewhere)
    assert (report["exit"], published(api)) == (0, [])
    assert listed(account) == []


def test_a_spent_quota_is_waited_out(scene: tuple[Account, CloudflareStandIn]) -> None:
    """
    Where an answer says that nothing is left, nobody asks before the quota is renewed: there is
    no 429 at all.
    """
    account, api = scene
    api.next(Fault(headers={"Ratelimit": '"default";r=0;t=3'}))
    first = account.site.start(*ready(account, HOSTS[0]), **account.variables)
    until(lambda: api.log, 60)
    later = account.site.start(*ready(account, HOSTS[1]), **account.variables)
    assert [finish(process, 100).returncode for process in (first, later)] == [0, 0]
    spent = api.log[0].at
    assert not [call for call in api.log[1:] if call.at < spent + 3]
    assert len(api.log) == 8
