"""Turn one token of an untrusted order document into what has to be in DNS. Pure.

A token's ``tokenName`` is relative to a root domain that the order does not
carry, so the record name is worked out from ``domain`` and the two must agree:

    record = _acme-challenge.<domain without "*.">
    tokenName is a label-aligned prefix of record, or, read relative to
    domain, gives the record of another name that the certificate covers.

Before ``_acme-challenge`` both may have the label of an ACME account
(dns-account-01). Whatever does not fit is refused: the source may be wrong or
hostile, and a TXT record in the wrong place helps a stranger.
"""

from dns.exception import DNSException
from dns.name import Name

from pipeline.model import (
    ACCOUNT,
    DIGEST_LENGTH,
    LEAF,
    VALUE,
    Challenge,
    Failed,
    Problem,
    Severity,
    Standing,
)
from pipeline.names import KeyName
from pipeline.text import counted, printable, quoted

from .fields import Token, refused, shown, text_field, token_refused
from .identifiers import bases, hostname, labels_of, leaf_of

NEW_ORDER = "run again for a new order; its values will differ"

GIVEN_UP = {"invalid", "expired", "deactivated", "revoked"}
"""What authorizations, and challenges, never come back from (RFC 8555 §7.1.6)."""

METHODS = {"dns": "", "dns-01": "dns-01", "dns-account-01": "dns-account-01"}
"""The validation method that a kind of token is limited to; empty: its name tells."""

PERSISTENT = "dns-persist-01"


def read_token(token: Token, index: int, covered: frozenset[Name]) -> Challenge:
    """Return the challenge of DNS *token*, the *index*-th of its order."""
    domain, base = served(token, index, covered)
    value = text_field(token, "tokenValue", index)
    if not VALUE.fullmatch(value):
        raise token_refused(index, "tokenValue", value, "is not 1 to 255 characters of base64url")
    name = record_name(text_field(token, "tokenName", index), base, covered, index)
    challenge = Challenge(name, value, printable(domain, 253), is_valid(token))
    method = METHODS[text_field(token, "challengeType", index).lower()]
    if method and method != challenge.method:
        what = f"asks for {method}, and its tokenName is that of {challenge.method}"
        raise token_refused(index, "challengeType", method, what)
    return challenge


def read_standing(token: Token, index: int, covered: frozenset[Name]) -> Standing:
    """Return the lasting record of *token*, the *index*-th of its order (dns-persist-01)."""
    domain, base = served(token, index, covered)
    issuers = token.get("issuerDomainNames")
    if not isinstance(issuers, list) or not issuers or not all(map(is_issuer, issuers)):
        raise refused(f"token {index}: issuerDomainNames is no list of CAs' domain names")
    account = text_field(token, "accountUri", index)
    is_wildcard = domain.strip().startswith("*.")
    try:
        return Standing(
            base, tuple(issuers), account, is_wildcard, printable(domain, 253), is_valid(token)
        )
    except ValueError as error:
        raise token_refused(index, "accountUri", account, "is not the URI of an account") from error


def is_issuer(value: object) -> bool:
    """Whether *value* is a CA's domain name."""
    return isinstance(value, str) and hostname(value) is not None and value.isascii()


def served(token: Token, index: int, covered: frozenset[Name]) -> tuple[str, Name]:
    """Return the one name that *token* is for, as it is written and as a domain name."""
    domain = text_field(token, "domain", index)
    named = names_in(token, index, covered)
    status = status_of(token)
    if status in GIVEN_UP:
        raise given_up(index, domain, status)
    if len(named) != 1:
        raise token_refused(index, "domain", domain, "stands for more than one record name")
    [base] = named
    return domain, base


def status_of(token: Token) -> str:
    """Return the status of *token* in lower case, if it has any."""
    status = token.get("status")
    return status.lower() if isinstance(status, str) else ""


def is_valid(token: Token) -> bool:
    """Whether the CA has accepted *token* already."""
    return status_of(token) == "valid"


def record_name(token_name: str, base: Name, covered: frozenset[Name], index: int) -> Name:
    """Return the absolute name of the TXT record (module docstring)."""
    leaf, dot, rest = token_name.lower().removesuffix(".").partition(".")
    account: tuple[bytes, ...] = ()
    if ACCOUNT.fullmatch(leaf.encode()):
        account = (leaf.encode(),)
        leaf, dot, rest = rest.partition(".")
    given = labels_of(rest) if dot else ()
    if leaf != LEAF.decode() or given is None:
        raise token_refused(
            index, "tokenName", token_name, "is no domain name that begins with _acme-challenge"
        )
    other = base if base.labels[: len(given)] == given else hostname(f"{rest}.{base}")
    if other is None or (other != base and other not in covered):
        raise token_refused(
            index, "tokenName", token_name, f"fits no name of this certificate at or below {base}"
        )
    try:
        return KeyName((*account, *leaf_of(other).labels))
    except DNSException as error:
        raise token_refused(index, "tokenName", token_name, "makes too long a name") from error


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
    length = counted(len(challenge.value), "character")
    return Problem(
        "unusual-value",
        f"the value for {challenge.name} has {length}; a dns-01 value has {DIGEST_LENGTH}",
        'published as it is; if the CA says "Incorrect TXT record", look here first',
        Severity.WARNING,
    )
