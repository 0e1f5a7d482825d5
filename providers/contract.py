"""The contract every DNS host adapter fulfils.

Providers know DNS, not ACME: they append TXT values to a zone and delete them
again. They never see a token, a challenge or a CA, and never wait for
propagation. Nothing here needs subclassing: an object with these methods is a
provider (`providers.testing.ProviderContract` is the same contract, executable),
and an `Adapter` named by an entry point of the group ``dns01.providers`` makes
it available on the command line.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from dns.name import Name

from .descriptions import Description, Privilege, Setting
from .records import TXT, Change, Marked, Zone

__all__ = [
    "TXT",
    "Adapter",
    "Addressed",
    "Asking",
    "Assuring",
    "Change",
    "Description",
    "Entrusted",
    "Lingering",
    "Marked",
    "Marking",
    "Paced",
    "Pause",
    "Privilege",
    "Provider",
    "Scoped",
    "Setting",
    "Zone",
    "lingers_s",
]

LINGERS_S = 5.0
"""Seconds after which a host has done, or will not do, what a process sent that is dead by now."""


class Provider(Protocol):
    """A DNS host. Every method blocks and is thread-safe.

    Each call to the host has its own timeout of at most 30 seconds.

    Raises:
        ProviderError: From every method, one of its four kinds.
    """

    @property
    def api_calls(self) -> int:
        """Requests sent to the host so far, retries included."""
        ...

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        """Return the public zones hosted here that enclose any of *names*.

        All of them: a parent beside its child, twins of one apex, and with an
        `Zone.obstacle` those that the host does not serve yet or any more.
        Which of them serves a name is the caller's decision. A zone that could
        never serve the public (private, a copy) is returned, with its
        obstacle, only where nothing else encloses a name. Takes few calls, not
        one per name.
        """
        ...

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        """Add *records*, leaving every other value of their RRsets untouched.

        Idempotent: a value already present is not an error. All or nothing
        where the host can; otherwise a failure may leave some values behind.

        Args:
            zone: One that `zones` returned, or a configured apex and id.
            records: Any number of values at any names of the zone.
            mark: Printable ASCII, at most 60 characters, stored beside the
                records where the host has room for a comment.
        """
        ...

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        """Remove exactly these values. A value already absent is not an error."""
        ...

    def in_sync(self, change: Change) -> bool:
        """Whether the host says all of its nameservers serve *change*.

        Hosts without such a signal return True.
        """
        ...


@runtime_checkable
class Marking(Protocol):
    """What a provider has as well if its host keeps marks. Blocks and raises as `Provider` does."""

    def hosted(self) -> Sequence[Zone]:
        """Return every zone that these credentials see and records can be removed from."""
        ...

    def marked(self, zone: Zone, prefix: str) -> Sequence[Marked]:
        """Return the TXT values of *zone* whose mark begins with *prefix*, letter by letter.

        What the host cannot date is left out.
        """
        ...

    def discard(self, zone: Zone, marked: Sequence[Marked]) -> Sequence[Marked]:
        """Remove those of *marked* that still are what they were; return them.

        By id, after a look: a record whose name, value or mark is another by
        now stays, and so does a neighbour that only looks like one of them.
        """
        ...


Pause = Callable[[float, str], None]
"""Waits so many seconds, for what the words say: "for …", "until …".

Raises:
    Unavailable: Nobody would wait that long; at once, without waiting.
"""


@runtime_checkable
class Paced(Protocol):
    """What a provider has as well if its host counts an account's requests."""

    def pace(self, pause: Pause, shared: Path | None) -> None:
        """Wait by *pause* from now on, whatever there is to be waited for between requests.

        The account's requests are counted in the folder *shared*, with all other
        processes that use it; None: by this object alone. Called before any
        other method. Does no I/O.
        """
        ...


@runtime_checkable
class Scoped(Protocol):
    """What a provider has as well if its credentials' reach can be seen by reading."""

    def excess(self, zones: Sequence[Zone]) -> Sequence[str]:
        """Say in what these credentials visibly allow more than writing to *zones*.

        In words for a person, each the rest of a sentence that begins with
        "these credentials". Few calls, all of them reads; what cannot be seen is left out.
        """
        ...


@runtime_checkable
class Lingering(Protocol):
    """What a provider has as well if what was sent is not settled in `LINGERS_S`."""

    @property
    def lingers_s(self) -> float:
        """Seconds after which what was sent takes effect no more. Known without I/O."""
        ...


def lingers_s(provider: Provider) -> float:
    """Return how long a write may still take effect whose process has died or given up."""
    return provider.lingers_s if isinstance(provider, Lingering) else LINGERS_S


@runtime_checkable
class Addressed(Protocol):
    """What a provider has as well if it speaks to a server that a setting names."""

    @property
    def address(self) -> str:
        """The server, and that setting in brackets, for a person. Known without I/O."""
        ...


@runtime_checkable
class Asking(Protocol):
    """What a provider has as well if it asks DNS questions itself."""

    @property
    def dns_queries(self) -> int:
        """Questions sent so far, those sent again included; no requests that count as calls."""
        ...


@runtime_checkable
class Assuring(Protocol):
    """What a provider has as well if one request tells that nothing stands at many names."""

    def vacant(
        self, apex: Name, names: Sequence[Name], servers: Collection[tuple[str, int]]
    ) -> Collection[Name]:
        """Return those of *names* that own no record, and that nothing above them hides.

        Above, within the zone *apex*, are no delegation and no DNAME. A name that is left out
        may be vacant all the same: all are where one of *servers*, which the world asks, by
        address and port, is not the one that tells. Blocks and raises as `Provider` does.
        """
        ...


@runtime_checkable
class Entrusted(Protocol):
    """What a provider has as well if its SDK finds secrets that are in no setting."""

    def entrusted(self) -> Collection[str]:
        """Return the secrets that were found so far, so that nobody shows them.

        Asked whenever something is put out, by any thread. Does no I/O.
        """
        ...


@dataclass(frozen=True, slots=True)
class Adapter:
    """How a provider is found, described and opened. Importing one is cheap.

    Attributes:
        settings: Everything `open` looks up in the mapping it is given.
        credentials: Groups of setting names; a complete group in the
            environment means that the user has credentials for this host.
        open: Makes the provider from present settings only. Imports the
            vendor's SDK, does no I/O. Raises `Misconfigured`.
        open_apart: The same for one account of several: whatever else the
            SDK would find in the process (variables, endpoints) must not count.
            None: `open` is like that already.
        policy: Returns the least privilege that writing at some absolute names
            takes, given the ids of the zones that are configured, by apex.
            Asks nobody. None: the host has nothing of the kind.
        unused: Variables with credentials of this host that are wider than
            anything we need: never read, and better not there.
        nameservers: What all name servers of this host are called, and no
            others: patterns such as ``*.ns.example.net``, in which ``*`` stands
            for anything within one label. They tell whose zone it is where
            the environment has the credentials of several hosts.
        named_only: Whether it takes part only if somebody names it, whatever
            stands in the environment.
        further: Returns the settings that exist because of the values of
            others, given those of `settings` that are present. May import what
            it needs. Raises `Misconfigured`. None: there are no such settings.
        description: For the list of providers.
    """

    settings: tuple[Setting, ...]
    credentials: tuple[tuple[str, ...], ...]
    open: Callable[[Mapping[str, str]], Provider]
    open_apart: Callable[[Mapping[str, str]], Provider] | None = None
    policy: Callable[[Sequence[Name], Mapping[Name, str]], Privilege] | None = None
    unused: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()
    named_only: bool = False
    further: Callable[[Mapping[str, str]], Sequence[Setting]] | None = None
    description: Description | None = None
