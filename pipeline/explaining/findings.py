"""What a few follow-up questions after a wait can bring. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from dns.name import Name
from dns.rdatatype import RdataType

from pipeline.questions import Answer, Observation, Perspective, Question


class Probe(Enum):
    """How a question is asked once more, after the wait."""

    AGAIN = auto()
    """As before: what has changed meanwhile is no effect of the other ways of asking."""
    LOWER_CASE = auto()
    NO_EDNS = auto()
    TCP = auto()
    SIBLING = auto()
    """About a random name beside it, which only a wildcard can answer."""
    UNCHECKED = auto()
    """With CD=1: a validating resolver shows even what it finds bogus (RFC 4035 §3.2.2)."""
    APEX = auto()
    """For the SOA record of the zone."""


@dataclass(frozen=True, slots=True)
class Start:
    """A zone's SOA record, as one server has it.

    Attributes:
        negative_ttl: Seconds a resolver remembers that a name does not exist (RFC 2308 §5).
    """

    serial: int
    primary: Name
    negative_ttl: float

    def is_behind(self, other: "Start") -> bool:
        """Whether *other*, of the same primary, is newer (RFC 1982 §3.2)."""
        return self.primary == other.primary and 0 < (other.serial - self.serial) % 2**32 < 2**31


Desk = tuple[Name, Perspective, RdataType]
"""A server, as far as one zone and type are concerned: what is true of one name there is of all."""


def desk(question: Question) -> Desk:
    """Return where *question* is answered."""
    return question.zone, question.via, question.rdtype


@dataclass(frozen=True, slots=True)
class Findings:
    """What follow-up questions brought.

    Attributes:
        heard: The outcome of one question at a desk, by how it was asked once more.
        starts: By zone and server; who gave none is left out.
    """

    heard: Mapping[tuple[Probe, Desk], Observation] = field(default_factory=dict)
    starts: Mapping[tuple[Name, Perspective], Start] = field(default_factory=dict)

    def start(self, question: Question) -> Start | None:
        """Return the start of *question*'s zone at the server asked."""
        return self.starts.get((question.zone, question.via))

    def answer(self, probe: Probe, question: Question) -> Answer | None:
        """Return the answer, if there was one, at the desk of *question*."""
        heard = self.heard.get((probe, desk(question)))
        return heard.outcome if heard and isinstance(heard.outcome, Answer) else None

    def holds(self, probe: Probe, question: Question) -> bool:
        """Whether the answer at the desk of *question* had every value wanted there."""
        heard, answer = self.heard.get((probe, desk(question))), self.answer(probe, question)
        return bool(heard and answer and heard.question.wanted <= answer.values)

    def is_late(self, question: Question) -> bool:
        """Whether *question* itself, asked again, was answered with every value."""
        heard = self.heard.get((Probe.AGAIN, desk(question)))
        return self.holds(Probe.AGAIN, question) and bool(heard and heard.question is question)
