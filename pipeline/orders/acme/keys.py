"""Read an ACME account's private key, and tell how it signs (RFC 8555 §6.2)."""

from dataclasses import dataclass, field

from josepy.b64 import b64encode
from josepy.errors import Error
from josepy.jwa import ES256, ES384, ES512, RS256, JWASignature
from josepy.jwk import JWK

from pipeline.model import Exit, Failed

OF_CURVE = {"P-256": ES256, "P-384": ES384, "P-521": ES512}
"""The one algorithm of each curve (RFC 7518 §3.4)."""

UNREADABLE = "is no private key, RSA or EC, in PEM or as a JWK"
SHORTEST = 2048
"""Bits of an RSA key (RFC 7518 §3.3)."""


@dataclass(frozen=True, slots=True)
class Key:
    """A private key and the algorithm that it signs by."""

    jwk: JWK = field(repr=False)
    algorithm: JWASignature

    @property
    def thumbprint(self) -> str:
        """The digest of its public part (RFC 7638), base64url."""
        return b64encode(self.jwk.thumbprint()).decode()


def read_key(text: str, origin: str) -> Key:
    """Return the key in *text*, which comes from *origin*: PEM without a password, or a JWK.

    Raises:
        Failed: 78, if it is none, is public, or cannot sign here. Nothing of it is quoted.
    """
    try:
        return readable_key(text)
    except (Error, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        why = str(error) if type(error) is Unusable else UNREADABLE
        message = f"the ACME account's key {why}"
        raise Failed(Exit.CONFIG, "configuration", message, f"it is from {origin}") from error


class Unusable(ValueError):
    """Why a key cannot sign here."""


def readable_key(text: str) -> Key:
    """Return the key in *text*.

    Raises:
        Unusable: With the reason.
        Exception: Of many kinds; their words may quote the text.
    """
    if "BEGIN ENCRYPTED" in text or "4,ENCRYPTED" in text:  # RFC 7468 §11, RFC 1421 §4.6.1.1
        raise Unusable("has a password, which nobody is there to type")
    is_jwk = text.lstrip().startswith("{")
    found = JWK.json_loads(text) if is_jwk else JWK.load(text.encode())
    match found.to_json():
        case {"kty": "RSA", "d": _}:
            if (bits := found.key.key_size) < SHORTEST:
                raise Unusable(f"is RSA of {bits} bits; less than {SHORTEST} do not sign")
            return Key(found, RS256)
        case {"kty": "EC", "d": _, "crv": curve} if curve in OF_CURVE:
            return Key(found, OF_CURVE[curve])
        case {"kty": "RSA" | "EC"}:
            raise Unusable("is public; the private key signs")
        case _:
            raise Unusable(UNREADABLE)
