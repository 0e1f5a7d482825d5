"""What a provider is given and returns: zones, TXT values, changes. Part of the contract."""

from dataclasses import dataclass, field
from datetime import datetime

from dns.name import Name


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone the account hosts. Apex and id make it this one and no other.

    Attributes:
        apex: Absolute name, e.g. ``example.com.``
        id: The provider's own key; opaque to everyone else.
        nameservers: Every host name the provider serves the zone from, as
            absolute names, for comparison with the live delegation. Filled in
            wherever the host can tell; empty where it does not.
        obstacle: Why writing there would be in vain, in words for a person
            (``pending: …``): the account has the zone, the public does not see
            it. With `nameservers`, a delegation to them is all that the host
            misses, and it may have come meanwhile; without, the host would not
            serve the zone anyway. Empty where nothing is known to be wrong.
    """

    apex: Name
    id: str
    nameservers: tuple[Name, ...] = field(default=(), compare=False)
    obstacle: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class TXT:
    """One value of a TXT RRset.

    Attributes:
        name: Absolute owner name.
        value: Unquoted ASCII; at most 255 octets (RFC 1035 §3.3).
        ttl: Seconds. An RRset that already exists keeps its own (RFC 2181 §5.2).
    """

    name: Name
    value: str
    ttl: int = 60


@dataclass(frozen=True, slots=True)
class Change:
    """An accepted write.

    Attributes:
        id: What `Provider.in_sync` follows; empty where the host has nothing to follow.
        written: Name and value of what an append found missing and wrote, or
            may have written where an answer was lost; None where the host does not tell.
    """

    zone: Zone
    id: str = ""
    written: frozenset[tuple[Name, str]] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Marked:
    """A stored TXT value with the mark that `Provider.append` was given beside it.

    Attributes:
        created: When it was stored, aware, by the host's clock.
        id: The host's own key of the record; opaque to everyone else.
    """

    record: TXT
    mark: str
    created: datetime
    id: str
