"""What a provider says of itself to people: its settings, its rights, its limits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Privilege:
    """The least that credentials must allow.

    Attributes:
        text: What the host's own tools take, whole.
        remarks: What a person should know about it, a sentence each.
    """

    text: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting an adapter reads, by the name of its environment variable."""

    name: str
    meaning: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """What a person wants to know of a provider before choosing it, a sentence or two each.

    Attributes:
        host: Whose zones it writes to; the rest of a sentence that begins with its name.
        privilege: The least that its credentials must allow.
        limits: What a write is at that host: all or nothing, safe beside
            others, how many records at once.
        guide: Where more stands: an address, or the name of a page beside the list.
    """

    host: str
    privilege: str
    limits: str
    guide: str = ""
