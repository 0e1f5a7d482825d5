"""``python -m bench.page``: draw tables and plot again from the last results."""

from pathlib import Path
from string import Template

from . import promises, tables
from .parts import HEADINGS
from .plot import svg
from .results import Results, load
from .summary import groups
from .table import markdown

TEMPLATE = Path(__file__).with_name("benchmarks.md")
DOCS = Path(__file__).parents[1] / "docs"
LEFT_OUT = (
    "What takes longest is measured by `make bench FULL=1` alone: "
    "its rows bear the date of the last, or are not there."
)
PAGE, PLOT = DOCS / "benchmarks.md", DOCS / "benchmarks.svg"


def drawn(results: Results) -> dict[Path, str]:
    """Return what the page and its plot say of *results*."""
    compared = [group for group in groups(results.runs) if group.delay in tables.COMPARED]
    its_targets = [*promises.targets(results.runs), *results.targets]
    parts = [
        f"## {heading}\n\n{markdown(results.parts[name])}"
        for name, heading in HEADINGS.items()
        if results.parts.get(name)
    ]
    values = {
        "machine": results.machine,
        "versions": ", ".join(f"{name} {which}" for name, which in results.versions.items()),
        "took": f"{results.took_s / 60:.0f} minutes",
        "missing": "" if results.full else LEFT_OUT,
        "targets": markdown(tables.verdicts(its_targets)),
        "at_once": markdown(tables.comparison(results, 0)),
        "late": markdown(tables.comparison(results, 5)),
        "kinds": markdown(tables.kinds(results)),
        "detection": markdown(tables.detection(results)),
        "parts": "\n\n".join(parts),
    }
    text = Template(TEMPLATE.read_text()).substitute(values)
    return {PAGE: text, PLOT: svg(compared)}


def write() -> None:
    """Write the page and its plot, of the results as they are kept."""
    for path, text in drawn(load()).items():
        path.write_text(text)


if __name__ == "__main__":
    write()
