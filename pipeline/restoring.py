"""Put back values of ours that somebody else erases while we wait for them to be seen."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import wait

from dns.name import Name

from providers.contract import Change

from .case import Tools
from .hosts import Groups, Write
from .model import Failed, Problem, Record, Severity
from .planning import Group, by_zone
from .propagation.confirm import Watch
from .propagation.erasures import Erasures
from .propagation.evidence import Evidence
from .questions import Goal
from .receipts.receipt import State
from .text import counted

Place = tuple[Name, str, Group]
"""A value, by name, text and where it is written."""

JOIN = 2.5
"""Seconds that looks under way at the end of the wait are given."""

OVERWRITERS = (
    "a tool that replaces whatever stands at the name runs at the same time (certbot, lego,"
    " win-acme and Posh-ACME do, at Route 53; infrastructure as code): let them take turns"
)


class Restoring:
    """Looks at the hosts again where values seem erased, and appends what is missing there.

    Args:
        records: What was published, and is in the receipt.
        append: Begins to append records once more; see `Hosts.append_again`.
        advance: Puts a state into the receipt, which says *writing* while a look is under way.
    """

    def __init__(
        self,
        records: Sequence[Record],
        goals: Sequence[Goal],
        tools: Tools,
        append: Callable[[Groups], Mapping[Write, Group]],
        advance: Callable[[State], None],
    ) -> None:
        self._records = records
        self._tools = tools
        self._append = append
        self._advance = advance
        self._erasures = Erasures(goals, tools.clock.now())
        self._looks: dict[Write, Group] = {}
        self._restored: Counter[Place] = Counter()
        self._failures: dict[Group, Failed] = {}

    def beside(self, watch: Watch) -> Watch:
        """Return a watch that does its part, and *watch*'s as well."""

        def both(evidence: Evidence, now: float) -> None:
            self._collect()
            owners = self._erasures.suspected(evidence, now)
            self._look([record for record in self._records if record.owner in owners])
            watch(evidence, now)

        return both

    def names(self) -> Mapping[Name, int]:
        """Return how often values were put back, by the name they are at; wait for looks to end."""
        wait(self._looks, timeout=JOIN)
        self._collect()
        times: Counter[Name] = Counter()
        for (name, _, _), count in self._restored.items():
            times[name] = max(times[name], count)
        return times

    def problems(self) -> list[Problem]:
        """Return what was put back, and which hosts could not be looked at."""
        self.names()
        late = {group: unfinished(group) for group in self._looks.values()}
        return [
            *(restored(place, times) for place, times in self._restored.items()),
            *(failed.as_warning() for failed in self._failures.values()),
            *late.values(),
        ]

    def _look(self, records: Sequence[Record]) -> None:
        """Begin to append *records* once more: an adapter writes only what is missing."""
        if records:
            self._advance(State.WRITING)
            self._looks |= self._append(by_zone(records))

    def _collect(self) -> None:
        """Take note of the looks that have ended."""
        ended = [future for future in self._looks if future.done()]
        for future in ended:
            group = self._looks.pop(future)
            try:
                change = self._tools.hosts.outcome(group, future)
            except Failed as failed:
                self._failures[group] = failed
            else:
                self._failures.pop(group, None)
                self._note(group, change)
        if ended:
            self._advance(State.WRITING if self._looks else State.WAITING)

    def _note(self, group: Group, change: Change) -> None:
        for name, value in sorted(change.written or ()):
            self._restored[name, value, group] += 1
            self._tools.progress.say(f"{erased((name, value, group))}: put back")


def erased(place: Place) -> str:
    """Return the sentence that somebody erased the value at *place*."""
    name, value, (provider, zone) = place
    return f"somebody erased the value {value} at {name} (zone {zone.apex} at {provider})"


def restored(place: Place, times: int) -> Problem:
    """Return the problem that the value at *place* had to be put back."""
    message = f"{erased(place)} while we waited; put back {counted(times, 'time')}"
    return Problem("value-restored", message, OVERWRITERS, Severity.WARNING)


def unfinished(group: Group) -> Problem:
    """Return the problem that a look at *group* has not ended."""
    provider, zone = group
    message = f"{provider} has not answered whether zone {zone.apex} still has every value"
    return Problem("provider", message, severity=Severity.WARNING)
