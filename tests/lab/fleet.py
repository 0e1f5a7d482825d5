"""The server processes, from first start to last stop."""

import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from . import configuration, pebble, premises, topology, wire
from .pebble import Pebble
from .program import Program
from .topology import Key, Keys


class Fleet:
    """Every server of the laboratory.

    Started in the order of dependence, so that nobody's first question or zone transfer meets a
    server that does not run yet: a secondary or recursor would then back off for seconds.

    Attributes:
        programs: By (first) address.
        pebble: The ACME server among them.
    """

    pebble: Pebble

    def __init__(self, folder: Path, keys: Keys) -> None:
        self.programs: dict[str, Program] = {}
        self._folder = folder
        self._keys = keys
        self._control = Key("control.lab.")
        self._unbound_configurations: list[Path] = []

    def start(self) -> None:
        """Start everything, and return with empty caches."""
        self._start_parents()
        self._start_primary()
        self._await_zones(topology.ROOT, [".", "test."])
        self._await_zones(topology.PRIMARY, topology.NEGATIVE_TTL)
        self._start_secondaries()
        for address in (topology.UNBOUND, topology.UNBOUND_2, topology.CA_RESOLVER):
            self._start_unbound(address)
        self._start_recursor()
        self._start_pebble()
        self._await_zones(topology.KNOT, [*topology.NEGATIVE_TTL, *topology.KNOT_ZONES])
        self._await_zones(topology.NSD, topology.NEGATIVE_TTL)
        for address in topology.RECURSORS:
            self._await_zones(address, ["example.test."])
        self.programs[topology.PEBBLE].await_that(self.pebble.answers)
        self.flush()

    def stop(self) -> None:
        """End every server; all are asked before the first is waited for."""
        for program in self.programs.values():
            program.terminate()
        for program in self.programs.values():
            program.close()

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
        self._start(topology.ROOT, ["nsd", "-d"], configuration.nsd_parents, files)

    def _start_primary(self) -> None:
        files = {f"{apex}zone": topology.primary_zone(apex) for apex in topology.NEGATIVE_TTL}
        self._start(
            topology.PRIMARY,
            ["named", "-g", "-n", "1"],
            lambda folder: configuration.primary(folder, self._keys),
            files,
        )

    def _start_secondaries(self) -> None:
        files = {f"{apex}zone": topology.knot_zone(apex) for apex in topology.KNOT_ZONES}
        self._start(
            topology.KNOT,
            ["knotd"],
            lambda folder: configuration.knot(folder, self._keys),
            files,
        )
        self._start(
            topology.NSD,
            ["nsd", "-d"],
            lambda folder: configuration.nsd_secondary(folder, self._keys),
        )

    def _start_unbound(self, address: str) -> None:
        path = self._start(
            address,
            ["unbound", "-d"],
            lambda folder: configuration.unbound(address, folder),
            {"hints": configuration.hints()},
        )
        self._unbound_configurations.append(path)

    def _start_recursor(self) -> None:
        (self._folder / "rndc.conf").write_text(configuration.rndc(self._control))
        self._start(
            topology.BIND_RECURSOR,
            ["named", "-g", "-n", "1"],
            lambda folder: configuration.recursor(folder, self._control),
            {"hints": configuration.hints()},
        )

    def _start_pebble(self) -> None:
        folder = self._folder_of(topology.PEBBLE)
        command, self.pebble = pebble.prepare(folder)
        self.programs[topology.PEBBLE] = Program(command, pebble.ENVIRONMENT)

    def _start(
        self,
        address: str,
        command: Sequence[str],
        configured: Callable[[Path], str],
        files: Mapping[str, str] | None = None,
    ) -> Path:
        """Start *command* with a folder of its own; return the path of its configuration."""
        folder = self._folder_of(address)
        path = folder / "conf"
        path.write_text(configured(folder))
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        self.programs[address] = Program(
            [_unconfined(command[0], folder), *command[1:], "-c", str(path)]
        )
        return path

    def _folder_of(self, address: str) -> Path:
        folder = self._folder / address
        folder.mkdir()
        return folder

    def _await_zones(self, address: str, apexes: Iterable[str]) -> None:
        self.programs[address].await_that(
            lambda: all(wire.serial(address, apex) >= 0 for apex in apexes)
        )


def _unconfined(name: str, folder: Path) -> str:
    """Return the path of a copy of program *name*.

    Where AppArmor is on, the packages' profiles keep named and unbound out of any folder but
    their own; a profile goes by the program's path.
    """
    path = premises.program(name)
    assert path
    return str(shutil.copy2(path, folder / name))
