"""The server processes, from first start to last stop."""

import subprocess
from pathlib import Path

from . import configuration, pebble, topology
from .pebble import Pebble
from .program import Program
from .rack import Rack
from .topology import Key, Keys


class Fleet(Rack):
    """Every server of the laboratory.

    Started in the order of dependence, so that nobody's first question or zone transfer meets a
    server that does not run yet: a secondary or recursor would then back off for seconds.

    Attributes:
        pebble: The ACME server among them.
    """

    pebble: Pebble

    def __init__(self, folder: Path, keys: Keys) -> None:
        super().__init__(folder)
        self._keys = keys
        self._control = Key("control.lab.")
        self._unbound_configurations: list[Path] = []

    def start(self) -> None:
        """Start everything, and return with empty caches."""
        self._start_parents()
        self._start_primary()
        self.await_zones(topology.ROOT, [".", "test."])
        self.await_zones(topology.PRIMARY, topology.NEGATIVE_TTL)
        self._start_secondaries()
        for address in (topology.UNBOUND, topology.UNBOUND_2, topology.CA_RESOLVER):
            self._start_unbound(address)
        self._start_recursor()
        self._start_pebble()
        self.await_zones(topology.KNOT, [*topology.NEGATIVE_TTL, *topology.KNOT_ZONES])
        self.await_zones(topology.NSD, topology.NEGATIVE_TTL)
        for address in topology.RECURSORS:
            self.await_zones(address, ["example.test."])
        self.programs[topology.PEBBLE].await_that(self.pebble.answers)
        self.flush()

    def flush(self) -> None:
        """Empty the cache of every recursor, and what it knows of servers."""
        commands = [
            ["unbound-control", "-c", str(path), *command]
            for path in self._unbound_configurations
            for command in (("flush_zone", "."), ("flush_infra", "all"))
        ]
        commands.append(["rndc", "-c", str(self._folder / "rndc.conf"), "flush"])
        for command in commands:
            subprocess.run(command, check=True, capture_output=True)

    def _start_parents(self) -> None:
        files = {
            "root": topology.root_zone(),
            "tld": topology.tld_zone(),
        }
        self.serve(topology.ROOT, ["nsd", "-d"], configuration.nsd_parents, files)

    def _start_primary(self) -> None:
        files = {f"{apex}zone": topology.primary_zone(apex) for apex in topology.NEGATIVE_TTL}
        self.serve(
            topology.PRIMARY,
            ["named", "-g", "-n", "1"],
            lambda folder: configuration.primary(folder, self._keys),
            files,
        )

    def _start_secondaries(self) -> None:
        files = {f"{apex}zone": topology.knot_zone(apex) for apex in topology.KNOT_ZONES}
        self.serve(
            topology.KNOT,
            ["knotd"],
            lambda folder: configuration.knot(folder, self._keys),
            files,
        )
        self.serve(
            topology.NSD,
            ["nsd", "-d"],
            lambda folder: configuration.nsd_secondary(folder, self._keys),
        )

    def _start_unbound(self, address: str) -> None:
        path = self.serve(
            address,
            ["unbound", "-d"],
            lambda folder: configuration.unbound(address, folder),
            {"hints": configuration.hints()},
        )
        self._unbound_configurations.append(path)

    def _start_recursor(self) -> None:
        (self._folder / "rndc.conf").write_text(configuration.rndc(self._control))
        self.serve(
            topology.BIND_RECURSOR,
            ["named", "-g", "-n", "1"],
            lambda folder: configuration.recursor(folder, self._control),
            {"hints": configuration.hints()},
        )

    def _start_pebble(self) -> None:
        folder = self.folder_of(topology.PEBBLE)
        command, self.pebble = pebble.prepare(folder)
        self.programs[topology.PEBBLE] = Program(command, pebble.ENVIRONMENT)
