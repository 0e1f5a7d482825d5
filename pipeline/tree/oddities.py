"""Say what is odd about a delegation although it works: warnings. Pure."""

from collections.abc import Collection, Iterable, Iterator
from ipaddress import ip_address

from dns.name import Name

from pipeline.model import Problem, Severity
from pipeline.questions import Perspective
from pipeline.text import printable


def oddities(
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


def different_addresses(
    apex: Name, given: Collection[Perspective], found: Collection[Perspective]
) -> Iterator[Problem]:
    """Yield the warning that glue is not what the hosts' own records say, one for each host."""
    for host in dict.fromkeys(via.server for via in given):
        glued = {via.address for via in given if via.server == host}
        real = {via.address for via in found if via.server == host}
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
    private = {str(via): via.server for via in servers if not ip_address(via.address).is_global}
    if private:
        named = ", ".join(f"{printable(host, 255)} {at}" for at, host in sorted(private.items()))
        yield Problem(
            "private-nameserver",
            f"name servers of {apex} have private addresses: {named}",
            "a public CA's resolver does not ask there; fine for an inner CA",
            Severity.WARNING,
        )


def listed(hosts: Iterable[Name]) -> str:
    """Return *hosts* for a sentence."""
    return ", ".join(printable(host.to_text(), 255) for host in sorted(hosts))
