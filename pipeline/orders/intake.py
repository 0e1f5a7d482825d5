"""Turn an untrusted order document into an Order, or say why not. Pure.

The document is the RCL SSL Core API's Order model (V7): ``status``,
``validationTokens``, ``orderUri``; V8's differs by its `Shape`. What is refused
of one token (`tokens`) is refused with the whole order.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace

from dns.name import Name

from pipeline.model import DIGEST_LENGTH, Challenge, Failed, Order, Problem, Standing
from pipeline.text import printable, quoted

from .fields import (
    DOCUMENT,
    RCL_V7,
    Shape,
    Token,
    parse,
    refused,
    text_field,
    token_refused,
    tokens_of,
)
from .identifiers import bases
from .tokens import (
    METHODS,
    NEW_ORDER,
    PERSISTENT,
    domain_bases,
    http_remark,
    names_in,
    odd_length,
    read_standing,
    read_token,
)

LONGEST_STATUS = 16
"""Characters of a status that is worth quoting: those of RFC 8555 have 11 at most."""

PAST_VALIDATION = {"ready", "valid", "processing"}


def read_order(body: bytes, name: str, source: str, shape: Shape | None = None) -> Order:
    """Return the order in *body*.

    Args:
        body: JSON text.
        name: The certificate's name, comma-joined if it covers several; the
            domains of the order must be among them. Empty: any domain.
        source: The order source, for the Order.
        shape: How the document looks, if not as its source's usually do.

    Raises:
        Failed: 65, naming the token's index, the field and the offending text.
    """
    covered = bases(name) if name else None
    shape = shape or (DOCUMENT if source == "document" else RCL_V7)
    document = parse(body, show=not shape.is_secret)
    told = document.get("status") is not None or not shape.absent
    status = text_field(document, "status").lower() if told else shape.absent
    uri = document.get("orderUri")
    order = Order(name, source, printable(uri, 500) if isinstance(uri, str) else "", status)
    if covered is not None and status in PAST_VALIDATION:
        check_names(document, shape, status, covered, strict=source == "document")
    if status in PAST_VALIDATION:
        return replace(order, name=name or domains(document, shape) or f"({source})")
    if status == "invalid":
        raise refused('the order\'s status is "invalid": the CA has given it up', NEW_ORDER)
    if status != "pending":
        # No status is so long; what is, in a file given by mistake, may be a secret.
        hidden = shape.is_secret and len(status) > LONGEST_STATUS
        what = f"of {len(status)} characters" if hidden else quoted(status)
        raise refused(f"the order's status {what} is none of RFC 8555 §7.1.6")
    return with_challenges(order, tokens_of(document, shape), covered)


def domains(document: Mapping[str, object], shape: Shape) -> str:
    """Return the domains of an order that needs nothing; empty if they are no names."""
    found: dict[str, None] = {}
    with suppress(Failed):
        for index, token in enumerate(tokens_of(document, shape), 1):
            domain_bases(token, index)
            found[printable(text_field(token, "domain", index), 253)] = None
        return ",".join(found)
    return ""


def check_names(
    document: Mapping[str, object],
    shape: Shape,
    status: str,
    covered: frozenset[Name],
    *,
    strict: bool,
) -> None:
    """Refuse an order past validation that is not of the *covered* names.

    *strict*: it has to show that it is; else its source was asked for these names.
    """
    tokens: Sequence[Token] = ()
    with nullcontext() if strict else suppress(Failed):
        tokens = tokens_of(document, shape)
    for index, token in enumerate(tokens, 1):
        names_in(token, index, covered, strict=strict)
    if strict and not tokens:
        raise refused(
            f'the order is "{status}", yet lists no token to show that it is of this name'
        )


def with_challenges(
    order: Order, tokens: Sequence[Token], covered: frozenset[Name] | None
) -> Order:
    """Return pending *order* with the challenges and lasting records of its *tokens*."""
    to_read: list[tuple[int, Token, str]] = []
    remarks: list[Problem] = []
    for index, token in enumerate(tokens, 1):
        kind = text_field(token, "challengeType", index)
        match kind.lower():
            case method if method in METHODS or method == PERSISTENT:
                to_read.append((index, token, method))
            case "http" | "http-01":
                if covered is not None:
                    names_in(token, index, covered, strict=False)
                remarks.append(http_remark(token, index))
            case _:
                raise token_refused(index, "challengeType", kind, "is neither DNS nor HTTP")
    if not to_read:
        raise http_only() if remarks else no_tokens()
    if covered is None:
        covered = frozenset().union(*(domain_bases(token, index) for index, token, _ in to_read))
    found: dict[tuple[Name, str], Challenge] = {}
    standing: dict[Standing, None] = {}
    for index, token, method in to_read:
        if method == PERSISTENT:
            standing[read_standing(token, index, covered)] = None
        else:
            challenge = read_token(token, index, covered)
            found.setdefault((challenge.name, challenge.value), challenge)
    challenges = tuple(found.values())
    remarks += [odd_length(each) for each in challenges if len(each.value) != DIGEST_LENGTH]
    named = (*(each.domain for each in challenges), *(each.domain for each in standing))
    name = order.name or ",".join(dict.fromkeys(named))
    return replace(
        order,
        name=name,
        challenges=challenges,
        remarks=tuple(remarks),
        standing=tuple(standing),
    )


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
