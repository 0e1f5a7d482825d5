"""Which query goes next when there are more of them than sockets. Pure.

Servers take turns, so that no one of them holds back another. Those that
answer may have all the room there is, up to `SHARE` each; a server that has
said nothing yet, or nothing lately, waits for seconds each time, and all of
those together have half of the room. Their very first question goes out
regardless: it is how a server that lives gets to say so.
"""

from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from .query import Query

SHARE = 64
"""Questions to one server at a time: what its socket's buffer holds in any case."""


@dataclass(slots=True, eq=False)
class Group:
    """Servers of which the same is known.

    Attributes:
        ready: The queues that have a query to send, and may, in the order of their turns.
        under_way: Queries of all of its queues.
    """

    ready: "dict[ServerQueue, None]" = field(default_factory=dict)
    under_way: int = 0


@dataclass(slots=True, eq=False)
class ServerQueue:
    """Queries to one server: those that wait, and how many are under way."""

    group: Group
    waiting: deque[Query] = field(default_factory=deque)
    under_way: int = 0


class FairQueue:
    """The queries that wait for room for *width* of them, in a queue for each server."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._queues: dict[tuple[str, int, str], ServerQueue] = {}
        self._fresh = Group()  # not asked yet
        self._living = Group()  # the last that came was an answer, or an error
        self._mute = Group()  # nothing has come back: not yet, or not the last time
        self._groups = (self._fresh, self._living, self._mute)

    def join(self, query: Query) -> None:
        """Let *query* wait for its turn."""
        queue = self._queue_of(query)
        queue.waiting.append(query)
        place(queue)

    def advance(self) -> Query | None:
        """Return the query whose turn it is, under way from now on; None if none may go now."""
        if sum(group.under_way for group in self._groups) >= self._width:
            return None
        for group in self._groups:
            is_full = group is self._mute and group.under_way >= self._width // 2
            if group.ready and not is_full:
                return self._call(next(iter(group.ready)))
        return None

    def leave(self, query: Query) -> None:
        """Forget *query* if it waits."""
        queue = self._queue_of(query)
        with suppress(ValueError):  # it does not
            queue.waiting.remove(query)
        place(queue)

    def postpone(self, query: Query) -> None:
        """Let *query*, whose turn it was, be the next of its queue once more."""
        self._queue_of(query).waiting.appendleft(query)
        self.end(query)

    def end(self, query: Query, *, lives: bool | None = None) -> None:
        """Make room: *query* is under way no longer, and shows that its server *lives*, or not."""
        queue = self._queue_of(query)
        queue.under_way -= 1
        queue.group.under_way -= 1
        if lives is not None:
            move(queue, self._living if lives else self._mute)
        place(queue)

    def _queue_of(self, query: Query) -> ServerQueue:
        key = (query.address, query.port, query.transport.scheme)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = ServerQueue(self._fresh)
        return queue

    def _call(self, queue: ServerQueue) -> Query:
        """Send the first of *queue*, which is the last of its group from now on."""
        del queue.group.ready[queue]
        if queue.group is self._fresh:
            move(queue, self._mute)
        queue.under_way += 1
        queue.group.under_way += 1
        query = queue.waiting.popleft()
        place(queue)
        return query


def move(queue: ServerQueue, group: Group) -> None:
    """Make *queue* one of *group*."""
    if queue.group is group:
        return
    queue.group.ready.pop(queue, None)
    queue.group.under_way -= queue.under_way
    group.under_way += queue.under_way
    queue.group = group


def place(queue: ServerQueue) -> None:
    """Give *queue* a place in its group if it has somebody to send; one that it has it keeps."""
    if queue.waiting and queue.under_way < SHARE:
        queue.group.ready.setdefault(queue)
    else:
        queue.group.ready.pop(queue, None)
