"""What botocore sends on its own: never in clear, and no secret of it goes unnoticed."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.credentials import SSOProvider
from dns.name import from_text

from providers.contract import Entrusted
from providers.errors import Misconfigured, ProviderError
from providers.route53 import ADAPTER, Route53
from providers.route53.outgoing import secret_values
from tests.standins.cloudflare_http import Recorder
from tests.standins.route53 import Reply, Route53Front

APEX = from_text("example.com.")
NOBODY = "http://127.0.0.1:1"
FOREIGN = "http://192.0.2.1"
ROLE = "arn:aws:iam::123456789012:role/r"
START = "https://start.example"
REFUSED = (
    b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
)


class Refusing(Route53Front):
    """STS, IAM Identity Center and Route 53: refuses all."""

    def reply(self, method: str, target: str, body: bytes) -> Reply:
        self.calls.append(target)
        return 403, REFUSED


@pytest.fixture
def host() -> Iterator[Refusing]:
    with Refusing(NOBODY) as host:
        yield host


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Give the process AWS files of its own, with a profile for each way to credentials."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text(
        "[base]\naws_access_key_id = AKIABASE\n"
        "aws_secret_access_key = secret-of-base\naws_session_token = token-of-base\n"
    )
    (tmp_path / "config").write_text(
        f"[profile role]\nrole_arn = {ROLE}\nsource_profile = base\n"
        f"[profile sso]\nsso_start_url = {START}\nsso_region = us-east-1\n"
        "sso_account_id = 123456789012\nsso_role_name = x\n"
        "[profile process]\ncredential_process = sh -c 'echo secret-of-process >&2; exit 1'\n"
        '[profile version]\ncredential_process = echo \'{"Version": "secret-of-process"}\'\n'
        "[profile nothing]\ncredential_process = /nonexistent/program\n"
        f"[profile redirected]\nrole_arn = {ROLE}\nsource_profile = base\nservices = s\n"
        f"[services s]\nsts =\n  endpoint_url = {FOREIGN}\n"
    )
    cache = tmp_path / "cache"
    cache.mkdir()
    monkeypatch.setattr(SSOProvider, "_SSO_TOKEN_CACHE_DIR", str(cache))
    signed_on = {"accessToken": "token-of-sso", "expiresAt": "2099-01-01T00:00:00Z"}
    digest = hashlib.sha1(START.encode()).hexdigest()  # as botocore names it
    (cache / f"{digest}.json").write_text(json.dumps(signed_on))
    (tmp_path / "token").write_text("token-of-web")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path


def opened(endpoint: str, **settings: str) -> Route53:
    provider = ADAPTER.open({"AWS_ENDPOINT_URL_ROUTE_53": endpoint, **settings})
    assert isinstance(provider, Route53)
    return provider


def web_identity(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(folder / "token"))


@pytest.mark.parametrize(
    ("profile", "redirected"),
    [
        ("", "AWS_ENDPOINT_URL_STS"),
        ("role", "AWS_ENDPOINT_URL_STS"),
        ("redirected", ""),
        ("sso", "AWS_ENDPOINT_URL_SSO"),
    ],
)
def test_credentials_are_asked_for_by_https_or_not_at_all(
    host: Refusing, folder: Path, monkeypatch: pytest.MonkeyPatch, profile: str, redirected: str
) -> None:
    """
    No client of botocore's sends to an endpoint that is neither https nor loopback, whoever set
    it; that is a matter of configuration, and told with what to look at.
    """
    if not profile:
        web_identity(folder, monkeypatch)
    if redirected:
        monkeypatch.setenv(redirected, FOREIGN)
    with Recorder() as way:
        monkeypatch.setenv("HTTP_PROXY", way.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        provider = opened(host.url, **({"AWS_PROFILE": profile} if profile else {}))
        with pytest.raises(Misconfigured, match=r" of s.* is neither https nor") as caught:
            provider.zones([APEX])
        assert way.seen == []
    assert f"AWS_ENDPOINT_URL_{'SSO' if profile == 'sso' else 'STS'}," in caught.value.hint
    assert host.calls == []


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"])
def test_loopback_by_a_proxy_is_not_loopback(
    host: Refusing, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """
    A stand-in on this machine is asked directly, or not at all.
    """
    monkeypatch.setenv(variable, host.url)
    settings = {"AWS_ENDPOINT_URL_ROUTE_53": host.url} if variable.endswith("STS") else {}
    with Recorder() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        provider = ADAPTER.open({"AWS_PROFILE": "role", **settings})
        with pytest.raises(Misconfigured, match="by way of a proxy") as caught:
            provider.zones([APEX])
        assert caught.value.hint == "set NO_PROXY=127.0.0.1"
        assert proxy.seen == []
    assert host.calls == []
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(ProviderError, match="AssumeRole"):
        ADAPTER.open({"AWS_PROFILE": "role", **settings}).zones([APEX])
    assert host.calls


@pytest.mark.parametrize(
    ("profile", "secrets"),
    [
        ("base", {"secret-of-base", "token-of-base"}),
        ("role", {"secret-of-base", "token-of-base"}),
        ("sso", {"token-of-sso"}),
        ("", {"token-of-web"}),
    ],
)
def test_what_is_sent_is_known(
    host: Refusing,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    profile: str,
    secrets: set[str],
) -> None:
    """
    Keys, session, sign-on and identity tokens that no setting holds are told before an answer
    could repeat them; before anything is sent there are none.
    """
    for service in ("STS", "SSO"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", host.url)
    if not profile:
        web_identity(folder, monkeypatch)
    provider = opened(host.url, **({"AWS_PROFILE": profile} if profile else {}))
    assert isinstance(provider, Entrusted)
    assert set(provider.entrusted()) == set()
    with pytest.raises(ProviderError):
        provider.zones([APEX])
    assert host.calls
    assert set(provider.entrusted()) == secrets
    assert not any(secret in repr(provider) for secret in secrets)


@pytest.mark.parametrize("profile", ["process", "version", "nothing"])
def test_nothing_that_a_program_says_is_quoted(host: Refusing, profile: str) -> None:
    """
    What a credential_process prints, anywhere, may be the credentials.
    """
    with pytest.raises(Misconfigured) as caught:
        opened(host.url, AWS_PROFILE=profile).zones([APEX])
    assert "secret-of-process" not in f"{caught.value} {caught.value.hint}"
    if profile != "nothing":
        assert "the credential_process of the AWS profile failed" in str(caught.value)


def test_nothing_that_a_container_says_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Its endpoint gets a token, and may repeat it; the status is told.
    """

    class Repeating(Refusing):
        def reply(self, method: str, target: str, body: bytes) -> Reply:
            return 403, b"secret-of-container"

    with Repeating(NOBODY) as host:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{host.url}/c")
        with pytest.raises(Misconfigured, match=r"container-role: .*403") as caught:
            opened(host.url).zones([APEX])
    assert "secret-of-container" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy",
    ["ftp://u:pass-word@p.example", "socks5://127.0.0.1:1", "http://u:pass-word@[::x", "http://"],
)
def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """
    It is a matter of configuration, said at once and without its password.
    """
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(Misconfigured, match="HTTPS_PROXY") as caught:
        ADAPTER.open({"AWS_PROFILE": "base"})
    assert "pass-word" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    "proxy", ["http://p.example:1", "https://p.example", "p.example:3128", "//p"]
)
def test_a_proxy_that_is_one(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    """
    With or without a scheme, as botocore takes it; a bad one for other schemes is none of ours.
    """
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("FTP_PROXY", "ftp://[")
    assert ADAPTER.open({"AWS_PROFILE": "base"}).api_calls == 0


def test_secrets_however_deep_in_a_request() -> None:
    """
    A sign-on is renewed by a structure; names tell what of it is secret.
    """
    given = {"tokenInput": {"clientId": "id", "refreshToken": "r"}, "clientSecret": "c", "n": 5}
    assert set(secret_values(given)) == {"r", "c"}
