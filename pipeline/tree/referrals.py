"""Read what a DNS message says about zones: cuts, name servers, glue, apexes, aliases. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping

import dns.name
from dns import rcode, rdatatype
from dns.flags import AA
from dns.message import Message
from dns.name import Name
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from dns.rrset import RRset

from pipeline.asking.wire import response_code
from pipeline.questions import Perspective, Role, Silence

USABLE = {rcode.NOERROR, rcode.NXDOMAIN}
ADDRESSES = (rdatatype.A, rdatatype.AAAA)

Answers = Mapping[tuple[Name, RdataType], Message | Silence]
"""What came of asking for a type at a name."""


def usable(outcome: Message | Silence) -> Message | Silence:
    """Return *outcome*, an error code being silence: it says nothing of the name."""
    if isinstance(outcome, Message) and outcome.rcode() not in USABLE:
        return Silence(response_code(outcome))
    return outcome


def leads_on(outcome: Message | Silence, name: Name, apex: Name) -> Message | Silence:
    """Return *outcome* of asking a server of the zone at *apex* about *name*, if it is of use.

    It speaks with authority, or refers to a zone further down; whatever else a
    server says is silence (RFC 1034 §5.3.3).
    """
    message = usable(outcome)
    if isinstance(message, Silence) or message.flags & AA or zone_cut(message, name, apex):
        return message
    return Silence("lame: answers without authority (no AA)")


def holder(name: Name, rdtype: RdataType) -> Name:
    """Return the name whose zone answers: DS records are the parent's (RFC 4035 §3.1.4.1)."""
    return name.parent() if rdtype == rdatatype.DS and name != dns.name.root else name


def of_type(rrsets: Iterable[RRset], *kinds: RdataType) -> Iterator[RRset]:
    """Yield those of *rrsets* that are of one of *kinds*; another class is another world."""
    return (each for each in rrsets if each.rdclass == IN and each.rdtype in kinds)


def ns_targets(answer: Message, owner: Name) -> frozenset[Name]:
    """Return the hosts in the NS set of *owner*, in the answer or a referral."""
    return frozenset(
        dns.name.from_text(rdata.to_text()).canonicalize()
        for rrset in of_type((*answer.answer, *answer.authority), rdatatype.NS)
        if rrset.name == owner
        for rdata in rrset
    )


def zone_cut(answer: Message, name: Name, apex: Name) -> Name | None:
    """Return the apex of the zone, below *apex* and at or above *name*, that *answer* refers to."""
    if answer.flags & AA:
        return None
    for rrset in of_type(answer.authority, rdatatype.NS):
        below = rrset.name.is_subdomain(apex) and rrset.name != apex
        if below and name.is_subdomain(rrset.name):
            return rrset.name.canonicalize()
    return None


def glue(referral: Message, hosts: Collection[Name], apex: Name) -> Iterator[Perspective]:
    """Yield the servers whose addresses *referral* brings, as far as the zone at *apex* may say."""
    for rrset in of_type(referral.additional, *ADDRESSES):
        host = rrset.name.canonicalize()
        if host in hosts and host.is_subdomain(apex):
            yield from servers(rrset, host)


def servers(rrset: RRset, host: Name) -> Iterator[Perspective]:
    """Yield the authoritative server at each address in *rrset*."""
    for rdata in rrset:
        yield Perspective(rdata.to_text(), 53, Role.AUTHORITATIVE, host.to_text())


def addressed(answers: Answers) -> tuple[Perspective, ...]:
    """Return the authoritative server at each address in *answers* about hosts, aliases or not.

    A host of which an answer is missing may have an address that nobody told: a server without.
    """
    found = [
        server
        for (host, kind), answer in answers.items()
        if isinstance(answer, Message)
        for rrset in of_type(answer.answer, kind)
        for server in servers(rrset, host)
    ]
    lost = [host for (host, _), answer in answers.items() if isinstance(answer, Silence)]
    return (*found, *(unknown(host) for host in dict.fromkeys(lost)))


def unknown(host: Name) -> Perspective:
    """Return the server at an address of *host* that cannot be found."""
    return Perspective("", 53, Role.AUTHORITATIVE, host.to_text())


def apex_of(answer: Message, name: Name) -> Name | None:
    """Return the apex of the zone that *name* is in, if the SOA in *answer* tells.

    Not beside an alias: the SOA may be that of its target's zone.
    """
    if alias(answer, name) is not None:
        return None
    for rrset in of_type((*answer.answer, *answer.authority), rdatatype.SOA):
        if name.is_subdomain(rrset.name):
            return rrset.name.canonicalize()
    return None


def alias(answer: Message, name: Name) -> Name | None:
    """Return the target of the CNAME at *name* in *answer*, or None."""
    for rrset in of_type(answer.answer, rdatatype.CNAME):
        if rrset.name == name:
            return dns.name.from_text(rrset[0].target.to_text()).canonicalize()
    return None
