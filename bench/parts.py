"""The benchmarks beside the comparison, each a module with ``measure`` and maybe ``targets``."""

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec

from .table import Row, Target

PARTS = {
    "startup": "Start and memory",
    "engine": "Asking",
    "calls": "API calls",
    "fleet": "A fleet",
}
"""Modules, and how their tables are headed."""


def measure(name: str) -> tuple[Sequence[Row], Sequence[Target]]:
    """Return what module *name* measures, and the targets that this meets or misses."""
    if not find_spec(f"bench.{name}"):
        return [], []
    module = import_module(f"bench.{name}")
    rows: Sequence[Row] = module.measure()
    return rows, getattr(module, "targets", lambda _: [])(rows)
