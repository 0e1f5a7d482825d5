"""A simulated Internet: authoritative servers as functions of their zones, in no time.

What real servers say is settled by the laboratories; here is what they seldom
say, and what would take long.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf

import dns.zone
from dns import rcode, rdatatype
from dns.flags import AA, RA
from dns.message import Message, from_wire, make_query, make_response
from dns.name import Name, from_text
from dns.rdatatype import CNAME, NS, SOA, RdataType
from dns.rrset import RRset, from_rdata_list
from dns.rrset import from_text as from_rr
from dns.zone import Zone

from pipeline.asking.endpoints import Endpoint, authoritative, recursors
from pipeline.asking.exchange import STAGGER, Exchange
from pipeline.asking.query import Query, Reply
from pipeline.model import Failed
from pipeline.questions import Silence
from pipeline.tree.delegation import Delegation
from pipeline.tree.places import Tree
from pipeline.tree.recursion import Recursion

ROOT, TLD, RESOLVER = "8.0.0.1", "8.0.0.2", "9.9.9.9"

Respond = Callable[[Message], Message | Silence]


class Internet(Exchange):
    """An exchange whose questions go to *servers*, by address; others time out.

    Those by TLS or HTTPS go to ``tls://`` or ``https://`` and the address.

    Attributes:
        asked: Every question so far.
        rounds: How often somebody waited for answers.
    """

    def __init__(self, servers: Mapping[str, Respond]) -> None:
        self.servers = dict(servers)
        self.asked: list[Query] = []
        self.rounds = 0
        self._heard = False

    @property
    def has_heard(self) -> bool:
        return self._heard

    @property
    def sent(self) -> int:
        return len(self.asked)

    def ask(self, queries: Sequence[Query], patience: float = inf) -> list[Reply]:
        if queries:
            self._begin_round()
        return [self._reply(query) for query in queries]

    def race(
        self,
        races: Sequence[Sequence[Query]],
        judge: Callable[[Reply], bool],
        stagger: float = STAGGER,
        patience: float = inf,
    ) -> list[list[Reply]]:
        if races:
            self._begin_round()
        return [list(self._raced(queries, judge)) for queries in races]

    def _begin_round(self) -> None:
        self.rounds += 1

    def names(self, address: str) -> set[str]:
        """Return the names that *address* was asked about."""
        return {query.name.to_text() for query in self.asked if query.address == address}

    def _raced(self, queries: Iterable[Query], judge: Callable[[Reply], bool]) -> Iterator[Reply]:
        for query in queries:
            reply = self._reply(query)
            yield reply
            if not isinstance(reply.outcome, Silence) and judge(reply):
                return

    def _reply(self, query: Query) -> Reply:
        self.asked.append(query)
        message = make_query(query.name, query.rdtype, flags=0)
        scheme = query.transport.scheme
        server = self.servers.get(f"{scheme}://{query.address}" if scheme else query.address)
        outcome = server(message) if server else Silence("timeout")
        if isinstance(outcome, Message):
            outcome = from_wire(outcome.to_wire())
            self._heard |= not scheme
        return Reply(query, 0.0, outcome)


def tree(internet: Internet, *challenges: str, resolver: str = RESOLVER) -> Tree:
    """Return the tree of *internet*, from its root down."""
    recursion = Recursion(
        internet,
        recursors([Endpoint(resolver)]),
        [from_text(name) for name in challenges],
        lambda: 30.0,
    )
    return Tree(internet, lambda: authoritative([Endpoint(ROOT)]), recursion, lambda: 30.0)


def zone_around(walked: Tree, name: Name) -> Delegation:
    """Return the zone that *name* is in; fail as whoever asks for it would."""
    place = walked.places([name])[name]
    if isinstance(place, Failed):
        raise place
    return place.zone


def zone(apex: str, *lines: str) -> Zone:
    """Return the zone at *apex* with an SOA record and *lines*, names absolute."""
    soa = f"{apex} SOA ns. host. 1 3600 3600 3600 60"
    text = "\n".join(["$TTL 60", soa, *lines])
    return dns.zone.from_text(text, apex, relativize=False, check_origin=False)


def delegated(apex: str, *servers: str) -> list[str]:
    """Return the NS records of *apex*, and the glue; a server is ``host`` or ``host=address``."""
    lines = []
    for server in servers:
        host, _, address = server.partition("=")
        lines.append(f"{apex} NS {host}")
        if address:
            lines.append(f"{host} {'AAAA' if ':' in address else 'A'} {address}")
    return lines


def root(*lines: str) -> Zone:
    """Return a root zone that delegates ``test.``, and whatever *lines* say."""
    return zone(
        ".", *delegated(".", f"a.root.={ROOT}"), *delegated("test.", f"a.nic.test.={TLD}"), *lines
    )


def tld(*lines: str) -> Zone:
    """Return the zone ``test.`` with *lines*."""
    return zone("test.", *delegated("test.", f"a.nic.test.={TLD}"), *lines)


def serving(*zones: Zone) -> Respond:
    """Return a server that is authoritative for *zones*."""
    by_apex = {each.origin: each for each in zones if each.origin}

    def respond(query: Message) -> Message:
        return answer(query, by_apex)

    return respond


def knowing(*zones: Zone) -> Respond:
    """Return a resolver that has found out what is in *zones*."""
    by_apex = {each.origin: each for each in zones if each.origin}

    def respond(query: Message) -> Message:
        reply = answer(query, by_apex, refers=False)
        reply.flags = (reply.flags & ~AA) | RA
        return reply

    return respond


def lame(query: Message) -> Message:
    """Refuse, as servers do that know nothing of the zone."""
    reply = make_response(query)
    reply.set_rcode(rcode.REFUSED)
    return reply


def referring(owner: str, *hosts: str) -> Respond:
    """Return a server that refers to the zone at *owner*, whatever it is asked."""

    def respond(query: Message) -> Message:
        reply = make_response(query)
        reply.authority.append(from_rr(owner, 60, "IN", "NS", *(hosts or ("ns.elsewhere.",))))
        return reply

    return respond


def answer(query: Message, zones: Mapping[Name, Zone], *, refers: bool = True) -> Message:
    """Return the reply to *query* by RFC 1034 §4.3.2, from *zones* by their apexes."""
    reply = make_response(query)
    name, rdtype = query.question[0].name, query.question[0].rdtype
    if closest(zones, name) is None:
        reply.set_rcode(rcode.REFUSED)
        return reply
    seen: set[Name] = set()
    while name not in seen and (here := closest(zones, name)) is not None:
        seen.add(name)
        if refers and (cut := below(here, name)) is not None:
            reply.authority.append(cut)
            reply.additional.extend(addresses(here, cut))
            return reply
        reply.flags |= AA
        found = at(here, name, rdtype)
        if found is None:
            reply.authority += [each for each in [rrset(here, here.origin or name, SOA)] if each]
            if not exists(here, name):
                reply.set_rcode(rcode.NXDOMAIN)
            return reply
        reply.answer.append(found)
        if found.rdtype == rdtype:
            return reply
        name = found[0].target
    return reply


def closest(zones: Mapping[Name, Zone], name: Name) -> Zone | None:
    """Return the deepest of *zones* around *name*."""
    around = [apex for apex in zones if name.is_subdomain(apex)]
    return zones[max(around, key=len)] if around else None


def below(here: Zone, name: Name) -> RRset | None:
    """Return the NS set of the zone cut in zone *here* on the way to *name*, the topmost."""
    owners = [Name(name.labels[depth:]) for depth in range(len(name.labels))]
    cuts = [each for each in owners if here.origin and len(each) > len(here.origin)]
    found = (rrset(here, each, NS) for each in reversed(cuts))
    return next((each for each in found if each is not None), None)


def addresses(here: Zone, cut: RRset) -> Iterator[RRset]:
    """Yield the address records in zone *here* of the hosts in *cut*."""
    for rdata in cut:
        for kind in (rdatatype.A, rdatatype.AAAA):
            if (found := rrset(here, rdata.target, kind)) is not None:
                yield found


def at(here: Zone, name: Name, rdtype: RdataType) -> RRset | None:
    """Return what answers for *name*, by way of a wildcard perhaps (RFC 4592)."""
    for kind in (rdtype, CNAME):
        if (found := rrset(here, name, kind)) is not None:
            return found
    if exists(here, name):
        return None
    encloser = name.parent()
    while not exists(here, encloser):
        encloser = encloser.parent()
    star = Name((b"*", *encloser.labels))
    found = rrset(here, star, rdtype) or rrset(here, star, CNAME)
    return found and from_rdata_list(name, 60, list(found))


def exists(here: Zone, name: Name) -> bool:
    """Whether there is such a node, if only on the way to one."""
    return any(each.is_subdomain(name) for each in here.nodes)


def rrset(here: Zone, owner: Name, rdtype: RdataType) -> RRset | None:
    """Return the RRset at *owner* itself."""
    return here.get_rrset(owner, rdtype)
