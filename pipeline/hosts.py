"""Have providers write and remove records: in time, several zones at once, errors as outcomes.

Adapters block, and a third party's may block for long. Each call runs in a
thread of its own that nobody has to wait for, so that deadlines and signals
are kept whatever an adapter does.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from functools import partial
from itertools import islice
from threading import Thread
from typing import TypeVar

from dns.name import Name

from providers import errors
from providers.contract import TXT, Change, Provider, Zone

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

Groups = Mapping[tuple[str, Zone], list[Record]]
"""Records by the provider and the zone they belong to."""

Result = TypeVar("Result")


def in_thread(call: Callable[[], Result]) -> Future[Result]:
    """Start *call* in a daemon thread of its own and return its future."""
    future: Future[Result] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever asks the future
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future


class Hosts:
    """The providers of one run, opened when first needed."""

    def __init__(self, opener: Callable[[str], Provider], clock: Clock) -> None:
        self._opener = opener
        self._clock = clock
        self._opened: dict[str, Provider] = {}
        self._under_way: set[Future[Change]] = set()
        self._changes: dict[tuple[str, Zone], Change] = {}

    @property
    def api_calls(self) -> int:
        """Requests sent to all providers so far."""
        return sum(provider.api_calls for provider in self._opened.values())

    def zones(self, provider: str, names: Iterable[Name], until: float) -> Sequence[Zone]:
        """Return the zones at *provider* that enclose any of *names*.

        Raises:
            Failed: 65, 69, 70, 77 or 78, in the provider's words.
        """
        asked = list(names)
        adapter = self.open(provider)
        future: Future[Sequence[Zone]] = in_thread(lambda: adapter.zones(asked))
        wait([future], timeout=max(until - self._clock.now(), 0.0))
        return self._result(future, provider)

    def publish(self, groups: Groups, mark: str, until: float) -> dict[tuple[str, Zone], Failed]:
        """Append every record; return what went wrong, by group."""
        return self._write(
            groups, lambda provider, zone, txts: provider.append(zone, txts, mark), until
        )

    def withdraw(self, groups: Groups, until: float) -> dict[tuple[str, Zone], Failed]:
        """Delete every record, once writes under way have ended; return what went wrong."""
        wait(list(self._under_way), timeout=max(until - self._clock.now(), 0.0) / 2)
        return self._write(groups, lambda provider, zone, txts: provider.delete(zone, txts), until)

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
        wait(futures.values(), timeout=max(until - self._clock.now(), 0.0))
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
            except errors.ProviderError as error:
                raise translated(error, name) from error
        return self._opened[name]

    def _write(
        self,
        groups: Groups,
        action: Callable[[Provider, Zone, list[TXT]], Change],
        until: float,
    ) -> dict[tuple[str, Zone], Failed]:
        failures: dict[tuple[str, Zone], Failed] = {}
        left = iter(groups.items())
        while batch := list(islice(left, AT_ONCE)):
            futures = {}
            for (name, zone), records in batch:
                try:
                    futures[name, zone] = self._start(action, self.open(name), zone, records)
                except Failed as failed:
                    failures[name, zone] = failed
            wait(futures.values(), timeout=max(until - self._clock.now(), 0.0))
            for (name, zone), future in futures.items():
                try:
                    self._changes[name, zone] = self._result(future, name)
                except Failed as failed:
                    failures[name, zone] = failed
        return failures

    def _start(
        self,
        action: Callable[[Provider, Zone, list[TXT]], Change],
        provider: Provider,
        zone: Zone,
        records: Iterable[Record],
    ) -> Future[Change]:
        txts = [record.txt() for record in records]
        future = in_thread(lambda: action(provider, zone, txts))
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    def _result(self, future: Future[Result], provider: str) -> Result:
        """Return what *future* holds by now, a failure in our words."""
        try:
            return future.result(timeout=0)
        except TimeoutError as error:
            raise Failed(
                Exit.UNAVAILABLE, "provider", f"{provider} did not answer before the deadline"
            ) from error
        except errors.ProviderError as error:
            raise translated(error, provider) from error
        except Exception as error:
            raise Failed(
                Exit.BUG,
                "adapter",
                f"the {provider} adapter broke: {type(error).__name__}: {printable(str(error))}",
                "please report this to the adapter's maintainers",
            ) from error


def translated(error: errors.ProviderError, provider: str) -> Failed:
    """Return a provider's *error* as the failure it means for us."""
    kind = next((exit_ for known, exit_ in EXITS.items() if isinstance(error, known)), Exit.BUG)
    code = f"provider-{type(error).__name__.lower()}"
    return Failed(
        kind, code, f"{provider}: {printable(str(error), 500)}", printable(error.hint, 500)
    )
