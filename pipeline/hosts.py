"""Have providers write and remove records: in time, several zones at once, errors as outcomes.

Adapters block, and a third party's may block for long. Each call runs in a
thread of its own that nobody has to wait for, so that deadlines and signals
are kept whatever an adapter does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from functools import partial
from threading import BoundedSemaphore
from typing import TypeVar

from dns.name import Name

from providers import errors
from providers.contract import TXT, Change, Provider, Zone
from providers.threads import in_thread, start

from .clock import Clock
from .model import Exit, Failed, Record
from .text import printable

AT_ONCE = 8
"""Zones written to at the same time."""

EXITS: Mapping[type[errors.ProviderError], Exit] = {
    errors.Unauthorized: Exit.REFUSED,
    errors.Unavailable: Exit.UNAVAILABLE,
    errors.Rejected: Exit.DATA,
    errors.Misconfigured: Exit.CONFIG,
}

Group = tuple[str, Zone]
"""A provider and a zone of its: what is written to at once."""

Groups = Mapping[Group, list[Record]]
"""Records by where they are written."""

Action = Callable[[Provider, Zone, list[TXT]], Change]
"""Writes to a zone."""

Write = Future[Change]
"""A write that has begun."""

Result = TypeVar("Result")


class Hosts:
    """The providers of one run, opened when first needed."""

    def __init__(self, opener: Callable[[str], Provider], clock: Clock) -> None:
        self._opener = opener
        self._clock = clock
        self._opened: dict[str, Provider] = {}
        self._under_way: dict[Write, Group] = {}
        self._changes: dict[Group, Change] = {}

    @property
    def api_calls(self) -> int:
        """Requests sent to all providers so far."""
        return sum(provider.api_calls for provider in self._opened.values())

    def zones(self, provider: str, names: Iterable[Name], deadline: float) -> Sequence[Zone]:
        """Return the zones at *provider* that enclose any of *names*.

        Takes at most half of the time until *deadline*: a host that hangs must
        leave some for the other names of the run.

        Raises:
            Failed: 65, 69, 70, 77 or 78, in the provider's words.
        """
        asked = list(names)
        adapter = self.open(provider)
        future: Future[Sequence[Zone]] = in_thread(lambda: adapter.zones(asked))
        wait([future], timeout=self._left(deadline) / 2)
        return result(future, provider)

    def publish(self, groups: Groups, mark: str, deadline: float) -> dict[Group, Failed]:
        """Append every record; return what went wrong, by group.

        Takes at most half of the time until *deadline*, as `zones` does.
        """
        until = self._clock.now() + self._left(deadline) / 2
        return self._write(
            groups, lambda provider, zone, txts: provider.append(zone, txts, mark), until
        )

    def append_again(self, groups: Groups, mark: str, until: float) -> dict[Write, Group]:
        """Begin to append records that were published before; wait for nothing.

        What comes of each is told by `outcome`.
        """
        begun, _ = self._begin(
            groups, lambda provider, zone, txts: provider.append(zone, txts, mark), until
        )
        return {future: group for group, future in begun.items()}

    def outcome(self, group: Group, future: Write) -> Change:
        """Return the change to *group* that *future* holds by now.

        Raises:
            Failed: 65, 69, 70, 77 or 78, in the provider's words.
        """
        change = result(future, group[0])
        if change.id or group not in self._changes:  # else an earlier one is what to follow
            self._changes[group] = change
        return change

    def withdraw(self, groups: Groups, until: float) -> dict[Group, Failed]:
        """Delete every record, once writes under way have ended; return what went wrong.

        A write that does not end may yet come after the delete, so its group
        counts as not deleted.
        """
        wait(list(self._under_way), timeout=self._left(until) / 2)
        endless = {group for _, group in list(self._under_way.items())}
        failures = self._write(
            groups, lambda provider, zone, txts: provider.delete(zone, txts), until
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
                futures[name, zone.apex.to_text()] = in_thread(
                    partial(self.open(name).in_sync, change)
                )
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
                self._opened[name] = self._opener(name)
            except Failed:
                raise
            except errors.ProviderError as error:
                raise translated(error, name) from error
            except Exception as error:  # whatever a third party's adapter raises
                raise broken(error, name) from error
        return self._opened[name]

    def _write(self, groups: Groups, action: Action, until: float) -> dict[Group, Failed]:
        """Do *action* for every group; return what went wrong by *until*."""
        begun, failures = self._begin(groups, action, until)
        wait(begun.values(), timeout=self._left(until))
        for group, future in begun.items():
            try:
                self.outcome(group, future)
            except Failed as failed:
                failures[group] = failed
        return failures

    def _begin(
        self, groups: Groups, action: Action, until: float
    ) -> tuple[dict[Group, Write], dict[Group, Failed]]:
        """Begin *action* for every group, a few at once; return also what cannot begin."""
        slots = BoundedSemaphore(AT_ONCE)
        failures: dict[Group, Failed] = {}
        futures: dict[Group, Write] = {}
        for (name, zone), records in groups.items():
            try:
                provider = self.open(name)
            except Failed as failed:
                failures[name, zone] = failed
                continue
            write = partial(action, provider, zone, [record.txt() for record in records])
            # Known before it starts, for a signal may come while the thread does.
            future = futures[name, zone] = Future()
            self._under_way[future] = (name, zone)
            future.add_done_callback(self._ended)
            start(partial(self._in_turn, write, slots, until), future)
        return futures, failures

    def _in_turn(
        self, write: Callable[[], Change], slots: BoundedSemaphore, until: float
    ) -> Change:
        with slots:
            if self._clock.now() >= until:
                raise errors.Unavailable("its turn did not come in time")
            return write()

    def _ended(self, future: Future[Change]) -> None:
        self._under_way.pop(future, None)

    def _left(self, until: float) -> float:
        return max(until - self._clock.now(), 0.0)


def result(future: Future[Result], provider: str) -> Result:
    """Return what *future* holds by now, a failure in our words."""
    if not future.done():
        raise Failed(
            Exit.UNAVAILABLE, "provider", f"{provider} did not answer before the run's deadline"
        )
    try:
        return future.result()
    except errors.ProviderError as error:
        raise translated(error, provider) from error
    except (Exception, SystemExit) as error:  # whatever a third party's adapter raises
        raise broken(error, provider) from error


def translated(error: errors.ProviderError, provider: str) -> Failed:
    """Return a provider's *error* as the failure it means for us."""
    kind = next((known for known in EXITS if isinstance(error, known)), None)
    if kind is None:
        return broken(error, provider)
    message = f"{provider}: {printable(str(error), 500)}"
    return Failed(
        EXITS[kind], f"provider-{kind.__name__.lower()}", message, printable(error.hint, 500)
    )


def broken(error: BaseException, provider: str) -> Failed:
    """Return the failure of an adapter that does not keep to the contract."""
    return Failed(
        Exit.BUG,
        "adapter",
        f"the {provider} adapter broke: {type(error).__name__}: {printable(str(error))}",
        "please report this to the adapter's maintainers",
    )


def no_end(group: Group) -> Failed:
    """Return the failure to know what is in DNS after a write that does not end."""
    provider, zone = group
    return Failed(
        Exit.UNAVAILABLE,
        "provider",
        f"{provider} has not ended an earlier write to {zone.apex}; it may yet take effect",
    )
