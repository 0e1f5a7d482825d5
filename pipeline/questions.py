"""What is asked of whom, and what may come of it. Pure.

Goals and questions are compared by identity: each is one particular line of
asking, made once and looked up thousands of times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from dns.name import Name
from dns.rdatatype import RdataType


class Role(Enum):
    """How a server comes to its answers (RFC 9499 §6)."""

    AUTHORITATIVE = "authoritative"
    RECURSIVE = "recursive"


class Transport(Enum):
    """What carries a question, by the scheme we write it with, and its usual port."""

    PLAIN = ("", 53)
    """UDP, and TCP where the answer is truncated (RFC 7766 §5)."""
    TLS = ("tls", 853)
    """DNS over TLS (RFC 7858)."""
    HTTPS = ("https", 443)
    """DNS over HTTPS (RFC 8484)."""

    def __init__(self, scheme: str, port: int) -> None:
        self.scheme = scheme
        self.port = port


@dataclass(frozen=True, slots=True)
class Perspective:
    """A server we can ask.

    Attributes:
        address: IP address, v4 or v6.
        port: UDP and TCP port.
        role: How it is asked, and judged.
        server: The NS host's name, or the resolver's operator.
        transport: How questions travel there.
    """

    address: str
    port: int
    role: Role
    server: str
    transport: Transport = Transport.PLAIN

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return self.address if self.port == 53 else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Does *via* hold every value in *wanted* for the RRset of *rdtype* at *name*?

    Attributes:
        zone: The apex of the zone that *name* is in.
        rdtype: TXT, or CNAME for a link of a delegated challenge: the value
            wanted then is the target, as `Name.to_text` of its canonical form.
    """

    name: Name
    zone: Name
    wanted: frozenset[str]
    via: Perspective
    rdtype: RdataType = RdataType.TXT

    @property
    def is_authoritative(self) -> bool:
        """Whether it goes to an authoritative server."""
        return self.via.role is Role.AUTHORITATIVE


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server holds at a name.

    Attributes:
        values: Each TXT record's strings joined; empty for NXDOMAIN and NODATA.
        ttl: Seconds for which a cache may repeat this answer: the TTL of the
            RRset, or of the SOA beside a negative answer (RFC 2308 §5).
        detail: What kind of answer, for people.
    """

    values: frozenset[str]
    ttl: float
    detail: str = ""


NOTHING = {"timeout", "connection refused"}


@dataclass(frozen=True, slots=True)
class Silence:
    """No usable answer: timeout, SERVFAIL, REFUSED, lame. `routeless`: we have no route there."""

    reason: str
    routeless: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether nothing at all was heard, not even an error code."""
        return self.routeless or self.reason in NOTHING


@dataclass(frozen=True, slots=True)
class Observation:
    """What came of asking *question*, and when (seconds on our clock)."""

    question: Question
    at: float
    outcome: Answer | Silence


@dataclass(frozen=True, slots=True, eq=False)
class Goal:
    """The CA should find every value in *wanted* when it asks for TXT at *name*.

    Attributes:
        authoritative: To the servers of the zone that holds the values, and,
            where *name* is an alias, to those of every zone on the way there.
        recursive: To resolvers, about *name*.
        chain: *name*, then each name it is an alias for, the owner of the values last.
        is_blind: Whether no authoritative server can be asked from here; then,
            and only then, resolvers alone decide.

    Raises:
        ValueError: If it could be met by asking nobody, or, unless it is
            blind, no authoritative server.
    """

    name: Name
    wanted: frozenset[str]
    authoritative: tuple[Question, ...]
    recursive: tuple[Question, ...]
    chain: tuple[Name, ...]
    is_blind: bool = False

    def __post_init__(self) -> None:
        asked = self.recursive if self.is_blind else self.authoritative
        if not self.wanted or not asked or (self.is_blind and self.authoritative):
            raise ValueError(f"{self.name}: nothing to want, or nobody to ask")

    @property
    def owner(self) -> Name:
        """Where the values are."""
        return self.chain[-1]

    @property
    def steps(self) -> list[Sequence[Question]]:
        """The authoritative ones, by the name they are about: an alias, or the owner."""
        return [list(group) for _, group in groupby(self.authoritative, lambda q: q.name)]

    @property
    def questions(self) -> tuple[Question, ...]:
        """All of them, authoritative ones first."""
        return (*self.authoritative, *self.recursive)
