"""Programs in folders of their own."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from . import premises, wire
from .program import Program


class Rack:
    """Server programs, started one by one and stopped together.

    Attributes:
        programs: By (first) address.
    """

    def __init__(self, folder: Path) -> None:
        self.programs: dict[str, Program] = {}
        self._folder = folder

    def serve(
        self,
        address: str,
        command: Sequence[str],
        configured: Callable[[Path], str],
        files: Mapping[str, str] | None = None,
        flag: str = "-c",
    ) -> Path:
        """Start *command* with a folder of its own; return the path of its configuration.

        The command is given that path after *flag*.
        """
        folder = self.folder_of(address)
        path = folder / "conf"
        path.write_text(configured(folder))
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        self.programs[address] = Program(
            [_unconfined(command[0], folder), *command[1:], flag, str(path)]
        )
        return path

    def folder_of(self, address: str) -> Path:
        """Return a new folder for what runs at *address*."""
        folder = self._folder / address
        folder.mkdir()
        return folder

    def await_zones(self, address: str, apexes: Iterable[str]) -> None:
        """Block until the server at *address* answers for each of *apexes*."""
        self.programs[address].await_that(
            lambda: all(wire.serial(address, apex) >= 0 for apex in apexes)
        )

    def stop(self) -> None:
        """End every server; all are asked before the first is waited for."""
        for program in self.programs.values():
            program.terminate()
        for program in self.programs.values():
            program.close()


def _unconfined(name: str, folder: Path) -> str:
    """Return the path of a copy of program *name*.

    Where AppArmor is on, the packages' profiles keep named and unbound out of any folder but
    their own; a profile goes by the program's path.
    """
    path = premises.program(name)
    assert path
    return str(shutil.copy2(path, folder / name))
