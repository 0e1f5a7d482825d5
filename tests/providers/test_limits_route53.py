"""The Route 53 adapter within its account's budget: whose it is, what spends it, who waits."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from dns.name import from_text

from providers.contract import TXT, Paced, Zone
from providers.errors import Unavailable
from providers.route53 import Route53
from providers.route53.client import account, client, numbered
from providers.route53.requests import RATE, RETRY_FOR
from tests.standins.route53 import Ministack, Route53Front, connect

OURS = "AKIAIOSFODNN7EXAMPLE"


class Time:
    """Jumps instead of waiting; refuses to pass *end*."""

    def __init__(self, end: float = float("inf")) -> None:
        self.at, self.end = 0.0, end
        self.reasons: list[str] = []

    def now(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds

    def pause(self, seconds: float, reason: str) -> None:
        if self.at + seconds > self.end:
            raise Unavailable("the run's time is up")
        self.reasons.append(reason)
        self.at += seconds


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with Ministack() as endpoint:
        yield endpoint


@pytest.fixture
def front(endpoint: str) -> Iterator[Route53Front]:
    with Route53Front(endpoint) as front:
        yield front


@pytest.fixture
def zone(front: Route53Front) -> Zone:
    apex = from_text(f"z{secrets.token_hex(5)}.test.")
    return Zone(apex, front.create_zone(apex.to_text()))


def paced(front: Route53Front, time: Time, shared: Path | None = None) -> Route53:
    provider = Route53(connect(front.url), pause=time.sleep, random=lambda: 1.0, now=time.now)
    assert isinstance(provider, Paced)
    provider.pace(time.pause, shared)
    return provider


def value(zone: Zone, text: str = "v") -> TXT:
    return TXT(from_text("_acme-challenge", zone.apex), text)


def test_every_request_spends(front: Route53Front, zone: Zone, tmp_path: Path) -> None:
    """
    Listings, changes and questions after changes: each waits for the account's budget, and two
    adapters with one key have one.
    """
    time = Time()
    one, other = (paced(front, time, tmp_path / "s") for _ in range(2))
    one.zones([zone.apex])
    change = other.append(zone, [value(zone)], "")
    for _ in range(8):
        one.in_sync(change)
    floor = (len(front.calls) - RATE.calls) / RATE.calls * RATE.seconds
    assert floor > 1
    assert floor - 0.1 <= time.at <= floor + RATE.seconds


@pytest.mark.parametrize(("fault", "slows"), [("throttled", True), ("busy", False)])
def test_only_throttling_slows_down(
    front: Route53Front, zone: Zone, fault: str, *, slows: bool
) -> None:
    """
    A zone that is busy says nothing about the account's rate; a throttled request does.
    """
    time = Time()
    provider = paced(front, time)
    setattr(front, fault, 1)
    provider.append(zone, [value(zone)], "")
    time.at += 1.2
    begun = time.at
    for number in range(3):
        provider.append(zone, [value(zone, f"v{number}")], "")
    assert (time.at > begun + RATE.seconds) is slows


def test_a_throttled_account_is_waited_for_as_long_as_the_run_lasts(
    front: Route53Front, zone: Zone
) -> None:
    """
    What is refused for now is tried again until the run's own end, and then said in AWS's words.
    """
    front.throttled = 10**6
    time = Time(end=5 * RETRY_FOR)
    with pytest.raises(Unavailable, match="Throttling: Rate exceeded"):
        paced(front, time).append(zone, [value(zone)], "")
    assert time.at > 4 * RETRY_FOR
    front.throttled = 0
    front.busy = 15
    time = Time()
    paced(front, time).append(zone, [value(zone)], "")
    assert time.at > RETRY_FOR


def test_a_broken_host_is_given_up_earlier(front: Route53Front, zone: Zone) -> None:
    """
    Answers that are none are not waited for longer than `RETRY_FOR`, however long the run.
    """
    front.failing = 10**6
    time = Time()
    with pytest.raises(Unavailable, match="InternalFailure"):
        paced(front, time).append(zone, [value(zone)], "")
    assert RETRY_FOR / 2 < time.at < RETRY_FOR + 15


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("AKIAQ" + "A" * 15, "000000000000"),
        ("ASIAQNZGKIQY56JQ7WML", "029608264753"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("AKIAQ" + "a" * 15, "AKIAQ" + "a" * 15),
        ("AROAQ" + "A" * 15, "AROAQ" + "A" * 15),
        ("AKIAQ" + "A" * 16, "AKIAQ" + "A" * 16),
        ("", ""),
    ],
)
def test_a_key_may_tell_its_account(key: str, number: str) -> None:
    """
    Ids since 2019 have the account's number in them; of others the id itself has to do.
    """
    assert numbered(key) == number


def test_who_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Endpoint and account make the difference; a stated number counts before what the key says.
    """
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def whose(key: str, port: int = 1, **more: str) -> str:
        for name, text in more.items():
            monkeypatch.setenv(name, text)
        settings = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": "canary-secret"}
        at = {"AWS_ENDPOINT_URL_ROUTE_53": f"http://127.0.0.1:{port}"}
        return account(client(settings | at))

    assert whose(OURS) == whose(OURS)
    assert len({whose(OURS), whose(OURS, port=2), whose("AKIAOTHER")}) == 3
    assert whose("ASIAQNZGKIQY56JQ7WML") == whose("AKIAQNZGKIQY56JQ7WML")
    assert "canary" not in whose(OURS)


def test_no_credentials_are_no_crash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """
    That there are none is said by the request, not by who counts it.
    """
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    found = client({"AWS_ENDPOINT_URL_ROUTE_53": "http://127.0.0.1:1"})
    assert account(found).endswith(" ")
