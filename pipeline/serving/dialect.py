"""What clients ask for: lego's httpreq in both modes, and acme.sh's acmeproxy. Pure.

Default mode, and acmeproxy:   {"fqdn": "_acme-challenge.example.com.", "value": "..."}
RAW mode:                      {"domain": "example.com", "token": "...", "keyAuth": "..."}

acme.sh looks for the value, in quotes, in what it is answered, and not at the status;
so a request that is granted is echoed, and one that is not must not be.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from dns.name import Name

from pipeline.model import LEAF, VALUE, Challenge
from pipeline.orders.identifiers import digest, hostname, leaf_of
from pipeline.text import quoted

LIMIT = 8192
"""Octets of a request's body; a true one has three hundred."""


class Refused(Exception):
    """A request is not served: the HTTP status, a reason, the next step or empty.

    Attributes:
        told: The reason as the log has it.
    """

    def __init__(self, status: int, message: str, hint: str = "", told: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.hint = hint
        self.told = told or message


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be published, or removed; `echo` is what the client sent of it."""

    challenge: Challenge
    echo: Mapping[str, str]


def read_request(body: bytes) -> Request:
    """Return what *body* asks for.

    Raises:
        Refused: 400, with the reason.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "the body is not JSON") from error
    if not isinstance(document, dict):
        raise Refused(400, "the body is not a JSON object")
    if "fqdn" in document:
        fqdn, value = field(document, "fqdn"), field(document, "value")
        return Request(challenge(base_of(fqdn), value), echo(document, "fqdn", "value"))
    if "keyAuth" in document:
        domain, proof = field(document, "domain"), field(document, "keyAuth")
        try:
            value = digest(proof)
        except ValueError as error:
            raise Refused(400, f"keyAuth is {error}") from error
        named = challenge(base(domain.removeprefix("*."), "domain"), value)
        return Request(named, echo(document, "domain", "token", "keyAuth"))
    raise Refused(
        400,
        "the body has neither fqdn and value, nor domain and keyAuth",
        "lego's httpreq sends them, and acme.sh's acmeproxy",
    )


def field(document: Mapping[str, object], key: str) -> str:
    """Return the text of *key* in *document*."""
    match document.get(key):
        case str(found) if found:
            return found
        case _:
            raise Refused(400, f"the body has no text called {key}")


def echo(document: Mapping[str, object], *keys: str) -> Mapping[str, str]:
    """Return the texts that *document* has at *keys*."""
    found = {key: document.get(key) for key in keys}
    return {key: text for key, text in found.items() if isinstance(text, str)}


def base_of(fqdn: str) -> Name:
    """Return the name that the challenge record *fqdn* is for."""
    leaf, _, rest = fqdn.partition(".")
    if leaf.lower().encode(errors="replace") != LEAF:
        raise Refused(
            400,
            f"fqdn {quoted(fqdn)} does not begin with {LEAF.decode()}: nothing else is written",
            "if the client has followed a CNAME, have it leave that to dns01: "
            "LEGO_DISABLE_CNAME_SUPPORT=true, or no --challenge-alias",
        )
    return base(rest, "fqdn")


def base(text: str, key: str) -> Name:
    """Return the host name in *text*, found at *key*."""
    found = hostname(text)
    if found is None:
        raise Refused(400, f"{key} {quoted(text)} is not a domain name")
    return found


def challenge(host: Name, value: str) -> Challenge:
    """Return the challenge for *host*."""
    if not VALUE.fullmatch(value):
        raise Refused(400, "value is not 1 to 255 characters of base64url")
    return Challenge(leaf_of(host), value, host.to_text(omit_final_dot=True))
