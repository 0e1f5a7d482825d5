"""Judge what a name server puts up with: TCP, EDNS, names in mixed case. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from dns.name import Name

from pipeline.model import Problem, Severity
from pipeline.questions import Perspective, Silence
from pipeline.text import counted

from .servers import Hearing, Lame, Soa, listed

TRUNCATED = "truncated"
"""How the reason of a silence begins that followed a truncated answer by UDP."""


class Manner(Enum):
    """How the same question is asked once more."""

    AGAIN = "once more"
    STREAM = "by TCP"
    BARE = "without EDNS"
    LOWER = "in lower case"


@dataclass(frozen=True, slots=True)
class Twin:
    """What came of asking again in another *manner*, beside the *first* time."""

    manner: Manner
    first: Hearing
    second: Hearing

    @property
    def helped(self) -> bool:
        """Whether the server answered for the zone only in this manner."""
        return not isinstance(self.first.outcome, Soa) and isinstance(self.second.outcome, Soa)

    @property
    def went_silent(self) -> bool:
        """Whether the server answered for the zone, but not in this manner."""
        return isinstance(self.first.outcome, Soa) and isinstance(self.second.outcome, Silence)

    @property
    def contradicts(self) -> bool:
        """Whether the server answered for the zone, then otherwise."""
        match self.first.outcome, self.second.outcome:
            case Soa(serial=one), Soa(serial=other):
                return one != other
            case Soa(), Lame():
                return True
            case _:
                return False


def manners(hearing: Hearing) -> tuple[Manner, ...]:
    """Return in which manners to ask again after *hearing*."""
    if isinstance(hearing.outcome, Soa):
        return (Manner.STREAM, Manner.AGAIN, Manner.AGAIN)
    return (Manner.LOWER, Manner.BARE)


STREAM = Problem(
    "tcp-closed",
    "does not answer by TCP",
    "open port 53 for TCP: an answer that does not fit a datagram is fetched by it",
    Severity.WARNING,
)
FLAPPING = Problem(
    "flapping",
    "answers now this, now that: machines behind one address disagree",
    "mend the one that lags behind (anycast, load balancer): every validation is a matter of luck",
    Severity.WARNING,
)
BARE = Problem(
    "edns-intolerant",
    "answers only without EDNS",
    "update the server, or open the firewall for EDNS (RFC 6891): resolvers ask with it, and take "
    "the server for dead",
    Severity.WARNING,
)
LOWER = Problem(
    "case-intolerant",
    "answers only names in lower case",
    "update the server: names have no case (RFC 4343), and a CA's resolver spells them in random "
    "case against forgery (0x20)",
)
CARELESS = Problem(
    "case-careless",
    "does not repeat names as they were spelt",
    "update the server: a CA's resolver that spells names in random case against forgery (0x20) "
    "may take its answers for forged",
    Severity.WARNING,
)


def explained(hearings: Sequence[Hearing], twins: Sequence[Twin]) -> frozenset[Perspective]:
    """Return the servers that went wrong at first for the manner alone."""
    cut_off = [each.via for each in hearings if is_cut_off(each, twins)]
    return frozenset([*cut_off, *(twin.first.via for twin in twins if twin.helped)])


def is_cut_off(hearing: Hearing, twins: Sequence[Twin]) -> bool:
    """Whether a server answers by UDP, but not by TCP, neither at once nor after truncation."""
    if isinstance(hearing.outcome, Silence):
        return hearing.outcome.reason.startswith(TRUNCATED)
    tries = [twin for twin in twins if twin.first == hearing and twin.manner is Manner.STREAM]
    return any(twin.went_silent for twin in tries)


def problems(
    apex: Name,
    hearings: Sequence[Hearing],
    twins: Sequence[Twin],
    careless: Collection[tuple[str, int]],
) -> tuple[Problem, ...]:
    """Return what the servers of the zone at *apex* do not put up with.

    Args:
        apex: The zone's.
        hearings: Of every server.
        twins: Of those that were asked again.
        careless: Addresses and ports that do not repeat a name as it was spelt.
    """
    lower = [twin.first for twin in twins if twin.manner is Manner.LOWER and twin.helped]
    found = {
        STREAM: [each for each in hearings if is_cut_off(each, twins)],
        FLAPPING: list(dict.fromkeys(twin.first for twin in twins if twin.contradicts)),
        BARE: [
            twin.first
            for twin in twins
            if twin.manner is Manner.BARE and twin.helped and twin.first not in lower
        ],
        LOWER: lower,
        CARELESS: [each for each in hearings if (each.via.address, each.via.port) in careless],
    }
    # Silence may be a matter of luck; a wrong answer of every server is not.
    is_denied = len(lower) == len(hearings) and all(isinstance(h.outcome, Lame) for h in lower)
    return tuple(
        replace(
            fault,
            message=f"{counted(len(at), 'name server')} of {apex} {fault.message}: "
            + listed([*map(str, at)]),
            severity=fault.severity if is_denied else Severity.WARNING,
        )
        for fault, at in found.items()
        if at
    )
