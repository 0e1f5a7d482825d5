"""Orders, challenges, records and outcomes: the nouns of the pipeline (RFC 8555, RFC 9499)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum, StrEnum

from dns.name import Name

from providers.contract import TXT, Zone

LEAF = b"_acme-challenge"
ACCOUNT = re.compile(rb"_[a-z2-7]{16}")
"""The label of one ACME account, above `LEAF` (draft-ietf-acme-dns-account-label §3.1)."""
STANDING = b"_validation-persist"
"""The label of records that stay (draft-ietf-acme-dns-persist §4): looked for, never written."""
VALUE = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)
ACCOUNT_URI = re.compile(
    r"[a-z][a-z0-9+.-]*:[\x21-\x3a\x3c-\x7e]{1,1000}", re.ASCII | re.IGNORECASE
)
"""A URI of the characters that a parameter's value may have (RFC 8659 §4.2)."""
LONGEST = 255
"""Octets of a domain name on the wire (RFC 1035 §3.1)."""
DIGEST_LENGTH = 43
"""Characters of an unpadded base64url SHA-256, the value of RFC 8555 §8.4."""


class Exit(IntEnum):
    """How a run ends, in sysexits numbers."""

    DONE = 0
    USAGE = 64
    DATA = 65
    UNAVAILABLE = 69
    BUG = 70
    NOT_READY = 75
    REFUSED = 77
    CONFIG = 78


SIGNALLED = 128
"""What is added to a signal's number to make an exit status of it, as shells do."""

WORST_FIRST = (
    Exit.BUG,
    Exit.USAGE,
    Exit.CONFIG,
    Exit.REFUSED,
    Exit.DATA,
    Exit.UNAVAILABLE,
    Exit.NOT_READY,
    Exit.DONE,
)


def worst(exits: Iterable[Exit]) -> Exit:
    """Return the one of *exits* that a run with several orders ends with."""
    return min(exits, key=WORST_FIRST.index, default=Exit.DONE)


class Severity(StrEnum):
    """What a problem means for the certificate."""

    ERROR = "error"
    """It fails, or would."""
    WARNING = "warning"
    """It may, sooner or later."""
    NOTICE = "notice"
    """Good to know."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person should know: a stable code, a sentence, the next step or empty."""

    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR


class Failed(Exception):
    """A step ended an order, or the run, with an exit code and a reason."""

    def __init__(self, exit_code: Exit, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.exit = exit_code
        self.problem = Problem(code, message, hint)

    def as_warning(self) -> Problem:
        """Return the reason as one that does not stop anything."""
        return replace(self.problem, severity=Severity.WARNING)


def leaf_labels(name: Name) -> int:
    """Return how many labels of *name* are the challenge's own: 1, 2 with an account's; 0: no such.

    ``_acme-challenge`` for dns-01; for dns-account-01 with the account's label before it.
    """
    if name.labels[0] == LEAF:
        return 1
    return 2 if name.labels[1:2] == (LEAF,) and ACCOUNT.fullmatch(name.labels[0]) else 0


def shelter(name: Name) -> Name:
    """Return where resolvers must not look for the sake of challenge *name*, nor below.

    An account's label is below ``_acme-challenge``: who has heard that this is
    not there denies all that is below it (RFC 8020).
    """
    return Name(name.labels[1:]) if leaf_labels(name) > 1 else name


@dataclass(frozen=True, slots=True)
class Challenge:
    """A TXT value that proves control of *domain* (RFC 8555 §8.4).

    Attributes:
        name: Absolute record name; its first label is ``_acme-challenge``, or
            that comes second, after an ACME account's (dns-account-01).
        value: 1 to 255 characters of base64url.
        domain: The identifier as the order names it, for people.
        valid: Whether the CA has accepted it already.

    Raises:
        ValueError: If name or value is outside the guard, whoever asks: this
            is the only type the pipeline writes records from.
    """

    name: Name
    value: str
    domain: str = ""
    valid: bool = False

    def __post_init__(self) -> None:
        own = leaf_labels(self.name)
        if not own or not self.name.is_absolute() or len(self.name) < own + 2:
            raise ValueError(f"record name outside _acme-challenge: {self.name}")
        if not VALUE.fullmatch(self.value):
            raise ValueError("value is not base64url of 1 to 255 characters")

    @property
    def base(self) -> Name:
        """The name it proves control of, a wildcard as its base."""
        return Name(self.name.labels[leaf_labels(self.name) :])

    @property
    def method(self) -> str:
        """The validation method that it is for, as CAA records name it (RFC 8657 §4)."""
        return "dns-01" if self.name.labels[0] == LEAF else "dns-account-01"


@dataclass(frozen=True, slots=True)
class Standing:
    """A lasting TXT record that proves control of *base* (draft-ietf-acme-dns-persist).

    It is looked for and never written, nor removed: its text is public, and
    the same for every order.

    Attributes:
        base: The identifier, absolute, a wildcard without its ``*.``.
        issuers: The CA's issuer domain names, of which the record has one.
        account: The URI of the ACME account, compared octet by octet.
        is_wildcard: Whether the identifier is a wildcard.
        domain: The identifier as the order names it, for people.
        valid: Whether the CA has accepted it already.
    """

    base: Name
    issuers: tuple[str, ...]
    account: str
    is_wildcard: bool = False
    domain: str = ""
    valid: bool = False

    def __post_init__(self) -> None:
        octets = sum(len(label) + 1 for label in (STANDING, *self.base.labels))
        if not self.base.is_absolute() or len(self.base) < 2 or octets > LONGEST:
            raise ValueError(f"no name of a standing record for {self.base}")
        if not self.issuers:
            raise ValueError("a standing record names a CA")
        if not ACCOUNT_URI.fullmatch(self.account):
            raise ValueError("the account is no URI that an issue-value can hold")

    @property
    def name(self) -> Name:
        """Where the record stands."""
        return Name((STANDING, *self.base.labels))


@dataclass(frozen=True, slots=True)
class Order:
    """A certificate order, as far as dns-01 needs it (RFC 8555 §7.1.3).

    Attributes:
        name: The certificate's name at the source.
        source: The order source that fetched it.
        uri: The order's URL at the CA, or empty.
        status: In lower case; anything but ``pending`` needs no challenge.
        challenges: What is to be published; empty unless pending.
        remarks: What the order holds beside that, such as HTTP tokens.
        standing: The lasting records that it relies on beside its challenges.
        expires: When the CA gives it up, or an authorization of it, aware; None: not known.
        issuers: The CA's issuer domain names, as itself says; empty: not known.
        account: The URI of the ACME account it was made by; empty: not known.
    """

    name: str
    source: str
    uri: str
    status: str
    challenges: tuple[Challenge, ...] = ()
    remarks: tuple[Problem, ...] = ()
    standing: tuple[Standing, ...] = ()
    expires: datetime | None = None
    issuers: tuple[str, ...] = ()
    account: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """A challenge's value placed in the zone that encloses it, at its provider.

    Attributes:
        target: The name that the challenge's is an alias for, where the value
            is then written; None: the challenge's own.
    """

    challenge: Challenge
    zone: Zone
    provider: str
    ttl: int
    target: Name | None = None

    @property
    def owner(self) -> Name:
        """The name that the value is written at."""
        return self.challenge.name if self.target is None else self.target

    @property
    def key(self) -> tuple[Name, str]:
        """What makes it the answer to a challenge: the challenge's name and value."""
        return (self.challenge.name, self.challenge.value)

    @property
    def place(self) -> tuple[Name, str, str, str]:
        """Where exactly the value is: owner name, value, provider, and its zone."""
        return (self.owner, self.challenge.value, self.provider, self.zone.id)

    def txt(self) -> TXT:
        """Return the record as the provider contract wants it."""
        return TXT(self.owner, self.challenge.value, self.ttl)
