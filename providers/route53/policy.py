"""The smallest IAM policy that publishing at some names takes. Pure.

The actions are those that the adapter sends. Writing is held to CREATE and
DELETE of TXT at exactly these names: the condition keys of route53 see every
record of a batch, names in lower case and without final dot, so one batch is
allowed by one statement or not at all. ``ForAllValues`` is true where a key is
absent; ``Null`` says that it must not be.
"""

import json
import re
from collections.abc import Mapping, Sequence

from dns.name import Name

from providers.contract import Privilege
from providers.errors import Misconfigured

ZONE = "arn:aws:route53:::hostedzone/{}"
CHANGE = "arn:aws:route53:::change/*"
ANY = "*"
CEILING = 6144
"""Characters of a managed policy, white space not counted (IAM quotas)."""
ROLE = 10240
"""Characters of all inline policies of a role together, counted likewise."""
ID = re.compile("[A-Z0-9]{1,32}")
"""Of a hosted zone. Anything else would be a pattern, a variable, or another host's."""

PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789-_")
"""Octets that stay as they are in a normalised name (service authorization reference)."""

Statement = dict[str, object]


def policy(names: Sequence[Name], zones: Mapping[Name, str]) -> Privilege:
    """Return the policy for writing at *names*; *zones* are ids by apex, where known.

    Raises:
        Misconfigured: An id that is needed is none of a hosted zone.
    """
    placed: dict[str, list[Name]] = {}
    for name in sorted(names):
        placed.setdefault(zone_of(name, zones), []).append(name)
    statements = [*reading(placed), *(writing(*each) for each in enumerated(placed))]
    document = {"Version": "2012-10-17", "Statement": statements}
    text = json.dumps(document, indent=2)
    return Privilege(text, remarks(placed, len("".join(text.split()))))


def zone_of(name: Name, zones: Mapping[Name, str]) -> str:
    """Return the id of the closest of *zones* that encloses *name*, or any."""
    apexes = [apex for apex in zones if name.is_subdomain(apex)]
    return key_of(max(apexes, key=len), zones) if apexes else ANY


def key_of(apex: Name, zones: Mapping[Name, str]) -> str:
    """Return the id of the zone *apex* bare; the API has it as ``/hostedzone/<id>``."""
    key = zones[apex].rpartition("/")[2]
    if not ID.fullmatch(key):
        raise Misconfigured(
            f"the zone_id of {apex} is not that of a hosted zone: {zones[apex]!r}",
            hint="such as Z0123456789ABCDEFGHIJ; the zone of another host needs its provider",
        )
    return key


def reading(placed: Mapping[str, Sequence[Name]]) -> list[Statement]:
    """Return the statements for looking: at changes, at records, and for unknown zones."""
    found: list[Statement] = []
    if ANY in placed:
        found.append(statement("FindZones", "route53:ListHostedZones", ANY))
        # Compares the zone's name servers with the delegation.
        found.append(statement("CompareZones", "route53:GetHostedZone", ZONE.format(ANY)))
    zones = [ZONE.format(ANY)] if ANY in placed else [ZONE.format(each) for each in placed]
    return [
        *found,
        statement("FollowChanges", "route53:GetChange", CHANGE),
        statement("ReadRecords", "route53:ListResourceRecordSets", *zones),
    ]


def enumerated(placed: Mapping[str, Sequence[Name]]) -> list[tuple[int, str, Sequence[Name]]]:
    """Return the zones of *placed*, each with a number and its names."""
    return [(number, zone, names) for number, (zone, names) in enumerate(placed.items(), 1)]


def writing(number: int, zone: str, names: Sequence[Name]) -> Statement:
    """Return the statement for changing *names* in *zone*, all in one batch or some."""
    change = "route53:ChangeResourceRecordSets"
    keys = {
        f"{change}Actions": ["CREATE", "DELETE"],
        f"{change}RecordTypes": ["TXT"],
        f"{change}NormalizedRecordNames": [normalized(name) for name in names],
    }
    condition = {"ForAllValues:StringEquals": keys, "Null": dict.fromkeys(keys, "false")}
    sid = f"WriteChallenges{number}"
    return {**statement(sid, change, ZONE.format(zone)), "Condition": condition}


def statement(sid: str, action: str, *resources: str) -> Statement:
    """Return what allows *action* on *resources*."""
    resource = resources[0] if len(resources) == 1 else list(resources)
    return {"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}


def normalized(name: Name) -> str:
    r"""Return *name* as the condition key has it: lower case, no final dot, ``*`` as ``\052``.

    Stricter than the API's own spelling, which leaves ``*`` as it is.
    """
    labels = name.canonicalize().labels[:-1]
    return ".".join("".join(map(escaped, label)) for label in labels)


def escaped(octet: int) -> str:
    """Return one octet of a label, as it is or as its three octal digits."""
    return chr(octet) if octet in PLAIN else f"\\{octet:03o}"


def remarks(placed: Mapping[str, Sequence[Name]], size: int) -> tuple[str, ...]:
    """Return what a person should know about the policy."""
    found = []
    if ANY in placed:
        unplaced = ", ".join(str(name) for name in placed[ANY][:3])
        found.append(
            f"no zone_id is configured for {unplaced}"
            f"{' and others' if len(placed[ANY]) > 3 else ''}: the policy lets the key list all"
            " zones, and read all records; with a zone_id it is held to that zone"
        )
    if size > CEILING:
        found.append(
            f"it has {size:,} characters without white space, and a managed policy takes"
            f" {CEILING:,}: {', or '.join(ways(placed, size))}; names of one zone belong into one"
            " statement, for they may go in one batch"
        )
    return tuple(found)


def ways(placed: Mapping[str, Sequence[Name]], size: int) -> list[str]:
    """Return what can be done about a policy that is too long to be a managed one."""
    found = [f"put it inline into a role ({ROLE:,})"] if size <= ROLE else []
    if len(placed) > 1 or ANY in placed:
        found.append("print one for each zone")
    return [*found, "allow a pattern such as _acme-challenge.* by ForAllValues:StringLike"]
