"""Orders, challenges, records and outcomes: the nouns of the pipeline (RFC 8555, RFC 9499)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from dns.name import Name

from providers.contract import TXT, Zone

LEAF = b"_acme-challenge"
VALUE = re.compile(r"[A-Za-z0-9_-]{1,255}", re.ASCII)
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


@dataclass(frozen=True, slots=True)
class Challenge:
    """A TXT value that proves control of *domain* (RFC 8555 §8.4).

    Attributes:
        name: Absolute record name; its first label is ``_acme-challenge``.
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
        if not self.name.is_absolute() or self.name.labels[0] != LEAF or len(self.name) < 3:
            raise ValueError(f"record name outside _acme-challenge: {self.name}")
        if not VALUE.fullmatch(self.value):
            raise ValueError("value is not base64url of 1 to 255 characters")


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
    """

    name: str
    source: str
    uri: str
    status: str
    challenges: tuple[Challenge, ...] = ()
    remarks: tuple[Problem, ...] = ()


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
