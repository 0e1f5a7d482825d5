"""What the user decided, all of it, checked. Pure; made by `config`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dns.name import Name

from .endpoints import Endpoint
from .propagation import Require


@dataclass(frozen=True, slots=True)
class ZoneSettings:
    """What is configured for one zone; None and empty where nothing is."""

    provider: str | None = None
    zone_id: str | None = None
    nameservers: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """The decisions that hold for a whole run.

    Attributes:
        timeout: Seconds from process start.
        ttl: Seconds, for RRsets that do not exist yet.
        provider: The one for every zone (a flag); None: see `zones`.
        fallback: The one where neither says; None: the one with credentials.
    """

    state_dir: Path
    timeout: float = 300.0
    ttl: int = 60
    require: Require = Require.QUORUM
    resolvers: tuple[Endpoint, ...] = ()
    provider: str | None = None
    fallback: str | None = None
    zones: Mapping[Name, ZoneSettings] = field(default_factory=dict)

    def zone(self, name: Name) -> tuple[Name, ZoneSettings] | None:
        """Return the closest configured zone that encloses *name*, or None."""
        for depth in range(len(name.labels)):
            apex = Name(name.labels[depth:])
            if apex in self.zones:
                return apex, self.zones[apex]
        return None
