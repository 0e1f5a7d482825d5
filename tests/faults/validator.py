"""A strict CA: walks from the root, asks every address, and takes one "no" for a no.

It shares no code with what it judges. Silence is skipped, as a CA's resolver skips it, unless
nobody speaks; everything that is said must hold every value.
"""

from collections.abc import Collection, Iterator

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import RdataType

LONGEST_CHAIN = 11
"""Links that a CA's resolver follows: Unbound starts anew so many times."""

REPEATS = 4
"""Questions to one address: behind it may be several servers."""

Address = tuple[str, int]
"""IP address and port."""


class Validator:
    """Judges challenges at one moment; a server it found silent it does not wait for again.

    Args:
        root: The root's servers.
        timeout: Seconds for which silence is heard out, thrice.
    """

    def __init__(self, root: Collection[Address], timeout: float = 1.5) -> None:
        self._root = frozenset(root)
        self._timeout = timeout
        self._silent: set[Address] = set()

    def objections(self, name: Name, values: Collection[str]) -> list[str]:
        """Return why a CA would refuse; nothing if it finds *values* whomever it asks."""
        return list(self._objections(name, frozenset(values), LONGEST_CHAIN))

    def _objections(self, name: Name, values: frozenset[str], links: int) -> Iterator[str]:
        if not links:
            yield f"{name}: too many aliases"
            return
        targets: set[Name] = set()
        yield from self.heard(self.servers(name), name, values, targets)
        for target in targets:
            yield from self._objections(target, values, links - 1)

    def heard(
        self,
        servers: Collection[Address],
        name: Name,
        values: frozenset[str],
        targets: set[Name] | None = None,
    ) -> Iterator[str]:
        """Yield what *servers* say against *values* at *name*; add what it is an alias for."""
        replies = [
            (address, reply)
            for address in sorted(servers)
            for _ in range(REPEATS)
            if (reply := self._usable(address, name, RdataType.TXT))
        ]
        if not replies:
            yield f"{name}: nobody answers"
        for address, reply in replies:
            target = _alias(reply, name)
            if target is not None and targets is not None:
                targets.add(target)
            elif missing := values - _texts(reply, name):
                yield f"{name} at {address}: {Rcode(reply.rcode()).name} without {set(missing)}"

    def servers(self, name: Name) -> frozenset[Address]:
        """Return every address of every name server, parent's and child's, of *name*'s zone."""
        servers = self._root
        for depth in range(2, len(name) + 1):
            servers = self._below(servers, Name(name.labels[-depth:])) or servers
        return servers

    def _below(self, above: Collection[Address], apex: Name) -> frozenset[Address]:
        """Return the servers of the zone at *apex*, which those of the zone *above* know, if any.

        First those that the parent names, then those that these name, wherever they are said to be.
        """
        parent = [self._ask(address, apex, RdataType.NS) for address in above]
        servers = self._named(apex, [reply for reply in parent if reply], frozenset())
        child = [self._usable(address, apex, RdataType.NS) for address in servers]
        return servers | self._named(apex, [reply for reply in child if reply], servers)

    def _named(
        self, apex: Name, replies: Collection[Message], servers: frozenset[Address]
    ) -> frozenset[Address]:
        """Return the addresses of the servers that *replies* name."""
        hosts = {host for reply in replies for host in _hosts(reply, apex)}
        found = {address for reply in replies for address in _glue(reply, hosts)}
        for host in hosts:
            via = servers if host.is_subdomain(apex) else self.servers(host)
            for kind in (RdataType.A, RdataType.AAAA):
                answers = [self._usable(address, host, kind) for address in via]
                found |= {at for answer in answers if answer for at in _glue(answer, {host})}
        return frozenset((address, 53) for address in found)

    def _usable(self, address: Address, name: Name, kind: RdataType) -> Message | None:
        """Return an answer with authority, or None where there is none."""
        reply = self._ask(address, name, kind)
        if reply is None or reply.rcode() not in {Rcode.NOERROR, Rcode.NXDOMAIN}:
            return None
        return reply if reply.flags & dns.flags.AA else None

    def _ask(self, address: Address, name: Name, kind: RdataType) -> Message | None:
        if address in self._silent:
            return None
        for edns in (0, 0, -1):  # what is lost is sent again, the last time without EDNS
            query = dns.message.make_query(name, kind, use_edns=edns, payload=1232, flags=0)
            reply = self._put(query, *address)
            if reply is not None and reply.rcode() != Rcode.FORMERR:
                return reply
        self._silent.add(address)
        return None

    def _put(self, query: Message, address: str, port: int) -> Message | None:
        try:
            reply = dns.query.udp(query, address, self._timeout, port, ignore_unexpected=True)
            if reply.flags & dns.flags.TC:
                return dns.query.tcp(query, address, self._timeout, port)
        except (OSError, EOFError, dns.exception.DNSException):
            return None
        return reply


def _hosts(reply: Message, apex: Name) -> set[Name]:
    """Return the name servers of *apex* that *reply* names, as an answer or as a referral."""
    return {
        rdata.target
        for rrset in (*reply.answer, *reply.authority)
        if (rrset.name, rrset.rdtype) == (apex, RdataType.NS)
        for rdata in rrset
    }


def _glue(reply: Message, hosts: Collection[Name]) -> set[str]:
    return {
        rdata.address
        for rrset in (*reply.answer, *reply.additional)
        if rrset.name in hosts and rrset.rdtype in {RdataType.A, RdataType.AAAA}
        for rdata in rrset
    }


def _alias(reply: Message, name: Name) -> Name | None:
    """Return the target if *name* is an alias by a CNAME, a synthesised one (DNAME) included."""
    for rrset in reply.answer:
        if (rrset.name, rrset.rdtype) == (name, RdataType.CNAME):
            target: Name = rrset[0].target
            return target
    return None


def _texts(reply: Message, name: Name) -> set[str]:
    return {
        b"".join(rdata.strings).decode("latin-1")
        for rrset in reply.answer
        if (rrset.name, rrset.rdtype) == (name, RdataType.TXT)
        for rdata in rrset
    }
