"""What the walk down the tree finds: zones and their servers, names and what is there. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from dns.name import Name
from dns.rdatatype import RdataType

from pipeline.model import Problem
from pipeline.questions import Perspective
from pipeline.text import printable

Asked = tuple[Name, RdataType]
"""A name and a type."""

TOP_LEVEL = 2
"""Labels of a top-level zone's apex, the root's included."""

SHOWN = 8
"""Names in one sentence."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """A zone as a resolver finds it.

    Attributes:
        apex: Absolute name.
        servers: Every address, v4 and v6, of every host that the parent's
            delegation or the zone's own NS set names.
        parent: The hosts in the parent's delegation; empty where the servers
            are configured, or come from a resolver.
        child: The hosts in the zone's own NS set; empty where no server of
            the zone told.
        problems: What is odd about all that, though it works: warnings.
        is_configured: Whether the user named the servers.
    """

    apex: Name
    servers: tuple[Perspective, ...]
    parent: frozenset[Name] = frozenset()
    child: frozenset[Name] = frozenset()
    problems: tuple[Problem, ...] = ()
    is_configured: bool = False

    @property
    def hosts(self) -> frozenset[Name]:
        """Every NS host, whoever names it."""
        return self.parent | self.child


@dataclass(frozen=True, slots=True)
class Place:
    """A name, and what its zone's servers say of it before we write.

    Attributes:
        zone: The zone it is in.
        exists: Whether there is such a node (no NXDOMAIN).
        alias: The target of the CNAME that answers for it, or None.
        is_wildcard: Whether that CNAME is synthesised from a wildcard (RFC
            4592): it yields to any record at the name itself.
        values: The TXT values that are there already.
    """

    name: Name
    zone: Delegation
    exists: bool
    alias: Name | None = None
    is_wildcard: bool = False
    values: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Chain:
    """A challenge name, and each name it is an alias for; the values belong at the last."""

    places: tuple[Place, ...]

    @property
    def end(self) -> Place:
        """Where the values belong."""
        return self.places[-1]


def listed(hosts: Iterable[Name]) -> str:
    """Return *hosts* for a sentence, the first few of many."""
    names = [printable(host.to_text(), 255) for host in sorted(hosts)]
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
