"""Find out what else a CA checks, and have it judged: servers, CAA, DNSSEC, what is at names."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from dns import rcode, rdatatype
from dns.message import Message
from dns.name import Name
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from pipeline.configuration.settings import Authority
from pipeline.model import Problem
from pipeline.questions import Silence
from pipeline.tree.delegation import Asked, Delegation, Place

from .caa import Answers, Identifier, identified, ladder, retold
from .judgement import Findings, Inspected
from .names import doubled
from .soundings import Soundings

Answer = Message | Silence


class Lookup(Protocol):
    """Resolves from the root, at authoritative servers alone."""

    def resolve(self, questions: Iterable[Asked]) -> Mapping[Asked, Answer]:
        """Return the last answer to each question, aliases followed, or why there is none."""
        ...


class Examination:
    """Looks at the places where values are to be written, as a CA will."""

    def __init__(
        self,
        soundings: Soundings,
        lookup: Lookup,
        authority: Authority,
        today: Callable[[], datetime],
    ) -> None:
        """Judge for *authority*, and signatures by the time of day that *today* tells."""
        self._soundings = soundings
        self._lookup = lookup
        self._authority = authority
        self._today = today

    def look(self, places: Sequence[Place], domains: Iterable[str]) -> Findings:
        """Return what may keep a CA from validating *domains*, as far as a run should ask.

        Args:
            places: Every challenge name, and every name it is an alias for.
            domains: What the certificates are for; wildcards begin with ``*.``.
        """
        return self._look(places, identified(domains), of_interest=may_have_ds)

    def in_depth(self, places: Sequence[Place], domains: Iterable[str]) -> Findings:
        """Return all that can be found out, by more questions than a run should ask."""
        findings = self._look(places, identified(domains), of_interest=lambda _: True)
        hearings = {apex: each.hearings for apex, each in findings.zones.items()}
        twins, careless = self._soundings.twins(hearings), self._soundings.careless
        zones = {
            apex: replace(each, twins=twins[apex], careless=careless)
            for apex, each in findings.zones.items()
        }
        return replace(findings, zones=zones, doubled=self._doubled(places, zones))

    def judge(self, findings: Findings) -> tuple[Problem, ...]:
        """Return what *findings* mean; what is fatal comes first."""
        return findings.problems(self._authority, self._today())

    def _look(
        self,
        places: Sequence[Place],
        identifiers: Sequence[Identifier],
        of_interest: Callable[[Inspected], bool],
    ) -> Findings:
        """Ask as little as will do; for DS only where a zone is *of_interest*."""
        zones = {place.zone.apex: place.zone for place in places}
        challenges = {name for place in places for name in (place.name, place.alias) if name}
        hearings, validations = self._soundings.sound(tuple(zones.values()), challenges)
        inspected = {
            apex: Inspected(zone, hearings[apex], validations.get(apex, ()))
            for apex, zone in zones.items()
        }
        signed = [apex for apex, each in inspected.items() if of_interest(each)]
        rungs = dict.fromkeys(name for each in identifiers for name in ladder(each.base))
        told = self._lookup.resolve(
            [
                *((apex, rdatatype.DS) for apex in signed),
                *((name, rdatatype.CAA) for name in rungs),
            ]
        )
        for apex in signed:
            inspected[apex] = replace(inspected[apex], ds=ds(apex, told[apex, rdatatype.DS]))
        caa = self._asked_again({name: told[name, rdatatype.CAA] for name in rungs}, zones)
        return Findings(places, identifiers, self._with_keys(inspected), caa, {})

    def _asked_again(self, caa: Answers, zones: Mapping[Name, Delegation]) -> Answers:
        """Return *caa*; where a look-up within *zones* failed, every server is asked once more."""
        lost = [
            (name, first, zones[apex])
            for name, first in caa.items()
            if isinstance(first, Silence) and (apex := innermost(name, zones)) is not None
        ]
        outcomes = iter(
            self._soundings.ask(
                [(name, rdatatype.CAA, via) for name, _, zone in lost for via in zone.servers]
            )
        )
        found = {
            name: retold(name, zone.apex, first, {via: next(outcomes) for via in zone.servers})
            for name, first, zone in lost
        }
        return {**caa, **found}

    def _with_keys(self, zones: Mapping[Name, Inspected]) -> Mapping[Name, Inspected]:
        """Return *zones*, those with DS records with their keys, by one server each."""
        asked = {apex: each.heard[0].via for apex, each in zones.items() if each.ds and each.heard}
        answers = self._soundings.ask(
            [(apex, rdatatype.DNSKEY, via) for apex, via in asked.items()]
        )
        found = {
            apex: replace(zones[apex], keys=keys(answer))
            for apex, answer in zip(asked, answers, strict=True)
        }
        return {**zones, **found}

    def _doubled(
        self, places: Collection[Place], zones: Mapping[Name, Inspected]
    ) -> Mapping[Name, Answer]:
        """Return what stands at the names of *places* with their zone appended."""
        asked = {}
        for place in places:
            twin = doubled(place.name, place.zone.apex)
            heard = zones[place.zone.apex].heard
            if twin is not None and heard:
                asked[twin] = heard[0].via
        answers = self._soundings.ask([(twin, rdatatype.TXT, via) for twin, via in asked.items()])
        return dict(zip(asked, answers, strict=True))


def innermost(name: Name, zones: Iterable[Name]) -> Name | None:
    """Return the apex of the smallest of *zones* around *name*; None: there is none."""
    return max((apex for apex in zones if name.is_subdomain(apex)), key=len, default=None)


def may_have_ds(zone: Inspected) -> bool:
    """Whether a server of *zone* shows signatures, or a resolver misses them."""
    return any(each.outcome.signatures for each in zone.heard) or any(
        each.is_bogus for each in zone.validations
    )


def ds(apex: Name, answer: Answer) -> tuple[DS, ...] | None:
    """Return the DS records of *apex* in *answer*; None: there is no telling.

    It has none by the word of the parent alone; the zone itself knows of none, ever.
    """
    if isinstance(answer, Silence) or answer.rcode() != rcode.NOERROR:
        return None
    found = tuple(each for rrset in answer.answer if rrset.rdtype == rdatatype.DS for each in rrset)
    return None if not found and any(rrset.name == apex for rrset in answer.authority) else found


def keys(answer: Answer) -> tuple[DNSKEY, ...]:
    """Return the keys in *answer*."""
    if isinstance(answer, Silence):
        return ()
    return tuple(
        each for rrset in answer.answer if rrset.rdtype == rdatatype.DNSKEY for each in rrset
    )
