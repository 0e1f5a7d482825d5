"""What a start costs beside the bare interpreter's, and what a run holds in memory by DNS host."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from tests.bridge import DNS01
from tests.services.gate import Gate
from tests.services.scene import Scene, cloudflare, order_api, route53
from tests.services.updates import rfc2136
from tests.standins.ministack import Ministack

from . import launch
from .table import Row, Target, text

ROUNDS = 5
HOST = "www.example.com"
BARE, VERSION, HELP = "`python -c pass`", "`dns01 --version`", "`dns01 --help`"
OURS = "what a `ready` imports"
LIBRARIES = ("dns.message", "httpx", "acme.client", "boto3", "cloudflare")
STARTS = {
    BARE: [sys.executable, "-c", "pass"],
    VERSION: [str(DNS01), "--version"],
    HELP: [str(DNS01), "--help"],
    OURS: [sys.executable, "-c", "import pipeline.command.session"],
    **{f"`import {name}`": [sys.executable, "-c", f"import {name}"] for name in LIBRARIES},
}
TIMES, WALL, CPU, PEAK = f"times {BARE}", "wall, ms", "CPU, ms", "peak memory, MiB"
READY = "`ready` at "
MEMORY = {"RFC 2136": 60, "Route 53": 90, "Cloudflare": 90}
"""Mebibytes that a run may take, by DNS host."""


@dataclass(frozen=True, slots=True)
class Took:
    """What a process took: seconds, and mebibytes at most."""

    wall: float
    cpu: float
    peak: float


def measure() -> list[Row]:
    """Return what starts take, by turns, and what a run for one name takes at each host."""
    with TemporaryDirectory(prefix="dns01-bench-") as folder:
        found: dict[str, list[Took]] = {name: [] for name in STARTS}
        for _ in range(ROUNDS):
            for name, command in STARTS.items():
                found[name].append(took(Path(folder), command))
        bare = median(each.wall for each in found[BARE])
        return [*(start(name, runs, bare) for name, runs in found.items()), *at_hosts(Path(folder))]


def targets(rows: Sequence[Row]) -> list[Target]:
    """Return what is promised of *rows*."""
    found: Mapping[str, Mapping[str, Any]] = {row.name: row.figures for row in rows}
    return [
        Target(f"{VERSION}: {TIMES}", found[VERSION][TIMES], 4),
        *(
            Target(f"{READY}{host}: peak memory", found[READY + host][PEAK], most, "MiB")
            for host, most in MEMORY.items()
        ),
    ]


def start(name: str, runs: Sequence[Took], bare: float) -> Row:
    """Return what *runs* took at the median, and beside a *bare* interpreter's seconds."""
    wall = median(each.wall for each in runs)
    cpu = median(each.cpu for each in runs)
    peak = median(each.peak for each in runs)
    return Row(name, {TIMES: wall / bare, WALL: wall * 1000, CPU: cpu * 1000, PEAK: peak})


def at_hosts(folder: Path) -> Iterator[Row]:
    """Yield what a run for one name takes at each host, or with an order from the RCL API."""
    for host, opened in hosts().items():
        place = folder / host
        place.mkdir()
        with opened(place) as (scene, _):
            words = [str(DNS01), "ready", *scene.words, "--json", "--quiet"]
            run = took(place, words, scene.site.environment | scene.variables)
        yield Row(READY + host, {CPU: run.cpu * 1000, PEAK: run.peak})


def hosts() -> Mapping[str, Callable[[Path], AbstractContextManager[tuple[Scene, object]]]]:
    """Return what plays each host, given a folder."""
    return {
        "RFC 2136": partial(rfc2136, host=HOST),
        "Route 53": emulated,
        "Cloudflare": partial(cloudflare, host=HOST, behind=Gate),
        "a small adapter, ordered from RCL": partial(order_api, host=HOST, behind=Gate),
    }


@contextmanager
def emulated(folder: Path) -> Iterator[tuple[Scene, Gate]]:
    """Play Route 53."""
    with Ministack() as endpoint, route53(folder, HOST, Gate, endpoint) as found:
        yield found


def took(
    folder: Path, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Took:
    """Return what *command* took, which must end well.

    A small program starts it: Linux counts towards its peak that of whoever did.
    """
    result = folder / "took.json"
    words = [sys.executable, "-I", "-S", launch.__file__, str(result), *command]
    done = subprocess.run(words, env=environment, cwd=folder, capture_output=True, check=True)
    found = json.loads(result.read_text())
    if found["exit"]:
        raise RuntimeError(f"{command} ended with {found['exit']}: {(done.stdout + done.stderr)!r}")
    return Took(found["end"] - found["start"], found["cpu_s"], found["peak_mib"])


if __name__ == "__main__":
    measured = measure()
    print(text(measured))
    for target in targets(measured):
        print(f"{target.name}: {target.value:.2f} of {target.most:g} {target.unit}")
