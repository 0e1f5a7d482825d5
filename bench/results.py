"""What a run of the benchmarks found, as JSON."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from .runs import Run
from .table import Row, Target

RESULTS = Path(__file__).with_name("results.json")
PACKAGES = ("lego", "bind9", "knot", "nsd", "unbound", "pebble")


@dataclass(frozen=True, slots=True)
class Results:
    """One run of the benchmarks.

    Attributes:
        machine: What it ran on.
        versions: Of what was measured, and of the servers.
        took_s: How long it took.
        full: Whether the longest runs are among them.
        runs: The comparison.
        parts: Tables of the other benchmarks, by module.
        targets: Of the other benchmarks.
    """

    machine: str
    versions: Mapping[str, str]
    took_s: float
    full: bool
    runs: Sequence[Run]
    parts: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    targets: Sequence[Target] = ()


def save(results: Results, path: Path = RESULTS) -> None:
    """Write *results* to *path*, a run on a line."""
    lines: dict[str, object] = {
        key: value for key, value in asdict(results).items() if key != "runs"
    }
    runs = ",\n".join(json.dumps(_rounded(asdict(run))) for run in results.runs)
    text = json.dumps({**lines, "runs": []}, indent=1)
    path.write_text(text.replace('"runs": []', f'"runs": [\n{runs}\n]') + "\n")


def load(path: Path = RESULTS) -> Results:
    """Return what `save` wrote."""
    read = json.loads(path.read_text())
    return Results(
        **read
        | {
            "runs": [Run(**each) for each in read["runs"]],
            "parts": {name: [Row(**row) for row in rows] for name, rows in read["parts"].items()},
            "targets": [Target(**each) for each in read["targets"]],
        }
    )


def machine() -> str:
    """Return a description of the machine, for those who compare absolute figures."""
    return f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"


def versions() -> dict[str, str]:
    """Return the versions of everything that takes part."""
    mine = {name: version(name) for name in ("dns01", "certbot", "certbot-dns-rfc2136")}
    return mine | {name: _package(name) for name in PACKAGES}


def _package(name: str) -> str:
    words = ["dpkg-query", "--show", "--showformat=${Version}", name]
    shown = subprocess.run(words, capture_output=True, text=True, check=False)
    return shown.stdout or "of unknown version"


def _rounded(fields: Mapping[str, object]) -> dict[str, object]:
    return {key: round(it, 4) if isinstance(it, float) else it for key, it in fields.items()}
