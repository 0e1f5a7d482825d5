"""Queries of which one good answer will do: sent one after another, the first to win. Pure."""

from collections import deque
from collections.abc import Iterable

from pipeline.questions import Silence

from .query import Query, Reply


class Race:
    """How one race stands.

    Attributes:
        ahead: What is still to be sent, first things first.
        under_way: What was sent and is still wanted.
        latest: What was sent last.
        replies: What came, oldest first; if one won, it is the last.
    """

    def __init__(self, queries: Iterable[Query]) -> None:
        self.ahead = deque(queries)
        self.under_way: set[Query] = set()
        self.latest: Query | None = None
        self.replies: list[Reply] = []

    @property
    def is_stuck(self) -> bool:
        """Whether it goes on only with the next query."""
        return bool(self.ahead) and self.latest not in self.under_way

    def advance(self) -> Query:
        """Return the next query, which is under way from now on."""
        self.latest = self.ahead.popleft()
        self.under_way.add(self.latest)
        return self.latest

    def take(self, reply: Reply, *, won: bool) -> set[Query]:
        """Take *reply*, which wins or not, and return what nobody needs an answer to any more."""
        if reply.query not in self.under_way:
            return set()  # it came together with the one that won
        self.replies.append(reply)
        self.under_way.remove(reply.query)
        if not won:
            return set()
        losers, self.under_way = self.under_way, set()
        self.ahead.clear()
        return losers

    def ended(self, now: float) -> list[Reply]:
        """Return the replies, silence being that of whatever is under way at *now*."""
        late = [Reply(query, now, Silence("timeout")) for query in self.under_way]
        return [*self.replies, *late]
