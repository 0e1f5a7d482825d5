"""Whose turn it is when there are more questions than sockets. Pure.

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
        ready: The lines that have a query to send, and may, in the order of their turns.
        under_way: Queries of all of its lines.
    """

    ready: "dict[Line, None]" = field(default_factory=dict)
    under_way: int = 0


@dataclass(slots=True, eq=False)
class Line:
    """The queries to one server: those that wait, and how many are under way."""

    group: Group
    waiting: deque[Query] = field(default_factory=deque)
    under_way: int = 0


class Turns:
    """The queries that wait, in lines, for room for *width* of them."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lines: dict[tuple[str, int, str], Line] = {}
        self._fresh = Group()  # not asked yet
        self._living = Group()  # the last that came was an answer, or an error
        self._mute = Group()  # nothing has come back: not yet, or not the last time
        self._groups = (self._fresh, self._living, self._mute)

    def join(self, query: Query) -> None:
        """Let *query* wait for its turn."""
        line = self._line(query)
        line.waiting.append(query)
        place(line)

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
        line = self._line(query)
        with suppress(ValueError):  # it does not
            line.waiting.remove(query)
        place(line)

    def postpone(self, query: Query) -> None:
        """Let *query*, whose turn it was, be the next of its line once more."""
        self._line(query).waiting.appendleft(query)
        self.end(query)

    def end(self, query: Query, *, lives: bool | None = None) -> None:
        """Make room: *query* is under way no longer, and shows that its server *lives*, or not."""
        line = self._line(query)
        line.under_way -= 1
        line.group.under_way -= 1
        if lives is not None:
            move(line, self._living if lives else self._mute)
        place(line)

    def _line(self, query: Query) -> Line:
        key = (query.address, query.port, query.transport.scheme)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(self._fresh)
        return line

    def _call(self, line: Line) -> Query:
        """Send the first of *line*, which is the last of its group from now on."""
        del line.group.ready[line]
        if line.group is self._fresh:
            move(line, self._mute)
        line.under_way += 1
        line.group.under_way += 1
        query = line.waiting.popleft()
        place(line)
        return query


def move(line: Line, group: Group) -> None:
    """Make *line* one of *group*."""
    if line.group is group:
        return
    line.group.ready.pop(line, None)
    line.group.under_way -= line.under_way
    group.under_way += line.under_way
    line.group = group


def place(line: Line) -> None:
    """Give *line* a place in its group if it has somebody to send; one that it has it keeps."""
    if line.waiting and line.under_way < SHARE:
        line.group.ready.setdefault(line)
    else:
        line.group.ready.pop(line, None)
