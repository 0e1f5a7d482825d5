"""What a few follow-up questions after a wait can bring. Pure."""

from collections.abc import Iterable, Mapping
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


DRIFT = 2**16
"""Less than this is between the serials of masters that each count for themselves."""


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

    def is_kin(self, other: "Start", apex: Name) -> bool:
        """Whether *other* may be another master of one multi-master host, as Active Directory is.

        The masters' names are then in the zone at *apex* or in one domain, and their serials,
        though each counts for itself, are not far apart.
        """
        primaries = (self.primary, other.primary)
        domains = {Name(primary.labels[1:]) for primary in primaries}
        is_family = len(domains) == 1 or all(primary.is_subdomain(apex) for primary in primaries)
        return is_family and abs(self.serial - other.serial) < DRIFT


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

    def are_masters(self, peers: Iterable[Question], question: Question) -> bool:
        """Whether several *peers* each name themselves as primary, *question*'s server, too.

        A server that the user named is known by its address alone, so it may call itself anything.
        """
        mine = self.start(question)
        starts = [(peer.via, start) for peer in peers if (start := self.start(peer))]
        several = len({start.primary for _, start in starts}) > 1
        return (
            several
            and mine is not None
            and all(
                via.server.lower() in {str(via), start.primary.to_text().lower()}
                and mine.is_kin(start, question.zone)
                for via, start in starts
            )
        )

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
