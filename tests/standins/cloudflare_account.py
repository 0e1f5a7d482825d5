"""What a Cloudflare account stores, and what it refuses. No HTTP in here."""

import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

JSON = dict[str, Any]
Mirror = Callable[[str, str, set[str]], None]
BATCHES = {"free": 200}
CREATED_ON = "2026-01-01T00:00:00.000000Z"


class Refusal(Exception):
    """An answer other than success, as the envelope spells it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error: JSON = {"code": code, "message": message}


def invalid(code: int, message: str) -> Refusal:
    return Refusal(400, code, f"DNS Validation Error: {message}")


@dataclass(frozen=True, slots=True)
class Record:
    id: str
    type: str
    name: str
    content: str
    ttl: float = 1
    comment: str | None = None
    created_on: str = CREATED_ON

    @property
    def value(self) -> str:
        """The content without its quotes, pieces joined."""
        pieces = re.findall(r'"((?:[^"\\]|\\.)*)"', self.content)
        return re.sub(r"\\(.)", r"\1", "".join(pieces)) if pieces else self.content


@dataclass
class HostedZone:
    name: str
    status: str = "active"
    type: str = "full"
    account: str = "0" * 32
    plan: str = "free"
    name_servers: tuple[str, ...] = ("ada.ns.cloudflare.com", "bob.ns.cloudflare.com")
    vanity_name_servers: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ("#zone:read", "#dns_records:read", "#dns_records:edit")
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    records: dict[str, Record] = field(default_factory=dict)

    def as_json(self) -> JSON:
        return {
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "type": self.type,
            "paused": False,
            "name_servers": list(self.name_servers) or None,
            "vanity_name_servers": list(self.vanity_name_servers),
            "permissions": list(self.permissions),
            "plan": {"legacy_id": self.plan, "name": f"{self.plan.title()} Website"},
            "account": {"id": self.account, "name": "stand-in"},
        }

    def cut_above(self, name: str) -> list[Record]:
        """The NS records that delegate *name* away, at it or above it."""
        return Contents(self.name, self.records).cut_above(name)

    def served(self, name: str) -> set[str]:
        """The TXT values that DNS would answer with at *name*."""
        return Contents(self.name, self.records).served(name)


class Contents:
    """A zone's records, by id and by name."""

    def __init__(self, apex: str, records: Mapping[str, Record]) -> None:
        self._apex = apex
        self.records: dict[str, Record] = {}
        self._names: dict[str, dict[str, Record]] = {}
        for record in records.values():
            self.put(record)

    def put(self, record: Record) -> None:
        self.records[record.id] = self._names.setdefault(record.name, {})[record.id] = record

    def take(self, key: str) -> Record:
        record = self.records.pop(key)
        del self._names[record.name][key]
        return record

    def at(self, name: str) -> list[Record]:
        return list(self._names.get(name, {}).values())

    def cut_above(self, name: str) -> list[Record]:
        labels = name.split(".")
        above = [".".join(labels[depth:]) for depth in range(len(labels))]
        inside = above[: above.index(self._apex)] if self._apex in above else []
        return [record for each in inside for record in self.at(each) if record.type == "NS"]

    def served(self, name: str) -> set[str]:
        here = self.at(name)
        if self.cut_above(name) or any(record.type == "CNAME" for record in here):
            return set()
        return {record.value for record in here if record.type == "TXT"}


@dataclass
class Rules:
    """Where the real thing varies, or where nobody knows.

    Attributes:
        requote: Bare TXT content is stored quoted.
        cname_conflicts: A TXT record beside a CNAME is refused.
        batch_limit: Operations in one batch; 0 for what the zone's plan allows.
        one_by_one: The values of a batch reach DNS one after the other.
    """

    requote: bool = False
    cname_conflicts: bool = True
    batch_limit: int = 0
    one_by_one: bool = False


class Edit:
    """Changes to one zone, all or nothing: `commit` or forget them."""

    def __init__(self, zone: HostedZone, rules: Rules) -> None:
        self._zone, self._rules = zone, rules
        self._contents = Contents(zone.name, zone.records)
        self._touched: list[tuple[str, set[str]]] = []

    def create(self, order: Mapping[str, Any]) -> Record:
        record = self._checked(order, secrets.token_hex(16))
        self._contents.put(record)
        self._touch(record.name)
        return record

    def change(self, key: str, order: Mapping[str, Any], *, whole: bool) -> Record:
        old = self.find(key)
        kept: JSON = {} if whole else self.as_json(old)
        self._contents.take(key)
        record = self._checked({**kept, **order}, key)
        self._contents.put(record)
        self._touch(old.name)
        self._touch(record.name)
        return record

    def delete(self, key: str) -> Record:
        self.find(key)
        record = self._contents.take(key)
        self._touch(record.name)
        return record

    def batch(self, order: Mapping[str, Sequence[Mapping[str, Any]]]) -> JSON:
        """Apply deletes, patches, puts, posts: in this order, whatever theirs."""
        most = self._rules.batch_limit or BATCHES.get(self._zone.plan, 3500)
        if sum(len(operations or ()) for operations in order.values()) > most:
            raise Refusal(400, 1004, f"more than {most} operations")
        steps: dict[str, Callable[[Mapping[str, Any]], Record]] = {
            "deletes": lambda item: self.delete(item["id"]),
            "patches": lambda item: self.change(item["id"], item, whole=False),
            "puts": lambda item: self.change(item["id"], item, whole=True),
            "posts": self.create,
        }
        return {
            kind: [self.as_json(step(item)) for item in order.get(kind) or ()]
            for kind, step in steps.items()
        }

    def commit(self, mirror: Mirror | None) -> None:
        self._zone.records = self._contents.records
        if mirror:
            states = self._touched if self._rules.one_by_one else list(dict(self._touched).items())
            for name, values in states:
                mirror(self._zone.name, name, values)

    def as_json(self, record: Record, *, shadows: bool = False) -> JSON:
        cuts = self._contents.cut_above(record.name) if shadows and record.type != "NS" else []
        return {
            "id": record.id,
            "type": record.type,
            "name": record.name,
            "content": record.content,
            "ttl": record.ttl,
            "comment": record.comment,
            "proxiable": False,
            "proxied": False,
            "settings": {},
            "tags": [],
            "meta": {"shadowed_by": [cut.id for cut in cuts]} if cuts else {},
            "created_on": record.created_on,
            "modified_on": record.created_on,
        }

    def find(self, key: str) -> Record:
        if key not in self._contents.records:
            raise Refusal(404, 81044, "Record does not exist.")
        return self._contents.records[key]

    def _touch(self, name: str) -> None:
        self._touched.append((name, self._contents.served(name)))

    def _checked(self, order: Mapping[str, Any], key: str) -> Record:
        record = Record(
            id=key,
            type=str(order.get("type", "")),
            name=str(order.get("name", "")).rstrip(".").lower(),
            content=str(order.get("content", "")),
            ttl=order.get("ttl", 1),
            comment=order.get("comment"),
            created_on=str(order.get("created_on", CREATED_ON)),
        )
        if self._rules.requote and record.type == "TXT" and not record.content.startswith('"'):
            record = replace(record, content=f'"{record.content}"')
        self._check_fields(record)
        self._check_neighbours(record)
        return record

    def _check_fields(self, record: Record) -> None:
        if not re.fullmatch("[A-Z]+", record.type) or not record.content:
            raise invalid(9005, "type and content are required")
        if not f".{record.name}".endswith(f".{self._zone.name}"):
            raise invalid(9000, "DNS name is invalid.")
        if not isinstance(record.ttl, int) or not (record.ttl == 1 or 60 <= record.ttl <= 86400):
            raise invalid(9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic.")
        if record.comment and (len(record.comment) > 100 or re.search(r"[\r\n]", record.comment)):
            raise invalid(9301, "comment is too long or has line breaks")
        if record.type == "TXT" and len(record.content) > 2048:
            raise invalid(9207, "TXT content is longer than 2048 characters")

    def _check_neighbours(self, record: Record) -> None:
        here = self._contents.at(record.name)
        types = {other.type for other in here}
        if any((o.type, o.content) == (record.type, record.content) for o in here):
            raise Refusal(400, 81058, "An identical record already exists.")
        if record.type == "CNAME" and types & {"A", "AAAA", "CNAME"}:
            raise Refusal(400, 81053, "An A, AAAA, or CNAME record with that host already exists.")
        strict = self._rules.cname_conflicts or record.type in {"A", "AAAA"}
        if strict and "CNAME" in types:
            raise Refusal(400, 81054, "A CNAME record with that host already exists.")
        if here and (record.type == "NS") != (types == {"NS"}):
            raise Refusal(400, 81056, "NS records with that host already exist.")
        same = [other.content for other in here if other.type == record.type]
        if record.type == "TXT" and sum(map(len, same)) + len(record.content) > 8192:
            raise invalid(9207, "TXT contents at one name exceed 8192 characters")
