"""DNS UPDATE (RFC 2136), signed by TSIG (RFC 8945): BIND, Knot, PowerDNS and their kin.

An update adds and deletes single values: neighbours need no care, and a repeat changes
nothing. What needs care is a NOERROR. Servers say it to a TXT beside a CNAME and to one
below a zone cut, and serve neither. So an update says on what conditions it may be done:
that nothing is there yet, as a rule. Where something is, the names are looked at first.
Afterwards each value is asked for at the server that was written to.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

import dns.flags
from dns.message import Message
from dns.name import Name
from dns.rcode import Rcode
from dns.rdatatype import CNAME, NS, SOA
from dns.rdatatype import TXT as TXT_TYPE

from providers.coalescing import OneWriter
from providers.contract import TXT, Adapter, Change, Description, Zone
from providers.errors import Rejected, Unavailable

from . import settings, updates
from .answers import absence, alias, denies, enclosing_apex, hosts, serves, ttl, zone_cut
from .errors import no_authority, refusal
from .server import UpdateServer
from .updates import Compose, ancestors, messages

PRESENT = {Rcode.YXDOMAIN, Rcode.YXRRSET}  # something is there that was not to be
# Before each look at what became of an update: some servers answer before they serve.
PAUSES_S = (0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.7)


class Rfc2136:
    """Every zone of one primary server.

    Args:
        server: Takes the updates, and the questions about what became of them.
        pause: Blocks for so many seconds.
    """

    def __init__(
        self,
        server: UpdateServer,
        pause: Callable[[float], None] = time.sleep,  # noqa: TID251 (tests bring their own)
    ) -> None:
        self._server = server
        self._pause = pause
        self._writer = OneWriter()

    @property
    def api_calls(self) -> int:
        return self._server.updates

    @property
    def dns_queries(self) -> int:
        return self._server.questions

    @property
    def address(self) -> str:
        return f"{self._server} ({settings.NAMESERVER.name})"

    def zones(self, names: Sequence[Name]) -> Sequence[Zone]:
        answers = self._server.ask(names, SOA)
        # An answer covers every level from its name up to the apex; what is above that remains.
        heads = {enclosing_apex(name, answer) or name for name, answer in answers.items()}
        above = {each for head in heads for each in ancestors(head)} - answers.keys()
        answers |= self._server.ask(sorted(above), SOA)
        apexes = {enclosing_apex(name, answer) for name, answer in answers.items()} - {None}
        if not apexes and any(answer.rcode() == Rcode.SERVFAIL for answer in answers.values()):
            raise Unavailable(f"{self._server} answers SERVFAIL", hint="its log says why")
        served = self._server.ask(sorted(apex for apex in apexes if apex), NS)
        return [Zone(apex, apex.to_text(), hosts(apex, served[apex])) for apex in served]

    def vacant(
        self, apex: Name, names: Sequence[Name], servers: Collection[tuple[str, int]]
    ) -> Collection[Name]:
        found: list[Name] = []
        if self._server.endpoint in servers:
            for condition, batch in messages(apex, names, updates.vacancy):
                code = self._server.update(condition).code
                if code == Rcode.NOERROR:
                    found += batch
                elif code not in PRESENT:  # it would say so of all
                    break
        return found

    def append(self, zone: Zone, records: Sequence[TXT], mark: str) -> Change:
        return self._writer.write(zone, "append", records, partial(self._append, zone))

    def delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        return self._writer.write(zone, "delete", records, partial(self._delete, zone))

    def in_sync(self, change: Change) -> bool:
        return True

    def _append(self, zone: Zone, records: Sequence[TXT]) -> Change:
        # Who may not look would not see what becomes of it, so one look comes first.
        first, *others = dict.fromkeys(record.name for record in records)
        looks = self._survey(zone, [first])
        if others and ttl(first, looks[first]) is None:
            return self._append_new(zone, records, looks)
        return Change(zone, written=pairs(self._add(zone, records, looks)))

    def _append_new(
        self, zone: Zone, records: Sequence[TXT], looks: Mapping[Name, Message]
    ) -> Change:
        """Append *records* on condition that nothing is there; look at the names where it fails."""
        taken, repeated = self._write(zone, records, updates.first, PRESENT)
        hindered = set(taken)
        new = [record for record in records if record not in hindered]
        self._check(zone, new, served=True)
        added = self._add(zone, taken, {} if repeated else looks) if taken else []
        # What an update met that was sent twice may be its own doing, if that was all of it.
        is_told = all(not {*added}.isdisjoint(batch) for batch in repeated)
        return Change(zone, written=pairs([*new, *added]) if is_told else None)

    def _add(
        self, zone: Zone, records: Sequence[TXT], looks: Mapping[Name, Message]
    ) -> Sequence[TXT]:
        """Append *records* to what is at their names; return those that were missing."""
        others = [record.name for record in records if record.name not in looks]
        answers = {**looks, **self._survey(zone, others)}
        ttls = {name: ttl(name, answer) for name, answer in answers.items()}
        self._write(zone, records, updates.beside(ttls))
        self._read_back(zone, records, served=True)
        return [r for r in records if not serves(r.name, r.value, answers[r.name])]

    def _delete(self, zone: Zone, records: Sequence[TXT]) -> Change:
        answers = self._server.ask((record.name for record in records), TXT_TYPE)
        # What the server denies with authority is gone: that takes no update, nor the right to one.
        left = [r for r in records if not denies(zone.apex, r.name, r.value, answers[r.name])]
        if left:
            self._write(zone, left, updates.removal)
            self._check(zone, left, served=False)
        return Change(zone)

    def _survey(self, zone: Zone, names: Iterable[Name]) -> dict[Name, Message]:
        """Return what the server answers about each of *names* before the write.

        Raises:
            Rejected: A name lies below a zone cut. The server would take the record, hide it,
                and show it on the day the delegation goes.
            ProviderError: The server has no authority over a name, so nothing could be read back.
        """
        answers = self._server.ask(names, TXT_TYPE)
        for name, answer in answers.items():
            if cut := zone_cut(zone.apex, name, answer):
                raise Rejected(
                    f"{name} is not in the zone {zone.apex}: it is delegated to the zone {cut}",
                    hint=f"write to {cut}, at its own primary",
                )
            if not answer.flags & dns.flags.AA:
                raise no_authority(str(self._server), zone.apex, name, answer.rcode())
        return answers

    def _write(
        self,
        zone: Zone,
        records: Sequence[TXT],
        compose: Compose,
        hindrances: Collection[Rcode] = (),
    ) -> tuple[list[TXT], list[Sequence[TXT]]]:
        """Send *records* in one update, which is atomic; in several where one cannot hold them.

        Returns those that one of *hindrances* kept from being written, and those batches of them
        where an attempt whose answer was lost may be what stood in the way.
        """
        hindered, repeated = list[TXT](), list[Sequence[TXT]]()
        for update, batch in messages(zone.apex, records, compose):
            verdict = self._server.update(update)
            if verdict.code in hindrances:
                hindered += batch
                repeated += [batch] * verdict.is_repeated
            elif verdict.code == Rcode.YXRRSET:
                raise self._in_the_way(batch)
            elif verdict.code != Rcode.NOERROR:
                names = list(dict.fromkeys(record.name for record in batch))
                raise refusal(str(self._server), self._server.key, zone.apex, names, verdict.code)
        return hindered, repeated

    def _check(self, zone: Zone, records: Sequence[TXT], *, served: bool) -> None:
        """Block until the server has all of *records*, or none, and serves the last one so.

        Whether it has them takes one message, of conditions alone, and what has been written
        under the conditions of `updates.first` is served if the last one is. Where the message
        is refused, be it for values of others there, each is read back.

        Raises:
            Rejected: It accepted the update and still answers otherwise.
        """
        if not records:
            return
        compose = updates.presence if served else updates.absence
        if len({record.name for record in records}) > 1 and all(
            self._server.update(condition).code == Rcode.NOERROR
            for condition, _ in messages(zone.apex, records, compose)
        ):
            records = records[-1:]
        self._read_back(zone, records, served=served)

    def _read_back(self, zone: Zone, records: Sequence[TXT], *, served: bool) -> None:
        """Block until the server serves all of *records*, or none; about two seconds at most.

        Raises:
            Rejected: It accepted the update and still answers otherwise.
        """
        for seconds in PAUSES_S:
            self._pause(seconds)
            answers = self._server.ask((record.name for record in records), TXT_TYPE)
            records = [
                record
                for record in records
                if serves(record.name, record.value, answers[record.name]) != served
            ]
            if not records:
                return
        name = records[0].name
        why = absence(zone.apex, name, answers[name]) if served else "it still serves the value"
        raise Rejected(
            f"{self._server} accepted the update of {name} in {zone.apex}, but {why}",
            hint="is it the primary itself, and does it answer from the view that it updates?",
        )

    def _in_the_way(self, records: Sequence[TXT]) -> Rejected:
        answers = self._server.ask((record.name for record in records), CNAME)
        targets = {name: alias(name, answer) for name, answer in answers.items()}
        aliases = [f"{name} is one, to {target}" for name, target in targets.items() if target]
        return Rejected(
            f"a CNAME is in the way: {'; '.join(aliases) or f'at one of {len(targets)} names'}",
            hint="no TXT can stand beside it (RFC 1034 §3.6.2): remove it, or write at its target;"
            " the name servers may not show it yet",
        )


def pairs(records: Iterable[TXT]) -> frozenset[tuple[Name, str]]:
    """Return the name and value of each of *records*."""
    return frozenset((record.name, record.value) for record in records)


def open_server(given: Mapping[str, str]) -> Rfc2136:
    """Return the provider that the settings *given* describe."""
    host, port = settings.address(given)
    return Rfc2136(UpdateServer(host, port, settings.key(given)))


ADAPTER = Adapter(
    settings=(settings.NAMESERVER, settings.KEY, settings.SECRET, settings.ALGORITHM),
    credentials=((settings.NAMESERVER.name,),),
    open=open_server,
    description=Description(
        "any server that takes DNS UPDATE: BIND, Knot, PowerDNS and their kin",
        "a TSIG key that may add and delete TXT at the challenge names alone",
        "an update is all or nothing, and adds and deletes single values, so neighbours need no "
        "care; each is read back from the server",
        "rfc2136.md",
    ),
)
