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
        return (Manner.STREAM, Manner.STREAM, Manner.AGAIN, Manner.AGAIN)
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
LOSSY = Problem(
    "lossy",
    "was silent at first, then answered",
    "look at the line to it, and at rate limits: a CA does not ask often",
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


@dataclass(frozen=True, slots=True)
class Told:
    """What one server's twins tell together."""

    hearing: Hearing
    twins: tuple[Twin, ...]

    @property
    def fault(self) -> Problem | None:
        """What it does not put up with, without zone and server; None: nothing."""
        helped = {twin.manner for twin in self.twins if twin.helped}
        is_silent = isinstance(self.hearing.outcome, Silence)
        if self._is_cut_off:
            return STREAM
        if helped == {Manner.LOWER, Manner.BARE}:
            return LOSSY if is_silent else FLAPPING  # not for the manner, then
        if helped:
            return LOWER if Manner.LOWER in helped else BARE
        return FLAPPING if any(twin.contradicts for twin in self.twins) else None

    @property
    def _is_cut_off(self) -> bool:
        """Whether it answers by UDP, but not by TCP, neither at once nor after truncation."""
        if isinstance(self.hearing.outcome, Silence):
            return self.hearing.outcome.reason.startswith(TRUNCATED)
        tries = [twin for twin in self.twins if twin.manner is Manner.STREAM]
        return bool(tries) and all(twin.went_silent for twin in tries)


def told(hearings: Sequence[Hearing], twins: Sequence[Twin]) -> tuple[Told, ...]:
    """Return what each server's *twins* tell."""
    return tuple(
        Told(each, tuple(twin for twin in twins if twin.first.via == each.via)) for each in hearings
    )


def explained(hearings: Sequence[Hearing], twins: Sequence[Twin]) -> frozenset[Perspective]:
    """Return the servers whose going wrong at first needs no other explanation."""
    return frozenset(each.hearing.via for each in told(hearings, twins) if each.fault)


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
    found: dict[Problem, list[Hearing]] = {}
    for each in told(hearings, twins):
        if each.fault:
            found.setdefault(each.fault, []).append(each.hearing)
    loose = [each for each in hearings if (each.via.address, each.via.port) in careless]
    if loose:
        found[CARELESS] = loose
    lower = found.get(LOWER, ())
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
    )
