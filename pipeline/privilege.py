"""Say in what the credentials at hand are visibly wider than needed: part of `dns01 check`."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from providers.contract import Scoped, Zone

from .hosts import Hosts
from .model import Failed, Problem, Severity
from .text import printable

HINT = "dns01 policy {} DOMAIN... prints the least that would do"


def wide(
    places: Iterable[tuple[str, Zone]],
    hosts: Hosts,
    unused: Callable[[str], Sequence[str]],
    until: float,
) -> Iterator[Problem]:
    """Yield a notice for each way in which credentials exceed writing to *places*.

    Args:
        places: Each provider with a zone that it is needed for.
        hosts: The providers, which say what they can see of themselves.
        unused: Returns the variables set for a provider that are wider than anything needed.
        until: When an answer is of no more use; a provider that fails says nothing.
    """
    needed: dict[str, list[Zone]] = {}
    for provider, zone in places:
        needed.setdefault(provider, []).append(zone)
    for provider, zones in needed.items():
        for said in excess(provider, zones, hosts, until):
            yield notice(f"{provider}: these credentials {said}", HINT.format(provider))
        for variable in unused(provider):
            message = f"{provider}: {variable} is set: it can do everything, and is never used here"
            yield notice(message, "keep it out of this environment")


def excess(provider: str, zones: Sequence[Zone], hosts: Hosts, until: float) -> Sequence[str]:
    """Return in what *provider* sees its credentials exceed writing to *zones*."""
    try:
        adapter = hosts.open(provider)
        if not isinstance(adapter, Scoped):
            return ()
        return hosts.ask(provider, lambda: adapter.excess(zones), until)
    except Failed:
        return ()


def notice(message: str, hint: str) -> Problem:
    """Return that credentials are wider than needed: good to know."""
    return Problem("credential-wide", printable(message, 500), hint, Severity.NOTICE)
