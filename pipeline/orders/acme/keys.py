"""Read an ACME account's private key, and tell how it signs (RFC 8555 §6.2)."""

from dataclasses import dataclass, field

from josepy.b64 import b64encode
from josepy.errors import Error
from josepy.jwa import ES256, ES384, ES512, RS256, JWASignature
from josepy.jwk import JWK

from pipeline.model import Exit, Failed

OF_CURVE = {"P-256": ES256, "P-384": ES384, "P-521": ES512}
"""The one algorithm of each curve (RFC 7518 §3.4)."""


@dataclass(frozen=True, slots=True)
class Key:
    """A private key and the algorithm that it signs by."""

    jwk: JWK = field(repr=False)
    algorithm: JWASignature

    @property
    def thumbprint(self) -> str:
        """The digest of its public part (RFC 7638), base64url."""
        return b64encode(self.jwk.thumbprint()).decode()


def read_key(text: str) -> Key:
    """Return the key in *text*: PEM without a password, or a JWK.

    Raises:
        Failed: 78, if it is none, is public, or cannot sign here. Nothing of it is quoted.
    """
    try:
        is_jwk = text.lstrip().startswith("{")
        found = JWK.json_loads(text) if is_jwk else JWK.load(text.encode())
        fields = found.to_json()
    except (Error, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise unreadable() from error
    match fields:
        case {"kty": "RSA", "d": _}:
            return Key(found, RS256)
        case {"kty": "EC", "d": _, "crv": curve} if curve in OF_CURVE:
            return Key(found, OF_CURVE[curve])
        case {"kty": "RSA" | "EC"}:
            raise unusable("is public; the private key signs")
        case _:
            raise unreadable()


def unreadable() -> Failed:
    """Return the failure of a text that is no key."""
    return unusable("is no private key, RSA or EC, in PEM without a password or as a JWK")


def unusable(why: str) -> Failed:
    """Return the failure of a key that cannot be used."""
    return Failed(
        Exit.CONFIG,
        "configuration",
        f"the ACME account's key {why}",
        "compare what ACME_ACCOUNT_KEY, ACME_ACCOUNT_KEY_FILE or ACME_ACCOUNT_DIR lead to",
    )
