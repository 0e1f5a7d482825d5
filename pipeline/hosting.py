"""Say whether we could write where a check has looked: whose zone it is, with what credentials."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from dns.name import Name

from .case import Tools
from .configuration.settings import Settings
from .model import Failed, Problem, Severity
from .placing import Homes, Placing
from .planning import Hosted
from .privilege import wide
from .survey import Survey
from .tree.delegation import Chain


def hosting(
    settings: Settings,
    tools: Tools,
    survey: Survey,
    found: Mapping[Name, Chain | Failed],
    unused: Callable[[str], Sequence[str]] = lambda _: (),
) -> tuple[list[Failed], list[Problem]]:
    """Return what keeps us from writing where *found* leads, and what else is to be said of hosts.

    That no provider is chosen keeps nobody: a check needs no credentials. Those
    that are there should be no wider than needed; *unused* tells which variables
    of a provider hold wider ones that nobody reads.
    """
    chains = {name: end for name, end in found.items() if isinstance(end, Chain)}
    if not chains:
        return [], []
    placing = Placing(settings, tools.hosts, tools.detect, survey.tree.addresses)
    homes = placing.homes(chains)
    failures = list(dict.fromkeys(each for each in homes.values() if isinstance(each, Failed)))
    undecided = [failed for failed in failures if failed.problem.code == "provider"]
    places = [(at.provider, at.zone) for at in written(homes.values())]
    until = (tools.clock.now() + settings.timeout) / 2  # leaves time to report
    problems = [
        *placing.problems,
        *map(nobody, undecided[:1]),
        *hosted(homes.values()),
        *wide(places, tools.hosts, unused, until),
    ]
    return [failed for failed in failures if failed not in undecided], problems


def nobody(failed: Failed) -> Problem:
    """Return that no host was asked, since no one provider is chosen: good to know."""
    message = f"no DNS host was asked: {failed.problem.message}"
    return Problem("host-not-asked", message, failed.problem.hint, Severity.NOTICE)


def written(homes: Iterable[Homes | Failed]) -> Iterable[Hosted]:
    """Yield where values would be written, once for each zone at each provider."""
    found = (home for each in homes if not isinstance(each, Failed) for home in each)
    yield from dict.fromkeys(found)


def hosted(homes: Iterable[Homes | Failed]) -> Iterable[Problem]:
    """Yield where values would be written, once for each zone."""
    places = {(home.zone.apex, home.provider, home.zone.id) for home in written(homes)}
    for apex, provider, zone_id in sorted(places):
        message = f"{provider} hosts {apex} (zone {zone_id}) and shows it to these credentials"
        yield Problem("hosted", message, severity=Severity.NOTICE)
