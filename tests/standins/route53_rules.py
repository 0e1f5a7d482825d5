"""What Route 53 refuses, in the words of AWS.

Texts are quoted from logs of the real service, except the three marked as
approximate. All faults of a batch are reported together.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import dns.rdata

NAMESPACE = {"r": "https://route53.amazonaws.com/doc/2013-04-01/"}
THROTTLED = (400, "Throttling", "Rate exceeded")
BUSY = (
    400,
    "PriorRequestNotComplete",
    "The request was rejected because Route 53 was still processing a prior request.",
)
FAILED = (500, "InternalFailure", "We encountered an internal error. Please try again.")


@dataclass(frozen=True)
class RRset:
    """An RRset as far as the rules look."""

    name: str
    kind: str
    identifier: str = ""
    ttl: str = ""
    values: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        return self.name, self.kind, self.identifier

    def same(self, other: "RRset") -> bool:
        """Whether a DELETE of *other* matches: the order of values is free."""
        return self.ttl == other.ttl and sorted(self.values) == sorted(other.values)


Batch = list[tuple[str, RRset]]
Holding = dict[tuple[str, str, str], RRset]
"""The sets of one name."""


def parsed(body: bytes) -> Batch:
    """Read the changes of a request."""

    def one(change: ET.Element) -> tuple[str, RRset]:
        text = {e.tag.partition("}")[2]: e.text or "" for e in change.iter()}
        values = change.iterfind(".//r:ResourceRecord/r:Value", NAMESPACE)
        return text["Action"], RRset(
            f"{text['Name'].rstrip('.')}.",
            text["Type"],
            text.get("SetIdentifier", ""),
            text.get("TTL", ""),
            tuple(value.text or "" for value in values),
        )

    return [one(change) for change in ET.fromstring(body).iterfind(".//r:Change", NAMESPACE)]


def complaints(batch: Batch, apex: str, stored: list[Any], protected: set[str]) -> list[str]:
    """Return what is wrong with *batch* in a zone that holds *stored*; empty if nothing."""
    here: dict[str, Holding] = defaultdict(dict)
    for rrset in map(_from_boto, stored):
        here[rrset.name][rrset.key] = rrset
    faults = list(_size(batch))
    for action, rrset in batch:
        faults += _form(rrset)
        faults += _place(rrset, apex, protected)
        if action == "DELETE":
            faults += _deletion(rrset, here[rrset.name])
            here[rrset.name].pop(rrset.key, None)
    for action, rrset in batch:
        if action != "DELETE":
            faults += _creation(action, rrset, here[rrset.name])
            here[rrset.name][rrset.key] = rrset
    return faults


def refused(status: int, code: str, message: str) -> tuple[int, bytes]:
    """Return an answer with an error in it."""
    return status, (
        '<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error>'
        f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        "<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    ).encode()


def served(stored: list[Any], name: str) -> set[str]:
    """Return the TXT values at *name* as DNS would serve them, octets as Latin-1."""
    texts = [
        re.sub(r"\\([0-7]{3})", lambda m: f"\\{int(m[1], 8):03d}", record["Value"])
        for rrset in stored
        if (rrset["Name"], rrset["Type"]) == (name, "TXT")
        for record in rrset.get("ResourceRecords", ())
    ]
    rdata = [dns.rdata.from_text("IN", "TXT", text) for text in texts]
    return {b"".join(txt.strings).decode("latin-1") for txt in rdata}  # type: ignore[attr-defined]


def _from_boto(stored: Any) -> RRset:
    return RRset(
        stored["Name"],
        stored["Type"],
        stored.get("SetIdentifier", ""),
        str(stored.get("TTL", "")),
        tuple(record["Value"] for record in stored.get("ResourceRecords", ())),
    )


def _size(batch: Batch) -> Iterator[str]:
    weights = [(2 if action == "UPSERT" else 1, rrset.values) for action, rrset in batch]
    if sum(weight * len(values) for weight, values in weights) > 1000:
        yield "Number of records limit of 1000 exceeded."
    if sum(weight * sum(map(len, values)) for weight, values in weights) > 32_000:
        yield "Number of characters limit of 32000 exceeded."  # approximate


def _form(rrset: RRset) -> Iterator[str]:
    if rrset.kind != "TXT":
        return
    fatal = "Invalid Resource Record: FATAL problem:"
    if len(set(rrset.values)) < len(rrset.values):
        yield f"{fatal} DuplicateResourceRecord encountered"  # approximate
    for value in rrset.values:
        strings = re.findall(r'"((?:[^"\\]|\\.)*)"', value)
        if re.sub(r'"(?:[^"\\]|\\.)*"', "", value).strip() or not strings:
            yield (
                f"{fatal} InvalidCharacterString (Value should be enclosed in quotation marks)"
                f" encountered with '{value}'"
            )
        if any(len(re.sub(r"\\([0-7]{3}|.)", "x", string)) > 255 for string in strings):
            yield f"{fatal} CharacterStringTooLong (Value is too long) encountered with '{value}'"


def _place(rrset: RRset, apex: str, protected: set[str]) -> Iterator[str]:
    if rrset.name != apex and not rrset.name.endswith(f".{apex}"):
        yield f"RRSet with DNS name {rrset.name} is not permitted in zone {apex}"
    if rrset.kind == "TXT" and rrset.name in protected:
        # Approximate: documented is only that set and comment are named.
        yield (
            f"The resource record set [name='{rrset.name}', type='TXT'] is protected from changes"
            " by a protection with comment 'owned by the platform team'"
        )


def _deletion(rrset: RRset, holding: Holding) -> Iterator[str]:
    tried = f"Tried to delete resource record set [name='{rrset.name}', type='{rrset.kind}']"
    current = holding.get(rrset.key)
    if current is None:
        yield f"{tried} but it was not found"
    elif not current.same(rrset):
        yield f"{tried} but the values provided do not match the current values"


def _creation(action: str, rrset: RRset, holding: Holding) -> Iterator[str]:
    here = holding.values()
    if action == "CREATE" and rrset.key in holding:
        yield (
            f"Tried to create resource record set [name='{rrset.name}', type='{rrset.kind}']"
            " but it already exists"
        )
    if any("CNAME" in (rrset.kind, other.kind) and other.kind != rrset.kind for other in here):
        other = next(other for other in here if other.kind != rrset.kind)
        yield (
            f"RRSet of type {rrset.kind} with DNS name {rrset.name} is not permitted because a"
            f" conflicting RRSet of type  {other.kind} with the same DNS name already exists"
        )
    if any(o.kind == rrset.kind and bool(o.identifier) != bool(rrset.identifier) for o in here):
        what = "non multivalue" if rrset.identifier else "multivalue"
        yield (
            f"RRSet with DNS name {rrset.name}, type {rrset.kind}, SetIdentifier"
            f' "{rrset.identifier}" cannot be created because a {what} answer rrset exists with'
            " the same name and type."
        )
