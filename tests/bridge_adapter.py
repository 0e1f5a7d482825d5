"""The adapter at the far end of `tests.bridge`, as a third party would ship it.

It is copied into a folder of its own beside a distribution's metadata, and so
runs in the process of the real command, which imports nothing of the tests.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from dns.name import Name, from_text

from providers import errors
from providers.contract import TXT, Adapter, Change, Setting, Zone


class Client:
    """A DNS host at the other end of an HTTP connection."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        if not settings.keys() >= {"BRIDGE_URL", "BRIDGE_TOKEN"}:
            raise errors.Misconfigured("BRIDGE_URL and BRIDGE_TOKEN are not both set")
        self.api_calls = 0
        self._url = settings["BRIDGE_URL"]
        self._token = settings["BRIDGE_TOKEN"]

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        found = self._call("zones", names=[name.to_text() for name in names])
        return [
            Zone(from_text(each["apex"]), each["id"], tuple(map(from_text, each["nameservers"])))
            for each in found
        ]

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        return self._write("append", zone, records)

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return self._write("delete", zone, records)

    def in_sync(self, change: Change) -> bool:
        return bool(self._call("in_sync", id=change.id))

    def _write(self, verb: str, zone: Zone, records: Sequence[TXT]) -> Change:
        values = [[record.name.to_text(), record.value, record.ttl] for record in records]
        answer = self._call(verb, zone=zone.apex.to_text(), records=values)
        written = answer["written"]
        if written is not None:
            written = frozenset((from_text(name), value) for name, value in written)
        return Change(zone, answer["id"], written)

    def _call(self, verb: str, **content: object) -> Any:
        self.api_calls += 1
        request = urllib.request.Request(
            f"{self._url}/{verb}",
            json.dumps(content).encode(),
            {"Authorization": self._token},
        )
        try:
            with urllib.request.urlopen(request) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                kind, message = json.load(error)
            raise getattr(errors, kind)(message) from error
        except OSError as error:
            raise errors.Unavailable(f"cannot be reached: {error}") from error


ADAPTER = Adapter(
    settings=(
        Setting("BRIDGE_URL", "where the bridge is"),
        Setting("BRIDGE_TOKEN", "its token", secret=True),
    ),
    credentials=(("BRIDGE_TOKEN",),),
    open=Client,
)
