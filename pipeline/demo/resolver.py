"""A caching resolver on loopback that also remembers what is not there.

It shows in seconds what public resolvers do to those who ask too early: the
"no" is repeated until its TTL runs out, no matter how long the record has
existed by then. It is told where its zones are served instead of walking down
from the root, and leaves following CNAMEs to those servers.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import dns.query
from dns.exception import DNSException
from dns.flags import AA, RD, Flag
from dns.message import Message, make_query, make_response
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import SOA, RdataType
from dns.rrset import RRset, from_rdata_list

from providers.listener import PAYLOAD, Address, Asked, Behaviour, Listener

_TIMEOUT = 1.0  # seconds an authoritative server may take


@dataclass(frozen=True, slots=True)
class _Remembered:
    """An answer received *at* (seconds), with the TTLs it had then."""

    at: float
    rcode: Rcode
    answer: tuple[RRset, ...]
    authority: tuple[RRset, ...]

    @property
    def until(self) -> float:
        """When the first RRset runs out; at once where there is none (RFC 2308 §5)."""
        ttls = (rrset.ttl for rrset in (*self.answer, *self.authority))
        return self.at + min(ttls, default=0)

    def left(self, rrsets: Iterable[RRset], now: float) -> Iterator[RRset]:
        """Yield copies of *rrsets* with the TTLs that are left at *now*."""
        for rrset in rrsets:
            yield from_rdata_list(rrset.name, rrset.ttl - int(now - self.at), list(rrset))


class Resolver:
    """Answers recursive questions about its zones until it is closed.

    Negative answers live as long as RFC 2308 §5 says, and NXDOMAIN is an
    answer for every type of the name. TTLs count down in the replies, rounded
    up: who waits one out finds the answer gone. Failures are not remembered.

    Args:
        zones: The addresses of the authoritative servers by apex, asked in turn.
        now: The clock of cache and log, in seconds.
        address: Where to listen; port 0 takes one that is free.

    Attributes:
        address: Where it listens.
        asked: Every question by clients so far, oldest first.

    Raises:
        OSError: The address cannot be had.
    """

    def __init__(
        self,
        zones: Mapping[Name, Sequence[Address]],
        now: Callable[[], float],
        address: Address = ("127.0.0.1", 0),
    ) -> None:
        self._zones = zones
        self._now = now
        self._turns = itertools.count()
        self._cache: dict[tuple[Name, RdataType | None], _Remembered] = {}
        self._listener = Listener(address, self._respond, now)
        self.address = self._listener.address
        self.asked: Sequence[Asked] = self._listener.asked

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering. Closing twice is no error."""
        self._listener.close()

    def behave(self, behaviour: Behaviour) -> None:
        """Pass replies through *behaviour* from now on."""
        self._listener.behaviour = behaviour

    def _respond(self, query: Message) -> Message:
        reply = make_response(query, recursion_available=True, our_payload=PAYLOAD)
        name, rdtype = query.question[0].name, query.question[0].rdtype
        known = self._recall(name, rdtype)
        if known is None and query.flags & RD:
            known = self._ask(name, rdtype)
        if known is None:  # nor does anyone else look into the cache only
            reply.set_rcode(Rcode.REFUSED)
            return reply
        now = self._now()
        reply.set_rcode(known.rcode)
        reply.answer.extend(known.left(known.answer, now))
        reply.authority.extend(known.left(known.authority, now))
        return reply

    def _recall(self, name: Name, rdtype: RdataType) -> _Remembered | None:
        """Return what the cache holds for *name*, its type or all of them."""
        now = self._now()
        known = (self._cache.get((name, key)) for key in (rdtype, None))
        return next((each for each in known if each and now < each.until), None)

    def _ask(self, name: Name, rdtype: RdataType) -> _Remembered | None:
        """Ask the name's servers, each once until one answers, and remember what it said.

        None if the name is in none of the zones; SERVFAIL if no server answers.
        """
        apex = max((apex for apex in self._zones if name.is_subdomain(apex)), key=len, default=None)
        if apex is None:
            return None
        servers = self._zones[apex]
        first = next(self._turns) % len(servers)
        for server in (*servers[first:], *servers[:first]):
            answer = _answer(server, name, rdtype)
            if answer is not None:
                return self._remember(name, rdtype, answer)
        return _Remembered(self._now(), Rcode.SERVFAIL, (), ())

    def _remember(self, name: Name, rdtype: RdataType, answer: Message) -> _Remembered:
        authority = tuple(_capped(rrset) for rrset in answer.authority if rrset.rdtype == SOA)
        new = _Remembered(self._now(), answer.rcode(), tuple(answer.answer), authority)
        # Behind a CNAME it is the target that does not exist, not this name (RFC 2308 §2.1).
        nothing_here = answer.rcode() == Rcode.NXDOMAIN and not answer.answer
        self._cache[name, None if nothing_here else rdtype] = new
        return new


def _capped(soa: RRset) -> RRset:
    """Return the SOA of a negative answer with the TTL that counts (RFC 2308 §5)."""
    return from_rdata_list(soa.name, min(soa.ttl, soa[0].minimum), list(soa))


def _answer(server: Address, name: Name, rdtype: RdataType) -> Message | None:
    """Return what *server* says with authority, None if it does not."""
    query = make_query(name, rdtype, use_edns=0, payload=PAYLOAD, flags=Flag(0))
    host, port = server
    try:
        answer, _ = dns.query.udp_with_fallback(
            query, host, _TIMEOUT, port, ignore_unexpected=True, ignore_errors=True
        )
    except (DNSException, OSError, EOFError):  # the last: a TCP connection cut
        return None
    usable = answer.flags & AA and answer.rcode() in {Rcode.NOERROR, Rcode.NXDOMAIN}
    return answer if usable else None
