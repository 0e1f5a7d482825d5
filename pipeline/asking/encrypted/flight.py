"""A query on an encrypted connection, as whoever waits for it sees it."""

from dataclasses import dataclass

from pipeline.asking.query import Query
from pipeline.questions import Silence


@dataclass(slots=True, eq=False)
class EncryptedFlight:
    """When it was sent, and whether it was sent again because its connection was lost."""

    query: Query
    started_at: float
    repeated: bool = False

    @property
    def gives_up_at(self) -> float:
        """When nobody waits for it any more."""
        return self.started_at + self.query.timeout

    @property
    def wakes_at(self) -> float:
        """When it next needs attention without having heard anything."""
        return self.gives_up_at

    def unanswered(self) -> Silence:
        """Return the silence of which time is up."""
        return Silence("timeout")
