"""Read the challenges of an authorization, and what each wants to see in DNS. Pure.

What a CA sends stays as it is: a token is hashed as sent, not as some library would spell it.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from acme import messages
from acme.challenges import UnrecognizedChallenge
from dns.exception import DNSException
from dns.name import Name

from pipeline.model import LEAF, Challenge, Exit, Failed, Standing
from pipeline.orders.identifiers import digest, hostname, leaf_of

from .keys import Key

TOKEN = re.compile("[A-Za-z0-9_-]{22,}", re.ASCII)
"""Base64url of 128 bits or more, without padding (RFC 8555 §8.3)."""


@dataclass(frozen=True, slots=True)
class Account:
    """The account that orders are made by, and the CA's names in CAA records."""

    url: str
    key: Key
    issuers: tuple[str, ...] = ()

    @property
    def label(self) -> bytes:
        """The account's label (draft-ietf-acme-dns-account-label §3.1)."""
        digested = hashlib.sha256(self.url.encode()).digest()
        return b"_" + base64.b32encode(digested[:10]).lower()


def as_sent(fields: Mapping[str, Any]) -> messages.ChallengeBody:
    """Return the challenge that the CA describes by *fields*, which it keeps."""
    known = {name: fields[name] for name in ("url", "status", "error") if name in fields}
    found = messages.ChallengeBody.from_json({"type": "", **known})
    whole: messages.ChallengeBody = found.update(chall=UnrecognizedChallenge(fields))
    return whole


def kind(challenge: messages.ChallengeBody) -> str:
    """Return the type of *challenge*."""
    return str(challenge.chall.to_partial_json().get("type"))


def need(
    challenge: messages.ChallengeBody, base: Name, domain: str, account: Account
) -> Challenge | Standing:
    """Return what DNS has to show for *challenge*, which is for *base*, in the order as *domain*.

    Raises:
        Failed: 65, if that cannot be told.
    """
    which = kind(challenge)
    try:
        match which:
            case "dns-01":
                return Challenge(leaf_of(base), value(challenge, account), domain)
            case "dns-account-01":
                name = Name((account.label, LEAF, *base.labels))
                return Challenge(name, value(challenge, account), domain)
            case _:
                issuers = issuers_in(challenge) or account.issuers
                return Standing(base, issuers, account.url, domain.startswith("*."), domain)
    except DNSException as error:
        raise refused(f"{domain} is too long a name for a {which} challenge") from error
    except (LookupError, TypeError, ValueError) as error:
        raise refused(f"the CA's {which} challenge for {domain} cannot be read") from error


def value(challenge: messages.ChallengeBody, account: Account) -> str:
    """Return the digest of the key authorization (RFC 8555 §8.1, §8.4)."""
    token = challenge.chall.to_partial_json()["token"]
    if not TOKEN.fullmatch(token):
        raise ValueError("no token of RFC 8555")
    return digest(f"{token}.{account.key.thumbprint}")


def issuers_in(challenge: messages.ChallengeBody) -> tuple[str, ...]:
    """Return the CA's names in *challenge*, as either draft of dns-persist-01 spells them."""
    fields = challenge.chall.to_partial_json()
    listed = fields.get("issuerDomainNames") or fields.get("issuer-domain-names") or ()
    return tuple(each for each in listed if isinstance(each, str) and hostname(each))


def refused(message: str, hint: str = "") -> Failed:
    """Return the failure that ends an order for its content."""
    return Failed(Exit.DATA, "order", message, hint)
