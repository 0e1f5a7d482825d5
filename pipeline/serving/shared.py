"""Providers that all requests share: each is opened once, and paced once for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from dns.name import Name

from pipeline.clock import Clock
from pipeline.hosts import Hosts
from providers.contract import TXT, Change, Provider, Zone, lingers_s


@dataclass(frozen=True, slots=True)
class Ready:
    """A provider that waits for its turn as it was told when it was opened."""

    provider: Provider

    @property
    def api_calls(self) -> int:
        return self.provider.api_calls

    @property
    def lingers_s(self) -> float:
        return lingers_s(self.provider)

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        return self.provider.zones(names)

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        return self.provider.append(zone, records, mark)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return self.provider.delete(zone, records)

    def in_sync(self, change: Change) -> bool:
        return self.provider.in_sync(change)


class Shared:
    """Hands out `Hosts`, one to a request, over the same providers.

    So what requests write at the same time meets in the providers, which gather it,
    and the account's requests are counted together.
    """

    def __init__(self, hosts: Hosts, clock: Clock) -> None:
        self._hosts, self._clock = hosts, clock
        self._opening = Lock()

    def hosts(self) -> Hosts:
        """Return what one request writes by."""
        return Hosts(self._open, self._clock)

    def _open(self, name: str) -> Provider:
        with self._opening:
            return Ready(self._hosts.open(name))
