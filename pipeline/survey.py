"""Look at the tree before anything is written: where challenges lead, and who is to be asked."""

from collections.abc import Callable, Collection, Mapping, Sequence

from dns import rdatatype
from dns.name import Name

from .asking.endpoints import encrypted_public, reachable, recursors
from .asking.exchange import Exchange
from .assurance import Assurance
from .configuration.settings import Settings
from .model import Failed, Problem, Severity, shelter
from .questions import Perspective, Transport
from .tree.aliases import chains
from .tree.delegation import TOP_LEVEL, Asked, Chain
from .tree.failures import in_no_zone
from .tree.roots import tree_from


class Survey:
    """What can be seen of the tree from here.

    Attributes:
        tree: The tree as far as it was walked.
        recursive: The resolvers that have the last word.
        is_blind: Whether only they can be asked.
        problems: What the user should know about the zones, and the view from here.
    """

    def __init__(
        self,
        settings: Settings,
        exchange: Exchange,
        names: Collection[Name],
        left: Callable[[], float],
        assurance: Assurance | None = None,
    ) -> None:
        """Look at challenge *names*, of which no resolver hears, while there are seconds *left*.

        What *assurance* can tell needs no look.
        """
        self._settings = settings
        self._exchange = exchange
        self._names = names
        self._left = left
        self._assurance = assurance
        self.tree = tree_from(settings, exchange, names, left)
        self.recursive: Sequence[Perspective] = recursors(settings.resolvers)
        self.is_blind = False
        self.problems: list[Problem] = []

    def look(self, ahead: Collection[Asked] = ()) -> Mapping[Name, Chain | Failed]:
        """Return where each name leads, or why nowhere; a blind survey returns nothing.

        With *ahead* the answers to these questions will be wanted of the `tree` as well.
        """
        if ahead:
            self._look_ahead(ahead)
        found = chains(self.tree, self._names)
        unseen = found and all(is_unreachable(each) for each in found.values())
        # A zone whose own servers are silent is no closed port: others have been heard.
        if unseen and not self._exchange.has_heard and self._goes_blind():
            return {}
        ends = (each for each in found.values() if isinstance(each, Chain))
        zones = (place.zone for end in ends for place in end.places)
        self.problems = list(dict.fromkeys(problem for zone in zones for problem in zone.problems))
        return found

    def _look_ahead(self, ahead: Collection[Asked]) -> None:
        """Ask about all names at once, with *ahead*; but first for assurance, where that may do."""
        hopeful = self._assurance.hopeful(self._names) if self._assurance else ()
        doubtful = ((name, rdatatype.TXT) for name in self._names if name not in hopeful)
        self.tree.look_ahead((*doubtful, *ahead))
        if self._assurance and hopeful:
            self.tree.skip_vacant(hopeful, self._assurance.vacant)

    def nowhere(self, found: Mapping[Name, Chain | Failed]) -> dict[Name, Failed]:
        """Return those *found* that end in a top-level zone, which does not know their parent.

        For those who cannot tell by what is hosted whether such a zone is an inner one.
        """
        ends = {name: each.end for name, each in found.items() if isinstance(each, Chain)}
        doubtful = {
            name: end
            for name, end in ends.items()
            if len(end.zone.apex) <= TOP_LEVEL and not (end.exists or end.zone.is_configured)
        }
        above = {name: shelter(end.name).parent() for name, end in doubtful.items()}
        bases = self.tree.places(set(above.values()))
        return {
            name: in_no_zone(name, end.name, end.zone.apex)
            for name, end in doubtful.items()
            if isinstance(base := bases[above[name]], Failed) or not base.exists
        }

    def _goes_blind(self) -> bool:
        """Whether resolvers can be asked by other ports, where port 53 is closed.

        With resolvers, or root servers, named by the user, nobody else is asked.
        """
        named = recursors(self._settings.resolvers) if self._settings.resolvers else ()
        encrypted = [via for via in named if via.transport is not Transport.PLAIN]
        if self._settings.root_hints or (named and not encrypted):
            return False
        candidates: list[Sequence[Perspective]] = [[via] for via in encrypted]
        found = tuple(
            via
            for each in candidates or [encrypted_public()]
            for via in reachable(self._exchange, each, self._left)
        )
        if found:
            self.is_blind, self.recursive, self.problems = True, found, [blindness(found)]
        return self.is_blind


LOST = {"dns-unreachable", "dns-failing", "not-delegated", "no-address"}
"""What ends the way to a name, in the words of `tree.failures`."""


def is_lost(failed: Failed) -> bool:
    """Whether *failed* says that the way to a name ends: nothing is known of what is there."""
    return failed.problem.code in LOST


def is_unreachable(found: Chain | Failed) -> bool:
    """Whether *found* says that nobody could be asked at all."""
    return isinstance(found, Failed) and found.problem.code == "dns-unreachable"


def blindness(resolvers: Sequence[Perspective]) -> Problem:
    """Return the warning that a verdict will rest on *resolvers* alone."""
    names = ", ".join(via.server for via in resolvers)
    return Problem(
        "port-53-filtered",
        f"no name server can be asked from here by port 53, so the verdict rests on {names}: "
        "weaker evidence, for a resolver asks one server of several, aliases are not followed, "
        'and a question that comes too early makes it repeat "no such name" for the zone\'s '
        "negative TTL",
        "open port 53 (UDP and TCP) outwards, or run where it is open",
        Severity.WARNING,
    )
