"""The hosts that dns-lexicon knows, some eighty.

What it does not promise is done here: nothing is added twice, nothing but
exactly a value is removed, what was written is read back, and no call hangs.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dns.name import Name

from providers.coalescing import OneWriter
from providers.contract import TXT, Adapter, Change, Description, Zone
from providers.enclosing import enclosing
from providers.errors import Misconfigured, ProviderError, Rejected, Unavailable
from providers.hosted import hosted

from . import settings
from .calls import Calls, Endless
from .records import Values, by_name, in_the_way, spelled, values, ways
from .session import Session, Stored

if TYPE_CHECKING:
    from lexicon.interfaces import Provider

SECONDS = 30.0
"""For one call, which may be several requests."""
PAUSES_S = (0, 0.2, 0.5, 1, 2)
"""Before each look at what became of a write: some hosts say yes before it shows."""


class Lexicon:
    """The zones that the settings list, at the host of one provider of dns-lexicon.

    Args:
        make: Makes that provider for a zone and a TTL; it has not logged in.
        zones: Returns the zones. Raises `Misconfigured`.
        ttl: For new records, whatever is asked for; None: as asked for.
    """

    lingers_s = SECONDS  # how soon some eighty hosts do what they are sent is not known here

    def __init__(
        self,
        make: "Callable[[str, int], Provider]",
        zones: Callable[[], Sequence[Zone]],
        calls: Calls,
        ttl: int | None = None,
        pause: Callable[[float], None] = time.sleep,  # noqa: TID251 - the default of a parameter
    ) -> None:
        self._make = make
        self._hosted = zones
        self._calls = calls
        self._ttl = ttl
        self._pause = pause
        self._writer = OneWriter()

    @property
    def api_calls(self) -> int:
        return self._calls.count

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        return enclosing(names, self._hosted())

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        return self._writer.write(zone, "append", records, partial(self._append, zone))

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return self._writer.write(zone, "delete", records, partial(self._delete, zone))

    def in_sync(self, change: Change) -> bool:
        return True

    def _append(self, zone: Zone, records: Sequence[TXT]) -> Change:
        names = {spelled(record.name): record.name for record in records}
        try:
            session = self._session(zone, records)
            before = {name: values(session, name) for name in names}
        except ProviderError as error:
            error.untouched = True  # nothing is sent to be written before all is read
            raise
        missing = {
            name: wanted - before[name]
            for name, wanted in by_name(records).items()
            if wanted - before[name]
        }
        pairs = [(name, value) for name, absent in missing.items() for value in sorted(absent)]
        for name, value in pairs:
            try:
                session.create(name, value)
            except Endless:
                raise
            except (Rejected, Unavailable) as error:
                if self._session(zone, records).is_alias(name):
                    raise in_the_way(name) from error
                raise
        expected = {name: before[name] | absent for name, absent in missing.items()}
        self._read_back(zone, records, expected, missing)
        return Change(zone, written=frozenset((names[name], value) for name, value in pairs))

    def _delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        session = self._session(zone, records)
        expected, failures = {}, list[ProviderError]()
        for name, unwanted in by_name(records).items():
            before = values(session, name)
            if before & unwanted:
                failures += self._remove(session, name, unwanted)
                expected[name] = before - unwanted
        try:
            self._read_back(zone, records, expected, {})
        except Rejected as error:
            raise [*failures, error][0] from error
        if self._calls.has_endless(spelled(zone.apex)):
            raise Endless(
                f"{self._calls.host} has not ended an earlier call about {zone.apex}: "
                "what it was asked to add may yet come"
            )
        return Change(zone)

    def _remove(self, session: Session, name: str, unwanted: set[str]) -> list[ProviderError]:
        """Remove all of *unwanted* at *name*, looking again after each: ids may have changed.

        Returns what failed, which means nothing if all are gone in the end.
        """
        failures: list[ProviderError] = []
        tried: set[tuple[Stored, bool]] = set()
        while attempts := [
            (each, way)
            for each, way in ways(session.values(name))
            if each.value in unwanted and (each, way) not in tried
        ]:
            stored, by_id = attempts[0]
            tried.add(attempts[0])
            try:
                session.delete(name, stored, by_id=by_id)
            except Endless:
                raise
            except (Rejected, Unavailable) as error:
                failures.append(error)
        return failures

    def _read_back(
        self, zone: Zone, records: Sequence[TXT], expected: Values, wanted: Values
    ) -> None:
        """Block until the host lists *expected*, by names; about four seconds at most.

        Raises:
            Rejected: It lists something else of what is *wanted*, or still what is not.
            Unavailable: Others' values are gone.
        """
        wrong = dict(expected)
        for seconds in PAUSES_S if expected else ():
            self._pause(seconds)
            session = self._session(zone, records)
            seen = {name: values(session, name) for name in wrong}
            removed = {name: by_name(records)[name] - expected[name] for name in wrong}
            wrong = {
                name: expected[name]
                for name in wrong
                if expected[name] - seen[name] or removed[name] & seen[name]
            }
            if not wrong:
                return
        for name in wrong:
            if wanted.get(name, set()) - seen[name] and session.is_alias(name):
                raise in_the_way(name)
            raise self._verdict(name, seen[name], expected[name], wanted.get(name, set()))

    def _verdict(
        self, name: str, seen: set[str], expected: set[str], wanted: set[str]
    ) -> Rejected | Unavailable:
        host = self._calls.host
        if wanted - seen:
            return Rejected(
                f"{host} took the values at {name}, and lists {len(seen)} of {len(expected)}",
                hint="perhaps it keeps one value a name; a certificate's own name and its "
                "wildcard need two",
            )
        if expected - seen:
            return Unavailable(
                f"{host} lists values at {name} no more that are somebody else's",
                hint="somebody has removed them just now; if not, this host loses values",
            )
        return Rejected(f"{host} said that values at {name} are removed, and still lists them")

    def _session(self, zone: Zone, records: Sequence[TXT]) -> Session:
        apex = spelled(zone.apex)
        ttl = self._ttl or min(record.ttl for record in records)
        try:
            provider = self._make(apex, ttl)
        except Exception as error:  # by what each does with what it was not told
            raise Misconfigured(
                f"{self._calls.host} cannot begin: {type(error).__name__}",
                hint="its settings are missing or wrong: `dns01 providers` lists them",
            ) from error
        return Session(provider, apex, self._calls)


def opened(given: Mapping[str, str]) -> Lexicon:
    """Return the provider that the settings *given* describe; sends nothing."""
    provider = settings.chosen(given)
    told = settings.told(provider, given)
    name = given[settings.PROVIDER.name]

    def make(apex: str, ttl: int) -> "Provider":
        from lexicon.config import ConfigResolver  # noqa: PLC0415 - loaded by now

        config: dict[str, Any] = {"provider_name": name, "domain": apex, "ttl": ttl, name: told}
        return provider(ConfigResolver().with_dict(config))  # type: ignore[no-untyped-call]

    calls = Calls(f"{name} (by dns-lexicon)", SECONDS, [v for v in told.values() if len(v) >= 8])
    zones = partial(hosted, given, settings.ZONES)
    return Lexicon(make, zones, calls, settings.seconds(given))


ADAPTER = Adapter(
    settings=(settings.PROVIDER, settings.ZONES, settings.TTL),
    credentials=((settings.PROVIDER.name,),),
    open=opened,
    further=settings.further,
    description=Description(
        "some eighty hosts, by the providers of the package dns-lexicon (the extra "
        "`dns01[lexicon]`)",
        "as the host has it: most of them give no narrower right than all zones of an account",
        "one call for each record; not safe beside other writers of the same name where the host "
        "keeps all values of a name as one object; what was written is read back",
        "lexicon.md",
    ),
)
