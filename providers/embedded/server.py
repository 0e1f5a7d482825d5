"""An authoritative DNS server in this process that is also a provider.

For demonstrations and tests: real sockets on loopback, zones in memory, and a
lag per address, so that what was written shows up late here and later there,
as it does between the name servers of a real host. No entry point names it:
its zones live as long as the process. It knows CNAMEs, but no delegations (a
hosted child zone simply answers for itself), no wildcards and no DNSSEC.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from threading import Lock
from typing import Self

from dns.message import Message
from dns.name import Name
from dns.rdataset import from_text
from dns.rdatatype import CNAME

from providers.contract import TXT, Change, Zone
from providers.errors import Rejected
from providers.listener import Address, Asked, Behaviour, Listener

from .authority import (
    Node,
    Records,
    enclosing,
    host_names,
    new_zone,
    respond,
    values,
    with_next_serial,
    with_value,
    without_value,
)

Edit = Callable[[Node, TXT], Node]
"""Returns what becomes of the RRsets at a record's name."""


@dataclass(frozen=True, slots=True)
class Nameserver:
    """One address that serves every zone.

    Attributes:
        host: IPv4 or IPv6 address.
        port: For UDP and TCP; 0 takes one that is free.
        lag: Seconds until a write is visible here.
    """

    host: str = "127.0.0.1"
    port: int = 0
    lag: float = 0.0


@dataclass(frozen=True, slots=True)
class _Version:
    """The records from *at* (seconds) until the next version."""

    at: float
    records: Records


class Embedded:
    """Serves its zones from the moment it is made until it is closed.

    Args:
        apexes: The zones, each with SOA, NS (``ns1``, ``ns2``...) and addresses.
        nameservers: Where to serve them.
        soa_ttl: TTL of the SOA records in seconds.
        minimum: Their MINIMUM field in seconds. The smaller of the two is how
            long a resolver remembers that a name does not exist (RFC 2308 §5).
        now: The clock for lags and log, in seconds.

    Attributes:
        addresses: Where each of *nameservers* listens.

    Raises:
        OSError: An address cannot be had.
    """

    def __init__(
        self,
        apexes: Iterable[Name],
        nameservers: Sequence[Nameserver] = (Nameserver(),),
        *,
        soa_ttl: int = 900,
        minimum: int = 86400,
        now: Callable[[], float] = time.monotonic,  # noqa: TID251 - only a default
    ) -> None:
        self._apexes = tuple(apexes)
        self._now = now
        self._lag = max(server.lag for server in nameservers)
        self._lock = Lock()
        self._api_calls = 0
        hosts = [server.host for server in nameservers]
        zones = (new_zone(apex, hosts, soa_ttl, minimum) for apex in self._apexes)
        records = {name: node for zone in zones for name, node in zone.items()}
        self._versions: tuple[_Version, ...] = (_Version(float("-inf"), records),)
        with ExitStack() as stack:
            listeners = [
                stack.enter_context(
                    Listener((each.host, each.port), partial(self._respond, each.lag), now)
                )
                for each in nameservers
            ]
            self._stack = stack.pop_all()
        self._listeners = {listener.address: listener for listener in listeners}
        self.addresses: tuple[Address, ...] = tuple(self._listeners)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving. Closing twice is no error."""
        self._stack.close()

    @property
    def asked(self) -> Sequence[Asked]:
        """Every question so far at any address, oldest first."""
        logs = (listener.asked for listener in self._listeners.values())
        return sorted((asked for log in logs for asked in log), key=lambda asked: asked.at)

    def behave(self, address: Address, behaviour: Behaviour) -> None:
        """Let the server at *address* pass its replies through *behaviour* from now on."""
        self._listeners[address].behaviour = behaviour

    def values(self, name: Name) -> set[str]:
        """Return the TXT values written at *name*, whether visible yet or not."""
        return values(self._newest.get(name, {}))

    def alias(self, name: Name, target: Name, ttl: int = 300) -> None:
        """Store a CNAME at *name* in place of whatever is there."""
        cname = from_text("IN", CNAME, ttl, target.to_text())
        with self._lock:
            self._publish(self._apex(name), {name: {CNAME: cname}})

    @property
    def api_calls(self) -> int:
        """Calls of `zones`, `append` and `delete` so far."""
        return self._api_calls

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        with self._lock:
            self._api_calls += 1
        apexes = (apex for apex in self._apexes if any(name.is_subdomain(apex) for name in names))
        count = len(self._listeners)
        return [Zone(apex, apex.to_text(), host_names(apex, count)) for apex in apexes]

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        return self._write(zone, records, with_value)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return self._write(zone, records, without_value)

    def in_sync(self, change: Change) -> bool:
        return self._now() >= float(change.id) + self._lag

    def _write(self, zone: Zone, records: Sequence[TXT], edit: Edit) -> Change:
        """Apply *edit* for all of *records* or none; the change's id is the time of the write."""
        with self._lock:
            self._api_calls += 1
            edited: dict[Name, Node] = {}
            missing = {(r.name, r.value) for r in records if r.value not in self.values(r.name)}
            for record in records:
                if self._apex(record.name) != zone.apex:
                    raise Rejected(f"{record.name} is not in the zone {zone.apex}")
                node = edited.get(record.name, self._newest.get(record.name, {}))
                edited[record.name] = edit(node, record)
            written = frozenset(missing) if edit is with_value else None
            return Change(zone, str(self._publish(zone.apex, edited)), written)

    def _apex(self, name: Name) -> Name:
        apex = enclosing(self._apexes, name)
        if apex is None:
            raise Rejected(f"{name} is in none of the zones served here")
        return apex

    @property
    def _newest(self) -> Records:
        return self._versions[-1].records

    def _publish(self, apex: Name, edited: Mapping[Name, Node]) -> float:
        """Make the next version; forget those that no address can show any more."""
        now = self._now()
        merged = {**self._newest, **edited}
        records = {name: node for name, node in merged.items() if node}
        if records != self._newest:
            newer = _Version(now, with_next_serial(records, apex))
            self._versions = (
                *(old for old, next_ in pairwise(self._versions) if next_.at > now - self._lag),
                self._versions[-1],
                newer,
            )
        return now

    def _respond(self, lag: float, query: Message) -> Message:
        visible = self._now() - lag
        versions = self._versions
        known = (version for version in reversed(versions) if version.at <= visible)
        return respond(query, self._apexes, next(known, versions[0]).records)
