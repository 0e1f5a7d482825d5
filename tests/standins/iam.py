"""IAM, as far as a policy for Route 53 goes: who may do what, by AWS's rules of evaluation.

What it does not know it refuses to judge, so no policy passes by being misread.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from .route53 import OPERATIONS, Reply, Route53Front
from .route53_rules import parsed, refused

Keys = Mapping[str, Sequence[str]]
"""What the condition keys of a request hold."""

ALL = "ForAllValues:StringEquals"
CHANGE = "route53:ChangeResourceRecordSets"


def allows(policy: Mapping[str, Any], action: str, resource: str, keys: Keys) -> bool:
    """Whether any statement of *policy* allows *action* on *resource*; none of ours denies."""
    assert policy["Version"] == "2012-10-17"
    return any(applies(each, action, resource, keys) for each in policy["Statement"])


def applies(statement: Mapping[str, Any], action: str, resource: str, keys: Keys) -> bool:
    assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
    assert statement["Effect"] == "Allow"
    return (
        any(matches(each, action) for each in listed(statement["Action"]))
        and any(matches(each, resource) for each in listed(statement["Resource"]))
        and all(
            OPERATORS[operator](keys.get(key, ()), listed(wanted))
            for operator, conditions in statement.get("Condition", {}).items()
            for key, wanted in conditions.items()
        )
    )


OPERATORS: Mapping[str, Callable[[Sequence[str], Sequence[str]], bool]] = {
    # True of a key that is absent: there is no value that differs.
    ALL: lambda found, wanted: all(value in wanted for value in found),
    "ForAllValues:StringLike": lambda found, wanted: all(
        any(matches(pattern, value) for pattern in wanted) for value in found
    ),
    "Null": lambda found, wanted: wanted == (["true"] if not found else ["false"]),
}


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def matches(pattern: str, text: str) -> bool:
    """Whether *text* fits *pattern*, in which * is anything."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None


def keys_of(body: bytes) -> Keys:
    """Return the condition keys of a ChangeResourceRecordSets."""
    batch = parsed(body)
    return {
        f"{CHANGE}NormalizedRecordNames": [normalized(rrset.name) for _, rrset in batch],
        f"{CHANGE}RecordTypes": [rrset.kind for _, rrset in batch],
        f"{CHANGE}Actions": [action for action, _ in batch],
    }


def normalized(name: str) -> str:
    """Return *name*: lower case, no final dot, what is not a letter, digit, - _ . as octal."""
    bare = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), name.lower().removesuffix("."))
    return re.sub(r"[^a-z0-9_.-]", lambda m: f"\\{ord(m[0]):03o}", bare)


class Guarded(Route53Front):
    """Route 53 for a key that has one policy.

    Attributes:
        policy: It; change it at any time.
    """

    def __init__(self, endpoint: str, policy: Mapping[str, Any]) -> None:
        super().__init__(endpoint)
        self.policy = policy

    def reply(self, method: str, target: str, body: bytes) -> Reply | None:
        path = urlsplit(target).path
        for operation, resource in operations(method, path):
            keys = keys_of(body) if operation == "ChangeResourceRecordSets" else {}
            if not allows(self.policy, f"route53:{operation}", resource, keys):
                who = "User: arn:aws:iam::123456789012:user/test is not authorized to perform"
                return refused(403, "AccessDenied", f"{who}: route53:{operation} on {resource}")
        return super().reply(method, target, body)


def operations(method: str, path: str) -> Iterator[tuple[str, str]]:
    """Yield what a request does, and to which ARN."""
    for form, name in OPERATIONS.items():
        if re.fullmatch(form, f"{method} {path}"):
            parts = path.rstrip("/").split("/")[2:4]
            yield name, f"arn:aws:route53:::{'/'.join(parts)}" if len(parts) == 2 else "*"
            return
    raise AssertionError(f"a request that has no permission here: {method} {path}")
