"""Find the installed provider adapters: entry points of the group ``dns01.providers``."""

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from pipeline.detection import Candidate
from pipeline.model import Exit, Failed
from pipeline.text import printable
from providers.contract import Adapter

GROUP = "dns01.providers"


def installed() -> Mapping[str, EntryPoint]:
    """Return the adapters by name; nothing is imported yet."""
    return {point.name: point for point in sorted(entry_points(group=GROUP))}


def load(name: str, place: str = "", accounts: Collection[str] = ()) -> Adapter:
    """Return the adapter called *name*.

    *place* is where the configuration names it, if it does; *accounts* could have
    been meant as well.

    Raises:
        Failed: 78, if there is none, or it cannot be imported.
    """
    points = installed()
    if name not in points:
        near = get_close_matches(name, [*points, *accounts], n=1)
        others = f"; configured: {', '.join(accounts)}" if accounts else ""
        raise Failed(
            Exit.CONFIG,
            "provider",
            f"{place and f'{place}: '}no provider is called {printable(name, 60)!r}",
            f"did you mean {near[0]}?" if near else f"installed: {', '.join(points)}{others}",
        )
    return imported(points[name])


def imported(point: EntryPoint) -> Adapter:
    """Return the adapter that *point* names."""
    try:
        adapter = point.load()
    except Exception as error:  # whatever a third party's module raises
        raise Failed(
            Exit.CONFIG,
            "provider",
            f"provider {point.name} cannot be loaded from {point.value}: "
            f"{type(error).__name__}: {printable(str(error))}",
            "reinstall the package it came with",
        ) from error
    if not isinstance(adapter, Adapter):
        raise Failed(Exit.CONFIG, "provider", f"{point.value} is not a providers.contract.Adapter")
    return adapter


def candidates(is_set: Callable[[str], object]) -> list[Candidate]:
    """Return who may be chosen unnamed, and who of them has credentials that *is_set*."""
    found = []
    for name, point in installed().items():
        try:
            adapter = imported(point)
        except Failed:  # a broken adapter nobody chose is no reason to stop
            continue
        if not adapter.named_only:
            able = has_credentials(adapter, is_set)
            found.append(Candidate(name, adapter.nameservers, able))
    return found


def has_credentials(adapter: Adapter, is_set: Callable[[str], object]) -> bool:
    """Whether any of the adapter's groups of credentials *is_set* completely."""
    return any(all(map(is_set, group)) for group in adapter.credentials)
