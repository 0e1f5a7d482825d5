"""What to ask of Route 53 so that its RRsets come to hold what we want. Pure.

An RRset is stored as one object, so adding a value means replacing the set. A
batch is atomic and a DELETE only succeeds on exactly the current set (same TTL,
same values), so ``[DELETE old, CREATE new]`` in one batch is a compare-and-swap:
a concurrent writer makes ours fail, never vanish. UPSERT is never used: it
overwrites whatever came in between (and IAM can forbid it entirely).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dns.name import Name

from providers.contract import TXT
from providers.errors import Rejected
from providers.names import domain_name

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import (
        ChangeTypeDef,
        ResourceRecordSetOutputTypeDef,
        ResourceRecordTypeDef,
    )

# Limits of one ChangeResourceRecordSets request; the values of a swap count in
# its DELETE and again in its CREATE (Developer Guide, Quotas).
MOST_RECORDS = 1000
MOST_CHARACTERS = 32_000

PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_*")
STRINGS = re.compile(rb'"((?:[^"\\]|\\.)*)"|([^\s"]+)')
ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)")


@dataclass(frozen=True, slots=True)
class Swap:
    """The changes that take one name from what it holds to what we want.

    They belong into the same batch.

    Attributes:
        added: The values that they add, unquoted.
    """

    name: Name
    changes: "tuple[ChangeTypeDef, ...]"
    added: tuple[str, ...] = ()

    def values(self) -> list[str]:
        """Return every value the changes spell out, as Route 53 counts them."""
        return [
            record["Value"]
            for change in self.changes
            for record in change["ResourceRecordSet"].get("ResourceRecords", ())
        ]


def appended(
    name: Name, records: Sequence[TXT], rrsets: "Sequence[ResourceRecordSetOutputTypeDef]"
) -> Swap | None:
    """Add *records* to what stands at *name*; None where nothing is missing.

    An existing set keeps its TTL.

    Args:
        name: The owner of all records.
        records: At least one.
        rrsets: Every RRset known to stand at *name*.

    Raises:
        Rejected: Something there excludes a simple TXT set.
    """
    for rrset in rrsets:
        _refuse(name, rrset)
    current = next((rrset for rrset in rrsets if rrset["Type"] == "TXT"), None)
    old = _values(current) if current else []
    present = {unquoted(value) for value in old}
    missing = tuple(dict.fromkeys(r.value for r in records if r.value.encode() not in present))
    if not missing:
        return None
    if current:
        whole = [*old, *map(quoted, missing)]
        return Swap(name, (_delete(current), _create(current, whole)), missing)
    return Swap(name, ({"Action": "CREATE", "ResourceRecordSet": alone(name, records)},), missing)


def removed(
    name: Name, records: Sequence[TXT], rrsets: "Sequence[ResourceRecordSetOutputTypeDef]"
) -> Swap | None:
    """Take *records* out of what stands at *name*; None where nothing is left of them.

    Raises:
        Rejected: A value stands in a set with a routing policy, hence not put there by `appended`.
    """
    unwanted = {record.value.encode() for record in records}
    for current in rrsets:
        old = _values(current) if current["Type"] == "TXT" else []
        rest = [value for value in old if unquoted(value) not in unwanted]
        if rest == old:
            continue
        _refuse(name, current)
        create = (_create(current, rest),) if rest else ()
        return Swap(name, (_delete(current), *create))
    return None


def alone(name: Name, records: Sequence[TXT]) -> "ResourceRecordSetOutputTypeDef":
    """Return the set that *records* make at *name* where nothing else is."""
    values = dict.fromkeys(record.value for record in records)
    return {
        "Name": spelled(name),
        "Type": "TXT",
        "TTL": min(record.ttl for record in records),
        "ResourceRecords": [{"Value": quoted(value)} for value in values],
    }


def batch(swaps: Iterable[Swap]) -> list[Swap]:
    """Return the first of *swaps*, as many as one request may carry, at least one."""
    taken: list[Swap] = []
    records = characters = 0
    for swap in swaps:
        values = swap.values()
        records += len(values)
        characters += sum(map(len, values))
        if taken and (records > MOST_RECORDS or characters > MOST_CHARACTERS):
            break
        taken.append(swap)
    return taken


def spelled(name: Name) -> str:
    r"""Return *name* as Route 53 does: lower case, final dot, odd octets as ``\ooo``."""
    return "".join(
        "".join(chr(octet) if octet in PLAIN else f"\\{octet:03o}" for octet in label) + "."
        for label in name.canonicalize().labels[:-1]
    )


def named(text: str) -> Name:
    r"""Read a name from Route 53, where ``\052`` is octal and not, as in RFC 1035, decimal."""
    return domain_name(re.sub(r"\\([0-3][0-7]{2})", lambda m: f"\\{int(m[1], 8):03d}", text))


def quoted(value: str) -> str:
    """Return *value* as character-strings of at most 255 octets each, in quotation marks."""
    octets = value.encode()
    strings = [octets[start : start + 255] for start in range(0, max(1, len(octets)), 255)]
    return " ".join(f'"{"".join(map(_escaped, string))}"' for string in strings)


def unquoted(text: str) -> bytes:
    """Return the octets that the character-strings in *text* make when joined."""
    strings = (quoted or bare for quoted, bare in STRINGS.findall(text.encode()))
    return b"".join(ESCAPE.sub(_meant, string) for string in strings)


def _escaped(octet: int) -> str:
    match chr(octet):
        case '"' | "\\" as special:
            return f"\\{special}"
        case char if " " <= char <= "~":
            return char
        case _:
            return f"\\{octet:03o}"


def _meant(escape: re.Match[bytes]) -> bytes:
    digits = escape[1]
    return bytes([int(digits, 8)]) if len(digits) > 1 else digits


def _values(rrset: "ResourceRecordSetOutputTypeDef") -> list[str]:
    return [record["Value"] for record in rrset.get("ResourceRecords", ())]


def _delete(rrset: "ResourceRecordSetOutputTypeDef") -> "ChangeTypeDef":
    # The listed set goes back as it came: every spelling of a value is another value.
    return {"Action": "DELETE", "ResourceRecordSet": rrset}


def _create(like: "ResourceRecordSetOutputTypeDef", values: Iterable[str]) -> "ChangeTypeDef":
    records: list[ResourceRecordTypeDef] = [{"Value": value} for value in values]
    rrset = like.copy()
    rrset["ResourceRecords"] = records
    return {"Action": "CREATE", "ResourceRecordSet": rrset}


def _refuse(name: Name, rrset: "ResourceRecordSetOutputTypeDef") -> None:
    if rrset["Type"] == "CNAME":
        raise Rejected(
            f"a CNAME stands at {name}; no TXT can stand beside it (RFC 1034 §3.6.2)",
            hint="remove it, or write at its target; the name servers may not show it yet",
        )
    if rrset["Type"] != "TXT":
        return
    if "SetIdentifier" in rrset:
        raise Rejected(
            f"TXT at {name} has a routing policy (multivalue, weighted, …; set identifier"
            f" {rrset['SetIdentifier']!r}), which a simple set cannot stand beside",
            hint="let the client that wrote that set (cert-manager does) finish, or remove it",
        )
    if "AliasTarget" in rrset:
        raise Rejected(
            f"TXT at {name} is an alias for {rrset['AliasTarget']['DNSName']}",
            hint="remove the alias, or publish at its target",
        )
