"""Judge what stands at a challenge name, and beside it, before anything is written. Pure."""

from collections.abc import Collection, Iterable

from dns import rdatatype
from dns.message import Message
from dns.name import Name, NameTooLong
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.RRSIG import RRSIG

from pipeline.asking.wire import read
from pipeline.model import DIGEST_LENGTH, VALUE, Problem, Severity
from pipeline.questions import Answer, Role, Silence
from pipeline.text import counted
from pipeline.tree.delegation import Place

from .servers import Heard, listed

DATAGRAM = 1232
"""Octets of the largest answer that travels by UDP everywhere (DNS flag day 2020)."""

MANY = 4096
"""Octets above which answers get lost: common resolvers' own limit for EDNS."""

HEADER, QUESTION, OPT, FIXED = 12, 4, 11, 12
"""Octets: message header; type and class; OPT record; a record with a compressed owner name."""

NAMED = 3
"""Names of left-over values that are told."""

LONG = 900
"""Seconds of negative TTL from which on one early question hurts."""


def doubled(name: Name, apex: Name) -> Name | None:
    """Return where *name* ends up if the host appends the zone to what was meant as a whole."""
    try:
        return Name((*name.labels[:-1], *apex.labels))
    except NameTooLong:
        return None


def misplaced(place: Place, twin: Name, answer: Message | Silence) -> tuple[Problem, ...]:
    """Return the problem of values at *twin*, by *answer*, that were meant for *place*.

    What shows at *place*, too, comes from a wildcard.
    """
    outcome = answer if isinstance(answer, Silence) else read(answer, twin, Role.AUTHORITATIVE)
    values = outcome.values if isinstance(outcome, Answer) else frozenset()
    count = sum(VALUE.fullmatch(each) is not None for each in values - place.values)
    if not count:
        return ()
    return (
        Problem(
            "doubled-name",
            f"{counted(count, 'challenge value')} at {twin}, probably meant for {place.name}",
            "the DNS host appends the zone's name by itself: give it the part before that; "
            "remove the record",
            Severity.WARNING,
        ),
    )


def is_challenge(value: str) -> bool:
    """Whether *value* looks like that of a dns-01 challenge (RFC 8555 §8.4)."""
    return len(value) == DIGEST_LENGTH and VALUE.fullmatch(value) is not None


def left_over(places: Iterable[Place], expected: Collection[str] = ()) -> tuple[Problem, ...]:
    """Return the problem of values that stand at *places* already; not of those *expected*."""
    counts = {each.name: sum(map(is_challenge, each.values - {*expected})) for each in places}
    names = [name.to_text() for name, count in counts.items() if count]
    if not names:
        return ()
    more = counted(len(names) - NAMED, "more name") if len(names) > NAMED else ""
    at = ", ".join(names[:NAMED]) + (f" and {more}" if more else "")
    return (
        Problem(
            "values-left",
            f"{counted(sum(counts.values()), 'challenge value')} at {at} already",
            "a CA looks past them; unless another client is at work there, remove them: "
            "`dns01 clean --all` removes those of earlier runs",
            Severity.NOTICE,
        ),
    )


def bulky(place: Place, more: int, signatures: Iterable[RRSIG]) -> tuple[Problem, ...]:
    """Return the problem of an answer that grows large with *more* values at *place*."""
    octets = size(place, more, signatures)
    if octets <= DATAGRAM:
        return ()
    many = octets > MANY
    return (
        Problem(
            "answer-too-large",
            f"the answer for {place.name} takes about {octets} octets with "
            f"{counted(len(place.values) + more, 'value')}: "
            + ("many resolvers give up on that" if many else "it does not fit a datagram"),
            "remove values of the past there"
            + ("" if many else ", or see that every name server answers by TCP"),
            Severity.WARNING if many else Severity.NOTICE,
        ),
    )


def size(place: Place, more: int, signatures: Iterable[RRSIG]) -> int:
    """Return the octets of an answer with the values at *place*, *more* digests, a signature."""
    lengths = [*map(len, place.values), *([DIGEST_LENGTH] * more)]
    signed = (FIXED + len(each.to_wire() or b"") for each in signatures)
    name = len(place.name.to_wire() or b"")
    # A string has a length octet for each 255 characters begun (RFC 1035 §3.3).
    values = sum(FIXED + length + max(1, -(-length // 255)) for length in lengths)
    return HEADER + name + QUESTION + OPT + values + sum(signed)


def remembered(apex: Name, hearings: Iterable[Heard]) -> tuple[Problem, ...]:
    """Return the problem of a zone whose absent names are remembered for long."""
    seconds = max((each.outcome.negative_ttl for each in hearings), default=0)
    if seconds < LONG:
        return ()
    return (
        Problem(
            "negative-ttl",
            f"one early question blinds a resolver for up to {seconds} s: so long it remembers "
            f"that a name in {apex} does not exist",
            "ask no resolver about a challenge name before it is there; the smaller of the SOA "
            "record's TTL and its MINIMUM decides, 60 to 300 s would do",
            Severity.NOTICE,
        ),
    )


def denying(apex: Name, answer: Message | Silence) -> tuple[Problem, ...]:
    """Return the problem of a signed zone whose NSEC records deny whole ranges of names.

    Records made on the spot that cover one name each (RFC 4470) do no harm.
    """
    if isinstance(answer, Silence):
        return ()
    ranges = [
        f"{rrset.name} to {rdata.next}"
        for rrset in answer.authority
        if rrset.rdtype == rdatatype.NSEC
        for rdata in rrset
        if isinstance(rdata, NSEC) and b"\0" not in rdata.next.labels[0]
    ]
    if not ranges:
        return ()
    return (
        Problem(
            "nsec-ranges",
            f"{apex} denies names by range (NSEC), and a validating resolver may deny a name that "
            f"nobody asked about (RFC 8198): {listed(ranges)}",
            "wait for the resolvers after writing, as dns01 does; NSEC3, or a small negative TTL, "
            "avoids it",
            Severity.NOTICE,
        ),
    )
