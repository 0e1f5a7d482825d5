"""The benchmarks beside the comparison, each a module with ``measure`` and maybe ``targets``."""

from collections.abc import Iterator, Sequence
from importlib import import_module

from .table import Row, Target

HEADINGS = {
    "startup": "Start and memory",
    "engine": "Asking",
    "calls": "API calls",
    "fleet": "A fleet",
}
"""Modules, and how their tables are headed."""

FULL = {"fleet"}
"""Those that take so long that they are left out unless all is asked for."""


def chosen(*, full: bool) -> list[str]:
    """Return the modules to measure."""
    return [name for name in HEADINGS if full or name not in FULL]


def measure(names: Sequence[str]) -> Iterator[tuple[str, Sequence[Row], Sequence[Target]]]:
    """Yield what each module measures, and the targets that this meets or misses."""
    for name in names:
        module = import_module(f"bench.{name}")
        rows: Sequence[Row] = module.measure()
        yield name, rows, getattr(module, "targets", lambda _: [])(rows)
