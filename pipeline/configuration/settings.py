"""What the user decided, all of it, checked. Pure; made by `config`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dns.name import Name

from pipeline.asking.endpoints import Endpoint
from pipeline.propagation.policy import Require

if TYPE_CHECKING:
    from providers.limits import Rate

CHALLENGES = ("dns-01", "dns-account-01", "dns-persist-01")
"""The kinds of ACME challenge that DNS can meet, the usual one first."""


ORDER_S = 5.0
"""Seconds that a wave of a fleet has for each of its orders: they are asked for one by one."""


@dataclass(frozen=True, slots=True)
class ZoneSettings:
    """What is configured for one zone; None and empty where nothing is."""

    providers: tuple[str, ...] = ()
    zone_id: str | None = None
    nameservers: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """An account at a DNS host, under a name of the user's.

    Attributes:
        adapter: The installed provider that opens it.
        given: Its settings by name; of a secret NAME only where it is: a path
            as ``NAME_FILE``, or an environment variable as ``NAME_ENV``.
    """

    adapter: str
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Authority:
    """The CA that will validate, as CAA records name it (RFC 8659, RFC 8657).

    Attributes:
        issuers: Its issuer domain names; empty: not known.
        account: The URI of the ACME account there; empty: not known.
        method: The validation method that it will use.
    """

    issuers: tuple[str, ...] = ()
    account: str = ""
    method: str = "dns-01"


@dataclass(frozen=True, slots=True)
class AcmeSettings:
    """An ACME account, as far as it is no secret.

    Attributes:
        account_key_file: The key's file; or `account_dir`: the account's folder at another client.
        accept_tos: Whether an account may be made, and the CA's terms be agreed to.
        challenge: The kinds of challenge that are met; of several, the first.
    """

    directory_url: str = ""
    account_key_file: Path | None = None
    account_dir: Path | None = None
    accept_tos: bool = False
    contact: tuple[str, ...] = ()
    eab_kid: str = ""
    eab_hmac_key_file: Path | None = None
    challenge: tuple[str, ...] = CHALLENGES


@dataclass(frozen=True, slots=True)
class Settings:
    """The decisions that hold for a whole run.

    Attributes:
        timeout: Seconds from process start.
        ttl: Seconds, for RRsets that do not exist yet.
        root_hints: Root servers to begin with, instead of the Internet's.
        providers: Those for every zone (a flag); empty: see `zones`.
        fallback: Those where neither says; empty: the one with credentials.
        force: Whether to write although validation would surely fail.
        serve_names: Domains that other clients may have served, with all below; empty: any.
        respond: Whether to have the CA validate, once everything is ready.
        order: Where orders come from, unless there is a document.
        order_limit: How many orders an account may ask for in what time.
        order_s: Seconds that a wave of a fleet has for each of its orders, before the time for
            the rest begins; 0: the run is no such wave.
        fleet_run: What all waves of one run over an inventory have in common; empty: none.
        accounts: Those that have a name of their own.
        shared_dir: Where all runs count their requests together; None: nowhere.
    """

    state_dir: Path
    timeout: float = 300.0
    ttl: int = 60
    require: Require = Require.QUORUM
    resolvers: tuple[Endpoint, ...] = ()
    root_hints: tuple[Endpoint, ...] = ()
    authority: Authority = Authority()
    providers: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    force: bool = False
    respond: bool = False
    serve_names: tuple[Name, ...] = ()
    order: str = "rcl"
    order_limit: "Rate | None" = None
    order_s: float = 0.0
    fleet_run: str = ""
    acme: AcmeSettings = AcmeSettings()
    zones: Mapping[Name, ZoneSettings] = field(default_factory=dict)
    accounts: Mapping[str, Account] = field(default_factory=dict)
    shared_dir: Path | None = None

    @property
    def is_wave(self) -> bool:
        """Whether the run is of a fleet, which goes on where an earlier one has ended."""
        return self.order_s > 0

    @property
    def meant(self) -> Sequence[str]:
        """Every provider that the flag names; without it, those of zones and environment."""
        of_zones = (name for zone in self.zones.values() for name in zone.providers)
        return self.providers or tuple(dict.fromkeys((*of_zones, *self.fallback)))

    def zone(self, name: Name) -> tuple[Name, ZoneSettings] | None:
        """Return the closest configured zone that encloses *name*, or None."""
        for depth in range(len(name.labels)):
            apex = Name(name.labels[depth:])
            if apex in self.zones:
                return apex, self.zones[apex]
        return None
