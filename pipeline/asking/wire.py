"""Read what a DNS message says about a TXT RRset. Pure."""

from dns import rcode, rdataclass, rdatatype
from dns.edns import EDEOption
from dns.flags import AA
from dns.message import Message
from dns.name import Name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.TXT import TXT
from dns.rrset import RRset

from pipeline.questions import Answer, Role, Silence
from pipeline.text import counted, printable

ANSWERS = {rcode.NOERROR, rcode.NXDOMAIN}


def read(
    message: Message, name: Name, role: Role, rdtype: RdataType = rdatatype.TXT
) -> Answer | Silence:
    """Return what *message*, a response to a question of *rdtype*, says of *name*.

    From a resolver, which follows aliases, the values are those at their end.
    An authoritative server must say so (AA): without it the answer is a
    referral or somebody's cache (RFC 1034 §4.3.1).
    """
    code = message.rcode()
    if code not in ANSWERS:
        return Silence(response_code(message))
    if role is Role.AUTHORITATIVE and not message.flags & AA:
        return Silence(without_authority(message))
    owner = name if role is Role.AUTHORITATIVE else end_of_chain(message, name)
    rrset = answered(message, owner, rdtype)
    if rrset is None or code == rcode.NXDOMAIN:
        return Answer(frozenset(), negative_ttl(message), absence(message, name, rdtype))
    ttl = float(min(each.ttl for each in message.answer))
    if rdtype is rdatatype.CNAME:
        target = target_text(rrset[0].target)
        return Answer(frozenset({target}), ttl, f"CNAME to {printable(target, 255)}")
    values = frozenset(joined(rdata) for rdata in rrset if isinstance(rdata, TXT))
    return Answer(values, ttl, f"holds {counted(len(values), 'TXT value')}")


def answered(message: Message, owner: Name, rdtype: RdataType) -> RRset | None:
    """Return the RRset of *rdtype* at *owner* in *message*'s answer, if it is there."""
    for rrset in message.answer:
        if rrset.rdtype == rdtype and rrset.rdclass == rdataclass.IN and rrset.name == owner:
            return rrset
    return None


def target_text(target: Name) -> str:
    """Return an alias's *target* as the value that questions about it want."""
    return target.canonicalize().to_text()


def end_of_chain(message: Message, name: Name) -> Name:
    """Return the last name that the aliases in *message*'s answer lead to from *name*."""
    for _ in message.answer:
        alias = answered(message, name, rdatatype.CNAME)
        if alias is None:
            break
        name = alias[0].target
    return name


def joined(rdata: TXT) -> str:
    """Return the strings of one TXT record as one; octets above 127 as Latin-1."""
    return b"".join(rdata.strings).decode("latin-1")


def negative_ttl(message: Message) -> float:
    """Return for how many seconds a negative answer may be repeated.

    The TTL of the SOA record as received: a cache counts it down (RFC 2308
    §5), which SOA MINIMUM does not show. Without SOA it is not cached.
    """
    soa = [rrset for rrset in message.authority if rrset.rdtype == rdatatype.SOA][:1]
    return min((float(rrset.ttl) for rrset in (*message.answer, *soa)), default=0.0)


def absence(message: Message, name: Name, rdtype: RdataType) -> str:
    """Return why there is nothing of *rdtype* in an answer, for people."""
    alias = answered(message, name, rdatatype.CNAME)
    if alias is not None:
        return f"CNAME to {printable(alias[0].to_text(), 255)}"
    return (
        "NXDOMAIN"
        if message.rcode() == rcode.NXDOMAIN
        else f"no {rdatatype.to_text(rdtype)} record"
    )


def without_authority(message: Message) -> str:
    """Return what an answer without AA is."""
    if not message.answer and any(rrset.rdtype == rdatatype.NS for rrset in message.authority):
        return f"refers to the servers of {message.authority[0].name}"
    return "lame: answers without authority (no AA)"


def response_code(message: Message) -> str:
    """Return how *message* failed, for people: its code, and the server's own word on it."""
    code = rcode.to_text(message.rcode())
    return (f"RCODE {code}" if code.isdigit() else code) + extended_error(message)


def extended_error(message: Message) -> str:
    """Return the server's Extended DNS Error (RFC 8914), or nothing."""
    for option in message.options:
        if isinstance(option, EDEOption):
            return f" ({printable(option.text or f'EDE {int(option.code)}', 80)})"
    return ""
