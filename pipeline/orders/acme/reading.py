"""Turn what a CA says of an order into what has to be in DNS (RFC 8555 §7.1). Pure.

A CA could be mistaken, or hostile: only names that were ordered get a value, and each of them is
to be validated.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from acme import messages
from dns.name import Name

from pipeline.configuration.settings import CHALLENGES
from pipeline.model import Challenge, Exit, Failed, Order, Standing
from pipeline.orders.identifiers import hostname
from pipeline.text import printable, quoted

from .challenges import Account, kind, need, refused
from .words import words

NEW_ORDER = "make a new order; its values will differ"

EXPIRED = messages.Status("expired")
"""What the acme package leaves out (RFC 8555 §7.1.6)."""

PAST_VALIDATION = {"ready", "processing", "valid"}

ORDER_URL = re.compile("https?://[!-~]+", re.ASCII)
"""What can be one of several with blanks between them, as DNS01_ORDER_URI has it."""

LONGEST_URL = 500
"""Characters of an order's URL that receipts keep."""


def header(name: str, url: str, body: messages.Order) -> Order:
    """Return the order at *url* without its challenges; it is named by *name*, else by itself.

    Raises:
        Failed: 65, if the CA has given it up, it holds what is no domain name, or its URL
            could not be kept and shown as it is.
    """
    status = str(body.status.name)
    listed = names_of(body)
    if status == "invalid":
        why = f": {words(body.error)}" if body.error else ""
        raise refused(f'the order\'s status is "invalid"{why}', NEW_ORDER)
    if status not in {"pending", *PAST_VALIDATION}:
        raise refused(f"the order's status {quoted(status)} is none of RFC 8555 §7.1.6")
    if not ORDER_URL.fullmatch(url) or printable(url, LONGEST_URL) != url:
        raise refused(f"the order's URL cannot be kept as it is: {quoted(url, 120)}")
    name = name or ",".join(listed)
    return Order(name, "acme", url, status, expires=body.expires)


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
    authorizations: Sequence[messages.Authorization],
    ordered: Sequence[str],
    account: Account,
    preferred: Sequence[str] = CHALLENGES,
) -> tuple[tuple[Challenge, ...], tuple[Standing, ...], tuple[datetime, ...]]:
    """Return what DNS has to show for *authorizations*, and until when the CA waits for it.

    Those that are valid already need nothing. Of several challenges the first *preferred* counts.

    Raises:
        Failed: 65, if they are not of the names *ordered*, or one cannot be met by DNS.
    """
    challenges, standing, ends = list[Challenge](), list[Standing](), list[datetime]()
    for each in of_the_order(authorizations, ordered):
        base, domain = named(each)
        match need(chosen(each, domain, preferred), base, domain, account):
            case Challenge() as challenge:
                challenges.append(challenge)
            case lasting:
                standing.append(lasting)
        ends += [each.expires] if each.expires else []
    return tuple(challenges), tuple(standing), tuple(ends)


def of_the_order(
    authorizations: Sequence[messages.Authorization], ordered: Sequence[str]
) -> list[messages.Authorization]:
    """Return those of *authorizations* that are not valid yet.

    Raises:
        Failed: 65, if they are not of the names *ordered*: of each, and of no other.
    """
    domains = [named(each)[1] for each in authorizations]
    for domain in domains:
        if domain not in ordered:
            raise refused(f"the CA wants {quoted(domain)} validated, which is not in the order")
    if missing := [each for each in ordered if each not in domains]:
        raise refused(f"the CA has no authorization for {missing[0]}, which is in the order")
    return [each for each in authorizations if each.status != messages.STATUS_VALID]


def named(authorization: messages.Authorization) -> tuple[Name, str]:
    """Return the name that *authorization* is for, and how orders spell it.

    Raises:
        Failed: 65, if it is for something else than a domain name.
    """
    identifier = authorization.identifier
    base = hostname(str(identifier.value)) if identifier.typ == messages.IDENTIFIER_FQDN else None
    if base is None:
        what = f"{quoted(identifier.value)} validated, which is not in the order"
        raise refused(f"the CA wants {what}")
    return base, spelt(base, is_wildcard=bool(authorization.wildcard))


def chosen(
    authorization: messages.Authorization, domain: str, preferred: Sequence[str]
) -> messages.ChallengeBody:
    """Return the challenge of *authorization*, which is for *domain*, that is to be met.

    Raises:
        Failed: 65, if the CA has given it up, or offers none that is *preferred*.
    """
    offered = {kind(each): each for each in undecided(authorization, domain)}
    for each in preferred:
        if each in offered:
            return offered[each]
    listed = ", ".join(printable(each, 40) for each in offered) or "nothing"
    hint = f"ACME_CHALLENGE allows {', '.join(preferred)}" if {*CHALLENGES} - {*preferred} else ""
    raise refused(f"the CA offers no DNS challenge for {domain}, but {listed}", hint)


def published(
    authorization: messages.Authorization, order: Order, account: Account
) -> messages.ChallengeBody:
    """Return the challenge of *authorization* that *order* has what DNS shows for.

    Raises:
        Failed: 65, if the CA has given it up, or asks for something else by now.
    """
    base, domain = named(authorization)
    shown = {bare(each) for each in order.challenges} | {bare(each) for each in order.standing}
    for each in undecided(authorization, domain):
        if kind(each) in CHALLENGES and bare(need(each, base, domain, account)) in shown:
            return each
    raise refused(
        f"the CA has changed what it wants to see for {domain} since it was published", NEW_ORDER
    )


def bare(shown: Challenge | Standing) -> Challenge | Standing:
    """Return *shown* without what DNS does not show."""
    match shown:
        case Challenge():
            return Challenge(shown.name, shown.value)
        case _:
            return replace(shown, domain="", valid=False)


def undecided(
    authorization: messages.Authorization, domain: str
) -> Sequence[messages.ChallengeBody]:
    """Return the challenges of *authorization*, which is for *domain* and still pending.

    Raises:
        Failed: 65, if the CA has given it up.
    """
    if authorization.status != messages.STATUS_PENDING:
        raise given_up(authorization, domain)
    return authorization.challenges or ()


def given_up(authorization: messages.Authorization, domain: str) -> Failed:
    """Return why *authorization*, for *domain*, will not become valid, in the CA's own words."""
    said = [words(each.error) for each in authorization.challenges or () if each.error]
    why = "; ".join(said) or f'its authorization is "{authorization.status.name}"'
    return Failed(Exit.DATA, "validation", f"the CA has not validated {domain}: {why}", NEW_ORDER)
