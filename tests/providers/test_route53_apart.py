"""One account of several at Route 53: what it is told counts, what the process has does not."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from dns.name import from_text

from providers.contract import Provider
from providers.errors import Misconfigured, ProviderError
from providers.route53 import ADAPTER, Route53
from providers.route53.client import client
from tests.standins.cloudflare_http import Recorder
from tests.standins.route53 import Reply, Route53Front

APEX = from_text("example.com.")
NOBODY = "http://127.0.0.1:1"
EMPTY = (
    b'<ListHostedZonesResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
    b"<HostedZones/><IsTruncated>false</IsTruncated></ListHostedZonesResponse>"
)
ROLE = {
    "AccessKeyId": "AKIATASK",
    "SecretAccessKey": "s",
    "Token": "t",
    "Expiration": "2099-01-01T00:00:00Z",
}


class Host(Route53Front):
    """Route 53 with an empty account; at /task the credentials of a container's role."""

    def reply(self, method: str, target: str, body: bytes) -> Reply:
        self.calls.append(target)
        return 200, json.dumps(ROLE).encode() if target == "/task" else EMPTY


@pytest.fixture
def host() -> Iterator[Host]:
    with Host(NOBODY) as host:
        yield host


@pytest.fixture
def ambient() -> Iterator[Host]:
    with Host(NOBODY) as ambient:
        yield ambient


@pytest.fixture(autouse=True)
def _process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ambient: Host) -> None:
    """Give the process keys, a role and endpoints of its own, all working."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text("[profile empty]\nregion = eu-central-1\n")
    (tmp_path / "credentials").write_text(
        "[team]\naws_access_key_id = AKIATEAM\naws_secret_access_key = s\n"
        "[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n"
    )
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_ACCESS_KEY_ID": "AKIAPROCESS",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_SESSION_TOKEN": "t",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{ambient.url}/task",
        "AWS_ENDPOINT_URL": ambient.url,
        "AWS_ENDPOINT_URL_ROUTE_53": ambient.url,
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/process",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/nonexistent/token",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


def opened(host: Host, **settings: str) -> Provider:
    assert ADAPTER.open_apart
    return ADAPTER.open_apart({"AWS_ENDPOINT_URL_ROUTE_53": host.url, **settings})


def keys(name: str) -> dict[str, str]:
    return {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": "s"}


def test_accounts_side_by_side(host: Host, ambient: Host) -> None:
    """
    Each signs by its own keys, profile or role, at the endpoint it was told.
    """
    task = f"{host.url}/task"
    for account in (
        opened(host, **keys("AKIAONE")),
        opened(host, **keys("AKIATWO")),
        opened(host, AWS_PROFILE="team"),
        opened(host, AWS_CONTAINER_CREDENTIALS_FULL_URI=task),
    ):
        assert account.zones([APEX]) == []
    assert [name for name in host.signers if name] == ["AKIAONE", "AKIATWO", "AKIATEAM", "AKIATASK"]
    assert ambient.calls == []


@pytest.mark.parametrize("settings", [{}, {"AWS_PROFILE": "empty"}, {"AWS_ACCESS_KEY_ID": "A"}])
def test_the_process_lends_nothing(host: Host, ambient: Host, settings: dict[str, str]) -> None:
    """
    Without credentials of its own an account has none, whatever the process could offer.
    """
    with pytest.raises(Misconfigured, match="credentials"):
        opened(host, **settings).zones([APEX])
    assert host.calls == ambient.calls == []


def test_a_role_by_web_identity(
    host: Host, ambient: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The role is asked for at STS itself, by the token in the file named, keys or no keys.
    """
    (tmp_path / "token").write_text("token")
    settings = {
        "AWS_ENDPOINT_URL_ROUTE_53": host.url,
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/dns",
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
    }
    seconds = iter(range(0, 1000, 30))
    with Recorder() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        account = Route53(
            client(settings, apart=True), pause=lambda _: None, now=lambda: next(seconds)
        )
        with pytest.raises(ProviderError):
            account.zones([APEX])
        assert {seen["target"] for seen in proxy.seen} == {"sts.us-east-1.amazonaws.com:443"}
    assert host.calls == ambient.calls == []


def test_no_endpoint_is_route_53_itself() -> None:
    """
    What redirects the process's own account does not redirect another.
    """
    assert client(keys("AKIAONE"), apart=True).meta.endpoint_url == "https://route53.amazonaws.com"
