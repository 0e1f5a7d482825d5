"""What the answer of a server, asked with RD=0, says about a name. Pure."""

import dns.flags
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdataclass import IN
from dns.rdatatype import CNAME, NS, SOA, TXT


def enclosing_apex(name: Name, answer: Message) -> Name | None:
    """Return the apex of the zone that the server has *name* in, by its answer about the SOA.

    A negative answer names the apex, too (RFC 2308 §2.1). None without authority, and where
    an alias is: the SOA beside a CNAME is that of the target's zone.
    """
    if not answer.flags & dns.flags.AA or alias(name, answer):
        return None
    apexes = (rrset.name for rrset in answer.answer + answer.authority if rrset.rdtype == SOA)
    return next((apex.canonicalize() for apex in apexes if name.is_subdomain(apex)), None)


def hosts(apex: Name, answer: Message) -> tuple[Name, ...]:
    """Return the name servers that the zone *apex* itself names, if the server has it."""
    rrset = answer.get_rrset(answer.answer, apex, IN, NS)
    has_authority = bool(answer.flags & dns.flags.AA)
    return tuple(sorted(rdata.target for rdata in rrset or () if has_authority))


def zone_cut(apex: Name, name: Name, answer: Message) -> Name | None:
    """Return the apex of another zone, below *apex*, that *name* belongs to.

    A referral names it by its NS, a server that has this zone, too, by its SOA or NS.
    """
    owners = (rrset.name for rrset in answer.authority if rrset.rdtype in {NS, SOA})
    cuts = (owner for owner in owners if owner != apex and owner.is_subdomain(apex))
    return next((cut for cut in cuts if name.is_subdomain(cut)), None)


def alias(name: Name, answer: Message) -> Name | None:
    """Return the target of the CNAME that the answer has for *name*."""
    rrset = answer.get_rrset(answer.answer, name, IN, CNAME)
    return rrset[0].target if rrset else None


def ttl(name: Name, answer: Message) -> int | None:
    """Return the TTL in seconds of the TXT RRset at *name*, if there is one."""
    rrset = answer.get_rrset(answer.answer, name, IN, TXT)
    return rrset.ttl if rrset else None


def serves(name: Name, value: str, answer: Message) -> bool:
    """Whether the server has, with authority, *value* among the TXT records at *name*."""
    rrset = answer.get_rrset(answer.answer, name, IN, TXT)
    texts = {b"".join(rdata.strings) for rdata in rrset or ()}
    return bool(answer.flags & dns.flags.AA) and value.encode("ascii") in texts


def denies(apex: Name, name: Name, value: str, answer: Message) -> bool:
    """Whether the server says, with authority, that *value* is not at *name* in the zone *apex*.

    An alias, or another zone below, could hide a record that an update has stored.
    """
    is_answer = answer.rcode() in {Rcode.NOERROR, Rcode.NXDOMAIN}
    hidden = alias(name, answer) or zone_cut(apex, name, answer)
    has_authority = bool(answer.flags & dns.flags.AA)
    return is_answer and has_authority and not hidden and not serves(name, value, answer)


def absence(apex: Name, name: Name, answer: Message) -> str:
    """Say why a TXT that was written to the zone *apex* does not appear at *name*."""
    if target := alias(name, answer):
        return f"it answers a CNAME to {target}"
    if cut := zone_cut(apex, name, answer):
        return f"it is delegated to the zone {cut}"
    if answer.rcode() not in {Rcode.NOERROR, Rcode.NXDOMAIN}:
        return f"it answers {Rcode.to_text(answer.rcode())}"
    return "it answers without that value"
