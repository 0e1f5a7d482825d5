"""What is asked of whom, and what may come of it. Pure.

Goals and questions are compared by identity: each is one particular line of
asking, made once and looked up thousands of times.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from dns.name import Name


class Role(Enum):
    """How a server comes to its answers (RFC 9499 §6)."""

    AUTHORITATIVE = "authoritative"
    RECURSIVE = "recursive"


@dataclass(frozen=True, slots=True)
class Perspective:
    """A server we can ask.

    Attributes:
        address: IP address, v4 or v6.
        port: UDP and TCP port.
        role: How it is asked, and judged.
        server: The NS host's name, or the resolver's operator.
    """

    address: str
    port: int
    role: Role
    server: str

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return self.address if self.port == 53 else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What does *via* answer for the TXT RRset at *name*?"""

    name: Name
    via: Perspective

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
    """Every value in *wanted* should be seen at *name*, in *zone*, by those asked.

    Raises:
        ValueError: If it could be met without asking any authoritative server.
    """

    name: Name
    zone: Name
    wanted: frozenset[str]
    authoritative: tuple[Question, ...]
    recursive: tuple[Question, ...]

    def __post_init__(self) -> None:
        if not self.wanted or not self.authoritative:
            raise ValueError(f"{self.name}: nothing to want, or nobody to ask")


def goal(name: Name, zone: Name, wanted: Iterable[str], via: Sequence[Perspective]) -> Goal:
    """Return the goal that everyone in *via* sees *wanted* at *name*."""
    asked = [Question(name, perspective) for perspective in via]
    return Goal(
        name,
        zone,
        frozenset(wanted),
        tuple(question for question in asked if question.is_authoritative),
        tuple(question for question in asked if not question.is_authoritative),
    )
