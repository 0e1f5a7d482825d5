"""The loop around the rules: it listens more than it thinks. No sockets, no time."""

from collections import deque
from typing import TYPE_CHECKING, cast

import dns.message
from dns.flags import AA
from dns.name import from_text
from dns.rrset import from_text as rrset

from pipeline.asking.query import Query, Reply
from pipeline.clock import SystemClock
from pipeline.propagation.confirm import confirm
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.policy import Policy
from pipeline.propagation.rules import Expired, Ready
from pipeline.questions import Perspective, Role

from .fakes import goal

if TYPE_CHECKING:
    from pipeline.asking.exchange import Exchange

ZONE = from_text("example.com.")
SERVERS = tuple(Perspective(f"192.0.2.{n}", 53, Role.AUTHORITATIVE, f"ns{n}.") for n in (1, 2, 3))
NAMES = tuple(from_text(f"_acme-challenge.h{number}.example.com.") for number in range(50))
QUESTIONS = len(NAMES) * len(SERVERS) * 2
PACE = 0.001
"""Seconds from one answer to the next."""


class Hand(SystemClock):
    """A clock that is moved by hand."""

    at = 0.0

    def now(self) -> float:
        return self.at


class Trickle:
    """An exchange on which answers come one at a time, all good, each after *pace*."""

    def __init__(self, clock: Hand, pace: float) -> None:
        self._clock = clock
        self._pace = pace
        self._under_way = deque[Query]()
        self.sent = 0

    def send(self, query: Query) -> None:
        self.sent += 1
        self._under_way.append(query)

    def receive(self, until: float) -> list[Reply]:
        if not self._under_way:
            self._clock.at = until
            return []
        self._clock.at += self._pace
        query = self._under_way.popleft()
        message = dns.message.make_response(dns.message.make_query(query.name, query.rdtype))
        message.flags |= AA
        message.answer.append(rrset(query.name, 60, "IN", "TXT", "v"))
        return [Reply(query, self._clock.at, message)]


def hear(
    thought: float, patience: float = 300.0, pace: float = PACE
) -> tuple[Ready | Expired, float, list[float]]:
    """Return the verdict of a wait, when it came, and when each turn ended that took *thought*."""
    clock = Hand()
    turns: list[float] = []

    def watch(_evidence: Evidence, _now: float) -> None:
        clock.at += thought
        turns.append(clock.at)

    goals = [goal(name, ZONE, {"v"}, SERVERS) for name in NAMES]
    exchange = cast("Exchange", Trickle(clock, pace))
    verdict, _ = confirm(goals, exchange, clock, Policy(0.0, patience), watch)
    return verdict, clock.at, turns


def test_turns_take_a_part_of_the_time_however_slowly_answers_come() -> None:
    """
    A turn that takes as long as ten answers is not taken for each of them: thinking is a fifth of a
    wait, not nine tenths.
    """
    verdict, ended, turns = hear(thought=10 * PACE)
    assert verdict == Ready()
    assert len(turns) < QUESTIONS / 10
    assert ended < 2 * QUESTIONS * PACE


def test_nobody_listens_when_there_is_nothing_to_hear() -> None:
    """
    Once all that was asked has been answered the next turn comes at once, however long turns take.
    """
    _, ended, turns = hear(thought=1000 * PACE)
    assert len(turns) <= 4
    assert ended <= len(turns) * 1000 * PACE + QUESTIONS * PACE


def test_quick_turns_follow_every_answer() -> None:
    """
    Where thinking costs nothing nothing is put off.
    """
    _, ended, turns = hear(thought=0.0)
    assert len(turns) >= QUESTIONS / len(SERVERS)
    assert ended < (QUESTIONS + 1) * PACE


def test_the_deadline_is_kept_whatever_a_turn_takes() -> None:
    """
    Nobody listens past the deadline for having thought long.
    """
    verdict, ended, _ = hear(thought=1.0, patience=3.0, pace=0.1)
    assert isinstance(verdict, Expired)
    assert ended <= 3.0 + 1.0 + 0.2
