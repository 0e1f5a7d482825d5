"""Opening the Route 53 adapter: settings, credentials, endpoints, and what it says of them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.stub import Stubber
from dns.name import from_text

from providers.contract import TXT, Zone
from providers.errors import Misconfigured, ProviderError, Rejected, Unauthorized, Unavailable
from providers.route53 import ADAPTER, Route53
from tests.standins.route53 import Reply, Route53Front, connect

APEX = from_text("example.com.")
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAOURS",
    "AWS_SECRET_ACCESS_KEY": "s3cr3t/ours",
    "AWS_SESSION_TOKEN": "t0ken/ours",
}
NOBODY = "http://127.0.0.1:1"
EMPTY = (
    b'<ListHostedZonesResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
    b"<HostedZones/><IsTruncated>false</IsTruncated></ListHostedZonesResponse>"
)


class Answering(Route53Front):
    """A host that gives one answer to everything, and keeps who asked."""

    answer = (200, EMPTY)

    def reply(self, method: str, target: str, body: bytes) -> Reply:
        self.calls.append(target)
        return self.answer


@pytest.fixture(autouse=True)
def no_aws_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away what the machine knows of AWS."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def host() -> Iterator[Answering]:
    with Answering(NOBODY) as host:
        yield host


def opened(**settings: str) -> Route53:
    provider = ADAPTER.open(settings)
    assert isinstance(provider, Route53)
    return provider


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL_ROUTE_53", "AWS_ENDPOINT_URL"])
@pytest.mark.parametrize(
    "url", ["http://192.0.2.1", "http://route53.amazonaws.com", "http://127.0.0.1@example.com/"]
)
def test_signatures_travel_by_https_or_not_at_all(
    name: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An endpoint that is neither https nor loopback is refused, whoever set it."""
    monkeypatch.setenv(name, url)
    with pytest.raises(Misconfigured, match="neither https nor on loopback"):
        opened(**KEYS, **{name: url})


@pytest.mark.parametrize(
    "url",
    ["https://vpce.example.com", "http://localhost:1", "http://127.9.9.9:1", "http://[::1]:1"],
)
def test_https_and_loopback_are_fine(url: str) -> None:
    """A private endpoint, or a stand-in on this machine; a region is not needed."""
    assert opened(**KEYS, AWS_ENDPOINT_URL_ROUTE_53=url).api_calls == 0


def test_without_settings_it_is_route_53_itself() -> None:
    """Opening needs no settings, no region, no credentials and no network."""
    assert opened().api_calls == 0


def test_settings_reach_the_host(host: Answering, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys come from the mapping before the environment, and a proxy is not for loopback."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATHEIRS")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "theirs")
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    provider = opened(**KEYS, AWS_ENDPOINT_URL_ROUTE_53=host.url)
    assert provider.zones([APEX]) == []
    assert provider.api_calls == len(host.calls) == 1
    assert host.signers == ["AKIAOURS"]


def test_no_credentials_is_a_matter_of_configuration(host: Answering) -> None:
    """Nothing found: said with the settings that would do, and nothing was sent."""
    provider = opened(AWS_ENDPOINT_URL_ROUTE_53=host.url)
    with pytest.raises(Misconfigured, match="credentials") as caught:
        provider.zones([APEX])
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint
    assert provider.api_calls == 0


def test_a_profile_that_is_not_there() -> None:
    """The name of the profile is said at once."""
    with pytest.raises(Misconfigured, match="nowhere"):
        opened(AWS_PROFILE="nowhere")


def test_keys_win_over_a_profile(host: Answering, tmp_path: Path) -> None:
    """As in botocore, a profile matters only without keys."""
    (tmp_path / "credentials").write_text(
        "[p]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n"
    )
    for more in ({}, KEYS):
        opened(AWS_PROFILE="p", AWS_ENDPOINT_URL_ROUTE_53=host.url, **more).zones([APEX])
    assert host.signers == ["AKIAPROFILE", "AKIAOURS"]


def test_half_a_web_identity(
    host: Answering, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A token file that cannot be read is named."""
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "absent"))
    with pytest.raises(Misconfigured, match="absent"):
        opened(AWS_ENDPOINT_URL_ROUTE_53=host.url).zones([APEX])


def test_an_endpoint_that_is_no_url() -> None:
    """Nonsense is refused when opening."""
    with pytest.raises(Misconfigured):
        opened(**KEYS, AWS_ENDPOINT_URL_ROUTE_53="nonsense")


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("InvalidClientTokenId", 403, Unauthorized),
        ("SignatureDoesNotMatch", 403, Unauthorized),
        ("ExpiredToken", 400, Unauthorized),
        ("RequestExpired", 400, Unauthorized),
        ("UnrecognizedClientException", 400, Unauthorized),
        ("AccessDenied", 403, Unauthorized),
        ("OptInRequired", 403, Unauthorized),
        ("Throttling", 400, Unavailable),
        ("ThrottlingException", 400, Unavailable),
        ("PriorRequestNotComplete", 400, Unavailable),
        ("ServiceUnavailable", 503, Unavailable),
        ("InvalidInput", 400, Rejected),
        ("InvalidChangeBatch", 400, Rejected),
        ("NoSuchHostedZone", 404, Misconfigured),
    ],
)
def test_each_refusal_has_its_kind(code: str, status: int, kind: type[ProviderError]) -> None:
    """The kind says what the caller can do: sign in, wait, give up, or configure."""
    client = connect(NOBODY)
    seconds = iter(range(0, 1000, 30))
    provider = Route53(client, pause=lambda _: None, now=lambda: next(seconds))
    with Stubber(client) as stub:
        for _ in range(5):
            stub.add_client_error("list_hosted_zones", code, "Reason.", status)
        with pytest.raises(kind, match=f"ListHostedZones: {code}: Reason\\."):
            provider.zones([APEX])


def test_an_answer_that_makes_no_sense_is_unavailable(host: Answering) -> None:
    """A proxy's own page in place of Route 53's answer."""
    host.answer = (200, b"<html>welcome</htm")
    seconds = iter(range(0, 1000, 30))
    provider = Route53(connect(host.url), pause=lambda _: None, now=lambda: next(seconds))
    with pytest.raises(Unavailable):
        provider.zones([APEX])


def test_what_boto_refuses_to_send_is_rejected(host: Answering) -> None:
    """A call that breaks the service model is no matter of credentials or time."""
    client = connect(host.url)
    with pytest.raises(Rejected, match="TTL"):
        Route53(client).append(Zone(APEX, "Z"), [TXT(APEX, "v", ttl=-1)], "")
    assert host.calls == []
    client.close()


def test_secrets_are_said_nowhere() -> None:
    """Not in what is printed of adapter, provider and error; a signature error quotes the token."""
    provider = opened(**KEYS, AWS_ENDPOINT_URL_ROUTE_53=NOBODY)
    client = connect(NOBODY)
    quoting = f"Signature wrong.\n\nThe Canonical String was\n{KEYS['AWS_SESSION_TOKEN']}"
    with Stubber(client) as stub:
        stub.add_client_error("list_hosted_zones", "SignatureDoesNotMatch", quoting, 403)
        with pytest.raises(Unauthorized) as caught:
            Route53(client).zones([APEX])
    said = (
        f"{ADAPTER!r} {provider!r} {provider} {caught.value} {caught.value!r} {caught.value.hint}"
    )
    assert "Signature wrong." in said
    assert not any(secret in said for secret in KEYS.values())


def test_detection_never_rests_on_instance_metadata() -> None:
    """Each group of credentials is of declared settings, and every secret is marked as one."""
    declared = {setting.name for setting in ADAPTER.settings}
    assert all(group and declared.issuperset(group) for group in ADAPTER.credentials)
    secret = {setting.name for setting in ADAPTER.settings if setting.secret}
    assert secret == {"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
