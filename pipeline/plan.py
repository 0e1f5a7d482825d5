"""The former place of `pipeline.planning`."""

from .planning import Addresses, Hosted, by_zone, enclosing, home, misled, uncovered, wanted

__all__ = [
    "Addresses",
    "Hosted",
    "by_zone",
    "enclosing",
    "home",
    "misled",
    "uncovered",
    "wanted",
]
