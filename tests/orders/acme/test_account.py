"""Whose orders they are: keys, other clients' folders, external accounts."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from josepy.jwk import JWKEC, JWKRSA

from pipeline.configuration.acme import AcmeAccount, acme_account
from pipeline.configuration.environment import Environment
from pipeline.configuration.settings import AcmeSettings
from pipeline.model import Exit, Failed
from pipeline.orders.acme.keys import read_key
from tests.bridge import COVERAGE, DNS01

URL = "https://acme.example/directory"
P256 = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
SHORT = rsa.generate_private_key(65537, 1024)


def pem(key: object, password: bytes = b"") -> str:
    """Return *key* in PEM."""
    assert isinstance(
        key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
    )
    how = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, how).decode()


def public_pem(key: ec.EllipticCurvePrivateKey) -> str:
    """Return the public part of *key* in PEM."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


NO_KEYS = [
    "hunter2hunter2",
    "{}",
    '{"kty": "RSA"}',
    '{"kty": "oct", "k": "aHVudGVyMmh1bnRlcjI"}',
    json.dumps({**JWKEC(key=P256).to_json(), "d": "hunter2hunter2"}),
    "[" * 5000,
    pem(ed25519.Ed25519PrivateKey.generate()),
]
PROC_TYPE = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nhunter2"


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        (pem(P256), "ES256"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "ES384"),
        (pem(ec.generate_private_key(ec.SECP521R1())), "ES512"),
        (pem(RSA), "RS256"),
        (json.dumps(JWKEC(key=P256).to_json()), "ES256"),
        (json.dumps(JWKRSA(key=RSA).to_json()), "RS256"),
    ],
)
def test_a_key_signs_by_its_own_algorithm(text: str, algorithm: str) -> None:
    """
    Of each curve there is one (RFC 7518 §3.4); PEM and JWK of one key are the same account.
    """
    key = read_key(text, "")
    assert key.algorithm.name == algorithm
    assert read_key(json.dumps(key.jwk.to_json()), "").thumbprint == key.thumbprint
    assert "PRIVATE" not in repr(key)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *((each, "is no private key, RSA or EC, in PEM or as a JWK") for each in NO_KEYS),
        (public_pem(P256), "is public; the private key signs"),
        (json.dumps(JWKEC(key=P256).public_key().to_json()), "is public; the private key signs"),
        (pem(P256, b"hunter2"), "has a password, which nobody is there to type"),
        (PROC_TYPE, "has a password, which nobody is there to type"),
        (pem(SHORT), "is RSA of 1024 bits; less than 2048 do not sign"),
    ],
)
def test_what_cannot_sign_is_no_key(text: str, why: str) -> None:
    """
    78, by what is wrong with it and where it is from, and nothing of it is quoted: it may be
    another secret.
    """
    with pytest.raises(Failed) as caught:
        read_key(text, "ACME_ACCOUNT_KEY_FILE")
    assert caught.value.exit == Exit.CONFIG
    assert str(caught.value) == f"the ACME account's key {why}"
    assert caught.value.problem.hint == "it is from ACME_ACCOUNT_KEY_FILE"


def account(settings: AcmeSettings | None = None, **variables: str) -> AcmeAccount:
    """Return the account by *settings* and the secrets in *variables*."""
    return acme_account(settings or AcmeSettings(URL), Environment(variables))


def refusal(settings: AcmeSettings | None = None, **variables: str) -> str:
    """Return why there is none, and what next."""
    with pytest.raises(Failed) as caught:
        account(settings, **variables)
    assert caught.value.exit == Exit.CONFIG
    return f"{caught.value} / {caught.value.problem.hint}"


def test_what_an_account_needs() -> None:
    """
    A directory that nobody can listen to, and a key.
    """
    assert "ACME_DIRECTORY_URL" in refusal(AcmeSettings())
    assert "in clear" in refusal(AcmeSettings("http://acme.example/directory"))
    assert "ACME_ACCOUNT_KEY_FILE" in refusal()
    found = account(AcmeSettings("http://127.0.0.1:14000/dir"), ACME_ACCOUNT_KEY="key")
    assert (found.key, found.is_local) == ("key", True)
    assert "key='" not in repr(found)


def test_the_environment_beats_the_file(tmp_path: Path) -> None:
    """
    For the key as for all else; two keys in one place are a mistake.
    """
    (tmp_path / "key").write_text("of the file")
    (tmp_path / "key").chmod(0o600)
    settings = AcmeSettings(URL, account_key_file=tmp_path / "key")
    assert account(settings).key == "of the file"
    assert account(settings, ACME_ACCOUNT_KEY="of the environment").key == "of the environment"
    both = AcmeSettings(URL, account_dir=tmp_path)
    told = refusal(both, ACME_ACCOUNT_KEY="x" * 9, ACME_ACCOUNT_DIR=str(tmp_path))
    assert "exclude each other" in told


def test_where_a_key_is_from_is_known(tmp_path: Path) -> None:
    """
    Of all the places, the one that counted, with its file.
    """
    path = tmp_path / "key"
    path.write_text("key")
    path.chmod(0o600)
    settings = AcmeSettings(URL, account_key_file=path)
    assert account(settings).key_origin == f'acme.account_key_file, "{path}"'
    assert account(settings, ACME_ACCOUNT_KEY="key").key_origin == "ACME_ACCOUNT_KEY"
    file = str(path)
    assert account(ACME_ACCOUNT_KEY_FILE=file).key_origin == f'ACME_ACCOUNT_KEY_FILE, "{path}"'
    assert (
        account(ACME_ACCOUNT_KEY_FILE=file, ACME_ACCOUNT_KEY="key").key_origin == "ACME_ACCOUNT_KEY"
    )
    folder = certbot(tmp_path / "folder")
    origin = f'acme.account_dir, "{folder / "private_key.json"}"'
    assert account(in_folder(folder)).key_origin == origin


def test_a_key_that_lego_has_not_registered_is_named(tmp_path: Path) -> None:
    """
    No account's folder, and what is to be done with the key.
    """
    folder = lego(tmp_path / "accounts/acme.example/a@b.example", "a@b.example")
    (folder / "account.json").unlink()
    told = refusal(in_folder(tmp_path))
    assert "no account of certbot or lego is there" in told
    assert f'"{folder}" has keys/ and no account.json' in told
    assert "ACME_ACCOUNT_KEY_FILE" in told


def test_mail_addresses_are_urls_for_the_ca() -> None:
    """
    As RFC 8555 §7.3 wants them, also where a person writes the address alone.
    """
    settings = AcmeSettings(URL, contact=("a@example.com", "mailto:b@example.com"))
    found = account(settings, ACME_ACCOUNT_KEY="key")
    assert found.contact == ("mailto:a@example.com", "mailto:b@example.com")


@pytest.mark.parametrize(
    ("kid", "hmac_key", "said"),
    [
        ("kid", "", "ACME_EAB_HMAC_KEY not set"),
        ("", "c2VjcmV0", "ACME_EAB_KID not set"),
        ("kid", "c2Vj+cmV0/a", "no such key has"),
        ("kid", "c2Vj cmV0", "no such key has"),
        ("kid", "AAAAA", "no such key has this length"),
        ("kid", "AAAAA===", "no such key has this length"),
    ],
)
def test_an_external_account_is_whole(kid: str, hmac_key: str, said: str) -> None:
    """
    Both parts or none, and base64url: the library would drop other characters without a word.
    """
    settings = AcmeSettings(URL, eab_kid=kid)
    told = refusal(settings, ACME_ACCOUNT_KEY="key", ACME_EAB_HMAC_KEY=hmac_key)
    assert said in told
    assert not hmac_key or hmac_key not in told


def test_an_external_account_is_read() -> None:
    """
    And does not show.
    """
    settings = AcmeSettings(URL, eab_kid="kid")
    found = account(settings, ACME_ACCOUNT_KEY="key", ACME_EAB_HMAC_KEY="c2VjcmV0")
    assert found.external
    assert (found.external.kid, found.external.hmac_key) == ("kid", "c2VjcmV0")
    assert "c2VjcmV0" not in repr(found)


def certbot(folder: Path, key: str = "certbot's") -> Path:
    """Make an account's folder as certbot does."""
    folder.mkdir(parents=True)
    for name in ("private_key.json", "regr.json", "meta.json"):
        (folder / name).write_text(key)
        (folder / name).chmod(0o600)
    return folder


def lego(folder: Path, *keys: str) -> Path:
    """Make an account's folder as lego does, with *keys*."""
    (folder / "keys").mkdir(parents=True)
    (folder / "account.json").write_text("{}")
    for key in keys:
        (folder / "keys" / f"{key}.key").write_text(key)
        (folder / "keys" / f"{key}.key").chmod(0o600)
    return folder


def in_folder(folder: Path) -> AcmeSettings:
    """Return the settings that name *folder*."""
    return AcmeSettings(URL, account_dir=folder)


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda path: certbot(path / "accounts/acme.example/directory/0123"), "certbot's"),
        (
            lambda path: lego(path / "accounts/acme.example/a@b.example", "a@b.example"),
            "a@b.example",
        ),
    ],
)
def test_a_folder_or_any_above(tmp_path: Path, make: Callable[[Path], Path], key: str) -> None:
    """
    The account's own, or the client's, as far up as its folder of accounts.
    """
    folder = make(tmp_path)
    for given in (folder, folder.parent, tmp_path / "accounts"):
        assert account(in_folder(given)).key == key


def test_of_several_accounts_the_directorys_counts(tmp_path: Path) -> None:
    """
    By the folder's name; if several are left, all of them are listed, and none is taken.
    """
    certbot(tmp_path / "staging.example/directory/01", "staging")
    mine = certbot(tmp_path / "acme.example/directory/02", "mine")
    assert account(in_folder(tmp_path)).key == "mine"
    other = certbot(tmp_path / "acme.example/directory/03", "another")
    told = refusal(in_folder(tmp_path))
    assert "2 accounts" in told
    assert str(mine) in told
    assert str(other) in told


@pytest.mark.parametrize(
    "others",
    [
        ("127.0.0.11", "other.test"),
        ("127.0.0.11",),
        ("wrong.test",),
        ("127.0.0.1:15000", "127.0.0.1_15000"),
        ("of-127.0.0.1", "x.127.0.0.1"),
    ],
)
def test_another_cas_account_is_not_taken(tmp_path: Path, others: tuple[str, ...]) -> None:
    """
    Not even the only one there is, as its key would be registered at this CA, nor one whose host
    begins or ends alike: 78, and those that there are. Who names the account's own folder has it.
    """
    url = "http://127.0.0.1:14000/dir"
    made = [certbot(tmp_path / each / "directory/01") for each in others]
    told = refusal(AcmeSettings(url, account_dir=tmp_path))
    assert "no account for 127.0.0.1" in told
    assert all(str(each) in told for each in made)
    assert account(AcmeSettings(url, account_dir=made[0])).key == "certbot's"


@pytest.mark.parametrize("host", ["127.0.0.1:14000", "127.0.0.1_14000", "127.0.0.1"])
def test_a_folder_may_be_named_with_the_port(tmp_path: Path, host: str) -> None:
    """
    As certbot writes it, and lego.
    """
    lego(tmp_path / "127.0.0.1_15000/me", "other")
    lego(tmp_path / host / "me", "mine")
    settings = AcmeSettings("http://127.0.0.1:14000/dir", account_dir=tmp_path)
    assert account(settings).key == "mine"


def test_a_folder_without_an_account(tmp_path: Path) -> None:
    """
    It says what would be one; links are not followed, and no depth is endless.
    """
    assert "no account of certbot or lego" in refusal(in_folder(tmp_path))
    certbot(tmp_path / "1/2/3/4/5")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert "no account of certbot or lego" in refusal(in_folder(tmp_path))
    assert "no such file" in refusal(in_folder(tmp_path / "none"))
    lego(tmp_path / "two", "a", "b")
    assert "holds 2 keys" in refusal(in_folder(tmp_path / "two"))
    lego(tmp_path / "none")
    assert "holds 0 keys" in refusal(in_folder(tmp_path / "none"))


def test_a_key_that_others_could_have_written(tmp_path: Path) -> None:
    """
    Is refused, wherever it lies.
    """
    folder = certbot(tmp_path / "account")
    (folder / "private_key.json").chmod(0o666)
    assert "everybody can write" in refusal(in_folder(folder))


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path) -> None:
    """
    Whoever has not installed dns01[acme] is told so: 78, and nothing else needs it.
    """
    (tmp_path / "acme.py").write_text("raise ModuleNotFoundError('none', name='acme')\n")
    (tmp_path / "key.pem").write_text(pem(P256))
    (tmp_path / "key.pem").chmod(0o600)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
        "ACME_DIRECTORY_URL": URL,
        "ACME_ACCOUNT_KEY_FILE": str(tmp_path / "key.pem"),
        **COVERAGE,
    }
    words = [str(DNS01), "plan", "--order", "acme", "a.example.com", "--json"]
    found = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 78, found.stderr
    [problem] = json.loads(found.stdout)["problems"]
    assert problem["message"].endswith("not installed: acme")
    assert "dns01[acme]" in problem["hint"]
