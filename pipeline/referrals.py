"""Read what a DNS message says about name servers and zone cuts. Pure."""

import dns.name
from dns import rcode, rdatatype
from dns.flags import AA
from dns.message import Message
from dns.name import Name

from .questions import Silence


def usable(outcome: Message | Silence) -> Message | Silence:
    """Return *outcome*, an error code being silence: it says nothing of the name."""
    if isinstance(outcome, Message) and outcome.rcode() not in {rcode.NOERROR, rcode.NXDOMAIN}:
        return Silence(rcode.to_text(outcome.rcode()))
    return outcome


def ns_targets(answer: Message, owner: Name) -> frozenset[Name]:
    """Return the hosts in the NS set of *owner*, in the answer or a referral."""
    return frozenset(
        dns.name.from_text(rdata.to_text())
        for rrset in (*answer.answer, *answer.authority)
        if rrset.rdtype == rdatatype.NS and rrset.name == owner
        for rdata in rrset
    )


def zone_cut(answer: Message, name: Name, apex: Name) -> Name | None:
    """Return the apex of the zone that *answer* shows between *apex* and *name*, if any."""
    if ns_targets(answer, name):
        return name
    for rrset in answer.authority:
        is_cut = rrset.name.is_subdomain(apex) and rrset.name != apex
        if rrset.rdtype == rdatatype.NS and is_cut and name.is_subdomain(rrset.name):
            return rrset.name if not answer.flags & AA else None
    return None
