"""Put together what was found about zones and names, and what all of it means. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dns.message import Message
from dns.name import Name
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from pipeline.configuration.settings import Authority
from pipeline.model import Problem, Severity
from pipeline.names import upwards
from pipeline.orders.identifiers import leaf_of
from pipeline.questions import Silence
from pipeline.tree.delegation import Delegation, Place

from .caa import Answers, Identifier, identified
from .issuance import problems as of_issuance
from .keys import mismatched
from .names import bulky, denying, doubled, left_over, misplaced, remembered
from .servers import Heard, Hearing, heard
from .servers import problems as of_servers
from .signatures import Chain, Validation, bogus, failing, timely
from .signatures import chain as chain_of
from .tolerance import Twin, explained
from .tolerance import problems as of_tolerance


@dataclass(frozen=True, slots=True)
class Inspected:
    """A zone, and what was said of it.

    Attributes:
        hearings: By each of its servers.
        validations: By each resolver that could be asked.
        ds: The DS records in the parent; None: not known.
        keys: The zone's own keys; empty: not known.
        twins: By servers that were asked again in another manner.
        careless: Address and port of servers that spell names as they like.
    """

    zone: Delegation
    hearings: tuple[Hearing, ...]
    validations: tuple[Validation, ...] = ()
    ds: tuple[DS, ...] | None = None
    keys: tuple[DNSKEY, ...] = ()
    twins: tuple[Twin, ...] = ()
    careless: Collection[tuple[str, int]] = ()

    @property
    def heard(self) -> tuple[Heard, ...]:
        """Those that answered for it."""
        return heard(self.hearings)

    @property
    def has_ds(self) -> bool | None:
        """Whether the parent has a DS record; None: not known."""
        return None if self.ds is None else bool(self.ds)

    @property
    def chain(self) -> Chain:
        """How it hangs on the chain of trust."""
        return chain_of(self.heard, self.validations, has_ds=self.has_ds)

    @property
    def negative_ttl(self) -> int | None:
        """Seconds for which a resolver may remember that a name does not exist."""
        return max((each.outcome.negative_ttl for each in self.heard), default=None)

    def problems(self, now: datetime) -> tuple[Problem, ...]:
        """Return what is wrong with it, as far as no name matters.

        What the walk found odd about its delegation, `Delegation.problems`, is not repeated.
        """
        is_secure = self.chain is Chain.SECURE
        apex, known = self.zone.apex, explained(self.hearings, self.twins)
        found = (
            *of_servers(apex, self.hearings, known),
            *of_tolerance(apex, self.hearings, self.twins, self.careless),
            *bogus(apex, self.heard, self.validations, has_ds=self.has_ds),
            *timely(
                *(apex, self.heard, now),
                has_ds=self.has_ds,
                is_secure=is_secure,
            ),
            *mismatched(apex, self.ds or (), self.keys, is_secure=is_secure),
            *failing(apex, self.validations),
            *remembered(apex, self.heard),
        )
        return tuple(map(softened, found)) if self.zone.is_configured else found


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out.

    Attributes:
        places: Every challenge name, and every name it is an alias for.
        identifiers: What the certificates are for.
        zones: Those that *places* are in, by apex.
        caa: For every name on the ladders of *identifiers*.
        doubled: What stands where a host would put a name with its zone
            appended, by name.
        expected: Values that may stand there before anything is written: a run's that goes on.
    """

    places: Sequence[Place]
    identifiers: Sequence[Identifier]
    zones: Mapping[Name, Inspected]
    caa: Answers
    doubled: Mapping[Name, Message | Silence]
    expected: Collection[str] = ()

    def about(
        self, places: Sequence[Place], domains: Iterable[str], expected: Collection[str] = ()
    ) -> "Findings":
        """Return what concerns *places* and *domains*, which are among those looked at."""
        return replace(
            self,
            places=places,
            identifiers=identified(domains),
            zones={place.zone.apex: self.zones[place.zone.apex] for place in places},
            expected=expected,
        )

    def problems(self, authority: Authority, now: datetime) -> tuple[Problem, ...]:
        """Return all that is wrong, for *authority*, at *now*; what is fatal comes first."""
        wanted = Counter(leaf_of(each.base) for each in self.identifiers)
        found = [
            *self._issuance(authority),
            *(problem for zone in self.zones.values() for problem in zone.problems(now)),
            *left_over(filter(holds_values, self.places), self.expected),
            *(p for place in self.places for p in self._standing(place, wanted[place.name] or 1)),
        ]
        return gravest_first(found)

    def _issuance(self, authority: Authority) -> tuple[Problem, ...]:
        """Return what CAA has against the certificates, which in a split view nobody knows."""
        split = {each.zone.apex for each in self.zones.values() if each.zone.is_configured}
        inner, outer = list[Identifier](), list[Identifier]()
        for each in self.identifiers:
            (outer if split.isdisjoint(upwards(each.base)) else inner).append(each)
        ours, theirs = (of_issuance(each, self.caa, authority) for each in (outer, inner))
        return (*ours, *map(softened, theirs))

    def _standing(self, place: Place, wanted: int) -> tuple[Problem, ...]:
        """Return what is wrong with what stands at *place*, for *wanted* values, and beside it."""
        if not holds_values(place):
            return ()
        zone = self.zones[place.zone.apex]
        signed = [signature for each in zone.heard[:1] for signature in each.outcome.signatures]
        twin = doubled(place.name, place.zone.apex)
        answer = self.doubled.get(twin) if twin else None
        return (
            *bulky(place, wanted, signed),
            *(misplaced(place, twin, answer) if twin and answer else ()),
            *(denying(place.zone.apex, answer) if answer else ()),
        )


def holds_values(place: Place) -> bool:
    """Whether the values belong at *place*, and not where it leads to."""
    return place.alias is None or place.is_wildcard


def gravest_first(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return *problems*, each once, by severity."""
    order = list(Severity)
    return tuple(sorted(dict.fromkeys(problems), key=lambda each: order.index(each.severity)))


def softened(problem: Problem) -> Problem:
    """Return *problem* as one that may, not will, make validation fail."""
    grave = problem.severity is Severity.ERROR
    return replace(problem, severity=Severity.WARNING) if grave else problem
