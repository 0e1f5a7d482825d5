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
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from dns.name import Name

from pipeline.model import (
    DIGEST_LENGTH,
    LEAF,
    VALUE,
    Challenge,
    Exit,
    Failed,
    Order,
    Problem,
    Severity,
)
from pipeline.text import printable, quoted

from .identifiers import bases, hostname, labels_of, leaf_of

LIMIT = 1 << 20
"""Largest document taken, in octets."""

PAST_VALIDATION = {"ready", "valid", "processing"}

Token = Mapping[str, object]


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
    covered = bases(name) if name else None
    # A file given by mistake may hold a secret; an API's answer is quoted, so that it can be named.
    document = parse(body, show=source != "document")
    status = text_field(document, "status").lower()
    uri = document.get("orderUri")
    order = Order(name, source, printable(uri, 500) if isinstance(uri, str) else "", status)
    if status in PAST_VALIDATION:
        return replace(order, name=name or domains(document) or f"({source})")
    if status == "invalid":
        raise refused(
            'the order\'s status is "invalid": the CA has given it up',
            "run again for a new order; its values will differ",
        )
    if status != "pending":
        raise refused(f"the order's status {quoted(status)} is none of RFC 8555 §7.1.6")
    return with_challenges(order, tokens_of(document), covered)


def parse(body: bytes, *, show: bool) -> Mapping[str, object]:
    """Return the JSON object in *body*; *show*: whether a message may quote what else it is."""
    if len(body) > LIMIT:
        raise refused(f"the order document is larger than {LIMIT} octets")
    try:
        document = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        if not body.strip():
            raise refused("the order document is empty") from error
        start = f"; it begins {quoted(body[:1000].decode('utf-8', 'replace'))}" if show else ""
        raise refused(f"the order document is not JSON{start}") from error
    if not isinstance(document, dict):
        raise refused(f"the order document is {shown(document)}, not an object")
    return document


def domains(document: Mapping[str, object]) -> str:
    """Return the domains of an order that needs nothing; empty if they are no names."""
    found: dict[str, None] = {}
    with suppress(Failed):
        for index, token in enumerate(tokens_of(document), 1):
            domain_bases(token, index)
            found[printable(text_field(token, "domain", index), 253)] = None
        return ",".join(found)
    return ""


def tokens_of(document: Mapping[str, object]) -> Sequence[Token]:
    """Return the order's validation tokens; null and absent are none."""
    tokens = document.get("validationTokens")
    if tokens is None:
        return ()
    if not isinstance(tokens, list):
        raise refused(f'"validationTokens" is {shown(tokens)}, not a list')
    for index, token in enumerate(tokens, 1):
        if not isinstance(token, dict):
            raise refused(f"token {index} is {shown(token)}, not an object")
    return tokens


def with_challenges(
    order: Order, tokens: Sequence[Token], covered: frozenset[Name] | None
) -> Order:
    """Return pending *order* with the challenges of its *tokens*."""
    to_read: list[tuple[int, Token]] = []
    remarks: list[Problem] = []
    for index, token in enumerate(tokens, 1):
        kind = text_field(token, "challengeType", index)
        match kind.lower():
            case "dns" | "dns-01":
                to_read.append((index, token))
            case "http" | "http-01":
                remarks.append(http_remark(token, index))
            case _:
                raise token_refused(index, "challengeType", kind, "is neither DNS nor HTTP")
    if not to_read:
        raise http_only() if remarks else no_tokens()
    if covered is None:
        covered = frozenset().union(*(domain_bases(token, index) for index, token in to_read))
    found: dict[tuple[Name, str], Challenge] = {}
    for index, token in to_read:
        challenge = read_token(token, index, covered)
        found.setdefault((challenge.name, challenge.value), challenge)
    challenges = tuple(found.values())
    remarks += [odd_length(each) for each in challenges if len(each.value) != DIGEST_LENGTH]
    name = order.name or ",".join(dict.fromkeys(each.domain for each in challenges))
    return replace(order, name=name, challenges=challenges, remarks=tuple(remarks))


def read_token(token: Token, index: int, covered: frozenset[Name]) -> Challenge:
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
    leaf, dot, rest = token_name.lower().removesuffix(".").partition(".")
    given = labels_of(rest) if dot else ()
    if leaf != LEAF.decode() or given is None:
        raise token_refused(
            index, "tokenName", token_name, "is no domain name that begins with _acme-challenge"
        )
    if base.labels[: len(given)] == given:
        return leaf_of(base)
    other = hostname(f"{rest}.{base}")
    if other is None or other not in covered:
        raise token_refused(
            index, "tokenName", token_name, f"fits no name of this certificate at or below {base}"
        )
    return leaf_of(other)


def domain_bases(token: Token, index: int) -> frozenset[Name]:
    """Return the names in the token's ``domain``, which may be comma-joined."""
    domain = text_field(token, "domain", index)
    try:
        return bases(domain)
    except Failed as error:
        raise token_refused(index, "domain", domain, "is not a domain name") from error


def text_field(document: Mapping[str, object], field: str, index: int = 0) -> str:
    """Return the text in *field*; *index* is the token's, 0 for the order itself."""
    value = document.get(field)
    if isinstance(value, str) and value:
        return value
    state = "is missing" if value is None or value == "" else f"is {shown(value)}, not text"
    raise refused(f"token {index}: {field} {state}" if index else f'"{field}" {state}')


def shown(value: object) -> str:
    """Return JSON *value* for a sentence; a nest of others only by its kind, however deep."""
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return quoted(value)
        case _:
            return printable(json.dumps(value), 80)


def no_tokens() -> Failed:
    """Return why a pending order without tokens cannot be served."""
    return refused(
        "the order is pending, yet lists no validation token",
        "check the certificate in the RCL SSL Portal: it must use the DNS challenge",
    )


def http_only() -> Failed:
    """Return why an order with nothing but HTTP tokens cannot be served."""
    return refused(
        "the order validates by HTTP only: there is nothing to publish in DNS",
        "set the certificate's challenge type to DNS in the RCL SSL Portal, then run again",
    )


def http_remark(token: Token, index: int) -> Problem:
    """Return the remark on an HTTP token, which dns01 leaves to others."""
    domain = token.get("domain")
    whose = f"for {shown(domain)}" if domain else "of no domain"
    return Problem(
        "http-token",
        f"token {index} {whose} validates by HTTP and is not served here",
        "serve its file yourself, or set the challenge type to DNS for every name",
        Severity.WARNING,
    )


def odd_length(challenge: Challenge) -> Problem:
    """Return the remark on a value that no SHA-256 digest would give."""
    return Problem(
        "unusual-value",
        f"the value for {challenge.name} has {len(challenge.value)} characters; "
        f"a dns-01 value has {DIGEST_LENGTH}",
        'published as it is; if the CA says "Incorrect TXT record", look here first',
        Severity.WARNING,
    )


def token_refused(index: int, field: str, text: str, why: str) -> Failed:
    """Return the refusal of the whole order for one field of one token."""
    return refused(f"token {index}: {field} {quoted(text)} {why}")


def refused(message: str, hint: str = "") -> Failed:
    """Return the failure that ends an order for its content."""
    return Failed(Exit.DATA, "order", message, hint)
