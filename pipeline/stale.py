"""Remove what is left of runs that died long ago: `dns01 clean --stale AGE`.

First what receipts here list of dead runs, as `clean` does. Then what stands at
DNS hosts that keep marks: the records with our mark that are old, and that no
receipt here lists. A run on another machine is protected by its youth alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from providers.contract import Marked, Marking, Zone

from .cleaning import clean
from .clock import Clock
from .configuration.settings import Settings
from .detection import Detect
from .hosts import Hosts
from .marks import (
    PREFIX,
    Leftovers,
    Listed,
    leftovers,
    strange,
    unasked,
    unlisted,
    unmarked,
    unread,
)
from .model import Exit, Failed, Problem, worst
from .receipts.store import Store
from .report import RecordLine, Report, finished
from .text import counted

PATIENCE = 120.0
"""Most seconds that one question to a host may take, repetitions included."""
PORTION = 200
"""Records that a host is asked to remove at once: of a portion that failed nobody knows."""

Result = TypeVar("Result")


class Stale:
    """One sweep; `clean` is its one verb."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        hosts: Hosts,
        clock: Clock,
        detect: Detect,
    ) -> None:
        """Take what decides who is asked: *detect* finds the provider nobody chose."""
        self._settings = settings
        self._store = store
        self._hosts = hosts
        self._clock = clock
        self._detect = detect
        self._removed: list[RecordLine] = []
        self._failures: list[Failed] = []
        self._notices: list[Problem] = []

    def clean(self, age: timedelta) -> Report:
        """Remove what was left more than *age* ago; report as `clean` does."""
        before = self._clock.today() - age
        report = clean((), self._store, self._hosts, self._clock, before=before)
        for provider in self._providers():
            self._attempt(partial(self._sweep, provider, before))
        code = worst([Exit(report.exit), *(failed.exit for failed in self._failures)])
        problems = [*report.problems, *(f.problem for f in self._failures), *self._notices]
        return replace(
            report,
            status=finished(code, "cleaned"),
            exit=code,
            records=tuple(dict.fromkeys((*report.records, *self._removed))),
            problems=tuple(dict.fromkeys(problems)),
            elapsed_s=self._clock.now(),
            dns_queries=self._hosts.dns_queries,
            api_calls=self._hosts.api_calls,
        )

    def _providers(self) -> Sequence[str]:
        """Return every provider that records may have been written with, from here."""
        settings = self._settings
        if settings.providers:
            return settings.providers
        of_zones = (name for zone in settings.zones.values() for name in zone.providers)
        named = dict.fromkeys((*settings.fallback, *of_zones, *settings.accounts))
        if named:
            return tuple(named)
        try:
            return self._detect(None)
        except Failed as failed:
            self._notices.append(unasked(failed))
            return ()

    def _sweep(self, name: str, before: datetime) -> None:
        """Remove what is stale at the provider called *name*, zone by zone."""
        provider = self._hosts.open(name)
        if not isinstance(provider, Marking):
            self._notices.append(unmarked(name))
            return
        refused: list[tuple[Zone, Failed]] = []
        zones, configured = self._zones(name, provider)
        for zone in zones:
            try:
                ours = self._look(name, provider, zone, before)
            except Failed as failed:
                if failed.exit == Exit.REFUSED and zone not in configured:
                    refused.append((zone, failed))
                else:
                    self._failures.append(failed)
            else:
                self._attempt(partial(self._remove, name, provider, zone, ours))
        if refused and len(refused) == len(zones):
            self._failures.append(refused[0][1])
        elif refused:
            self._notices.append(unread(name, [zone for zone, _ in refused]))

    def _zones(self, name: str, provider: Marking) -> tuple[Sequence[Zone], Sequence[Zone]]:
        """Return all zones to look at, and those that are configured."""
        configured = [
            Zone(apex, zone.zone_id)
            for apex, zone in self._settings.zones.items()
            if zone.zone_id and name in (zone.providers or (*self._settings.providers, name))
        ]
        try:
            hosted = self._ask(name, provider.hosted)
        except Failed as failed:
            if not configured or failed.exit != Exit.REFUSED:
                raise
            self._notices.append(unlisted(name, failed))
            hosted = []
        return list(dict.fromkeys((*configured, *hosted))), configured

    def _look(self, name: str, provider: Marking, zone: Zone, before: datetime) -> Sequence[Marked]:
        """Return what of *zone* is to go."""
        found = self._ask(name, partial(provider.marked, zone, PREFIX))
        # Receipts are read after the hosts, for a run may have begun meanwhile.
        left = leftovers(found, before, self._listed()) if found else Leftovers()
        if left.strange:
            self._notices.append(strange(name, zone, left.strange))
        return left.ours

    def _remove(self, name: str, provider: Marking, zone: Zone, ours: Sequence[Marked]) -> None:
        """Remove *ours*, and note what is gone even if the rest fails."""
        for start in range(0, len(ours), PORTION):
            portion = ours[start : start + PORTION]
            try:
                gone = self._ask(name, partial(provider.discard, zone, portion))
            except Failed as failed:
                raise remaining(failed, len(ours) - start, zone) from failed
            self._removed += [line(each, zone, name) for each in gone]

    def _listed(self) -> Listed:
        """Return what any receipt here lists that is not done with; of a damaged one, its run."""
        seen = list(self._store.saved(lambda _: True))
        records = (record for receipt in seen for record in receipt.records)
        return Listed(
            frozenset((*(receipt.id for receipt in seen), *self._store.runs())),
            frozenset((record.owner, record.challenge.value) for record in records),
        )

    def _ask(self, name: str, question: Callable[[], Result]) -> Result:
        return self._hosts.ask(name, question, self._clock.now() + PATIENCE)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Failed as failed:
            self._failures.append(failed)


def line(each: Marked, zone: Zone, provider: str) -> RecordLine:
    """Return *each* as a line of the report."""
    return RecordLine(each.record.name.to_text(), each.record.value, zone.apex.to_text(), provider)


def remaining(failed: Failed, number: int, zone: Zone) -> Failed:
    """Return *failed*, which ended the removal of the last *number* left-overs in *zone*."""
    known = failed.problem
    message = f"{known.message}; at most {counted(number, 'left-over')} remain in zone {zone.apex}"
    return Failed(failed.exit, known.code, message, known.hint)
