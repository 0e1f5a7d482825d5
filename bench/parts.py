"""The benchmarks beside the comparison, each a module with ``measure`` and maybe ``targets``."""

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module

from .table import Row, Target

HEADINGS = {
    "startup": "Start and memory",
    "engine": "Asking",
    "calls": "API calls",
    "fleet": "A fleet",
}
"""Modules, and how their tables are headed."""

LESS: Mapping[str, Mapping[str, object]] = {"fleet": {"sizes": ((100, 2), (1000, 20))}}
"""What modules measure less unless all is asked for."""


def measure(*, full: bool) -> Iterator[tuple[str, Sequence[Row], Sequence[Target]]]:
    """Yield what each module measures, and the targets that this meets or misses."""
    for name in HEADINGS:
        module = import_module(f"bench.{name}")
        rows: Sequence[Row] = module.measure(**{} if full else LESS.get(name, {}))
        yield name, rows, getattr(module, "targets", lambda _: [])(rows)
