"""Say in what the credentials at hand are visibly wider than needed: part of `dns01 check`."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, wait

from providers.contract import Scoped, Zone
from providers.threads import in_thread

from .hosts import Hosts
from .model import Failed, Problem, Severity
from .outcomes import result
from .text import printable

HINT = "dns01 policy {} DOMAIN... prints the least that would do"


def wide(
    places: Iterable[tuple[str, Zone]],
    hosts: Hosts,
    unused: Callable[[str], Sequence[str]],
    patience: float,
) -> Iterator[Problem]:
    """Yield a notice for each way in which credentials exceed writing to *places*.

    Args:
        places: Each provider with a zone that it is needed for.
        hosts: The providers, which say what they can see of themselves.
        unused: Returns the variables set for a provider that are wider than anything needed.
        patience: Seconds that one provider may take; one that fails says nothing.
    """
    needed: dict[str, list[Zone]] = {}
    for provider, zone in places:
        needed.setdefault(provider, []).append(zone)
    for provider, zones in needed.items():
        for said in excess(provider, zones, hosts, patience):
            yield notice(f"{provider}: these credentials {said}", HINT.format(provider))
        for variable in unused(provider):
            message = f"{provider}: {variable} is set: it can do everything, and is never used here"
            yield notice(message, "keep it out of this environment")


def excess(provider: str, zones: Sequence[Zone], hosts: Hosts, patience: float) -> Sequence[str]:
    """Return in what *provider* sees its credentials exceed writing to *zones*."""
    try:
        adapter = hosts.open(provider)
        if not isinstance(adapter, Scoped):
            return ()
        future: Future[Sequence[str]] = in_thread(lambda: adapter.excess(zones))
        wait([future], timeout=max(patience, 0.0))
        return result(future, provider)
    except Failed:
        return ()


def notice(message: str, hint: str) -> Problem:
    """Return that credentials are wider than needed: good to know."""
    return Problem("credential-wide", printable(message, 500), hint, Severity.NOTICE)
