"""The receipt of a run: what it asked for and what it is about to write. Pure.

A receipt is a write-ahead record: it is on disk before the first record is in
DNS, so whatever ends the run, `dns01 clean` knows what to remove. It could be
tampered with, so what it names passes the same guard as an order.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from pipeline.documents import by_lines
from pipeline.model import Order, Record
from pipeline.text import printable
from providers.contract import Zone
from providers.names import domain_name

from .damage import VERSION, checked, member, moment, telling
from .proofs import challenge_in, challenge_out, standing_in, standing_out

RESUMABLE_FOR = timedelta(hours=1)
"""How long an order's pending authorizations are relied on (short CA profiles: one hour)."""


Key = tuple[str, str, str]
"""What makes two claims the same: source, account, and the name normalised."""


class State(Enum):
    """How far a run has come. Planned and cleaned: nothing of it is in DNS."""

    PLANNED = "planned"
    WRITING = "writing"
    WAITING = "waiting"
    READY = "ready"
    CLEANED = "cleaned"


@dataclass(frozen=True, slots=True)
class Claim:
    """A certificate name that a run works on.

    Attributes:
        fetched: When the order came; None until it has.
        order: The order; None until it has come.
    """

    name: str
    source: str
    account: str
    fetched: datetime | None = None
    order: Order | None = None

    @property
    def key(self) -> Key:
        """Whose claim on which name it is."""
        return (self.source, self.account, normal(self.name))

    def is_good(self, today: datetime) -> bool:
        """Whether its order can still be relied on."""
        young = self.fetched is not None and today - self.fetched < RESUMABLE_FOR
        end = self.order.expires if self.order else None
        return young and (end is None or today < end)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One run's claims and records; `id` is random, `created` aware.

    With records listed no run is planned or cleaned: then it is writing.

    Attributes:
        removing: Whether the removal of some records has begun, and is not known to have ended.
        landing: Until when a write that its run gave up on may yet take effect; None: no such.
    """

    id: str
    created: datetime
    state: State
    claims: tuple[Claim, ...]
    records: tuple[Record, ...] = ()
    removing: bool = False
    landing: datetime | None = None

    def __post_init__(self) -> None:
        # Also of what is read: a file that says otherwise would be passed over for ever.
        if self.records and self.state in {State.PLANNED, State.CLEANED}:
            object.__setattr__(self, "state", State.WRITING)

    def without(self, keys: Iterable[Key]) -> "Receipt":
        """Return the receipt less the claims keyed *keys* and what only they need."""
        gone = set(keys)
        claims = tuple(claim for claim in self.claims if claim.key not in gone)
        if not claims:
            return replace(self, state=State.CLEANED, records=())
        needed = {
            (challenge.name, challenge.value)
            for claim in claims
            if claim.order
            for challenge in claim.order.challenges
        }
        records = tuple(record for record in self.records if record.key in needed)
        return replace(self, claims=claims, records=records)

    def resumable(self, key: Key, today: datetime) -> Claim | None:
        """Return the claim keyed *key* if its order need not be asked for again."""
        for claim in self.orders():
            if claim.key == key and claim.is_good(today):
                return claim
        return None

    def orders(self, *, ready: bool = False) -> tuple[Claim, ...]:
        """Return the claims with an order that the run was still at.

        A run that was *ready* has done its work: what follows is a new order, unless that is said.
        """
        if self.state is State.CLEANED or (self.state is State.READY and not ready):
            return ()
        return tuple(claim for claim in self.claims if claim.order is not None)


def normal(name: str) -> str:
    """Return certificate *name* as it is compared: lower case, no spaces, no dot at an end."""
    return ",".join(each.removesuffix(".") for each in "".join(name.lower().split()).split(","))


Spelt = dict[int, tuple[Claim, str]]
"""Claims and how they are written, by their `id`: a run saves its receipt at each new order."""


def to_json(receipt: Receipt, spelt: Spelt | None = None) -> bytes:
    """Return *receipt* as the text of its file: each order and each record on a line.

    What is *spelt* already is not spelled again; the rest is, and is kept there.
    """
    spelt = {} if spelt is None else spelt
    head = {
        "dns01_receipt": VERSION,
        "id": receipt.id,
        "created": receipt.created.isoformat(timespec="seconds"),
        "state": receipt.state.value,
        "removing": receipt.removing,
        "landing": receipt.landing.isoformat() if receipt.landing else None,
        "records": [record_out(record) for record in receipt.records],
    }
    for claim in receipt.claims:
        if id(claim) not in spelt:
            spelt[id(claim)] = claim, json.dumps(claim_out(claim))
    orders = ",\n    ".join([spelt[id(claim)][1] for claim in receipt.claims])
    rest = by_lines(head, 2).removesuffix("\n}")
    return f'{rest},\n  "orders": [\n    {orders}\n  ]\n}}\n'.encode()


def claim_out(claim: Claim) -> dict[str, object]:
    """Return *claim* as JSON values."""
    order = claim.order
    return {
        "name": claim.name,
        "source": claim.source,
        "account": claim.account,
        "fetched": claim.fetched.isoformat(timespec="seconds") if claim.fetched else None,
        "order_uri": order.uri if order else None,
        "status": order.status if order else None,
        "challenges": [challenge_out(c) for c in order.challenges] if order else None,
        "standing": [standing_out(each) for each in order.standing] if order else None,
        "expires": order.expires.isoformat() if order and order.expires else None,
    }


def record_out(record: Record) -> dict[str, object]:
    """Return *record* as JSON values."""
    return challenge_out(record.challenge) | {
        "zone": record.zone.apex.to_text(),
        "zone_id": record.zone.id,
        "provider": record.provider,
        "ttl": record.ttl,
        "target": record.target.to_text() if record.target else None,
    }


def from_json(body: bytes, path: str) -> Receipt:
    """Return the receipt in *body*, the content of *path*.

    Raises:
        Failed: 65, if it is damaged, of another version, or names a record
            outside the guard.
    """
    with telling(path):
        document = checked(json.loads(body), path)
        return Receipt(
            id=member(document, "id", str),
            created=moment(document["created"]),
            state=State(document["state"]),
            claims=tuple(claim_in(each) for each in document["orders"]),
            records=tuple(record_in(each) for each in document["records"]),
            removing=bool(document.get("removing")),
            landing=moment(document["landing"]) if document.get("landing") else None,
        )


def claim_in(document: Mapping[str, Any]) -> Claim:
    """Return the claim that `claim_out` wrote."""
    fetched = document["fetched"]
    name, source, account = (member(document, each, str) for each in ("name", "source", "account"))
    claim = Claim(name, source, account)
    if fetched is None:
        return claim
    order = Order(
        claim.name,
        claim.source,
        printable(member(document, "order_uri", str), 500),
        member(document, "status", str),
        tuple(challenge_in(each) for each in member(document, "challenges", list)),
        standing=tuple(standing_in(each) for each in document.get("standing") or ()),
        expires=moment(document["expires"]) if document.get("expires") else None,
    )
    return replace(claim, fetched=moment(fetched), order=order)


def record_in(document: Mapping[str, Any]) -> Record:
    """Return the record that `record_out` wrote."""
    zone = Zone(domain_name(document["zone"]), member(document, "zone_id", str))
    target = document.get("target")
    record = Record(
        challenge_in(document),
        zone,
        member(document, "provider", str),
        member(document, "ttl", int),
        None if target is None else domain_name(target),
    )
    if not record.owner.is_subdomain(zone.apex):
        raise ValueError(f"{record.owner} is not in zone {zone.apex}")
    return record
