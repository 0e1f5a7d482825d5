"""The order source against a stand-in of the RCL SSL Core API: what it asks, what it gets."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from dns.name import from_text

from pipeline.model import Exit, Failed
from pipeline.orders.fields import LIMIT
from pipeline.orders.rcl import RclSource
from pipeline.orders.rcl_generations import V7
from tests.orders.asking import GOOD, failed, fetched, source
from tests.standins.cloudflare_http import Recorder
from tests.standins.rcl import (
    KEY,
    SUBSCRIPTION,
    URI,
    RclApi,
    body,
    drip,
    gzipped,
    order,
    slow,
    token,
)

VALUE = "pder_53er44PhE-keudgge45630"


def test_the_documented_answer_is_an_order() -> None:
    """The example of the vendor's page, as it stands there, becomes one challenge."""
    found = fetched(body(GOOD))
    [challenge] = found.challenges
    assert challenge.name == from_text("_acme-challenge.shopeneur.com.")
    assert challenge.value == VALUE
    assert (found.name, found.source, found.uri, found.status) == (
        "shopeneur.com",
        "rcl",
        URI,
        "pending",
    )


def test_the_request_is_the_documented_one() -> None:
    """GET below the base, the key in one header, and nothing but identity in return."""
    with RclApi(body(GOOD)) as api:
        source(f"{api.base}/").fetch("shopeneur.com")
    [request] = api.requests
    path = f"/public/v1/subscription/{SUBSCRIPTION}/core/certificate/shopeneur.com/order"
    assert (request.method, request.path) == ("GET", path)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"
    assert [name for name, value in request.headers.items() if KEY in value] == ["authorization"]
    assert "content-length" not in request.headers


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("*.shopeneur.com", "*.shopeneur.com"),
        ("shopeneur.com,*.shopeneur.com", "shopeneur.com,*.shopeneur.com"),
        ("shopeneur.com, *.shopeneur.com", "shopeneur.com,*.shopeneur.com"),
        ("bücher.example", "b%C3%BCcher.example"),
        ("A.Example.COM.", "a.example.com"),
        ("b.example,a.example,B.example.,b.example", "b.example,a.example"),
    ],
)
def test_names_travel_as_the_vendor_sends_them(name: str, segment: str) -> None:
    """Comma and asterisk stay raw (RFC 3986 §3.3), spaces after commas go, the rest is escaped.

    In one spelling, lower case without a dot at its end, and each once; the order is that of the
    name as it was given.
    """
    with RclApi(body(order(status="ready"))) as api:
        found = source(api.base).fetch(name)
        source(api.base).certificate(name, datetime.now(UTC))
    assert f"/certificate/{segment}/order" in api.requests[0].path
    assert api.requests[1].path.endswith(f"/certificate/{segment}")
    assert api.created == [unquote(segment)]
    assert found.name == name


@pytest.mark.parametrize("name", ["", "..", "a/b", "a.com?x", "a.com#x", "a%2fb", "a\\b", "a\nb"])
def test_what_names_no_certificate_costs_no_request(name: str) -> None:
    """Names that would leave their path segment are exit 65 before anything is sent."""
    with RclApi(body(GOOD)) as api, pytest.raises(Failed) as caught:
        source(api.base).fetch(name)
    assert caught.value.exit is Exit.DATA
    assert api.requests == []


def test_apex_and_wildcard_are_two_values_of_one_name() -> None:
    """A SAN order has the same tokenName twice; both values are wanted."""
    tokens = (token(value="A" * 43), token("*.shopeneur.com", value="B" * 43))
    found = fetched(body(order(tokens)), "shopeneur.com,*.shopeneur.com")
    assert {challenge.name for challenge in found.challenges} == {
        from_text("_acme-challenge.shopeneur.com.")
    }
    assert [challenge.value for challenge in found.challenges] == ["A" * 43, "B" * 43]


@pytest.mark.parametrize("tokens", [None, [], [token()]])
@pytest.mark.parametrize("status", ["ready", "valid", "Ready", "processing"])
def test_past_validation_there_is_nothing_to_publish(status: str, tokens: object) -> None:
    """Authorizations may still be valid: no tokens, or tokens of no use any more."""
    found = fetched(body(order(tokens, status)))
    assert (found.status, found.challenges, found.uri) == (status.lower(), (), URI)


def test_what_is_added_later_is_ignored() -> None:
    """Unknown fields, as other versions have them, null and out of place, do no harm."""
    odd = token() | {"token": None, "status": 7}
    content = order((odd,), challenges=[{"token": 1}], expires=None, certificateUri=[[]])
    assert len(fetched(body(content)).challenges) == 1


@pytest.mark.parametrize("encoded", [b"\xef\xbb\xbf" + GOOD, b"  \r\n" + GOOD])
def test_a_byte_order_mark_is_no_obstacle(encoded: bytes) -> None:
    """.NET likes to write one."""
    assert fetched(body(encoded)).status == "pending"


def test_compressed_answers_are_understood() -> None:
    """Gateways compress unasked; the limit counts what comes out."""
    assert len(fetched(gzipped(GOOD)).challenges) == 1
    assert failed(gzipped(GOOD + b" " * LIMIT)).exit is Exit.DATA


def test_a_slow_answer_is_still_one() -> None:
    """The service talks to the CA first; late, and in pieces, is not never."""
    assert fetched(slow(0.4, GOOD)).status == "pending"
    assert fetched(drip([GOOD[:9], GOOD[9:20], GOOD[20:]], 0.1)).status == "pending"


def test_accounts_are_told_apart_without_telling_who() -> None:
    """Receipts hold a digest of base and subscription; the key may be renewed."""
    base = "https://rclapi.azure-api.net/public"
    one = RclSource(base, V7("sub_a"), "k1", trust_env=True)
    assert one.account == RclSource(base + "/", V7("sub_a"), "k2", trust_env=True).account
    assert one.account != RclSource(base, V7("sub_b"), "k1", trust_env=True).account
    assert one.account != RclSource(base + "/v2", V7("sub_a"), "k1", trust_env=True).account
    assert "sub_a" not in one.account
    assert KEY not in repr(source(base))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SSL_CERT_FILE", "/nonexistent/ca.pem"),
        ("SSL_CERT_FILE", __file__),
        ("HTTPS_PROXY", "gopher://proxy.example"),
        ("HTTPS_PROXY", "socks5://127.0.0.1:1"),
        ("HTTPS_PROXY", "http://[::1"),
    ],
)
def test_an_environment_that_permits_no_request_is_78(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What httpx cannot work with is a matter of configuration, not our fault (70)."""
    monkeypatch.setenv(variable, value)
    with pytest.raises(Failed, match="cannot be asked: ") as caught:
        RclSource("https://127.0.0.1:1", V7(SUBSCRIPTION), KEY, trust_env=True).fetch(
            "shopeneur.com"
        )
    assert caught.value.exit is Exit.CONFIG
    assert variable in caught.value.problem.hint


def test_proxies_are_for_the_world_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base on the loopback is asked directly; any other goes through the proxy named."""
    with Recorder() as proxy, RclApi(body(GOOD)) as api:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        source(api.base).fetch("shopeneur.com")
        assert proxy.seen == []
        with pytest.raises(Failed):
            RclSource("http://rcl.invalid", V7(SUBSCRIPTION), KEY, trust_env=True).fetch("a.com")
        assert [seen["host"] for seen in proxy.seen] == ["rcl.invalid"]


def test_certificates_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A private CA is trusted where SSL_CERT_FILE names it, on the loopback too; else exit 69."""
    certificate, tls = self_signed(tmp_path)
    with RclApi(body(GOOD), tls=tls) as api:
        assert api.base.startswith("https://")
        with pytest.raises(Failed, match=r"cannot be reached: .*CERTIFICATE_VERIFY_FAILED"):
            source(api.base).fetch("shopeneur.com")
        assert api.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert source(api.base).fetch("shopeneur.com").status == "pending"


def self_signed(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate for 127.0.0.1 and what serves it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand-in")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, SHA256())
    )
    certificate, both = folder / "certificate.pem", folder / "both.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both.write_bytes(private + certificate.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return certificate, context
