"""Read the ACME account: where its CA is, its key, and what else that CA wants to know."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

from pipeline.text import counted, printable, quoted

from .environment import Environment
from .settings import CHALLENGES, AcmeSettings
from .values import is_local, wrong

CERTBOT, LEGO = "private_key.json", "account.json"
"""The file in an account's folder that tells whose it is."""

HMAC_KEY = re.compile("[A-Za-z0-9_-]+=*", re.ASCII)

DEPTH = 4
"""Folders between a client's folder of accounts and an account: host, path, and a name."""

MOST = 1000
"""Entries of a folder that are looked at."""


@dataclass(frozen=True, slots=True)
class ExternalAccount:
    """An account at the CA's portal that the ACME account is bound to (RFC 8555 §7.3.4)."""

    kid: str
    hmac_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AcmeAccount:
    """Where orders are made and as whom.

    Attributes:
        directory: URL of the CA's directory (RFC 8555 §7.1.1).
        key: The account's private key, in PEM or as a JWK.
        is_local: Whether the directory is on this host.
        contact: URLs for a new account.
        external: What a new account is bound to; None: nothing.
        accepts_terms: Whether the user lets an account be made.
        trust: PEM file of the CAs behind the directory's https; empty: the usual ones.
        challenges: The kinds of challenge that are met; of several, the first.
        key_origin: Where the key is from, for people.
    """

    directory: str
    key: str = field(repr=False)
    is_local: bool
    contact: tuple[str, ...] = ()
    external: ExternalAccount | None = None
    accepts_terms: bool = False
    trust: str = ""
    challenges: tuple[str, ...] = CHALLENGES
    key_origin: str = "ACME_ACCOUNT_KEY"


def acme_account(chosen: AcmeSettings, environment: Environment) -> AcmeAccount:
    """Return the account that *chosen* and the secrets in *environment* describe.

    Raises:
        Failed: 78, if something is missing, or the directory would be asked in clear.
    """
    directory = chosen.directory_url
    if not directory:
        raise wrong(
            "ACME_DIRECTORY_URL not set: no CA can be asked for an order",
            "it is the CA's directory, such as https://acme-v02.api.letsencrypt.org/directory",
        )
    local = is_local("ACME_DIRECTORY_URL", directory)
    key, origin = account_key(chosen, environment)
    return AcmeAccount(
        directory,
        key,
        local,
        tuple(each if ":" in each else f"mailto:{each}" for each in chosen.contact),
        external(chosen, environment),
        chosen.accept_tos,
        environment.get("SSL_CERT_FILE") or "",
        chosen.challenge,
        origin,
    )


def account_key(chosen: AcmeSettings, environment: Environment) -> tuple[str, str]:
    """Return the text of the account's key, and where it is from, wherever that is."""
    variable = "ACME_ACCOUNT_KEY"
    named = environment.has(variable)
    if named and environment.get("ACME_ACCOUNT_DIR"):
        raise wrong("ACME_ACCOUNT_KEY and ACME_ACCOUNT_DIR exclude each other")
    if given := environment.secret(variable):
        file = "" if environment.get(variable) else environment.get(f"{variable}_FILE")
        return given, f"{variable}_FILE, {quoted(file, 200)}" if file else variable
    if named or chosen.account_dir is None:
        path, key = chosen.account_key_file, "account_key_file"
    else:
        path = key_file(account_folder(chosen.account_dir, chosen.directory_url))
        key = "account_dir"
    return in_file(path, key, environment) or no_key(), f"acme.{key}, {quoted(path, 200)}"


def no_key() -> NoReturn:
    """Say that there is no key."""
    raise wrong(
        "ACME_ACCOUNT_KEY not set: no order can be signed",
        "put the key into a file and name that in ACME_ACCOUNT_KEY_FILE; "
        "or name the folder of a certbot or lego account in ACME_ACCOUNT_DIR",
    )


def external(chosen: AcmeSettings, environment: Environment) -> ExternalAccount | None:
    """Return the external account, if there is one, whole."""
    hmac_key = environment.secret("ACME_EAB_HMAC_KEY") or in_file(
        chosen.eab_hmac_key_file, "eab_hmac_key_file", environment
    )
    if not hmac_key and not chosen.eab_kid:
        return None
    if not hmac_key or not chosen.eab_kid:
        missing = "ACME_EAB_KID" if hmac_key else "ACME_EAB_HMAC_KEY"
        raise wrong(f"{missing} not set: the CA gives both for an external account")
    hint = "it is base64url, in one line, as the CA shows it"
    if not HMAC_KEY.fullmatch(hmac_key):
        raise wrong("ACME_EAB_HMAC_KEY holds a character that no such key has", hint)
    if len(hmac_key.rstrip("=")) % 4 == 1:
        raise wrong("ACME_EAB_HMAC_KEY lacks a part: no such key has this length", hint)
    return ExternalAccount(chosen.eab_kid, hmac_key)


def in_file(path: Path | None, key: str, environment: Environment) -> str:
    """Return the secret in the file at *path*, which *key* of the configuration file names."""
    if path is None:
        return ""
    found = environment.files.read(str(path), f"acme.{key}")
    environment.secrets.add(found)
    return found


def account_folder(given: Path, directory: str) -> Path:
    """Return the one account's folder that is *given*, or below it for the CA at *directory*.

    Raises:
        Failed: 78, if there is none, or several.
    """
    try:
        found = sorted(folders(given))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise wrong(f"ACME_ACCOUNT_DIR {quoted(given)}: {why}") from error
    if found == [given]:  # whatever it is called
        return given
    if not found:
        hint = f"an account's folder has {CERTBOT} (certbot), or {LEGO} and keys/ (lego)"
        for begun in folders(given, ("keys",)):
            hint = (
                f"{quoted(begun, 200)} has keys/ and no {LEGO}: lego has not registered it; "
                "the key in there may be named in ACME_ACCOUNT_KEY_FILE"
            )
        raise wrong(
            f"ACME_ACCOUNT_DIR {quoted(given)}: no account of certbot or lego is there", hint
        )
    hosts = host_folders(directory)
    fitting = [each for each in found if not hosts.isdisjoint(each.absolute().parts)]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(printable(str(each)) for each in (fitting or found)[:8])
    count = counted(len(fitting), "account") if fitting else "no account"
    raise wrong(
        f"ACME_ACCOUNT_DIR {quoted(given)} has {count} for {min(hosts)}; there are {listed}",
        "name one of these folders",
    )


def host_folders(directory: str) -> frozenset[str]:
    """Return what certbot and lego call the folder of the CA at *directory*: by its host."""
    parts = urlsplit(directory)
    host, port = parts.hostname or "", parts.port
    return frozenset({host, f"{host}:{port}", f"{host}_{port}"} if port else {host})


def folders(
    given: Path, marks: Sequence[str] = (CERTBOT, LEGO), depth: int = DEPTH
) -> Sequence[Path]:
    """Return the folders at and below *given*, *depth* levels down, that have any of *marks*."""
    entries = {each.name: each for each, _ in zip(given.iterdir(), range(MOST), strict=False)}
    if not entries.keys().isdisjoint(marks):
        return [given]
    if not depth:
        return []
    below = [each for each in entries.values() if each.is_dir() and not each.is_symlink()]
    return [folder for each in below for folder in folders(each, marks, depth - 1)]


def key_file(folder: Path) -> Path:
    """Return the file with the key of the account in *folder*."""
    if (folder / CERTBOT).exists():
        return folder / CERTBOT
    try:
        match [*(folder / "keys").glob("*.key")]:
            case [only]:
                return only
            case keys:
                raise wrong(f"{quoted(folder / 'keys')} holds {len(keys)} keys, not one")
    except OSError as error:
        raise wrong(f"cannot read {quoted(folder / 'keys')}: {error.strerror}") from error
