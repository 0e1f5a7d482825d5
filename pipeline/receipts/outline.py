"""What a receipt tells of itself at a glance: enough to see who has to read it whole. Pure.

Most receipts in a folder are of others, so most are only looked at: nothing that an outline
says has passed the guard, and nothing is done that it says.
"""

import json
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime

from .damage import checked, moment, telling
from .receipt import Claim, State


@dataclass(frozen=True, slots=True)
class Outline:
    """A receipt, less its orders.

    Attributes:
        claims: What it claims, each without its order.
        records: The name of each record, in lower case, and its value.
    """

    id: str
    created: datetime
    state: State
    claims: tuple[Claim, ...]
    records: tuple[tuple[str, str], ...]

    @property
    def is_done(self) -> bool:
        """Whether it is cleaned, and lists nothing: one that does is cleaned like any other."""
        return self.state is State.CLEANED and not self.records

    def lists_any(self, values: Container[str]) -> bool:
        """Whether one of *values* is in a record."""
        return any(value in values for _, value in self.records)


def outlined(body: bytes, path: str) -> Outline:
    """Return the outline of the receipt in *body*, the content of *path*.

    Raises:
        Failed: 65, if it is damaged so that none can be told, or of another version.
    """
    with telling(path):
        document = checked(json.loads(body), path)
        return Outline(
            str(document["id"]),
            moment(document["created"]),
            State(document["state"]),
            tuple(
                Claim(str(each["name"]), str(each["source"]), str(each["account"]))
                for each in document["orders"]
            ),
            tuple((str(each["name"]).lower(), str(each["value"])) for each in document["records"]),
        )
