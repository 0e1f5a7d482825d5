"""Ask recursive resolvers what may be asked of them: of names that exist, never a challenge's.

The only place that asks resolvers for anything but a challenge's values, and
so the one that keeps rule 2 (`propagation`) for them.
"""

from collections.abc import Callable, Iterable, Sequence

from dns.message import Message
from dns.name import Name

from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query, Reply
from pipeline.model import Failed, shelter
from pipeline.names import upwards
from pipeline.questions import Perspective, Silence

from .delegation import Asked
from .failures import nobody_answers
from .referrals import ADDRESSES, addressed, usable

TIMEOUT = 3.0
"""Seconds a resolver may take; it may have to ask others first."""


class Recursion:
    """Look-ups by recursive resolvers, the first that answers being believed."""

    def __init__(
        self,
        exchange: Exchange,
        via: Sequence[Perspective],
        challenges: Iterable[Name],
        left: Callable[[], float],
    ) -> None:
        """Ask the resolvers *via*, but nothing of *challenges*, while there are seconds *left*."""
        self._exchange = exchange
        self._via = list(via)
        self._challenges = set(map(shelter, challenges))
        self._left = left
        self._demoted: set[Perspective] = set()

    def forbid(self, name: Name) -> None:
        """Ask nothing about *name*, nor below it, from now on."""
        self._challenges.add(shelter(name))

    def may_ask(self, name: Name) -> bool:
        """Whether *name* is neither a challenge name nor below one."""
        return self._challenges.isdisjoint(upwards(name))

    def ask(self, questions: Sequence[Asked]) -> dict[Asked, Message]:
        """Return an answer to each question.

        Raises:
            Failed: 69, if no resolver answers one of them.
        """
        answers, failures = self.seek(questions)
        for question in questions:
            if question not in answers:
                raise failures[question]
        return answers

    def servers(self, hosts: Iterable[Name]) -> tuple[Perspective, ...]:
        """Return an authoritative server for every address of *hosts* that a resolver tells.

        A host's name is whatever a stranger's zone says: nothing is asked at or below a challenge.
        """
        askable = [host for host in sorted(hosts) if self.may_ask(host)]
        answers, _ = self.seek([(host, kind) for host in askable for kind in ADDRESSES])
        return addressed(answers)

    def seek(self, questions: Sequence[Asked]) -> tuple[dict[Asked, Message], dict[Asked, Failed]]:
        """Return the first answer to each question, and for those without one what went wrong."""
        if not all(self.may_ask(name) for name, _ in questions):
            raise ValueError("a resolver must not be asked about a challenge name")
        order = sorted(self._via, key=self._demoted.__contains__)
        timeout = max(min(TIMEOUT, self._left()), 0.0)
        sent: dict[Query, Perspective] = {}
        races = []
        for question in questions:
            queries = [query(question, via, timeout) for via in order]
            sent |= zip(queries, order, strict=True)
            races.append(queries)
        answers: dict[Asked, Message] = {}
        failures: dict[Asked, Failed] = {}
        found = self._exchange.race(races, is_answer, patience=self._left())
        for question, queries, replies in zip(questions, races, found, strict=True):
            silences: dict[Perspective, Silence] = {}
            for reply in replies:
                outcome = usable(reply.outcome)
                if isinstance(outcome, Silence):
                    silences[sent[reply.query]] = outcome
                else:
                    answers[question] = outcome
            winner = replies[-1] if question in answers else None
            self._demoted.update(sent[each] for each in passed_over(queries, winner))
            if question not in answers:
                failures[question] = nobody_answers(question[0], silences)
        return answers, failures


def query(question: Asked, via: Perspective, timeout: float) -> Query:
    """Return *question* as it goes to the resolver *via*."""
    return Query(*question, via.address, via.port, True, timeout, via.transport)  # noqa: FBT003


def passed_over(queries: Sequence[Query], winner: Reply | None) -> Sequence[Query]:
    """Return those of *queries*, asked in their order, that failed or that *winner* overtook."""
    return queries[: queries.index(winner.query)] if winner else queries


def is_answer(reply: Reply) -> bool:
    """Whether a resolver could answer."""
    return not isinstance(usable(reply.outcome), Silence)
