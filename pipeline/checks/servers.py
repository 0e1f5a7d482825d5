"""Judge the servers of a zone by what they say of its SOA record. Pure."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from dns import rcode, rdataclass, rdatatype
from dns.flags import AA
from dns.message import Message
from dns.name import Name
from dns.rdtypes.ANY.RRSIG import RRSIG

from pipeline.asking.wire import response_code, without_authority
from pipeline.model import Problem, Severity
from pipeline.questions import Perspective, Silence
from pipeline.text import counted, printable
from pipeline.tree.referrals import alias

SHOWN = 6
"""Servers that a sentence names, at most."""


@dataclass(frozen=True, slots=True)
class Soa:
    """A zone's SOA record as one server has it.

    Attributes:
        primary: Its MNAME.
        negative_ttl: Seconds for which a cache may remember that a name in
            the zone does not exist (RFC 2308 §5).
        signatures: Over it.
    """

    serial: int
    primary: Name
    negative_ttl: int
    signatures: tuple[RRSIG, ...] = ()


@dataclass(frozen=True, slots=True)
class Lame:
    """The server answers, but not as one of the zone's: why (RFC 9499 §7)."""

    reason: str


@dataclass(frozen=True, slots=True)
class Aliased:
    """The server has an alias at the zone's apex, where none may be (RFC 1912 §2.4)."""

    target: Name


@dataclass(frozen=True, slots=True)
class Hearing:
    """What came of asking *via* for the SOA record of a zone."""

    via: Perspective
    outcome: Soa | Lame | Aliased | Silence

    def __str__(self) -> str:
        host = "" if self.via.server == str(self.via) else f"{printable(self.via.server, 255)} "
        return f"{host}{self.via}"


def hear(via: Perspective, apex: Name, outcome: Message | Silence) -> Hearing:
    """Return what *via*, a server of the zone at *apex*, has said of it."""
    return Hearing(via, outcome if isinstance(outcome, Silence) else read(apex, outcome))


def read(apex: Name, message: Message) -> Soa | Lame | Aliased:
    """Return what *message*, an answer to a question for SOA at *apex*, says."""
    if message.rcode() != rcode.NOERROR:
        return Lame(response_code(message))
    if not message.flags & AA:
        return Lame(without_authority(message))
    rrset = message.get_rrset(message.answer, apex, rdataclass.IN, rdatatype.SOA)
    if not rrset and (target := alias(message, apex)):
        return Aliased(target)
    if not rrset:
        return Lame("has no SOA record there: it serves a zone above, not this one")
    signatures = message.get_rrset(
        message.answer, apex, rdataclass.IN, rdatatype.RRSIG, rdatatype.SOA
    )
    soa = rrset[0]
    return Soa(soa.serial, soa.mname, min(rrset.ttl, soa.minimum), tuple(signatures or ()))


def problems(
    apex: Name, hearings: Sequence[Hearing], explained: Collection[Perspective] = ()
) -> tuple[Problem, ...]:
    """Return what is wrong with the servers of the zone at *apex*, but for those *explained*."""
    rest = [each for each in hearings if each.via not in explained]
    return (
        *lame(apex, rest, is_all=len(rest) == len(hearings)),
        *aliased(apex, rest),
        *silent(apex, rest),
        *unseen(apex, hearings),
        *behind(apex, hearings),
    )


def lame(apex: Name, hearings: Sequence[Hearing], *, is_all: bool) -> tuple[Problem, ...]:
    """Return the problem of servers that are not the zone's: surely fatal if all are."""
    found = [
        f"{each}: {each.outcome.reason}" for each in hearings if isinstance(each.outcome, Lame)
    ]
    if not found:
        return ()
    if is_all and len(found) == len(hearings):
        return (
            Problem(
                "lame",
                f"no name server of {apex} answers for it: {listed(found)}",
                "configure the zone at its name servers, or correct the delegation",
            ),
        )
    return (
        Problem(
            "lame",
            f"{counted(len(found), 'name server')} of {apex} cannot answer for it: {listed(found)}",
            "configure the zone there, or take the server out of the delegation: a CA's resolver "
            "may pick it first",
            Severity.WARNING,
        ),
    )


def aliased(apex: Name, hearings: Sequence[Hearing]) -> tuple[Problem, ...]:
    """Return the problem of an alias at the apex; names below it may be found all the same."""
    found = [
        f"{each}: CNAME to {printable(each.outcome.target.to_text(), 255)}"
        for each in hearings
        if isinstance(each.outcome, Aliased)
    ]
    if not found:
        return ()
    return (
        Problem(
            "lame",
            f"{apex} is an alias at {counted(len(found), 'name server')}, and the apex of a zone "
            f"must be none, as its SOA and NS records do not show then: {listed(found)}",
            "put address records there, or what the host offers instead (ALIAS, flattening): "
            "resolvers take such a zone one way or the other",
            Severity.WARNING,
        ),
    )


def silent(apex: Name, hearings: Sequence[Hearing]) -> tuple[Problem, ...]:
    """Return the problem of servers that do not answer from here, although a route leads there."""
    found = [
        f"{each}: {printable(each.outcome.reason)}"
        for each in hearings
        if isinstance(each.outcome, Silence) and not each.outcome.routeless
    ]
    if not found:
        return ()
    return (
        Problem(
            "server-silent",
            f"{counted(len(found), 'name server')} of {apex} did not answer: {listed(found)}",
            "mend it, or take it out of the delegation; if all are silent, port 53 may be "
            "filtered here",
            Severity.WARNING,
        ),
    )


def unseen(apex: Name, hearings: Sequence[Hearing]) -> tuple[Problem, ...]:
    """Return the problem of addresses that no route leads to from here: graver for a whole host."""
    lost = [each for each in hearings if is_unseen(each)]
    if not lost:
        return ()
    seen = {each.via.server for each in hearings if not is_unseen(each)}
    hidden = {each.via.server for each in lost} - seen
    return (
        Problem(
            "no-route",
            f"no route leads from here to {counted(len(lost), 'address')} of name servers of "
            f"{apex}: {listed([str(each) for each in lost])}",
            "other networks may see them, a CA's above all; "
            + (
                f"{' and '.join(sorted(hidden))} cannot be confirmed from here at all"
                if hidden
                else "each of these servers has another address that can be asked"
            ),
            Severity.WARNING if hidden else Severity.NOTICE,
        ),
    )


def is_unseen(hearing: Hearing) -> bool:
    """Whether no route leads there."""
    return isinstance(hearing.outcome, Silence) and hearing.outcome.routeless


def behind(apex: Name, hearings: Sequence[Hearing]) -> tuple[Problem, ...]:
    """Return the problem of servers with an older serial than others of the same primary.

    Several hosts that serve one zone have primaries, and serials, of their own.
    """
    found = []
    for primary in dict.fromkeys(each.outcome.primary for each in heard(hearings)):
        group = [each for each in heard(hearings) if each.outcome.primary == primary]
        newest = latest(each.outcome.serial for each in group)
        found += [
            f"{each} has {each.outcome.serial} instead of {newest}"
            for each in group
            if each.outcome.serial != newest
        ]
    if not found:
        return ()
    return (
        Problem(
            "stale-secondary",
            f"{counted(len(found), 'name server')} of {apex} behind by serial: {listed(found)}",
            "unless that changes by itself within seconds, look at the zone transfers (NOTIFY, "
            "TSIG, SOA refresh): a CA that asks there does not find a new value",
            Severity.WARNING,
        ),
    )


@dataclass(frozen=True, slots=True)
class Heard(Hearing):
    """A hearing with the zone's SOA record."""

    outcome: Soa


def heard(hearings: Iterable[Hearing]) -> tuple[Heard, ...]:
    """Return those *hearings* in which the server answered for the zone."""
    return tuple(
        Heard(each.via, each.outcome) for each in hearings if isinstance(each.outcome, Soa)
    )


def latest(serials: Iterable[int]) -> int:
    """Return the newest of *serials* by serial number arithmetic (RFC 1982 §3.2)."""
    first, *others = serials
    for other in others:
        if (other - first) % 2**32 < 2**31:
            first = other
    return first


def listed(parts: Collection[str]) -> str:
    """Return *parts* as one text, those beyond a handful only counted."""
    shown = list(parts)[:SHOWN]
    rest = len(parts) - len(shown)
    return "; ".join([*shown, f"and {rest} more"] if rest else shown)
