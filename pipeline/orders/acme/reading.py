"""Turn what a CA says of an order into what has to be in DNS (RFC 8555 §7.1, §8.4). Pure.

A CA could be mistaken, or hostile: only names that were ordered get a value.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import josepy
from acme import messages
from acme.challenges import DNS01, UnrecognizedChallenge
from dns.name import Name

from pipeline.model import LEAF, Challenge, Exit, Failed, Order, Standing
from pipeline.orders.identifiers import hostname
from pipeline.text import printable, quoted

from .keys import Key
from .words import words

NEW_ORDER = "make a new order; its values will differ"

EXPIRED = messages.Status("expired")
"""What the acme package leaves out (RFC 8555 §7.1.6)."""

PREFERRED = ("dns-01", "dns-account-01", "dns-persist-01")
"""The kinds of challenge that are served, the first that is offered."""

PAST_VALIDATION = {"ready", "processing", "valid"}


@dataclass(frozen=True, slots=True)
class Member:
    """The account that orders are made by, and the CA's names in CAA records."""

    url: str
    key: Key
    issuers: tuple[str, ...] = ()

    @property
    def label(self) -> bytes:
        """The account's label (draft-ietf-acme-dns-account-label §3.1)."""
        digest = hashlib.sha256(self.url.encode()).digest()
        return b"_" + base64.b32encode(digest[:10]).lower()


def header(name: str, url: str, body: messages.Order) -> Order:
    """Return the order at *url* without its challenges; it is named by *name*, else by itself.

    Raises:
        Failed: 65, if the CA has given it up, or it holds what is no domain name.
    """
    status = str(body.status.name)
    listed = names_of(body)
    if status == "invalid":
        why = f": {words(body.error)}" if body.error else ""
        raise refused(f'the order\'s status is "invalid"{why}', NEW_ORDER)
    if status not in {"pending", *PAST_VALIDATION}:
        raise refused(f"the order's status {quoted(status)} is none of RFC 8555 §7.1.6")
    name = name or ",".join(listed)
    return Order(name, "acme", printable(url, 500), status, expires=body.expires)


def names_of(body: messages.Order) -> tuple[str, ...]:
    """Return the names that the order is for, in lower case, wildcards with their ``*.``."""
    found = []
    for each in body.identifiers or ():
        name = hostname(str(each.value).removeprefix("*."))
        if each.typ != messages.IDENTIFIER_FQDN or name is None:
            raise refused(f"the order is for {quoted(each.value)}, which no DNS record can prove")
        found.append(spelt(name, is_wildcard=str(each.value).startswith("*.")))
    if not found:
        raise refused("the order is for no name")
    return tuple(found)


def spelt(base: Name, *, is_wildcard: bool) -> str:
    """Return the identifier of *base* as orders spell it."""
    return ("*." if is_wildcard else "") + base.to_text(omit_final_dot=True)


def pending(
    authorizations: Sequence[messages.Authorization], ordered: Sequence[str], member: Member
) -> tuple[tuple[Challenge, ...], tuple[Standing, ...], tuple[datetime, ...]]:
    """Return what DNS has to show for *authorizations*, and until when the CA waits for it.

    Those that are valid already need nothing.

    Raises:
        Failed: 65, if one is not of a name *ordered*, or cannot be met by DNS.
    """
    challenges, standing, ends = list[Challenge](), list[Standing](), list[datetime]()
    for each in authorizations:
        if each.status == messages.STATUS_VALID:
            continue
        match wanted(each, ordered, member):
            case Challenge() as challenge:
                challenges.append(challenge)
            case lasting:
                standing.append(lasting)
        ends += [each.expires] if each.expires else []
    return tuple(challenges), tuple(standing), tuple(ends)


def wanted(
    authorization: messages.Authorization, ordered: Sequence[str], member: Member
) -> Challenge | Standing:
    """Return what DNS has to show for *authorization*."""
    base = hostname(str(authorization.identifier.value))
    domain = spelt(base, is_wildcard=bool(authorization.wildcard)) if base else ""
    if base is None or domain not in ordered:
        raise refused(
            f"the CA wants {quoted(authorization.identifier.value)} validated, "
            "which is not in the order"
        )
    offer = chosen(authorization, domain)
    try:
        match kind(offer):
            case "dns-01":
                return Challenge(Name((LEAF, *base.labels)), value(offer, member), domain)
            case "dns-account-01":
                name = Name((member.label, LEAF, *base.labels))
                return Challenge(name, value(offer, member), domain)
            case _:
                issuers = issuers_in(offer) or member.issuers
                return Standing(base, issuers, member.url, bool(authorization.wildcard), domain)
    except (josepy.errors.Error, KeyError, TypeError, ValueError) as error:
        raise refused(f"the CA's {kind(offer)} challenge for {domain} cannot be read") from error


def chosen(authorization: messages.Authorization, domain: str) -> messages.ChallengeBody:
    """Return the challenge of *authorization*, which is for *domain*, that is to be met.

    Raises:
        Failed: 65, if the CA has given it up, or offers none that DNS can meet.
    """
    if authorization.status != messages.STATUS_PENDING:
        raise given_up(authorization, domain)
    offered = {kind(each): each for each in authorization.challenges or ()}
    for each in PREFERRED:
        if each in offered:
            return offered[each]
    listed = ", ".join(printable(each, 40) for each in offered) or "nothing"
    raise refused(f"the CA offers no DNS challenge for {domain}, but {listed}")


def given_up(authorization: messages.Authorization, domain: str) -> Failed:
    """Return why *authorization*, for *domain*, will not become valid, in the CA's own words."""
    said = [words(each.error) for each in authorization.challenges or () if each.error]
    why = "; ".join(said) or f'its authorization is "{authorization.status.name}"'
    return Failed(Exit.DATA, "validation", f"the CA has not validated {domain}: {why}", NEW_ORDER)


def kind(offer: messages.ChallengeBody) -> str:
    """Return the type of the challenge *offer*."""
    match offer.chall:
        case UnrecognizedChallenge(jobj=fields):
            return str(fields.get("type"))
        case known:
            return str(known.typ)


def value(offer: messages.ChallengeBody, member: Member) -> str:
    """Return the digest of the key authorization (RFC 8555 §8.1, §8.4)."""
    match offer.chall:
        case UnrecognizedChallenge(jobj=fields):
            token = DNS01.from_json({"type": DNS01.typ, "token": fields["token"]})
        case known:
            token = known
    return str(token.validation(member.key.jwk))


def issuers_in(offer: messages.ChallengeBody) -> tuple[str, ...]:
    """Return the CA's names in *offer*, as either draft of dns-persist-01 spells them."""
    fields = offer.chall.to_partial_json()
    listed = fields.get("issuerDomainNames") or fields.get("issuer-domain-names") or ()
    return tuple(each for each in listed if isinstance(each, str) and hostname(each))


def refused(message: str, hint: str = "") -> Failed:
    """Return the failure that ends an order for its content."""
    return Failed(Exit.DATA, "order", message, hint)
