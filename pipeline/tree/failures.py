"""Say why the way to a name ends: nobody answers, or nobody is delegated to. Pure."""

from collections.abc import Iterable, Mapping

from dns.name import Name

from pipeline.model import Exit, Failed, shelter
from pipeline.questions import Perspective, Silence
from pipeline.text import printable

from .delegation import listed

ROOT = ".root-servers.net"


def nobody_answers(name: Name, said: Mapping[Perspective, Silence]) -> Failed:
    """Return the failure of a look-up that no server answered, or only with errors.

    Args:
        name: What was asked about.
        said: What came of each server asked.
    """
    words = "; ".join(
        f"{at} ({printable(at.server, 255)}): {printable(silence.reason)}"
        for at, silence in said.items()
    )
    words = words or "time is up"
    if said and all(is_replaced(at, silence) for at, silence in said.items()):
        return Failed(
            Exit.UNAVAILABLE,
            "dns-failing",
            f"no root server could be asked about {name}: {words}",
            "root servers answer with authority: something on this network answers port 53 in "
            "their place; let this host out to port 53, or name a resolver: --resolver ADDR",
        )
    if all(silence.is_nothing for silence in said.values()):
        return Failed(
            Exit.UNAVAILABLE,
            "dns-unreachable",
            f"no DNS server answered about {name}: {words}",
            silent(said),
        )
    return Failed(
        Exit.UNAVAILABLE,
        "dns-failing",
        f"no DNS server could answer about {name}: {words}",
        "the zone above it may be broken (DNSSEC, lame delegation), or the resolver refuses us",
    )


def is_replaced(at: Perspective, silence: Silence) -> bool:
    """Whether somebody else seems to have answered in place of the root server *at*."""
    return at.server.lower().rstrip(".").endswith(ROOT) and silence.reason.startswith("lame")


def silent(said: Mapping[Perspective, Silence]) -> str:
    """Return the next step where nothing came of any server asked."""
    if said and all(silence.routeless for silence in said.values()):
        return "this host has no route to any of them: is its network up?"
    filtered = "is port 53 (UDP and TCP) filtered here?"
    if said and all(at.server == "configured" for at in said):
        named = "you named these servers: are they up, and are address, port and transport right?"
        return f"{named} {filtered}" if any(at.port == 53 for at in said) else named
    return f"{filtered} name a resolver that this host may ask: --resolver ADDR"


def endless(name: Name) -> Failed:
    """Return the failure of a way that never ends."""
    return Failed(
        Exit.UNAVAILABLE,
        "dns-failing",
        f"the way to {name} does not end: servers refer to one zone after another",
        "look at the delegations on the way: dns01 check",
    )


def no_address(apex: Name, hosts: Iterable[Name]) -> Failed:
    """Return the failure of a zone whose name servers have no address."""
    return Failed(
        Exit.UNAVAILABLE,
        "no-address",
        f"no name server of {apex} has an address: {listed(hosts)}",
        "the delegation names hosts that do not resolve; correct it at the registrar",
    )


def not_delegated(name: Name) -> Failed:
    """Return the failure of a zone that nobody delegates to."""
    zone = name.to_text(omit_final_dot=True)
    return Failed(
        Exit.CONFIG,
        "not-delegated",
        f"the resolvers know no name servers for {name}",
        "delegate the zone to its host, or, for a split view, name its servers in the "
        f'configuration: [zones."{zone}"] nameservers = ["ADDR"]',
    )


def in_no_zone(name: Name, end: Name, apex: Name) -> Failed:
    """Return the failure of a *name* whose values belong at *end*, in a zone that nobody has.

    Its parent is denied by the servers of *apex*, a top-level zone.
    """
    what = str(name) if name == end else f"{name} is an alias (CNAME) of {end}, which"
    mend = "" if name == end else "correct or remove that CNAME record; or: "
    return Failed(
        Exit.CONFIG,
        "not-delegated",
        f"{what} is in no zone: the name servers of {apex} know no {shelter(end).parent()}",
        f"{mend}is the domain spelt right, registered, and delegated to its host?",
    )
