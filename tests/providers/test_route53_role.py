"""An account's role, assumed at STS by its own keys or profile, and again before it ends."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import boto3
import pytest
from dns.name import from_text

from providers.contract import TXT, Provider
from providers.errors import Misconfigured, ProviderError
from providers.route53 import ADAPTER, Route53
from tests.standins.ministack import Ministack
from tests.standins.route53 import Reply, Route53Front

APEX = from_text("example.com.")
NOBODY = "http://127.0.0.1:1"
ROLE = "arn:aws:iam::123456789012:role/dns"
EMPTY = (
    b'<ListHostedZonesResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/">'
    b"<HostedZones/><IsTruncated>false</IsTruncated></ListHostedZonesResponse>"
)
ASSUMED = """\
<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/dns/dns01</Arn>
<AssumedRoleId>AROA:dns01</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>ASIAROLE{number}</AccessKeyId><SecretAccessKey>role-secret-{number}
</SecretAccessKey><SessionToken>role-token-{number}</SessionToken>
<Expiration>{expires}</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>"""
DENIED = b"""\
<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code><Message>not authorized to perform: sts:AssumeRole</Message></Error>
</ErrorResponse>"""


class Host(Route53Front):
    """Route 53 with an empty account, and STS, which gives the role for `lasts`, or denies it."""

    lasts: timedelta | None = timedelta(hours=1)

    def __init__(self) -> None:
        super().__init__(NOBODY)
        self.asked: list[dict[str, list[str]]] = []

    def reply(self, method: str, target: str, body: bytes) -> Reply:
        self.calls.append(target)
        if b"Action=AssumeRole" not in body:
            return 200, EMPTY
        self.asked.append(parse_qs(body.decode()))
        if self.lasts is None:
            return 403, DENIED
        expires = (datetime.now(UTC) + self.lasts).isoformat(timespec="seconds")
        return 200, ASSUMED.format(number=len(self.asked), expires=expires).encode()


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as host:
        yield host


@pytest.fixture(autouse=True)
def _files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give the process keys of its own, and a file with profiles."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text(
        "[team]\naws_access_key_id = AKIATEAM\naws_secret_access_key = s\n"
        "[empty]\nregion = eu-central-1\n"
    )
    for name, value in {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_ACCESS_KEY_ID": "AKIAPROCESS",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_ENDPOINT_URL": NOBODY,
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)


def opened(url: str, **settings: str) -> Provider:
    assert ADAPTER.open_apart
    return ADAPTER.open_apart(
        {
            "AWS_ENDPOINT_URL_ROUTE_53": url,
            "AWS_ENDPOINT_URL_STS": url,
            "AWS_ROLE_ARN": ROLE,
            **settings,
        }
    )


KEYS = {"AWS_ACCESS_KEY_ID": "AKIAKEYS", "AWS_SECRET_ACCESS_KEY": "s"}


@pytest.mark.parametrize(
    ("settings", "signer"), [(KEYS, "AKIAKEYS"), ({"AWS_PROFILE": "team"}, "AKIATEAM")]
)
def test_the_role_is_asked_for_with_keys_or_profile(
    host: Host, settings: dict[str, str], signer: str
) -> None:
    """
    Once, by what the account has and never by the process's; its credentials sign the rest.
    """
    account = opened(host.url, **settings)
    assert host.calls == []  # opening asks nobody
    for _ in range(3):
        assert account.zones([APEX]) == []
    assert list(dict.fromkeys(host.signers)) == [signer, "ASIAROLE1"]
    [asked] = host.asked
    assert (asked["RoleArn"], asked["RoleSessionName"]) == ([ROLE], ["dns01"])


def test_the_role_is_assumed_again_before_it_ends(host: Host) -> None:
    """
    A run that waits for long goes on with fresh credentials.
    """
    host.lasts = timedelta(minutes=5)  # botocore begins to ask again at 15 minutes
    account = opened(host.url, **KEYS)
    for _ in range(2):
        account.zones([APEX])
    assert len(host.asked) >= 2
    assert host.signers[-1] == f"ASIAROLE{len(host.asked)}"


def test_the_roles_secrets_are_known(host: Host) -> None:
    """
    So that nothing that is put out shows them.
    """
    account = opened(host.url, **KEYS)
    assert isinstance(account, Route53)
    account.zones([APEX])
    assert "role-token-1" in account.entrusted()
    assert "role-secret-1" in {each.strip() for each in account.entrusted()}


def test_a_role_that_is_denied_is_said(host: Host) -> None:
    """
    As credentials that are refused, with the next step; Route 53 is not asked.
    """
    host.lasts = None
    with pytest.raises(ProviderError, match="AssumeRole") as caught:
        opened(host.url, **KEYS).zones([APEX])
    assert "AWS_ROLE_ARN" in caught.value.hint
    assert len(host.calls) == len(host.asked)


def test_a_profile_without_credentials_has_no_role(host: Host) -> None:
    """
    The process's own keys are no substitute.
    """
    with pytest.raises(Misconfigured, match="credentials"):
        opened(host.url, AWS_PROFILE="empty").zones([APEX])
    assert host.calls == []


def test_sts_is_asked_in_clear_on_loopback_only() -> None:
    """
    Any other address has to be https.
    """
    with pytest.raises(Misconfigured, match="of sts is neither https nor on loopback"):
        opened("http://127.0.0.1:1", AWS_ENDPOINT_URL_STS="http://192.0.2.1", **KEYS).zones([APEX])


def test_a_role_writes_at_an_emulator() -> None:
    """
    ministack's STS gives the credentials, and its Route 53 takes a value by them.
    """
    with Ministack() as endpoint:
        admin = boto3.client(
            "route53",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        admin.create_hosted_zone(Name="example.com.", CallerReference="x")
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        account = opened(endpoint, AWS_ROLE_ARN="arn:aws:iam::000000000000:role/dns", **keys)
        [zone] = account.zones([from_text("_acme-challenge.example.com.")])
        account.append(zone, [TXT(from_text("_acme-challenge.example.com."), "v" * 43)], "m")
        sets = admin.list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    assert [each["ResourceRecords"] for each in sets if each["Type"] == "TXT"] == [
        [{"Value": f'"{"v" * 43}"'}]
    ]
