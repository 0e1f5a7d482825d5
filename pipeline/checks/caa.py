"""Judge CAA records as a CA does (RFC 8659, RFC 8657; the details are Boulder's). Pure.

1. From the name up to its top-level domain, the first error or the first
   record decides; an error at a closer name hides what a parent allows.
2. NXDOMAIN below a top-level domain means that there is no record.
3. An unknown property that is critical forbids everything. Flag 1 counts as
   critical beside 128: so many people have misread the RFC.
4. For a wildcard, issuewild counts if there is one, else issue.
5. No property that matters here: any CA may issue. Otherwise one of them must
   name the CA, and allow its account and dns-01.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from dns import rcode, rdatatype
from dns.flags import AA
from dns.message import Message
from dns.name import Name
from dns.rdtypes.ANY.CAA import CAA

from pipeline.asking.wire import response_code
from pipeline.orders.identifiers import hostname
from pipeline.questions import Perspective, Silence
from pipeline.text import printable
from pipeline.tree.referrals import alias, leads_on

from .grants import Grant, grant
from .servers import Lame, hear, listed

CRITICAL = 128 | 1
KNOWN = {b"issue", b"issuewild", b"iodef", b"issuemail", b"issuevmc"}
TOP_LEVEL = 2
"""Labels of a top-level domain's name, the root's included."""

Answers = Mapping[Name, Message | Silence]
"""What asking for CAA at each name has brought, aliases followed."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """What a certificate is for: *base* itself, or the wildcard below it."""

    base: Name
    is_wildcard: bool = False

    def __str__(self) -> str:
        name = self.base.to_text(omit_final_dot=True)
        return f"*.{name}" if self.is_wildcard else name


@dataclass(frozen=True, slots=True)
class Relevant:
    """The records that decide, and the name at which they are found (RFC 8659 §3)."""

    owner: Name
    records: tuple[CAA, ...]


@dataclass(frozen=True, slots=True)
class Properties:
    """Those called *tag*, which matter for an identifier; None stands for a malformed one."""

    tag: str
    grants: tuple[Grant | None, ...]

    @property
    def sound(self) -> tuple[Grant, ...]:
        """Those that are well-formed and name a CA."""
        return tuple(each for each in self.grants if each and each.issuer)


@dataclass(frozen=True, slots=True)
class Denied(Silence):
    """An error in so many words, by every server of the zone that can be asked from here."""


@dataclass(frozen=True, slots=True)
class Obstructed:
    """The look-up at *owner* failed, which decides: a CA may not issue past an error."""

    owner: Name
    silence: Silence

    @property
    def is_sure(self) -> bool:
        """Whether a CA meets the error, too; silence may be our own bad luck."""
        return isinstance(self.silence, Denied)


def identified(domains: Iterable[str]) -> tuple[Identifier, ...]:
    """Return *domains* as identifiers, each once; what is no domain name is left out."""
    return tuple(dict.fromkeys(each for each in map(identifier, domains) if each))


@lru_cache(maxsize=20_000)  # a step after the other comes back to the same names
def identifier(domain: str) -> Identifier | None:
    """Return *domain* as an identifier; None: it is no domain name."""
    base = hostname(domain.removeprefix("*."))
    return None if base is None else Identifier(base, domain.startswith("*."))


def ladder(base: Name) -> tuple[Name, ...]:
    """Return the names at which a CA looks for CAA: *base* and its parents below the root."""
    return tuple(Name(base.labels[depth:]) for depth in range(len(base.labels) - 1))


def relevant(base: Name, answers: Answers) -> Relevant | Obstructed | None:
    """Return what decides for *base*; None: there is no record anywhere."""
    for owner in ladder(base):
        match records(owner, answers[owner]):
            case Silence() as silence:
                return Obstructed(owner, silence)
            case ():
                continue
            case found:
                return Relevant(owner, found)
    return None


def records(owner: Name, answer: Message | Silence) -> tuple[CAA, ...] | Silence:
    """Return the CAA records in *answer*, under whatever name; an error is silence."""
    if isinstance(answer, Silence):
        return answer
    match answer.rcode():
        case rcode.NXDOMAIN if len(owner) > TOP_LEVEL:
            return ()
        case rcode.NOERROR:
            rrsets = (rrset for rrset in answer.answer if rrset.rdtype == rdatatype.CAA)
            return tuple(rdata for rrset in rrsets for rdata in rrset)
        case _:
            return Silence(response_code(answer))


def retold(
    owner: Name, apex: Name, first: Silence, outcomes: Mapping[Perspective, Message | Silence]
) -> Message | Silence:
    """Return what counts after *first*: *outcomes*, if they tell, of asking once more.

    Args:
        owner: The name asked about.
        apex: That of the zone whose servers were asked.
        first: Why the look-up failed.
        outcomes: What each of the servers says.
    """
    told = {
        via: outcome
        for via, outcome in outcomes.items()
        if isinstance(outcome, Message) or not outcome.routeless
    }
    useful = [
        found
        for found in (leads_on(outcome, owner, apex) for outcome in told.values())
        if isinstance(found, Message)
    ]
    if useful:  # an alias, or a referral, leads on to where the look-up failed
        final = (each for each in useful if each.flags & AA and alias(each, owner) is None)
        return next(final, first)
    hearings = [hear(via, owner, outcome) for via, outcome in told.items()]
    errors = [
        f"{each}: {each.outcome.reason}" for each in hearings if isinstance(each.outcome, Lame)
    ]
    return Denied(listed(errors)) if errors and len(errors) == len(told) else first


def properties(found: Relevant, *, is_wildcard: bool) -> Properties | None:
    """Return the properties of *found* that matter; None: none does, and any CA may issue."""
    for tag in ("issuewild", "issue") if is_wildcard else ("issue",):
        values = [each.value for each in found.records if each.tag.lower() == tag.encode()]
        if values:
            return Properties(tag, tuple(map(grant, values)))
    return None


def critical(found: Relevant) -> tuple[str, ...]:
    """Return the tags of the unknown properties that are critical, printable."""
    tags = {
        printable(each.tag.decode("latin-1"), 40)
        for each in found.records
        if each.tag.lower() not in KNOWN and each.flags & CRITICAL
    }
    return tuple(sorted(tags))
