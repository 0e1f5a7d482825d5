"""What the laboratory needs of this machine: programs, root, addresses, and nobody else there."""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

from . import topology

PROGRAMS = ("named", "rndc", "knotd", "nsd", "unbound", "unbound-control", "pebble", "ip")
PACKAGES = Path(__file__).parents[2] / ".ci" / "packages"
LOCK = Path(tempfile.gettempdir(), "dns01-laboratory.lock")


def program(name: str) -> str | None:
    """Return the path of a program, also of one that only root has in its path."""
    return which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))


def obstacle(programs: Collection[str] | None = None) -> str:
    """Return why real servers cannot run here and what would help, or nothing."""
    missing = [name for name in programs or PROGRAMS if not program(name)]
    if sys.platform != "linux":
        return f"they need Linux, this is {sys.platform}"
    if missing:
        packages = " ".join(PACKAGES.read_text().split())
        return (
            f"missing: {', '.join(missing)}. "
            f"Install: apt-get install --no-install-recommends {packages}"
        )
    if os.geteuid() != 0:
        return "they take port 53 on loopback addresses of their own. Run the tests as root"
    return ""


@contextmanager
def exclusive(patience: float = 300.0, path: Path = LOCK) -> Iterator[None]:
    """Hold the laboratory's addresses against other test runs on this machine.

    Raises:
        TimeoutError: Another run did not let go of them within *patience* seconds.
    """
    deadline = time.monotonic() + patience
    with path.open("w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"another test run's laboratory holds {path}") from None
                time.sleep(0.2)
        yield


@contextmanager
def addresses(added: Collection[str] = topology.ADDED) -> Iterator[None]:
    """Give the loopback interface the addresses it lacks, and take those away again."""
    shown = subprocess.run(
        ["ip", "-json", "address", "show", "dev", "lo"], check=True, capture_output=True
    )
    present = {row["local"] for link in json.loads(shown.stdout) for row in link["addr_info"]}
    lacking = [
        f"{address}/{128 if ':' in address else 32}" for address in added if address not in present
    ]
    for address in lacking:
        subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)
    try:
        yield
    finally:
        for address in lacking:
            subprocess.run(["ip", "address", "del", address, "dev", "lo"], check=True)
