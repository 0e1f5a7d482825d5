"""The server processes of the laboratory of faults, from first start to last stop."""

import subprocess
from collections.abc import Collection
from pathlib import Path

from tests.lab import pebble, wire
from tests.lab.rack import Rack
from tests.lab.topology import Key, Keys

from . import configuration
from . import topology as at
from .signing import Signer


class Fleet(Rack):
    """Every real server, started in the order of dependence.

    Attributes:
        ca: PEM file of the CA behind the certificate of DoT and DoH at `topology.UNBOUND`.
    """

    ca: Path

    def __init__(self, folder: Path, keys: Keys) -> None:
        super().__init__(folder)
        self._keys = keys
        self._signer = Signer(self.folder_of("keys"))
        self._control = Key("control.lab.")
        self._flushes: list[list[str]] = []

    def start(self) -> None:
        """Start everything, and return with empty caches."""
        for apex in (".", "test.", *at.SIGNED):
            self._signer.make_keys(apex)
        self._start_parents()
        self._start_primary()
        self.await_zones(at.ROOT, [".", "test."])
        self.await_zones(at.PRIMARY, _apexes((*at.DYNAMIC, at.EXPIRED)))
        self._start_secondaries()
        self._start_recursors()
        for address in at.RECURSORS:
            self.await_zones(address, ["well.test."])
        self.await_zones(at.CA_RESOLVER, ["well.test."])
        self.flush()

    def flush(self) -> None:
        """Empty the cache of every recursor, and what it knows of servers."""
        for command in self._flushes:
            subprocess.run(command, check=True, capture_output=True)

    def _start_parents(self) -> None:
        sign = self._signer.sign
        # What bogus.test. is signed with is not what its parent says: the digest is of another key.
        ds = [self._signer.ds(apex) for apex in at.SIGNED]
        bogus = self._signer.ds("test.").replace("test.", "bogus.test.", 1)
        ds = [bogus if line.startswith("bogus.test.") else line for line in ds]
        tld = sign("test.", at.tld_zone(ds).text)
        root = at.root_zone()
        files = {
            "tld": tld,
            "root": sign(".", f"{root.text}\n{self._signer.ds('test.')}\n"),
        }
        self.serve(at.ROOT, ["nsd", "-d"], configuration.nsd_parents, files)

    def _start_primary(self) -> None:
        files = {f"{zone.apex}zone": self._zone_file(zone) for zone in (*at.DYNAMIC, at.EXPIRED)}
        self.serve(
            at.PRIMARY,
            ["named", "-g", "-n", "1", "-4"],
            lambda folder: configuration.primary(folder, self._keys, self._signer.folder),
            files,
        )

    def _zone_file(self, zone: at.Zone) -> str:
        options = at.SIGNED.get(zone.apex)
        return zone.text if options is None else self._signer.sign(zone.apex, zone.text, options)

    def _start_secondaries(self) -> None:
        files = {f"{zone.apex}zone": zone.text for zone in at.OTHERS}
        self.serve(
            at.OTHER, ["knotd"], lambda folder: configuration.knot(folder, self._keys), files
        )
        self._start_secondary((at.FOLLOWER, at.LAME), at.FOLLOWED)
        self._start_secondary((at.STALE,), at.OUTDATED)
        self.serve(
            at.LOSSY,
            ["dnsdist", "--supervised", "--disable-syslog"],
            lambda _folder: configuration.dnsdist(),
            flag="-C",
        )
        self.await_zones(at.OTHER, _apexes(at.OTHERS))
        self.await_zones(at.FOLLOWER, _apexes(at.FOLLOWED))
        self.await_zones(at.STALE, _apexes(at.OUTDATED))
        self.programs[at.LOSSY].await_that(lambda: wire.serial(at.TRUNCATING, "tc.test.") >= 0)
        # Now the stale secondary has had its only chance.
        for zone in at.OUTDATED:
            name = f"changed.{zone.apex}"
            wire.replace(self._keys.all, zone.apex, name, "TXT", ["x"], ttl=60, address=at.PRIMARY)

    def _start_secondary(self, addresses: tuple[str, ...], zones: Collection[at.Zone]) -> None:
        self.serve(
            addresses[0],
            ["nsd", "-d"],
            lambda folder: configuration.nsd_secondary(folder, self._keys, addresses, zones),
        )

    def _start_recursors(self) -> None:
        anchor = self._signer.trust_anchor(".")
        root = at.root_zone()
        [(host, address)] = root.servers.items()
        hints = {"hints": f". 3600000 NS {host}\n{host} 3600000 A {address}\n"}
        for address in (at.UNBOUND, at.VALIDATING_UNBOUND, at.CA_RESOLVER, at.RECURSOR_AS_SERVER):
            self._start_unbound(address, hints, anchor)
        self._start_bind(at.BIND, hints, "")
        self._start_bind(at.VALIDATING_BIND, hints, anchor)

    def _start_unbound(self, address: str, hints: dict[str, str], anchor: str) -> None:
        def configured(folder: Path) -> str:
            if address == at.UNBOUND:
                pebble.certify(address, folder)
                self.ca = folder / "ca.pem"
            return configuration.unbound(address, folder, anchor)

        path = self.serve(address, ["unbound", "-d"], configured, hints)
        for command in (("flush_zone", "."), ("flush_infra", "all")):
            self._flushes.append(["unbound-control", "-c", str(path), *command])

    def _start_bind(self, address: str, hints: dict[str, str], anchor: str) -> None:
        rndc = self._folder / f"rndc.{address}"
        rndc.write_text(configuration.rndc(self._control, address))
        self.serve(
            address,
            ["named", "-g", "-n", "1", "-4"],
            lambda folder: configuration.bind(address, folder, self._control, anchor),
            hints,
        )
        self._flushes.append(["rndc", "-c", str(rndc), "flush"])


def _apexes(zones: Collection[at.Zone]) -> list[str]:
    return [zone.apex for zone in zones]
