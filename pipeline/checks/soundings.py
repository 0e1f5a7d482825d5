"""Ask the servers of zones, and resolvers, for SOA records: each address, each manner.

Rule 2 of `propagation` holds: resolvers hear of a zone's apex alone, and only
if that is neither a challenge name nor below one.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from dns import rdatatype
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType

from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query
from pipeline.model import shelter
from pipeline.names import upwards
from pipeline.questions import Perspective, Silence
from pipeline.tree.delegation import Delegation

from .servers import Hearing, hear
from .signatures import Validation
from .tolerance import Manner, Twin, manners

PATIENCE = 2.0
"""Seconds for an authoritative server to answer."""

RECURSION = 3.0
"""Seconds for a resolver, which may have to ask others first."""


class Soundings:
    """Puts the questions; all that belong together at once."""

    def __init__(
        self,
        exchange: Exchange,
        recursive: Sequence[Perspective],
        left: Callable[[], float],
        silent: Collection[tuple[str, int]] = (),
    ) -> None:
        """Ask name servers, and the resolvers *recursive*, while there are seconds *left*.

        Servers that have been *silent* just now, by address and port, are not waited for again.
        """
        self._exchange = exchange
        self._recursive = tuple(recursive)
        self._left = left
        self._silent = frozenset(silent)

    @property
    def careless(self) -> Collection[tuple[str, int]]:
        """Address and port of servers that do not repeat a name as it was spelt."""
        return self._exchange.careless

    def sound(
        self, zones: Collection[Delegation], challenges: Collection[Name]
    ) -> tuple[Mapping[Name, tuple[Hearing, ...]], Mapping[Name, tuple[Validation, ...]]]:
        """Return what every server, and every resolver, says of each zone, by apex.

        Resolvers are not asked about *challenges*, nor anything below them.
        """
        every = [(zone.apex, via) for zone in zones for via in zone.servers]
        own = [(apex, via) for apex, via in every if (via.address, via.port) not in self._silent]
        sheltered = set(map(shelter, challenges))
        public = [
            (zone.apex, via)
            for zone in zones
            if sheltered.isdisjoint(upwards(zone.apex))
            for via in self._recursive
        ]
        direct = [soa(apex, via) for apex, via in own]
        relayed = [soa(apex, via, recursion=True) for apex, via in public]
        outcomes = self._ask([*direct, *relayed])
        told = dict(zip(own, outcomes[: len(own)], strict=True))
        hearings: dict[Name, tuple[Hearing, ...]] = {zone.apex: () for zone in zones}
        for apex, via in every:
            outcome = told.get((apex, via), Silence("timeout"))
            hearings[apex] += (hear(via, apex, outcome),)
        validations = [
            (apex, Validation(via, outcome))
            for (apex, via), outcome in zip(public, outcomes[len(own) :], strict=True)
        ]
        return hearings, self._unchecked(validations)

    def twins(self, hearings: Mapping[Name, Sequence[Hearing]]) -> Mapping[Name, tuple[Twin, ...]]:
        """Return what came of asking servers again in other manners, by apex."""
        asked = [
            (apex, each, manner)
            for apex, heard in hearings.items()
            for each in heard
            for manner in manners(each)
        ]
        outcomes = self._ask([in_manner(apex, each.via, manner) for apex, each, manner in asked])
        twins: dict[Name, tuple[Twin, ...]] = dict.fromkeys(hearings, ())
        for (apex, first, manner), outcome in zip(asked, outcomes, strict=True):
            twins[apex] += (Twin(manner, first, hear(first.via, apex, outcome)),)
        return twins

    def ask(self, asked: Sequence[tuple[Name, RdataType, Perspective]]) -> list[Message | Silence]:
        """Return what each authoritative server says, with signatures."""
        return self._ask([replace(soa(name, via), rdtype=kind) for name, kind, via in asked])

    def _unchecked(
        self, validations: Sequence[tuple[Name, Validation]]
    ) -> Mapping[Name, tuple[Validation, ...]]:
        """Return *validations* by apex, completed where asking without checks tells more."""
        outcomes = iter(
            self._ask(
                [
                    soa(apex, each.via, recursion=True, unchecked=True)
                    for apex, each in validations
                    if each.needs_unchecked
                ]
            )
        )
        found: dict[Name, tuple[Validation, ...]] = {}
        for apex, each in validations:
            whole = replace(each, unchecked=next(outcomes)) if each.needs_unchecked else each
            found[apex] = (*found.get(apex, ()), whole)
        return found

    def _ask(self, queries: Sequence[Query]) -> list[Message | Silence]:
        left = self._left()
        if left <= 0:
            return [Silence("timeout") for _ in queries]
        timely = [replace(query, timeout=min(query.timeout, left)) for query in queries]
        return [reply.outcome for reply in self._exchange.ask(timely, patience=left)]


def soa(apex: Name, via: Perspective, *, recursion: bool = False, unchecked: bool = False) -> Query:
    """Return the question for the SOA record at *apex*, with signatures."""
    return Query(
        *(apex, rdatatype.SOA, via.address, via.port, recursion),
        timeout=RECURSION if recursion else PATIENCE,
        transport=via.transport,
        dnssec=True,
        unchecked=unchecked,
    )


def in_manner(apex: Name, via: Perspective, manner: Manner) -> Query:
    """Return the question for the SOA record at *apex* in *manner*."""
    question = soa(apex, via)
    match manner:
        case Manner.AGAIN:
            return question
        case Manner.STREAM:
            return replace(question, tcp=True)
        case Manner.BARE:
            return replace(question, edns=False, dnssec=False)
        case Manner.LOWER:
            return replace(question, mixed_case=False)
