"""Ask the name servers of zones: one after another until an answer helps, or each."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from dns import rdatatype
from dns.message import Message
from dns.name import Name

from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query, Reply
from pipeline.model import Failed
from pipeline.questions import Perspective, Silence

from .cuts import Cut, Cuts
from .delegation import Asked
from .failures import no_address, nobody_answers
from .recursion import passed_over
from .referrals import leads_on

TIMEOUT = 2.0
"""Seconds a server may take."""


class NameServers:
    """Those of all zones on the way; who failed, or was overtaken, is asked last from then on."""

    def __init__(self, exchange: Exchange, cuts: Cuts, left: Callable[[], float]) -> None:
        """Ask servers of *cuts*, nobody once no seconds are *left*."""
        self._exchange = exchange
        self._cuts = cuts
        self._left = left

    def race(self, begun: Mapping[Asked, Cut]) -> dict[Asked, Message | Failed]:
        """Ask servers of each question's zone until one is of use."""
        about: dict[Query, tuple[Name, Name]] = {}

        def judge(reply: Reply) -> bool:
            return isinstance(leads_on(reply.outcome, *about[reply.query]), Message)

        races = []
        for (name, rdtype), cut in begun.items():
            queries = [self._query(name, rdtype, via) for via in self._cuts.order(cut)]
            about |= dict.fromkeys(queries, (name, cut.apex))
            races.append(queries)
        outcomes: dict[Asked, Message | Failed] = {}
        found = self._exchange.race(races, judge, patience=self._left())
        for (question, cut), queries, replies in zip(begun.items(), races, found, strict=True):
            winner = replies[-1] if replies and judge(replies[-1]) else None
            late = passed_over(queries, winner)
            self._cuts.demote((query.address, query.port) for query in late)
            last = winner.outcome if winner else None
            outcomes[question] = (
                last if isinstance(last, Message) else failure(question[0], cut, replies)
            )
        return outcomes

    def _query(self, name: Name, rdtype: rdatatype.RdataType, via: Perspective) -> Query:
        timeout = max(min(TIMEOUT, self._left()), 0.0)
        return Query(name, rdtype, via.address, via.port, False, timeout)  # noqa: FBT003

    def poll(self, asked: Iterable[tuple[Asked, Perspective]]) -> list[Message | Silence]:
        """Return what each server says to its question."""
        queries = [self._query(*question, via) for question, via in asked]
        replies = self._exchange.ask(queries, patience=self._left())
        return [reply.outcome for reply in replies]


def failure(name: Name, cut: Cut, replies: Sequence[Reply]) -> Failed:
    """Return why no server of *cut* was of use for *name*."""
    if not cut.servers:
        return no_address(cut.apex, cut.parent)
    by_address = {(via.address, via.port): via for via in cut.servers}
    said = {}
    for reply in replies:
        outcome = leads_on(reply.outcome, name, cut.apex)
        if isinstance(outcome, Silence):
            said[by_address[reply.query.address, reply.query.port]] = outcome
    return nobody_answers(name, said)
