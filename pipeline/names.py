"""Domain names as keys: those of challenges, and the ancestors of any. Pure."""

from collections.abc import Iterable, Iterator

from dns.immutable import immutable
from dns.name import Name


@immutable
class KeyName(Name):
    """A name that keeps its hash, which `Name` works out octet by octet each time.

    Everything that is known of a challenge is looked up by its name, some hundred times.
    Equal to a `Name` of the same labels, and in its place in any mapping.
    """

    __slots__ = ("_hash",)
    _hash: int

    def __init__(self, labels: Iterable[bytes]) -> None:
        super().__init__(labels)
        self._hash = super().__hash__()

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple[type["KeyName"], tuple[tuple[bytes, ...]]]:
        return KeyName, (self.labels,)


def upwards(name: Name) -> Iterator[Name]:
    """Yield *name* and its ancestors, the root last."""
    return (Name(name.labels[depth:]) for depth in range(len(name.labels)))
