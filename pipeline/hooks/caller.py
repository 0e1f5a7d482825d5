"""Which process called: what all calls of one run of an ACME client have in common."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

PROCESSES = Path("/proc")
PARENT, STARTED = 1, 19
"""Fields of ``stat`` after the command's name (proc_pid_stat(5))."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process, as it was started; `variables` is None where nobody may see them."""

    pid: int
    parent: int
    started: str
    command: bytes
    variables: bytes | None

    def was_told(self, variable: str) -> bool:
        """Whether it was started with *variable* set, or may have been."""
        return self.variables is None or f"\0{variable}=".encode() in b"\0" + self.variables


def run_of(client: str, variables: Mapping[str, str], processes: Path = PROCESSES) -> str:
    """Return a word for the run of *client* that called with *variables*; empty if none tells.

    Only where calls belong together: certbot's for one certificate, and dehydrated's.
    """
    match client:
        case "certbot":
            names = variables.get("CERTBOT_ALL_DOMAINS", "")
            words = [*process_without("CERTBOT_VALIDATION", processes), names]
        case "dehydrated":
            words = process_without("BASEDIR", processes)
        case _:
            words = []
    return sha256(" ".join(words).encode()).hexdigest()[:16] if any(words) else ""


def process_without(variable: str, processes: Path) -> list[str]:
    """Return what tells a client's process from all others, or nothing if it cannot be seen.

    The client sets *variable* for its hooks alone. So it is the nearest of our ancestors that was
    not started with it, whatever shells, wrappers and timers are between; and where that is a
    shell's fork of itself, as the command line shows, the shell.
    """
    process = look(os.getpid(), processes)
    while process and process.was_told(variable):
        process = look(process.parent, processes)
    if process is None:
        return []
    while (above := look(process.parent, processes)) and above.command == process.command:
        process = above
    return [str(process.pid), process.started]


def look(pid: int, processes: Path) -> Process | None:
    """Return the process *pid*, or None if it cannot be seen."""
    folder = processes / str(pid)
    try:
        fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
        command = (folder / "cmdline").read_bytes()
        try:
            variables = (folder / "environ").read_bytes()
        except PermissionError:
            variables = None
        return Process(pid, int(fields[PARENT]), fields[STARTED], command, variables)
    except (OSError, IndexError, ValueError):
        return None
