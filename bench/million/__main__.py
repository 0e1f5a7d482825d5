"""``python -m bench.million [--write | --page]``: run all of it, and print the tables.

``--write`` also keeps the figures and redraws `docs/scale.md`; ``--page`` redraws it from the
figures that were kept, with no simulation.
"""

import os
import sys

from bench.table import text

from .page import draw, figures, keep
from .tables import paper, simulated


def main(arguments: list[str]) -> None:
    """Print every table; see above."""
    tables = {**paper(), **(figures() if "--page" in arguments else simulated(os.cpu_count() or 1))}
    for name, rows in tables.items():
        print(f"{name}\n{text(rows)}\n")
    if "--write" in arguments:
        keep({name: rows for name, rows in tables.items() if name not in paper()})
    if {"--write", "--page"} & set(arguments):
        draw(tables)


if __name__ == "__main__":
    main(sys.argv[1:])
