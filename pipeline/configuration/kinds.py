"""The sorts of value that the configuration has: how each is read, and its JSON Schema. Pure.

A schema says as much of a sort as JSON Schema can, and refuses nothing that is read.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.propagation.policy import Require

from .settings import CHALLENGES
from .values import (
    SOURCES,
    apex,
    challenges,
    domains,
    duration,
    endpoints,
    issuers,
    limit,
    location,
    require,
    source,
    switch,
    text,
    words,
    yes_or_no,
)

Schema = Mapping[str, Any]

ISSUER = "[A-Za-z0-9]+(-+[A-Za-z0-9]+)*(\\.[A-Za-z0-9]+(-+[A-Za-z0-9]+)*)+"
WORD = "[^,]*[^,\\s][^,]*"
NOT_BLANK = {"type": "string", "pattern": "\\S"}
YEAR = 31_536_000
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of value.

    Attributes:
        read: Returns the value, checked; raises ValueError or TypeError with the rule broken.
        schema: What JSON Schema can say of it.
        spelled: Returns what a variable's text stands for, still to be read.
    """

    read: Callable[[Any], Any]
    schema: Schema
    spelled: Callable[[str], object] = str


def commas(value: str) -> list[str]:
    """Return the pieces of *value*."""
    return value.split(",")


def one_or_list(piece: str) -> Schema:
    """Return the schema of a text with commas between what matches *piece*, or of a list."""
    blank = "\\s*"
    return {
        "anyOf": [
            {"type": "string", "pattern": f"^{blank}{piece}{blank}(,{blank}{piece}{blank})*$"},
            {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string", "pattern": f"^{blank}{piece}{blank}$"},
            },
        ]
    }


TEXT = Kind(text, {"type": "string", "minLength": 1})
SWITCH = Kind(switch, {"type": "boolean"}, yes_or_no)
PATH = Kind(location, {"type": "string", "pattern": "^[^\\u0000]+$"})
NAMES = Kind(
    words,
    {
        "anyOf": [
            {"type": "string", "pattern": f"^{WORD}(,{WORD})*$"},
            {"type": "array", "minItems": 1, "items": NOT_BLANK},
        ]
    },
)
DOMAINS = Kind(domains, NAMES.schema)
CHALLENGE = Kind(challenges, one_or_list(f"({'|'.join(CHALLENGES)})"))
ISSUERS = Kind(issuers, one_or_list(ISSUER))
ADDRESSES = Kind(
    endpoints,
    {"type": "array", "items": {"type": "string", "pattern": "[0-9A-Fa-f:]"}},
    commas,
)
REQUIRE = Kind(require, {"enum": [each.value for each in Require]})
SOURCE = Kind(source, {"enum": [*SOURCES]})
DURATION = Kind(
    duration,
    {
        "anyOf": [
            {"type": "string", "pattern": "^(?=.*[1-9])[0-9]+(\\.[0-9]+)?[smh]?$"},
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": YEAR},
        ]
    },
)
LIMIT = Kind(
    limit, {"type": "string", "pattern": "^\\s*0*[1-9][0-9]{0,5}/0*[1-9][0-9]{0,2}[smhd]\\s*$"}
)
APEX = Kind(apex, {"type": "string", "minLength": 1, "not": {"const": "."}})
