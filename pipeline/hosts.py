"""Have providers write and remove records: in time, several zones at once, errors as outcomes.

Adapters block, and a third party's may block for long. Each call runs in a
thread of its own that nobody has to wait for, so that deadlines and signals
are kept whatever an adapter does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore
from typing import TypeVar

from dns.name import Name

from providers import errors
from providers.contract import LINGERS_S, TXT, Asking, Change, Paced, Provider, Zone, lingers_s
from providers.threads import in_thread, start

from .additions import Additions
from .clock import Clock
from .model import Failed, Record
from .outcomes import broken, is_untouched, no_end, result, translated
from .pauses import Pauses
from .planning import Group

AT_ONCE = 8
"""Zones written to at the same time."""

Groups = Mapping[Group, list[Record]]
"""Records by where they are written."""

Result = TypeVar("Result")

Action = Callable[[Group, Provider, list[TXT]], Change]
"""Writes to a zone at its provider."""

Write = Future[Change]
"""A write that has begun."""


class Hosts:
    """The providers of one run, opened when first needed.

    Args:
        opener: Makes the provider of a name.
        clock: Time, as deadlines are given in.
        say: Told when somebody waits until a host takes more requests.
        shared: Where the requests of accounts are counted, by all runs together.

    Attributes:
        additions: What appends have added.
    """

    def __init__(
        self,
        opener: Callable[[str], Provider],
        clock: Clock,
        say: Callable[[str], None] = lambda _line: None,
        shared: Path | None = None,
    ) -> None:
        self.additions = Additions()
        self._opener = opener
        self._clock = clock
        self._pauses = Pauses(clock, say)
        self._shared = shared
        self._opened: dict[str, Provider] = {}
        self._under_way: dict[Write, Group] = {}
        self._changes: dict[Group, Change] = {}

    @property
    def api_calls(self) -> int:
        """Requests sent to all providers so far."""
        return sum(provider.api_calls for provider in self._opened.values())

    @property
    def dns_queries(self) -> int:
        """DNS questions sent by providers themselves so far."""
        return sum(each.dns_queries for each in self._opened.values() if isinstance(each, Asking))

    @property
    def under_way(self) -> Sequence[Write]:
        """What has begun and not ended, whether anybody still waits for it or not."""
        return tuple(self._under_way)

    def lingers_s(self, provider: str) -> float:
        """Return how long *provider* may still do what a process sent that is dead."""
        try:
            return lingers_s(self.open(provider))
        except Failed:  # which whoever needs it will hear
            return LINGERS_S

    def zones(self, provider: str, names: Iterable[Name], deadline: float) -> Sequence[Zone]:
        """Return the zones at *provider* that enclose any of *names*.

        Takes at most half of the time until *deadline*: a host that hangs must
        leave some for the other names of the run.

        Raises:
            Failed: 65, 69, 70, 77 or 78, in the provider's words.
        """
        asked = list(names)
        adapter = self.open(provider)
        until = self._clock.now() + self._left(deadline) / 2
        return self.ask(provider, lambda: adapter.zones(asked), until)

    def ask(self, provider: str, question: Callable[[], Result], until: float) -> Result:
        """Return what *question*, a call of the adapter of *provider*, has returned by then.

        Raises:
            Failed: 65, 69, 70, 77 or 78, in the provider's words.
        """
        with self._pauses.within(until):
            future = in_thread(question)
        wait([future], timeout=self._left(until))
        return result(future, provider, self._opened.get(provider))

    def publish(self, groups: Groups, mark: str, deadline: float) -> dict[Group, Failed]:
        """Append every record; return what went wrong, by group.

        Takes at most half of the time until *deadline*, as `zones` does.
        """
        until = self._clock.now() + self._left(deadline) / 2
        return self._write(groups, partial(self._append, mark), until, self.outcome)

    def append_again(self, groups: Groups, mark: str, until: float) -> dict[Write, Group]:
        """Begin to append records that were published before; wait for nothing.

        What comes of each is told by `outcome`.
        """
        begun, _ = self._begin(groups, partial(self._append, mark), until)
        return {future: group for group, future in begun.items()}

    def outcome(self, group: Group, future: Write) -> Change:
        """Return the change to *group* that *future*, an append, holds by now.

        Raises:
            Failed: 65, 69, 70, 77 or 78, in the provider's words.
        """
        try:
            return self._changed(group, future)
        except Failed as failed:
            if not is_untouched(failed):
                self.additions.doubt(group)
            raise

    def _append(self, mark: str, group: Group, provider: Provider, records: list[TXT]) -> Change:
        change = provider.append(group[1], records, mark)
        self.additions.note(group, change)  # at once: a signal may keep anybody from looking
        return change

    def _changed(self, group: Group, future: Write) -> Change:
        change = result(future, group[0], self._opened.get(group[0]))
        if change.id or group not in self._changes:  # else an earlier one is what to follow
            self._changes[group] = change
        return change

    def settle(self, until: float) -> None:
        """Wait for writes under way."""
        self._pauses.call_off()
        wait(list(self._under_way), timeout=self._left(until))

    def withdraw(self, groups: Groups, until: float) -> dict[Group, Failed]:
        """Delete every record, once writes under way have ended; return what went wrong.

        A write that does not end may yet come after the delete, so its group
        counts as not deleted.
        """
        self.settle(self._clock.now() + self._left(until) / 2)
        endless = {group for _, group in list(self._under_way.items())}
        failures = self._write(
            groups, lambda group, host, txts: host.delete(group[1], txts), until, self._changed
        )
        return {group: no_end(group) for group in groups if group in endless} | failures

    def in_sync(self, groups: Groups, until: float) -> dict[tuple[str, str], bool]:
        """Return what hosts that have a word on it say of their last change to each group.

        Keyed by provider and apex, as text. A host that cannot say is left out.
        """
        futures = {}
        for name, zone in groups:
            change = self._changes.get((name, zone))
            if change is not None and change.id:
                question = partial(self.open(name).in_sync, change)
                with self._pauses.within(until):
                    futures[name, zone.apex.to_text()] = in_thread(question)
        wait(futures.values(), timeout=self._left(until))
        return {
            key: future.result()
            for key, future in futures.items()
            if future.done() and not future.exception()
        }

    def open(self, name: str) -> Provider:
        """Return the provider called *name*."""
        if name not in self._opened:
            try:
                provider = self._opener(name)
                if isinstance(provider, Paced):
                    provider.pace(partial(self._pauses.pause, name), self._shared)
                self._opened[name] = provider
            except Failed:
                raise
            except errors.ProviderError as error:
                raise translated(error, name) from error
            except Exception as error:  # whatever a third party's adapter raises
                raise broken(error, name) from error
        return self._opened[name]

    def _write(
        self,
        groups: Groups,
        action: Action,
        until: float,
        outcome: Callable[[Group, Write], Change],
    ) -> dict[Group, Failed]:
        """Do *action* for every group; return what went wrong by *until*, by each *outcome*."""
        begun, failures = self._begin(groups, action, until)
        wait(begun.values(), timeout=self._left(until))
        for group, future in begun.items():
            try:
                outcome(group, future)
            except Failed as failed:
                failures[group] = failed
        return failures

    def _begin(
        self, groups: Groups, action: Action, until: float
    ) -> tuple[dict[Group, Write], dict[Group, Failed]]:
        """Begin *action* for every group, a few at once; return also what cannot begin."""
        slots = BoundedSemaphore(AT_ONCE)
        failures, futures = dict[Group, Failed](), dict[Group, Write]()
        for (name, zone), records in groups.items():
            try:
                provider = self.open(name)
            except Failed as failed:
                failures[name, zone] = failed
                continue
            write = partial(action, (name, zone), provider, [record.txt() for record in records])
            # Known before it starts, for a signal may come while the thread does.
            future = futures[name, zone] = Future()
            self._under_way[future] = (name, zone)
            future.add_done_callback(lambda ended: self._under_way.pop(ended, None))
            with self._pauses.within(until):
                start(partial(self._in_turn, write, slots, until), future)
        return futures, failures

    def _in_turn(
        self, write: Callable[[], Change], slots: BoundedSemaphore, until: float
    ) -> Change:
        with slots:
            if self._clock.now() >= until:
                raise errors.Unavailable("its turn did not come in time")
            return write()

    def _left(self, until: float) -> float:
        return max(until - self._clock.now(), 0.0)
