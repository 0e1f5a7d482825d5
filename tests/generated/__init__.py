"""Files of the repository that are made of what the code declares: `python -m tests.generated`."""

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.configuration import catalogue, registry, schema
from pipeline.configuration.sample import sample
from providers.contract import Adapter

from .manual import manual
from .reference import reference

ROOT = Path(__file__).parent.parent.parent
SCHEMA = Path("pipeline/configuration/dns01.schema.json")


def ours() -> Mapping[str, Adapter]:
    """Return the adapters that come with dns01, whatever else is installed."""
    points = registry.installed().values()
    return {
        point.name: registry.imported(point)
        for point in points
        if point.value.startswith("providers.")
    }


FILES: Mapping[str, Callable[[], str]] = {
    str(SCHEMA): lambda: schema.to_json(ours()),
    "docs/dns01.toml": lambda: sample(ours(), f"../{SCHEMA}"),
    "docs/dns01.1": manual,
    "docs/providers.md": lambda: catalogue.page(ours()),
    "docs/cli.md": reference,
}
"""Each file, from the root of the repository, and what makes it."""
