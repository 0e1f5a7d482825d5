"""What a dead server costs is paid once for its address. The real turns and rules; no sockets."""

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, cast

import dns.message
import pytest
from dns.flags import AA
from dns.name import Name, from_text
from dns.rrset import from_text as rrset

from pipeline.asking.fair_queue import FairQueue
from pipeline.asking.query import Query, Reply
from pipeline.asking.socket_limit import MOST_SOCKETS
from pipeline.propagation.confirm import confirm
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.policy import Policy
from pipeline.propagation.rules import Expired, Ready
from pipeline.questions import Observation, Perspective, Role, Silence

from .fakes import goal
from .test_confirm import Hand

if TYPE_CHECKING:
    from pipeline.asking.exchange import Exchange

RTT = 0.02
Span = tuple[float, float]
ALWAYS = (0.0, 1e9)


def host(address: str) -> Perspective:
    return Perspective(address, 53, Role.AUTHORITATIVE, f"ns-{address}.")


GOOD = (host("192.0.2.1"), host("192.0.2.2"))
DEAD = host("192.0.2.3")


class Crowd:
    """An exchange with as much room as the real one; some say nothing for a while, or "no".

    Attributes:
        mute: When which address says nothing.
        empty: When which address denies.
        only: Zones an address says nothing about, though it does about others.
    """

    def __init__(self, clock: Hand) -> None:
        self._clock = clock
        self._queue = FairQueue(MOST_SOCKETS)
        self._under_way: list[tuple[float, int, Query, bool]] = []
        self._order = count()
        self.mute: dict[str, Span] = {}
        self.empty: dict[str, Span] = {}
        self.only: dict[str, set[Name]] = {}
        self.asked: list[tuple[float, Query]] = []

    def send(self, query: Query) -> None:
        self._queue.join(query)

    def receive(self, until: float) -> list[Reply]:
        while query := self._queue.advance():
            now = self._clock.at
            self.asked.append((now, query))
            lives = not within(self.mute.get(query.address), now)
            lives &= query.name.parent() not in self.only.get(query.address, ())
            at = now + (RTT if lives else query.timeout)
            heappush(self._under_way, (at, next(self._order), query, lives))
        if not self._under_way or self._under_way[0][0] > until:
            self._clock.at = until
            return []
        self._clock.at = max(self._clock.at, self._under_way[0][0])
        replies = []
        while self._under_way and self._under_way[0][0] <= self._clock.at:
            at, _, query, lives = heappop(self._under_way)
            self._queue.end(query, lives=lives)
            replies.append(Reply(query, at, self._said(query) if lives else Silence("timeout")))
        return replies

    def _said(self, query: Query) -> dns.message.Message:
        message = dns.message.make_response(dns.message.make_query(query.name, query.rdtype))
        message.flags |= AA
        if not within(self.empty.get(query.address), self._clock.at):
            message.answer.append(rrset(query.name, 60, "IN", "TXT", "v"))
        return message


def within(span: Span | None, now: float) -> bool:
    return span is not None and span[0] <= now < span[1]


class Scene:
    """A fleet of zones, one name each, and the servers of each."""

    def __init__(self, *servers: tuple[Perspective, ...]) -> None:
        self.clock = Hand()
        self.crowd = Crowd(self.clock)
        zones = [from_text(f"z{number}.test.") for number in range(len(servers))]
        self.goals = [
            goal(from_text("_acme-challenge", zone), zone, {"v"}, via)
            for zone, via in zip(zones, servers, strict=True)
        ]
        self.zones = zones

    def hear(self, patience: float = 60.0) -> Ready | Expired:
        def watch(_evidence: Evidence, _now: float) -> None:
            self.clock.at += 0.01  # what the turn took

        exchange = cast("Exchange", self.crowd)
        policy = Policy(0.0, patience)
        verdict, self.evidence = confirm(self.goals, exchange, self.clock, policy, watch)
        return verdict

    def asked(self, via: Perspective, after: float = 0.0) -> int:
        return sum(at >= after and query.address == via.address for at, query in self.crowd.asked)


@pytest.mark.parametrize("zones", [1, 200, 400])
def test_a_dead_server_of_many_zones_is_set_aside_once(zones: int) -> None:
    """
    An address from which nothing has ever come is set aside after ten seconds, for all its zones;
    from then on one question at a time shows that it is still mute.
    """
    scene = Scene(*[(*GOOD, DEAD)] * zones)
    scene.crowd.mute = {DEAD.address: ALWAYS}
    verdict = scene.hear()
    assert isinstance(verdict, Ready)
    assert len(verdict.set_aside) == zones
    assert scene.clock.at < 15
    assert scene.asked(DEAD) < zones + 15


def test_hundreds_of_dead_servers_do_not_outlast_the_last_round() -> None:
    """
    Each of 250 zones has two dead servers of its own: they share half of all sockets, and a round
    of them takes longer than 5 s.
    """
    dead = [host(f"198.51.{number // 250}.{number % 250}") for number in range(500)]
    scene = Scene(*[(*GOOD, *pair) for pair in zip(dead[::2], dead[1::2], strict=True)])
    scene.crowd.mute = {via.address: ALWAYS for via in dead}
    verdict = scene.hear()
    assert isinstance(verdict, Ready)
    assert len(verdict.set_aside) == 500
    assert scene.clock.at < 40


def test_a_server_that_dies_meanwhile_is_set_aside_zone_by_zone() -> None:
    """
    It said "no" to each of 200 zones, then nothing more: each zone is asked three times.
    """
    scene = Scene(*[(*GOOD, DEAD)] * 200)
    scene.crowd.mute = {DEAD.address: (3.0, 1e9)}
    scene.crowd.empty = {DEAD.address: ALWAYS}
    verdict = scene.hear()
    assert isinstance(verdict, Ready)
    assert scene.asked(DEAD, after=3.0) >= 3 * 200
    assert scene.clock.at < 40


@pytest.mark.parametrize("woken", [7.0, 13.0])
def test_one_word_and_an_address_is_no_longer_dead(woken: float) -> None:
    """
    It comes back, without the values, before or after it was set aside, while another server is
    late: it denies for every zone it has.
    """
    late = host("192.0.2.4")
    scene = Scene(*[(*GOOD, DEAD)] * 50, (*GOOD, late))
    scene.crowd.mute = {DEAD.address: (0.0, woken)}
    scene.crowd.empty = {DEAD.address: ALWAYS, late.address: (0.0, 20.0)}
    verdict = scene.hear(40.0)
    assert isinstance(verdict, Expired)
    assert len(verdict.unconfirmed) == 50
    assert {question.via for question in verdict.unconfirmed} == {DEAD}
    assert all(scene.evidence[question].answered for question in verdict.unconfirmed)


def test_silence_about_one_zone_says_nothing_of_another() -> None:
    """
    A server that answers about one zone and is mute about twenty is asked about each of those until
    it has been silent about it for as long as that takes; the one does not prolong that.
    """
    scene = Scene(*[(*GOOD, DEAD)] * 21)
    scene.crowd.only = {DEAD.address: set(scene.zones[1:])}
    verdict = scene.hear()
    assert isinstance(verdict, Ready)
    assert {question.zone for question in verdict.set_aside} == set(scene.zones[1:])
    assert all(scene.evidence[question].quiet.times >= 3 for question in verdict.set_aside)
    assert scene.clock.at < 16


def test_an_error_is_a_word() -> None:
    """
    Who refuses to answer about one zone lives: silence about another is that zone's alone.
    """
    goals = Scene((DEAD,), (DEAD,)).goals
    evidence = Evidence(goals)
    refused, unheard = (each.authoritative[0] for each in goals)
    for question, reason, is_shared in (
        (unheard, "timeout", True),
        (refused, "REFUSED", False),
        (unheard, "timeout", False),
    ):
        evidence.sent(question)
        evidence.note(Observation(question, 0.0, Silence(reason)))
        assert (evidence.server(refused) is evidence.server(unheard)) is is_shared
