"""Find out where everything goes, who is to see it, and what would be in vain; write nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from dns.name import Name

from .assurance import Assurance
from .case import Case, Tools
from .configuration.settings import Settings
from .examining import examine, foreseen
from .model import Failed, Problem
from .placing import Placing
from .propagation.goals import goals_for
from .questions import Perspective
from .survey import Survey, is_lost
from .tree.delegation import Asked, Chain
from .verifying import verify


class Preparation:
    """Gives the cases of a run their chains, records and goals, or their failures.

    Attributes:
        problems: What the user should know beside that.
    """

    def __init__(self, settings: Settings, tools: Tools, left: Callable[[], float]) -> None:
        """Decide by *settings*, ask by *tools* while there are seconds *left*."""
        self._settings = settings
        self._tools = tools
        self._left = left
        self._unseen: dict[Case, Failed] = {}
        self._kept = 0.0
        self.problems: list[Problem] = []

    def plan(self, cases: Sequence[Case]) -> None:
        """Give each of *cases* its records; that nobody could tell about them is a warning."""
        self._place(cases, self._look(cases))
        verify([case for case in cases if case not in self._unseen], self._tools, self._left)
        self.problems += [failed.as_warning() for failed in self._unseen.values()]

    def prepare(self, cases: Sequence[Case]) -> None:
        """Give each of *cases* its records, its proofs and its goals."""
        survey = self._look(cases, foreseen(cases, self._settings))
        # What is wrong with providers counts more than what cannot be seen.
        self._place(cases, survey)
        for case, failed in self._unseen.items():
            case.failure = case.failure or failed
        verify(cases, self._tools, self._left)
        self.problems += examine(cases, survey, self._settings, self._tools, self._left)
        give_goals([case for case in cases if case.alive], survey.recursive)

    def _look(self, cases: Sequence[Case], ahead: Sequence[Asked] = ()) -> Survey:
        """Find where challenges lead; ask meanwhile what will be asked of the tree later."""
        names = dict.fromkeys(name for case in cases for name in case.names)
        assurance = Assurance(self._settings, self._tools, cases, self._left_to_look)
        survey = Survey(self._settings, self._tools.exchange, names, self._left_to_look, assurance)
        # Half of the time at most: hosts and servers that hang must leave some for the rest.
        self._kept = self._left() / 2
        found = survey.look(ahead)
        self._kept = 0.0
        self.problems += survey.problems
        for case in () if survey.is_blind else cases:
            self._see(case, found)
        return survey

    def _left_to_look(self) -> float:
        return self._left() - self._kept

    def _see(self, case: Case, found: Mapping[Name, Chain | Failed]) -> None:
        """Give *case* its chains; note if it lacks one because nobody could tell."""
        mine = {name: found[name] for name in case.names}
        case.chains = {name: end for name, end in mine.items() if isinstance(end, Chain)}
        failures = [end for end in mine.values() if isinstance(end, Failed)]
        wrong = [failed for failed in failures if not is_lost(failed)]
        if wrong:
            case.failure = wrong[0]
        elif failures:
            self._unseen[case] = failures[0]

    def _place(self, cases: Sequence[Case], survey: Survey) -> None:
        tools = self._tools
        placing = Placing(self._settings, tools.hosts, tools.detect, survey.tree.addresses)
        placing.place([case for case in cases if case.alive])
        self.problems += placing.problems


def give_goals(cases: Sequence[Case], recursive: Sequence[Perspective]) -> None:
    """Give *cases* their goals: at each name, all that any of them wants there."""
    wanted: dict[Name, set[str]] = defaultdict(set)
    for case in cases:
        for name, value in wishes(case):
            wanted[name].add(value)
    chains = {name: chain for case in cases for name, chain in case.chains.items()}
    goals = goals_for(wanted, chains, recursive)
    for case in cases:
        case.goals = tuple(goals[name] for name in dict.fromkeys(name for name, _ in wishes(case)))


def wishes(case: Case) -> Iterator[tuple[Name, str]]:
    """Yield each name and value that the CA is to see for *case*: its records, then its proofs."""
    yield from ((each.challenge.name, each.challenge.value) for each in case.records)
    yield from ((each.standing.name, each.text) for each in case.proofs)
