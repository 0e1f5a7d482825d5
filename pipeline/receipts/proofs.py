"""Write down what proves control of a name, and read it back by the same guard. Pure."""

from collections.abc import Mapping
from typing import Any

from pipeline.model import Challenge, Standing
from providers.names import domain_name

from .damage import member


def challenge_out(challenge: Challenge) -> dict[str, object]:
    """Return *challenge* as JSON values."""
    return {
        "name": challenge.name.to_text(),
        "value": challenge.value,
        "domain": challenge.domain,
        "valid": challenge.valid,
    }


def challenge_in(document: Mapping[str, Any]) -> Challenge:
    """Return the challenge that `challenge_out` wrote."""
    name, domain = domain_name(document["name"]), member(document, "domain", str)
    return Challenge(name, document["value"], domain, member(document, "valid", bool))


def standing_out(standing: Standing) -> dict[str, object]:
    """Return *standing* as JSON values."""
    return {
        "base": standing.base.to_text(),
        "issuers": list(standing.issuers),
        "account": standing.account,
        "wildcard": standing.is_wildcard,
        "domain": standing.domain,
        "valid": standing.valid,
    }


def standing_in(document: Mapping[str, Any]) -> Standing:
    """Return what `standing_out` wrote."""
    return Standing(
        domain_name(document["base"]),
        tuple(map(str, document["issuers"])),
        str(document["account"]),
        bool(document["wildcard"]),
        str(document["domain"]),
        bool(document["valid"]),
    )
