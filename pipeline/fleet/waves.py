"""Cut a fleet into waves: how many certificates one process works on at a time. Pure.

1. The certificates of a zone are neighbours, and are in one wave where they fit: a zone gets its
   values in as few requests as its host takes.
2. A zone that fits in no wave is cut into several, which run one after another (a `Wave.chain`):
   two processes at one zone would only wait for each other.
3. A wave has one order source and one choice of providers, for it is one ordinary run.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SIZE = 500
"""Certificates of a wave. More share a start, less is lost with a process: see decision 38."""

LEAST = 50
"""Certificates that are worth a process of their own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What all certificates of a wave have in common; empty: what holds for the whole run.

    The *queue* is that of whoever has their accounts, where waves are handed to others.
    """

    order: str
    provider: str
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Wave:
    """The next *count* certificates of the fleet, in its order; waves of a chain take turns."""

    number: int
    chain: int
    choice: Choice
    count: int


def fit(certificates: int, jobs: int, largest: int) -> int:
    """Return the size of waves that keeps *jobs* processes at work; the *largest* zone needs one.

    Cut smaller, that zone would keep no more processes at work, as its waves take turns.
    """
    return max(LEAST, min(SIZE, max(-(-certificates // jobs), largest)))


def width(waves: Iterable[Wave], jobs: int) -> int:
    """Return how many of *waves* are at work at once, by *jobs* processes at most."""
    return min(jobs, len({wave.chain for wave in waves}))


def cut(zones: Iterable[tuple[Choice, int]], size: int) -> Iterator[Wave]:
    """Yield the waves of a fleet of *zones*, each with how many certificates it has.

    *zones* with the same choice are neighbours.
    """
    number, filled = 0, 0
    current: Choice | None = None
    for choice, count in zones:
        if current and filled and (choice != current or filled + count > size):
            yield Wave(number, number, current, filled)
            number, filled = number + 1, 0
        current = choice
        if count <= size:
            filled += count
            continue
        chain = number
        for piece in even(count, size):
            yield Wave(number, chain, choice, piece)
            number += 1
    if current and filled:
        yield Wave(number, number, current, filled)


def even(count: int, most: int) -> list[int]:
    """Return *count* in pieces as even as can be, none more than *most*."""
    pieces = -(-count // most)
    return [count // pieces + (at < count % pieces) for at in range(pieces)]


def branch(key: str) -> str:
    """Return the first name of certificate *key* as it is sorted: its labels from the root down."""
    return "\0".join(reversed(key.partition(",")[0].split(".")))
