"""Find the installed provider adapters: entry points of the group ``dns01.providers``."""

from collections.abc import Callable, Collection, Mapping
from importlib.metadata import EntryPoint, entry_points

from pipeline.detection import Candidate
from pipeline.model import Exit, Failed
from pipeline.text import nearest, printable
from providers.contract import Adapter

GROUP = "dns01.providers"

OURS = {
    name: EntryPoint(name, f"providers.{name.replace('-', '')}:ADAPTER", GROUP)
    for name in ("acme-dns", "cloudflare", "exec", "httpreq", "lexicon", "rfc2136", "route53")
}
"""Our own, as pyproject.toml has them: to look through all that is installed costs 10 ms."""


def installed() -> Mapping[str, EntryPoint]:
    """Return the adapters by name; nothing is imported yet."""
    found = {point.name: point for point in entry_points(group=GROUP)} | OURS
    return dict(sorted(found.items()))


def load(name: str, place: str = "", accounts: Collection[str] = ()) -> Adapter:
    """Return the adapter called *name*.

    *place* is where the configuration names it, if it does; *accounts* could have
    been meant as well.

    Raises:
        Failed: 78, if there is none, or it cannot be imported.
    """
    if name in OURS:
        return imported(OURS[name])
    points = installed()
    if name not in points:
        near = nearest(name, [*points, *accounts])
        others = f"; configured: {', '.join(accounts)}" if accounts else ""
        raise Failed(
            Exit.CONFIG,
            "provider",
            f"{place and f'{place}: '}no provider is called {printable(name, 60)!r}",
            f"did you mean {near}?" if near else f"installed: {', '.join(points)}{others}",
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
