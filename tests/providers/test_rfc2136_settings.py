"""The settings of the RFC 2136 adapter."""

import base64
import subprocess
import sys

import pytest

from providers.errors import Misconfigured
from providers.rfc2136 import ADAPTER, Rfc2136
from providers.rfc2136.settings import Key, address, key

SECRET = base64.b64encode(b"a secret of thirty-two octets...").decode()
COMPLETE = {
    "RFC2136_NAMESERVER": "ns1.example.com",
    "RFC2136_TSIG_KEY": "acme",
    "RFC2136_TSIG_SECRET": SECRET,
}


def test_the_adapter_declares_what_it_reads() -> None:
    """
    Four settings of which one is secret; the name server alone is a configuration.
    """
    assert [setting.name for setting in ADAPTER.settings if setting.secret] == [
        "RFC2136_TSIG_SECRET"
    ]
    assert {setting.name for setting in ADAPTER.settings} == {
        "RFC2136_TSIG_ALGORITHM",
        *COMPLETE,
    }
    assert ADAPTER.credentials == (("RFC2136_NAMESERVER",),)
    assert isinstance(ADAPTER.open(COMPLETE), Rfc2136)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ns1.example.com", ("ns1.example.com", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        (" [2001:db8::1]:65535\n", ("2001:db8::1", 65535)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    """
    host, host:port, [v6] and [v6]:port.
    """
    assert address({"RFC2136_NAMESERVER": text}) == expected


@pytest.mark.parametrize(
    "text",
    ["2001:db8::1", "ns:0", "ns:65536", "ns:dns", "ns:", ":53", "[]", "a b", "udp://ns", "a..b"],
)
def test_what_is_no_address(text: str) -> None:
    """
    Anything else is shown as it was given, beside what it should look like.
    """
    with pytest.raises(Misconfigured, match="is not host") as caught:
        address({"RFC2136_NAMESERVER": text})
    assert repr(text) in str(caught.value)
    assert "[2001:db8::1]" in caught.value.hint


def test_no_address() -> None:
    """
    An empty setting is none.
    """
    with pytest.raises(Misconfigured, match="RFC2136_NAMESERVER is not set"):
        ADAPTER.open({"RFC2136_NAMESERVER": ""})


@pytest.mark.parametrize(
    ("given", "algorithm"),
    [
        ("", "hmac-sha256."),
        ("HMAC-SHA512.", "hmac-sha512."),
        ("hmac-sha224", "hmac-sha224."),
        ("hmac-sha384\n", "hmac-sha384."),
    ],
)
def test_algorithms(given: str, algorithm: str) -> None:
    """
    hmac-sha256 unless told otherwise, in any spelling of the SHA-2 family.
    """
    made = key({**COMPLETE, "RFC2136_TSIG_ALGORITHM": given})
    assert made
    assert made.algorithm.to_text() == algorithm
    assert made.name.to_text() == "acme."


@pytest.mark.parametrize("weak", ["hmac-md5", "HMAC-MD5.SIG-ALG.REG.INT.", "hmac-sha1"])
def test_weak_algorithms(weak: str) -> None:
    """
    MD5 and SHA-1 are refused with the reason and the way out.
    """
    with pytest.raises(Misconfigured, match="RFC 8945") as caught:
        key({**COMPLETE, "RFC2136_TSIG_ALGORITHM": weak})
    assert "tsig-keygen" in caught.value.hint


def test_unknown_algorithms() -> None:
    """
    What is not known is shown beside what is.
    """
    with pytest.raises(Misconfigured, match="'sha256'") as caught:
        key({**COMPLETE, "RFC2136_TSIG_ALGORITHM": "sha256"})
    assert "hmac-sha256" in caught.value.hint


@pytest.mark.parametrize(
    ("missing", "present"),
    [
        ("RFC2136_TSIG_KEY", "RFC2136_TSIG_SECRET"),
        ("RFC2136_TSIG_SECRET", "RFC2136_TSIG_KEY"),
    ],
)
def test_half_a_key(missing: str, present: str) -> None:
    """
    Half a key is never taken for none.
    """
    with pytest.raises(Misconfigured, match=f"^{missing} is missing beside {present}$"):
        key({**COMPLETE, missing: " "})


def test_no_key() -> None:
    """
    Without either half, updates go unsigned.
    """
    assert key({"RFC2136_NAMESERVER": "ns1.example.com"}) is None


@pytest.mark.parametrize("secret", ["hunter2", "Zm9v!", "bücher", "===="])
def test_bad_secrets_stay_secret(secret: str) -> None:
    """
    A secret that is no base64 is not shown while saying so, nor in what caused it.
    """
    with pytest.raises(Misconfigured, match="RFC2136_TSIG_SECRET") as caught:
        key({**COMPLETE, "RFC2136_TSIG_SECRET": secret})
    assert secret not in f"{caught.value!r} {caught.value.hint} {caught.value.__cause__!r}"


def test_bad_key_names() -> None:
    """
    A key's name is a domain name.
    """
    with pytest.raises(Misconfigured, match="not a domain name"):
        key({**COMPLETE, "RFC2136_TSIG_KEY": "a..b"})


def test_the_key_keeps_its_secret() -> None:
    """
    Neither repr nor str of the key shows the secret in any spelling.
    """
    made = key(COMPLETE)
    assert isinstance(made, Key)
    for shown in (repr(made), str(made), f"{made}"):
        assert shown.strip("<>").removeprefix("TSIG key ") == "acme. (hmac-sha256)"


def test_importing_is_cheap() -> None:
    """
    The adapter imports no SDK and no HTTP client.
    """
    code = "import sys, providers.rfc2136; print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    roots = {module.split(".")[0] for module in shown.stdout.split()}
    assert roots.isdisjoint({"boto3", "botocore", "cloudflare", "httpx", "pipeline", "pydantic"})
