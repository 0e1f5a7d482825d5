"""Zones as values: how TXT values come and go, and what a server answers from them. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence

import dns.rdtypes.ANY.TXT
from dns.flags import AA
from dns.message import Message, make_response
from dns.name import Name
from dns.rcode import Rcode
from dns.rdata import Rdata
from dns.rdataclass import IN
from dns.rdataset import Rdataset, from_rdata_list, from_text
from dns.rdatatype import AAAA, CNAME, NS, SOA, A, RdataType
from dns.rrset import RRset
from dns.rrset import from_rdata_list as rrset

from providers.contract import TXT
from providers.errors import Rejected
from providers.listener import PAYLOAD

Node = Mapping[RdataType, Rdataset]
"""The RRsets at one name."""

Records = dict[Name, Node]
"""The nodes of all zones by name, compared without case. Never changed in place."""

_TTL = 3600  # seconds: NS and address records never change here


def new_zone(apex: Name, addresses: Sequence[str], soa_ttl: int, minimum: int) -> Records:
    """Return a zone without content, served by ``ns1``, ``ns2``... at these IP addresses."""
    hosts = host_names(apex, len(addresses))
    soa = f"{hosts[0]} hostmaster.{apex} 1 7200 900 1209600 {minimum}"
    delegation = from_text("IN", "NS", _TTL, *(host.to_text() for host in hosts))
    records: Records = {apex: {SOA: from_text("IN", "SOA", soa_ttl, soa), NS: delegation}}
    for host, address in zip(hosts, addresses, strict=True):
        rdtype = AAAA if ":" in address else A
        records[host] = {rdtype: from_text("IN", rdtype, _TTL, address)}
    return records


def host_names(apex: Name, count: int) -> tuple[Name, ...]:
    """Return the host names of a zone's *count* name servers."""
    return tuple(Name((f"ns{i + 1}".encode(), *apex.labels)) for i in range(count))


def with_next_serial(records: Records, apex: Name) -> Records:
    """Return *records* with the SOA serial of the zone at *apex* one higher."""
    node = records[apex]
    soa = node[SOA][0]
    newer = Rdataset(soa.rdclass, SOA, ttl=node[SOA].ttl)
    newer.add(soa.replace(serial=soa.serial + 1))
    return {**records, apex: {**node, SOA: newer}}


def values(node: Node) -> set[str]:
    """Return the TXT values at a node, each with its strings joined."""
    return {b"".join(rdata.strings).decode() for rdata in node.get(RdataType.TXT, ())}


def with_value(node: Node, record: TXT) -> Node:
    """Return *node* with the value of *record*, in the TTL of the RRset it joins; idempotent.

    Raises:
        Rejected: The name is a CNAME (RFC 1034 §3.6.2).
    """
    if CNAME in node:
        raise Rejected(f"{record.name} is a CNAME: no TXT can stand beside it")
    found = node.get(RdataType.TXT)
    ttl = record.ttl if found is None else found.ttl
    return {**node, RdataType.TXT: from_rdata_list(ttl, [*(found or ()), _rdata(record)])}


def without_value(node: Node, record: TXT) -> Node:
    """Return *node* without the value of *record*; idempotent."""
    others: Node = {rdtype: rrs for rdtype, rrs in node.items() if rdtype != RdataType.TXT}
    found = node.get(RdataType.TXT)
    rest = [rdata for rdata in found or () if rdata != _rdata(record)]
    if found is None or not rest:
        return others
    return {**others, RdataType.TXT: from_rdata_list(found.ttl, rest)}


def enclosing(apexes: Collection[Name], name: Name) -> Name | None:
    """Return the deepest of *apexes* at or above *name*."""
    return max((apex for apex in apexes if name.is_subdomain(apex)), key=len, default=None)


def respond(query: Message, apexes: Collection[Name], records: Records) -> Message:
    """Return the authoritative reply to *query* (RFC 1034 §4.3.2, RFC 2308 §2).

    Follows CNAMEs as long as they stay in the zones served here; the rcode is
    that of the last name (RFC 6604 §3). REFUSED for names outside of them.
    """
    reply = make_response(query, our_payload=PAYLOAD)
    name, rdtype = query.question[0].name, query.question[0].rdtype
    if enclosing(apexes, name) is None:
        reply.set_rcode(Rcode.REFUSED)
        return reply
    reply.flags |= AA
    seen: set[Name] = set()
    while name not in seen and (apex := enclosing(apexes, name)) is not None:
        seen.add(name)
        node = records.get(name, {})
        found = node.get(rdtype) or node.get(CNAME)
        if found is None:
            reply.authority.append(_negative(apex, records[apex][SOA]))
            if not any(other.is_subdomain(name) for other in records):
                reply.set_rcode(Rcode.NXDOMAIN)
            return reply
        reply.answer.append(_rrset(name, found))
        if found.rdtype == rdtype:
            reply.additional.extend(_glue(found, records))
            return reply
        name = found[0].target
    return reply


def _rdata(record: TXT) -> Rdata:
    return dns.rdtypes.ANY.TXT.TXT(IN, RdataType.TXT, [record.value.encode("ascii")])


def _rrset(name: Name, found: Rdataset) -> RRset:
    return rrset(name, found.ttl, list(found))


def _negative(apex: Name, soa: Rdataset) -> RRset:
    """Return the SOA for a negative answer; its TTL is how long to believe it (RFC 2308 §3)."""
    return rrset(apex, min(soa.ttl, soa[0].minimum), list(soa))


def _glue(found: Rdataset, records: Records) -> Iterator[RRset]:
    """Yield the addresses of the hosts that an NS RRset names, as far as known here."""
    if found.rdtype == NS:
        for rdata in found:
            for rdtype, addresses in records.get(rdata.target, {}).items():
                if rdtype in {A, AAAA}:
                    yield _rrset(rdata.target, addresses)
