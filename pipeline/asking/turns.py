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
from enum import Enum, auto

from pipeline.questions import Transport

from .query import Query

SHARE = 64
"""Questions to one server at a time: what its socket's buffer holds in any case."""

Server = tuple[str, int, Transport]


class Standing(Enum):
    """What is known of a server, in the order of their turns."""

    FRESH = auto()
    """It has not been asked."""
    LIVING = auto()
    """The last that came of it was an answer, or an error."""
    MUTE = auto()
    """Nothing has come back: not yet, or not the last time."""


@dataclass(slots=True, eq=False)
class Line:
    """The questions to one server: those that wait, and how many are under way."""

    waiting: deque[Query] = field(default_factory=deque)
    under_way: int = 0
    standing: Standing = Standing.FRESH


class Turns:
    """The questions that wait, in lines, for room for *width* of them."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lines: dict[Server, Line] = {}
        self._next: dict[Standing, dict[Line, None]] = {standing: {} for standing in Standing}
        self._under_way = dict.fromkeys(Standing, 0)

    def join(self, query: Query) -> None:
        """Let *query* wait for its turn."""
        line = self._line(query)
        line.waiting.append(query)
        self._place(line)

    def advance(self) -> Query | None:
        """Return the query whose turn it is, under way from now on; None if none may go now."""
        if sum(self._under_way.values()) >= self._width:
            return None
        for standing, lines in self._next.items():
            is_full = self._under_way[standing] >= self._width // 2
            if lines and not (standing is Standing.MUTE and is_full):
                return self._call(next(iter(lines)))
        return None

    def leave(self, query: Query) -> None:
        """Forget *query* if it waits."""
        line = self._line(query)
        with suppress(ValueError):  # it does not
            line.waiting.remove(query)
        self._place(line)

    def postpone(self, query: Query) -> None:
        """Let *query*, whose turn it was, be the next of its line once more."""
        self._line(query).waiting.appendleft(query)
        self.end(query)

    def end(self, query: Query, *, lives: bool | None = None) -> None:
        """Make room: *query* is under way no longer, and shows that its server *lives*, or not."""
        line = self._line(query)
        line.under_way -= 1
        self._under_way[line.standing] -= 1
        if lives is not None:
            self._judge(line, Standing.LIVING if lives else Standing.MUTE)
        self._place(line)

    def _line(self, query: Query) -> Line:
        return self._lines.setdefault((query.address, query.port, query.transport), Line())

    def _call(self, line: Line) -> Query:
        del self._next[line.standing][line]
        if line.standing is Standing.FRESH:
            self._judge(line, Standing.MUTE)
        line.under_way += 1
        self._under_way[line.standing] += 1
        query = line.waiting.popleft()
        self._place(line)
        return query

    def _judge(self, line: Line, standing: Standing) -> None:
        self._next[line.standing].pop(line, None)
        self._under_way[line.standing] -= line.under_way
        self._under_way[standing] += line.under_way
        line.standing = standing

    def _place(self, line: Line) -> None:
        """Give *line* a place among its like, if it has somebody to send; one it has it keeps."""
        lines = self._next[line.standing]
        if line.waiting and line.under_way < SHARE:
            lines.setdefault(line)
        else:
            lines.pop(line, None)
