"""Say what is odd about a delegation although it works: warnings. Pure."""

from collections.abc import Collection, Iterable, Iterator
from ipaddress import ip_address

from dns.name import Name

from pipeline.model import Problem, Severity
from pipeline.questions import Perspective
from pipeline.text import printable

from .delegation import SHOWN, listed


def delegation_warnings(
    apex: Name,
    parent: Collection[Name],
    child: Collection[Name],
    given: Iterable[Perspective],
    found: Iterable[Perspective],
) -> tuple[Problem, ...]:
    """Return what is odd about the zone at *apex*.

    Args:
        apex: The zone's.
        parent: The hosts that the parent names; empty where it is not known.
        child: The hosts that the zone names itself; empty where it did not say.
        given: The servers by the parent's glue.
        found: The servers by the hosts' own address records.
    """
    given, found = tuple(given), tuple(found)
    return (
        *different_hosts(apex, parent, child),
        *unknown_hosts(apex, parent, child),
        *lost_addresses(apex, found),
        *different_addresses(apex, given, found),
        *private_addresses(apex, (*given, *found)),
    )


def different_hosts(
    apex: Name, parent: Collection[Name], child: Collection[Name]
) -> Iterator[Problem]:
    """Yield the warning that parent and zone do not name the same servers."""
    if parent and child and set(parent) != set(child):
        yield Problem(
            "delegation-differs",
            f"the parent of {apex} delegates it to {listed(parent)}, "
            f"but the zone itself names {listed(child)}",
            "a CA may ask any of them, so all are asked here; make both sides the same",
            Severity.WARNING,
        )


def unknown_hosts(
    apex: Name, parent: Collection[Name], child: Collection[Name]
) -> Iterator[Problem]:
    """Yield the warning that the zone does not say who serves it, or names too many."""
    if parent and not child:
        yield Problem(
            "delegation-unconfirmed",
            f"no name server of {apex} says which servers the zone has; its parent names "
            f"{listed(parent)}",
            "its servers should answer for NS at the apex: a CA may know of others than these",
            Severity.WARNING,
        )


def lost_addresses(apex: Name, found: Iterable[Perspective]) -> Iterator[Problem]:
    """Yield the warning that some servers cannot be found, and so not be asked."""
    lost = sorted({via.server for via in found if not via.address})
    if lost:
        names = ", ".join(printable(host, 255) for host in lost[:SHOWN])
        yield Problem(
            "nameserver-lost",
            f"name servers of {apex} whose addresses cannot be found, for nobody tells: {names}",
            "a CA may find them, and ask them; mend the zones that these hosts are in",
            Severity.WARNING,
        )


def different_addresses(
    apex: Name, given: Collection[Perspective], found: Collection[Perspective]
) -> Iterator[Problem]:
    """Yield the warning that glue is not what the hosts' own records say, one for each host."""
    for host in dict.fromkeys(via.server for via in given):
        glued = {via.address for via in given if via.server == host}
        real = {via.address for via in found if via.server == host and via.address}
        if real and glued - real:
            yield Problem(
                "glue-differs",
                f"the parent's glue for {printable(host, 255)}, a name server of {apex}, is "
                f"{', '.join(sorted(glued))}, but its own records say {', '.join(sorted(real))}",
                "a CA may use either, so both are asked here; correct the glue at the registrar",
                Severity.WARNING,
            )


def private_addresses(apex: Name, servers: Iterable[Perspective]) -> Iterator[Problem]:
    """Yield the warning that name servers have addresses that a CA's resolver refuses to ask."""
    told = [via for via in servers if via.address]
    private = {str(via): via.server for via in told if not ip_address(via.address).is_global}
    if private:
        shown = sorted(private.items())[:SHOWN]
        named = ", ".join(f"{printable(host, 255)} {at}" for at, host in shown)
        named += ", ..." if len(private) > SHOWN else ""
        yield Problem(
            "private-nameserver",
            f"name servers of {apex} have private addresses: {named}",
            "a public CA's resolver does not ask there; fine for an inner CA",
            Severity.WARNING,
        )
