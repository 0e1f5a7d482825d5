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

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace

from dns.name import Name

from pipeline.model import (
    DIGEST_LENGTH,
    LEAF,
    VALUE,
    Challenge,
    Failed,
    Order,
    Problem,
    Severity,
)
from pipeline.text import printable, quoted

from .fields import Token, parse, refused, shown, text_field, token_refused, tokens_of
from .identifiers import bases, hostname, labels_of, leaf_of

LONGEST_STATUS = 16
"""Characters of a status that is worth quoting: those of RFC 8555 have 11 at most."""

PAST_VALIDATION = {"ready", "valid", "processing"}

NEW_ORDER = "run again for a new order; its values will differ"

GIVEN_UP = {"invalid", "expired", "deactivated", "revoked"}
"""What authorizations, and challenges, never come back from (RFC 8555 §7.1.6)."""


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
    if covered is not None and status in PAST_VALIDATION:
        check_names(document, status, covered, strict=source == "document")
    if status in PAST_VALIDATION:
        return replace(order, name=name or domains(document) or f"({source})")
    if status == "invalid":
        raise refused('the order\'s status is "invalid": the CA has given it up', NEW_ORDER)
    if status != "pending":
        # No status is so long; what is, in a file given by mistake, may be a secret.
        hidden = source == "document" and len(status) > LONGEST_STATUS
        what = f"of {len(status)} characters" if hidden else quoted(status)
        raise refused(f"the order's status {what} is none of RFC 8555 §7.1.6")
    return with_challenges(order, tokens_of(document), covered)


def domains(document: Mapping[str, object]) -> str:
    """Return the domains of an order that needs nothing; empty if they are no names."""
    found: dict[str, None] = {}
    with suppress(Failed):
        for index, token in enumerate(tokens_of(document), 1):
            domain_bases(token, index)
            found[printable(text_field(token, "domain", index), 253)] = None
        return ",".join(found)
    return ""


def check_names(
    document: Mapping[str, object], status: str, covered: frozenset[Name], *, strict: bool
) -> None:
    """Refuse an order past validation that is not of the *covered* names.

    *strict*: it has to show that it is; else its source was asked for these names.
    """
    tokens: Sequence[Token] = ()
    with nullcontext() if strict else suppress(Failed):
        tokens = tokens_of(document)
    for index, token in enumerate(tokens, 1):
        names_in(token, index, covered, strict=strict)
    if strict and not tokens:
        raise refused(
            f'the order is "{status}", yet lists no token to show that it is of this name'
        )


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
                if covered is not None:
                    names_in(token, index, covered, strict=False)
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
    named = names_in(token, index, covered)
    status = token.get("status")
    status = status.lower() if isinstance(status, str) else ""
    if status in GIVEN_UP:
        raise given_up(index, domain, status)
    if len(named) != 1:
        raise token_refused(index, "domain", domain, "stands for more than one record name")
    [base] = named
    value = text_field(token, "tokenValue", index)
    if not VALUE.fullmatch(value):
        raise token_refused(index, "tokenValue", value, "is not 1 to 255 characters of base64url")
    name = record_name(text_field(token, "tokenName", index), base, covered, index)
    return Challenge(name, value, printable(domain, 253), status == "valid")


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


def names_in(
    token: Token, index: int, covered: frozenset[Name], *, strict: bool = True
) -> frozenset[Name]:
    """Return the names in the token's ``domain``, refusing what is not *covered*.

    Not *strict*: a domain that cannot be read is left to others, and has no names.
    """
    try:
        named = domain_bases(token, index)
    except Failed:
        if strict:
            raise
        return frozenset()
    if not named <= covered:
        domain = text_field(token, "domain", index)
        raise token_refused(index, "domain", domain, "is not in the certificate name asked for")
    return named


def domain_bases(token: Token, index: int) -> frozenset[Name]:
    """Return the names in the token's ``domain``, which may be comma-joined."""
    domain = text_field(token, "domain", index)
    try:
        return bases(domain)
    except Failed as error:
        raise token_refused(index, "domain", domain, "is not a domain name") from error


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


def given_up(index: int, domain: str, status: str) -> Failed:
    """Return why a token is not published although its order is pending."""
    return refused(
        f'token {index}: the CA has given up {quoted(domain)}: its status is "{status}"',
        NEW_ORDER,
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
