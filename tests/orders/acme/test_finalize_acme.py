"""The example that finalizes an ACME order: what is wrong with it shows before an order is made."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from josepy.jwk import JWK

from tests.documents import DOCS

from .test_pebble import request_for

PROGRAM = DOCS / "examples" / "finalize_acme.py"
Made = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
KEYS: dict[str, Made] = {
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "RSA": rsa.generate_private_key(65537, 2048),
}


def pem(key: Made) -> str:
    form = serialization.PrivateFormat.PKCS8
    nothing = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, nothing).decode()


def checked(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Try the program with *variables*, where no directory answers."""
    request = folder / "request.pem"
    if not request.exists():
        request.write_bytes(request_for("www.example.com"))
    given = {"ACME_DIRECTORY_URL": "http://127.0.0.1:9/dir", "PATH": "/usr/bin"} | variables
    return subprocess.run(
        [sys.executable, str(PROGRAM), "request.pem", "chain.pem", "--check"],
        env={name: text for name, text in given.items() if text},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("kind", KEYS)
@pytest.mark.parametrize("is_jwk", [False, True], ids=["PEM", "JWK"])
def test_every_key_that_dns01_takes(tmp_path: Path, kind: str, *, is_jwk: bool) -> None:
    """
    In a variable or in a file: the check is silent, asks nobody, and writes nothing.
    """
    text = pem(KEYS[kind])
    if is_jwk:
        text = JWK.load(text.encode()).json_dumps()
    (tmp_path / "account").write_text(text)
    for variables in ({"ACME_ACCOUNT_KEY": text}, {"ACME_ACCOUNT_KEY_FILE": "account"}):
        done = checked(tmp_path, **variables)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")
    assert not (tmp_path / "chain.pem").exists()


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"ACME_ACCOUNT_KEY": "", "ACME_ACCOUNT_DIR": "."}, "ACME_ACCOUNT_KEY_FILE"),
        ({"ACME_ACCOUNT_KEY": "", "ACME_ACCOUNT_KEY_FILE": "absent"}, "'absent'"),
        ({"ACME_ACCOUNT_KEY": "no key"}, "no private key"),
        ({"ACME_DIRECTORY_URL": ""}, "ACME_DIRECTORY_URL"),
    ],
)
def test_what_is_wrong_is_found_without_an_order(
    tmp_path: Path, variables: dict[str, str], why: str
) -> None:
    """
    An account that the program does not read, or cannot: it is named, and the check fails.
    """
    done = checked(tmp_path, **{"ACME_ACCOUNT_KEY": pem(KEYS["P-256"])} | variables)
    assert done.returncode
    assert why in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("request_text", ["", "no request"])
def test_a_request_that_is_none(tmp_path: Path, request_text: str) -> None:
    """
    The CA would be asked with it only after it had validated.
    """
    (tmp_path / "request.pem").write_text(request_text)
    assert checked(tmp_path, ACME_ACCOUNT_KEY=pem(KEYS["P-256"])).returncode


def test_a_chain_that_has_no_place(tmp_path: Path) -> None:
    """
    A certificate that cannot be written is found out before there is one.
    """
    (tmp_path / "chain.pem").mkdir()
    assert checked(tmp_path, ACME_ACCOUNT_KEY=pem(KEYS["P-256"])).returncode
