"""Turn an untrusted order document into an Order, or say why not. Pure.

The document is the RCL SSL Core API's Order model (V7): ``status``,
``validationTokens``, ``orderUri``. Its ``tokenName`` is relative to a root
domain that the order does not carry, so the record name is worked out from
``domain`` and the two must agree:

    record = _acme-challenge.<domain without "*.">
    tokenName is a label-aligned prefix of record, or, read relative to
    domain, gives the record of another name that the certificate covers.

Whatever fits neither is refused, with the whole order: the source may be
wrong or hostile, and a TXT record in the wrong place helps a stranger.
"""

import json
import re
from collections.abc import Mapping

import dns.exception
import dns.name
import idna
from dns.name import Name

from .model import DIGEST_LENGTH, VALUE, Challenge, Exit, Failed, Order, Problem
from .text import printable, quoted

LIMIT = 1 << 20
"""Largest document taken, in octets."""

PAST_VALIDATION = {"ready", "valid", "processing"}
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
ONE_LEAF = dns.name.from_text("_acme-challenge", origin=None)


def read_order(body: bytes, name: str, source: str) -> Order:
    """Return the order in *body*.

    Args:
        body: JSON text.
        name: The certificate's name, comma-joined if it covers several; the
            domains of the order must be among them. Empty: any domain.
        source: The order source, for the Order.

    Raises:
        Failed: 65, naming the token's index, the field and the offending text.
    """
    document = parse(body)
    status = text_field(document, "status").lower()
    tokens = document.get("validationTokens") or []
    if not isinstance(tokens, list) or not all(isinstance(token, dict) for token in tokens):
        raise refused('"validationTokens" is not a list of objects')
    covered = bases(name) if name else None
    uri = document.get("orderUri")
    order = Order(name, source, printable(uri, 500) if isinstance(uri, str) else "", status)
    if status in PAST_VALIDATION:
        return order
    if status == "invalid":
        raise refused(
            'the order\'s status is "invalid": the CA has given it up',
            "run again for a new order; its values will differ",
        )
    if status != "pending":
        raise refused(f"the order's status {quoted(status)} is none of RFC 8555 §7.1.6")
    return with_challenges(order, tokens, covered)


def parse(body: bytes) -> Mapping[str, object]:
    """Return the JSON object in *body*."""
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        start = printable(body[:200].decode("utf-8", "replace"), 80)
        raise refused(f'the answer is not JSON; it begins "{start}"') from error
    if not isinstance(document, dict):
        raise refused("the answer is JSON, but not an object")
    return document


def with_challenges(
    order: Order, tokens: list[Mapping[str, object]], covered: frozenset[Name] | None
) -> Order:
    """Return pending *order* with the challenges of its *tokens*."""
    if covered is None:
        covered = frozenset[Name]().union(
            *(domain_bases(token, index) for index, token in enumerate(tokens, 1))
        )
    challenges: dict[tuple[Name, str], Challenge] = {}
    remarks: list[Problem] = []
    for index, token in enumerate(tokens, 1):
        kind = text_field(token, "challengeType", index).lower()
        if kind == "http":
            remarks.append(http_remark(token, index))
        elif kind == "dns":
            challenge = read_token(token, index, covered)
            challenges.setdefault((challenge.name, challenge.value), challenge)
        else:
            raise token_refused(index, "challengeType", kind, "is neither DNS nor HTTP")
    if not challenges:
        raise nothing_to_publish(bool(remarks))
    name = order.name or ",".join(dict.fromkeys(c.domain for c in challenges.values()))
    remarks += [odd_length(c) for c in challenges.values() if len(c.value) != DIGEST_LENGTH]
    return Order(
        name,
        order.source,
        order.uri,
        order.status,
        tuple(challenges.values()),
        tuple(remarks),
    )


def read_token(token: Mapping[str, object], index: int, covered: frozenset[Name]) -> Challenge:
    """Return the challenge of DNS *token*, the *index*-th of its order."""
    domain = text_field(token, "domain", index)
    named = domain_bases(token, index)
    if not named <= covered:
        raise token_refused(index, "domain", domain, "is not in the certificate name asked for")
    if len(named) != 1:
        raise token_refused(index, "domain", domain, "stands for more than one record name")
    [base] = named
    value = text_field(token, "tokenValue", index)
    if not VALUE.fullmatch(value):
        raise token_refused(index, "tokenValue", value, "is not 1 to 255 characters of base64url")
    name = record_name(text_field(token, "tokenName", index), base, covered, index)
    return Challenge(name, value, printable(domain, 253), token.get("status") == "valid")


def record_name(token_name: str, base: Name, covered: frozenset[Name], index: int) -> Name:
    """Return the absolute name of the TXT record (module docstring)."""
    leaf, _, rest = token_name.lower().removesuffix(".").partition(".")
    given = labels_of(rest) if rest else ()
    if leaf != "_acme-challenge" or given is None:
        raise token_refused(
            index, "tokenName", token_name, "is no domain name that begins with _acme-challenge"
        )
    if base.labels[: len(given)] == given:
        return leaf_of(base)
    for other in covered:
        if other.labels == given + base.labels:
            return leaf_of(other)
    raise token_refused(
        index, "tokenName", token_name, f"fits no name of this certificate at or below {base}"
    )


def leaf_of(base: Name) -> Name:
    """Return the challenge record's name for *base* (RFC 8555 §8.4)."""
    return ONE_LEAF.concatenate(base)


def domain_bases(token: Mapping[str, object], index: int) -> frozenset[Name]:
    """Return the names in the token's ``domain``, which may be comma-joined."""
    domain = text_field(token, "domain", index)
    try:
        return bases(domain)
    except Failed as error:
        raise token_refused(index, "domain", domain, "is not a domain name") from error


def bases(name: str) -> frozenset[Name]:
    """Return the names that certificate *name* covers, wildcards as their base.

    Raises:
        Failed: 65, if any part is not a domain name.
    """
    found = set()
    for part in name.split(","):
        base = hostname(part.strip(" ").removeprefix("*."))
        if base is None:
            raise refused(f"{quoted(part)} is not a domain name")
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
    """Return the labels of *text*, internationalised ones as A-labels (UTS 46), or None."""
    try:
        ascii_text = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except UnicodeError:
        return None
    labels = ascii_text.lower().split(".")
    return tuple(map(str.encode, labels)) if all(map(LABEL.fullmatch, labels)) else None


def text_field(document: Mapping[str, object], field: str, index: int = 0) -> str:
    """Return the text in *field*; *index* is the token's, 0 for the order itself."""
    value = document.get(field)
    if isinstance(value, str) and value:
        return value
    state = "is missing" if value is None or value == "" else f"is {quoted(value)}, not text"
    raise refused(f"token {index}: {field} {state}" if index else f'"{field}" {state}')


def nothing_to_publish(http: bool) -> Failed:  # noqa: FBT001 - the one thing it depends on
    """Return why a pending order without DNS tokens cannot be served."""
    if http:
        return refused(
            "the order validates by HTTP only: there is nothing to publish in DNS",
            "set the certificate's challenge type to DNS in the RCL SSL Portal, then run again",
        )
    return refused(
        "the order is pending, yet lists no validation token",
        "check the certificate in the RCL SSL Portal: it must use the DNS challenge",
    )


def http_remark(token: Mapping[str, object], index: int) -> Problem:
    """Return the remark on an HTTP token, which dns01 leaves to others."""
    return Problem(
        "http-token",
        f"token {index} for {quoted(token.get('domain'))} validates by HTTP and is not served here",
        "serve its file yourself, or set the challenge type to DNS for every name",
    )


def odd_length(challenge: Challenge) -> Problem:
    """Return the remark on a value that no SHA-256 digest would give."""
    return Problem(
        "unusual-value",
        f"the value for {challenge.name} has {len(challenge.value)} characters; "
        f"a dns-01 value has {DIGEST_LENGTH}",
        'published as it is; if the CA says "Incorrect TXT record", look here first',
    )


def token_refused(index: int, field: str, text: str, why: str) -> Failed:
    """Return the refusal of the whole order for one field of one token."""
    return refused(f"token {index}: {field} {quoted(text)} {why}")


def refused(message: str, hint: str = "") -> Failed:
    """Return the failure that ends an order for its content."""
    return Failed(Exit.DATA, "order", message, hint)
