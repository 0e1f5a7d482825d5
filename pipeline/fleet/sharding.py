"""Which part of an inventory is whose, without asking anybody: the rules of ``--shard``. Pure.

1. A certificate goes where its first name's zone goes, whatever else the inventory holds: all
   certificates of a zone are in one shard, so that no two machines write to one zone.
2. The zone is the longest configured one that encloses the name. Else it is a guess: the last
   two labels; three where those are a country's two letters behind a word such as ``co``.
3. A zone's shard is its SHA-256, by jump consistent hashing (Lamping, Veach 2014): of N shards
   that become N + 1 each gives up one part in N + 1, and what it keeps stays where it is.

A wrong guess costs balance, or has two machines write to one zone, which is slower and no less
right. The list of words never changes: it would move zones between versions.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256

from dns.name import Name

from pipeline.model import Exit, Failed
from pipeline.receipts.receipt import normal
from pipeline.text import quoted
from providers.names import domain_name

WORDS = frozenset(["ac", "co", "com", "edu", "go", "gov", "mil", "ne", "net", "or", "org"])
"""What registries of countries call the domains that they register names below."""

WRITTEN = re.compile(r"(\d{1,6})/(\d{1,6})", re.ASCII)
NUMBER = re.compile(r"\d{1,6}", re.ASCII)

SYSTEMS = (
    ("JOB_COMPLETION_INDEX", "DNS01_SHARDS", 0),  # Kubernetes, which tells no pod how many it has
    ("CI_NODE_INDEX", "CI_NODE_TOTAL", 1),  # GitLab
    ("CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0),
    ("BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0),
)
"""The variables that say which of how many jobs this is, and how the first is numbered."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One of *total* parts of every inventory; *number* counts from 1."""

    number: int
    total: int

    def __post_init__(self) -> None:
        if self.total < 1:
            raise ValueError("there is at least one shard")
        if not 1 <= self.number <= self.total:
            raise ValueError(
                f"shards are numbered from 1/{self.total} to {self.total}/{self.total}"
            )

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Return the shard in *text*, such as ``1/4``.

        Raises:
            ValueError: There is none.
        """
        found = WRITTEN.fullmatch(text)
        if not found:
            raise ValueError("must be I/N, such as 1/4, or auto")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def has(self, name: str, zones: Collection[Name]) -> bool:
        """Whether the certificate *name* is in it, *zones* being those configured."""
        return shard_of(zone_of(name, zones), self.total) == self.number


def zone_of(name: str, zones: Collection[Name]) -> str:
    """Return the zone that the certificate *name* counts to; an order's URL stands for itself."""
    first = normal(name).partition(",")[0].removeprefix("*.")
    if first.startswith(("https://", "http://")):
        return first
    domain = domain_name(first)
    depths = range(len(domain.labels)) if zones else ()
    above = (Name(domain.labels[depth:]) for depth in depths)
    apex = next((each for each in above if each in zones), None) or guessed(domain)
    return apex.to_text(omit_final_dot=True)


def guessed(domain: Name) -> Name:
    """Return the zone that *domain*, in lower case, most likely belongs to."""
    *_, second, top, _root = (b"", b"", *domain.labels)
    is_registry = len(top) == 2 and second.decode("ascii", "replace") in WORDS
    return Name(domain.labels[-(4 if is_registry else 3) :])


def shard_of(zone: str, total: int) -> int:
    """Return the number, from 1 to *total*, of the shard that *zone* is in."""
    state = int.from_bytes(sha256(zone.encode()).digest()[:8], "big")
    found, jump = 0, 0
    while jump < total:
        found = jump
        state = (state * 2862933555777941757 + 1) % 2**64
        jump = ((found + 1) << 31) // ((state >> 33) + 1)
    return found + 1


def automatic(variable: Callable[[str], str | None]) -> Shard:
    """Return the shard that a CI system or Kubernetes gave this job; *variable* reads one.

    Raises:
        Failed: 78, if none did, or what one said makes no sense.
    """
    for index_name, total_name, first in SYSTEMS:  # the first that says anything
        index, total = variable(index_name), variable(total_name)
        if index_name == "CI_NODE_INDEX" and index is None and total == "1":
            return Shard(1, 1)  # GitLab's word for a job that is alone
        if index is None and total is None:
            continue
        if index is None or total is None:
            missing = index_name if index is None else total_name
            there = total_name if index is None else index_name
            raise unknown(f"{there} is set, and {missing} is not", missing)
        for name, said in ((index_name, index), (total_name, total)):
            if not NUMBER.fullmatch(said):
                raise unknown(f"{name} is {quoted(said)}, which is no number", index_name)
        number, count = int(index) + 1 - first, int(total)
        if count < 1:
            raise unknown(f"{total_name} is 0, and there is at least one job", index_name)
        if not 1 <= number <= count:
            goes = f"with {total_name}={count} it goes from {first} to {count - 1 + first}"
            raise unknown(f"{index_name} is {int(index)}; {goes}", index_name)
        return Shard(number, count)
    raise unknown("no variable says which of how many jobs this is")


HINTS = {
    "DNS01_SHARDS": "set it to the Job's completions, which Kubernetes tells no pod",
    "JOB_COMPLETION_INDEX": "in a Job with completionMode: Indexed, completions, parallelism and"
    " DNS01_SHARDS are one number",
    "": "say it: --shard I/N, another I in each job",
}


def unknown(why: str, variable: str = "") -> Failed:
    """Return the failure of ``--shard auto``: *why* nobody can tell, by which *variable*."""
    hint = HINTS.get(variable, "both are set by the system that runs the job; or say --shard I/N")
    return Failed(Exit.CONFIG, "configuration", f"--shard auto: {why}", hint)
