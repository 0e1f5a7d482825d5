"""What an append has written, told by what became of its batches."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from dns.name import Name

from .errors import Rejected

Values = Iterable[tuple[Name, str]]


class Tally:
    """Names and values that went to a host, in batches that are all or nothing each."""

    def __init__(self) -> None:
        self._taken: set[tuple[Name, str]] = set()
        self._lost: list[frozenset[tuple[Name, str]]] = []

    def taken(self, values: Values) -> None:
        """Count a batch that the host took: its values were missing, and are ours."""
        self._taken.update(values)

    def lost(self, values: Values) -> None:
        """Count a batch of which nobody said what became of it."""
        self._lost.append(frozenset(values))

    def written(self) -> frozenset[tuple[Name, str]]:
        """Return what was written, and what may have been, once all values are there.

        A lost batch wrote nothing if any of its values had to be written afterwards:
        what of it was there by then is somebody else's.
        """
        perhaps = (lost for lost in self._lost if lost.isdisjoint(self._taken))
        return frozenset(self._taken.union(*perhaps))

    @contextmanager
    def refusals(self) -> Iterator[None]:
        """Have refusals say whether anything can have been done before."""
        try:
            yield
        except Rejected as error:
            error.untouched = not self._taken and not self._lost
            raise
