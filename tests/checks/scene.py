"""DNS messages as servers would send them, and the values that are made of them."""

from collections.abc import Iterable
from datetime import UTC, datetime

import dns.message
from dns import flags, rcode, rdatatype
from dns.message import Message
from dns.name import Name, from_text
from dns.rdatatype import RdataType
from dns.rrset import RRset
from dns.rrset import from_text as rrset

from pipeline.checks.servers import Hearing, hear
from pipeline.questions import Perspective, Role, Silence
from pipeline.tree.delegation import Delegation, Place

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
APEX = from_text("example.com.")
CHALLENGE = from_text("_acme-challenge.example.com.")
SERVFAIL, REFUSED, NXDOMAIN = rcode.SERVFAIL, rcode.REFUSED, rcode.NXDOMAIN
TIMEOUT = Silence("timeout")


def reply(
    name: Name,
    rdtype: RdataType,
    *answer: RRset,
    code: rcode.Rcode = rcode.NOERROR,
    set_flags: int = flags.AA,
    authority: Iterable[RRset] = (),
) -> Message:
    """Return the response to a question for *rdtype* at *name*, as it comes from the wire."""
    message = dns.message.make_response(dns.message.make_query(name, rdtype, use_edns=0))
    message.flags |= set_flags
    message.set_rcode(code)
    message.answer.extend(answer)
    message.authority.extend(authority)
    return dns.message.from_wire(message.to_wire(max_size=65535))


def caa(owner: str, *texts: str) -> RRset:
    """Return CAA records at *owner*, each as in a zone file."""
    return rrset(owner, 300, "IN", "CAA", *texts)


def caa_reply(owner: str, *texts: str) -> Message:
    """Return the answer to a question for CAA at *owner*; without *texts* there is none."""
    found = [caa(owner, *texts)] if texts else []
    return reply(from_text(owner), rdatatype.CAA, *found)


def soa(
    apex: Name = APEX,
    serial: int = 7,
    *,
    primary: str = "ns1.example.com.",
    ttl: int = 300,
    minimum: int = 300,
) -> RRset:
    """Return a SOA record."""
    return rrset(apex, ttl, "IN", "SOA", f"{primary} host.example.com. {serial} 1 1 1 {minimum}")


def rrsig(begin: int, end: int, apex: Name = APEX, covered: str = "SOA") -> RRset:
    """Return a signature that is good from *begin* to *end*, in days from `NOW`."""
    day = 86_400
    moments = (
        datetime.fromtimestamp(NOW.timestamp() + each * day, UTC).strftime("%Y%m%d%H%M%S")
        for each in (end, begin)
    )
    text = f"{covered} 13 {len(apex) - 1} 300 {' '.join(moments)} 1 {apex} {'A' * 86}=="
    return rrset(apex, 300, "IN", "RRSIG", text)


def via(number: int = 1, role: Role = Role.AUTHORITATIVE) -> Perspective:
    """Return one of several servers."""
    return Perspective(f"192.0.2.{number}", 53, role, f"ns{number}.example.net.")


def heard(*answer: RRset, number: int = 1) -> Hearing:
    """Return that the server *number* has sent *answer* with authority."""
    return hear(via(number), APEX, reply(APEX, rdatatype.SOA, *answer))


def lame(number: int = 1, code: rcode.Rcode = REFUSED) -> Hearing:
    """Return that the server *number* answers with an error."""
    return hear(via(number), APEX, reply(APEX, rdatatype.SOA, code=code))


def mute(number: int = 1, outcome: Silence = TIMEOUT) -> Hearing:
    """Return that the server *number* does not answer."""
    return hear(via(number), APEX, outcome)


def zone(*, servers: int = 2, is_configured: bool = False) -> Delegation:
    """Return ``example.com`` at a number of *servers*."""
    found = tuple(via(number + 1) for number in range(servers))
    hosts = frozenset(from_text(each.server) for each in found)
    return Delegation(APEX, found, hosts, hosts, is_configured=is_configured)


def place(*values: str, name: Name = CHALLENGE, alias: Name | None = None) -> Place:
    """Return a name in ``example.com`` with TXT *values*."""
    return Place(name, zone(), exists=True, alias=alias, values=frozenset(values))
