"""`docs/scale.md`: words by hand, tables by the run, and the figures that were kept."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.table import Row, markdown

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "scale.md"
FIGURES = Path(__file__).with_name("figures.json")
TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

Tables = Mapping[str, Sequence[Row]]


def figures() -> dict[str, list[Row]]:
    """Return the tables that the last full run made."""
    kept = json.loads(FIGURES.read_text())
    return {name: [Row(row["name"], row["figures"]) for row in rows] for name, rows in kept.items()}


def keep(tables: Tables) -> None:
    """Write what `figures` returns."""
    rows = {
        name: [{"name": row.name, "figures": dict(row.figures)} for row in rows]
        for name, rows in tables.items()
    }
    FIGURES.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


def drawn(page: str, tables: Tables) -> str:
    """Return *page* with its tables as they are now."""
    return TABLE.sub(lambda found: found[1] + markdown(tables[found[2]]) + "\n" + found[3], page)


def draw(tables: Tables) -> None:
    """Write the page anew."""
    PAGE.write_text(drawn(PAGE.read_text(), tables))
