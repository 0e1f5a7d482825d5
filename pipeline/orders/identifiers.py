"""Read ACME's dns identifiers (RFC 8555 §9.7.7), and what proves control of one. Pure."""

import re
from base64 import urlsafe_b64encode
from hashlib import sha256

import dns.exception
import idna
from dns.name import Name

from pipeline.model import LEAF, Exit, Failed
from pipeline.names import KeyName
from pipeline.text import quoted

COMMA = re.compile(" ?, ?")
"""Between the names of a certificate; the vendor's pages sometimes print a space."""

KEY_AUTHORIZATION = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
"""Token and thumbprint (RFC 8555 §8.1)."""

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def bases(name: str) -> frozenset[Name]:
    """Return the names that certificate *name* covers, wildcards as their base.

    Raises:
        Failed: 65, if any part is not a domain name.
    """
    found = set()
    for part in COMMA.split(name):
        base = hostname(part.removeprefix("*."))
        if base is None:
            raise Failed(Exit.DATA, "order", f"{quoted(part)} is not a domain name")
        found.add(base)
    return frozenset(found)


def hostname(text: str) -> Name | None:
    """Return *text* as an absolute, canonical host name (RFC 1123 §2.1), or None.

    Names whose challenge record would exceed 255 octets are none.
    """
    labels = labels_of(text.removesuffix("."))
    if labels is None or labels[-1].isdigit():
        return None
    try:
        return leaf_of(Name((*labels, b""))).parent()
    except dns.exception.DNSException:
        return None


def labels_of(text: str) -> tuple[bytes, ...] | None:
    """Return the labels of *text*, internationalised ones as A-labels (UTS 46), or None.

    Characters that UTS 46 would drop without a word, such as zero-width spaces, are refused.
    """
    try:
        if not all(map(idna.uts46_remap, text)):
            return None
        ascii_text = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except UnicodeError:
        return None
    labels = ascii_text.lower().split(".")
    return tuple(map(str.encode, labels)) if all(map(LABEL.fullmatch, labels)) else None


def leaf_of(base: Name) -> Name:
    """Return the challenge record's name for *base* (RFC 8555 §8.4)."""
    return KeyName((LEAF, *base.labels))


def digest(key_authorization: str) -> str:
    """Return the TXT value for *key_authorization* (RFC 8555 §8.4).

    Raises:
        ValueError: It is none.
    """
    if not KEY_AUTHORIZATION.fullmatch(key_authorization):
        raise ValueError("not token.thumbprint, both of base64url")
    return urlsafe_b64encode(sha256(key_authorization.encode()).digest()).rstrip(b"=").decode()
