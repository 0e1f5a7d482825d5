"""Give every case its order: one kept from an earlier run, or a new one."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from functools import partial
from typing import TypeVar

from pipeline.case import Case, Interrupted, Tools, attempt
from pipeline.model import Exit, Failed, Order
from pipeline.receipts.ledger import Ledger
from pipeline.receipts.receipt import Claim, State
from pipeline.text import counted
from providers.threads import start

from . import HandingSource, OrderSource, ValidatingSource
from .renewing import Renewing

Found = TypeVar("Found")

Probe = Callable[[Order], Failed | None]
"""Tells why what an order wants cannot be written, as far as that shows."""

PATIENCE = 100.0
"""Most seconds one order request may take."""

LAST = 3.0
"""Seconds that a signal leaves the request under way: its answer may be an order, which counts."""


class Acquisition:
    """Asks a source for orders, each once, and keeps what it got in the ledger."""

    def __init__(
        self,
        source: OrderSource,
        ledger: Ledger,
        tools: Tools,
        deadline: float,
        probe: Probe | None = None,
    ) -> None:
        """Take the collaborators; *deadline* is in seconds on the clock of *tools*.

        With a *probe* of the first order no other is asked for that would be in vain.
        """
        self._source = source
        self._ledger = ledger
        self._clock = tools.clock
        self._progress = tools.progress
        self._deadline = deadline
        self._ration = tools.ration(source, deadline) if tools.ration else None
        self._probe = probe
        self._hindrance: Failed | None = None
        self._interrupted: Interrupted | None = None

    def acquire(self, cases: Sequence[Case]) -> None:
        """Give each of *cases* its order, or its failure."""
        if self._source.resumes and not attempt(cases, partial(self._begin, cases)):
            return
        ours = [case for case in cases if not is_busy(case)]
        alive = [case for case in ours if case.alive]
        if ration := self._ration:
            alive.sort(key=lambda case: ration.turn(case.claim.name))
        for case in alive:
            try:
                attempt([case], partial(self._obtain, case))
                self._keep(case, ours)
            except Interrupted:  # while it was being kept
                self._keep(case, ours)
                raise
            if self._interrupted:
                raise self._interrupted
            if self._probe and case.order and case.challenges:
                self._hindrance, self._probe = self._probe(case.order), None

    def _keep(self, case: Case, ours: Sequence[Case]) -> None:
        """Have the ledger know the order of *case*: the next run asks for no other."""
        if self._source.resumes:
            attempt([case], lambda: self._ledger.save(State.PLANNED, claims(ours), []))

    def _obtain(self, case: Case) -> None:
        if self._source.resumes and self._resume(case):
            return
        if not isinstance(self._source, Renewing) or self._is_due(self._source, case):
            self._request(case)

    def _is_due(self, source: Renewing, case: Case) -> bool:
        """Ask *source* whether *case* is due; an order of an earlier run was, and is not asked."""
        name = case.claim.name
        case.certificate = self._wait_for(name, lambda: source.certificate(name))
        case.is_due = source.is_due(case.certificate)
        if not case.is_due:
            until = case.certificate.until
            self._progress.say(f"certificate {name}: good until {until}, not due, not ordered")
        return case.is_due

    def _say(self, line: str) -> None:
        """Show *line*, which is about an order, to whom that is news."""
        if not isinstance(self._source, HandingSource):
            self._progress.say(line)

    def _begin(self, cases: Sequence[Case]) -> None:
        busy = set(self._ledger.begin([case.claim for case in cases]))
        for case in cases:
            if case.claim in busy:
                case.failure = busy_elsewhere(case.claim.name)

    def _resume(self, case: Case) -> bool:
        kept = self._ledger.kept(case.claim.key)
        order = kept.order if kept else None
        if kept is None or order is None:
            return False
        source, again = self._source, "not asked for again"
        if isinstance(source, ValidatingSource):
            now = self._wait_for(kept.name, partial(source.current, order))
            if now is None:
                self._progress.say(f"order {kept.name}: the one of an earlier run is of no use")
                return False
            order, again = now, now.status
        case.claim, case.order, case.resumed = replace(kept, order=order), order, True
        self._say(f"order {kept.name}: kept from an earlier run, {again}")
        return True

    def _request(self, case: Case) -> None:
        name = case.claim.name
        if self._hindrance:
            raise in_vain(self._hindrance)
        order = self._wait_for(name, partial(self._fetch, name), counts=self._source.resumes)
        today = self._clock.today()
        if order.expires and order.expires <= today:
            raise expired(order)
        case.order = order
        case.claim = Claim(name or order.name, order.source, self._source.account, today, order)
        values = counted(len(order.challenges), "value")
        self._say(f"order {order.name}: {order.status}, {values} to publish")

    def _fetch(self, name: str) -> Order:
        """Return what the source gives for *name*, if the account may ask for it."""
        if self._ration is None:
            return self._source.fetch(name)
        self._ration.enter()
        try:
            order = self._source.fetch(name)
        except Failed as failure:
            self._ration.learn(failure)
            raise
        self._ration.learn(None)
        return order

    def _wait_for(self, name: str, call: Callable[[], Found], *, counts: bool = False) -> Found:
        """Return what *call* asks the source about *name*, unless that takes too long.

        If it *counts* a signal lets it have its answer, where that comes at once.
        """
        patience = min(self._deadline - self._clock.now(), PATIENCE)
        if patience <= 0:
            raise not_asked(self._source, name)
        future: Future[Found] = Future()
        try:
            start(call, future)
            wait([future], timeout=patience)
        except Interrupted as interrupted:
            if not counts or not wait([future], timeout=min(patience, LAST)).done:
                raise
            self._interrupted = interrupted
        if not future.done():
            raise no_order(self._source, name, patience)
        return future.result()


def claims(cases: Sequence[Case]) -> list[Claim]:
    """Return the claims of *cases*, but for those that are another run's."""
    return [case.claim for case in cases if not is_busy(case)]


def in_vain(hindrance: Failed) -> Failed:
    """Return the failure of an order that *hindrance* would have kept from being of use."""
    problem = hindrance.problem
    why = f"{problem.message}; so no other order was asked for"
    return Failed(hindrance.exit, problem.code, why, problem.hint)


def is_busy(case: Case) -> bool:
    """Whether another live run has the name."""
    return case.failure is not None and case.failure.problem.code == "busy"


def busy_elsewhere(name: str) -> Failed:
    """Return the failure of a name that another run works on."""
    return Failed(
        Exit.NOT_READY,
        "busy",
        f"another dns01 run is at work on {name}",
        "it will finish or time out by itself; run again then",
    )


def expired(order: Order) -> Failed:
    """Return the failure of an order that is past its time when it comes."""
    when = order.expires.isoformat(timespec="seconds") if order.expires else ""
    return Failed(
        Exit.DATA,
        "order",
        f"order {order.name} expired at {when}",
        "make a new order; its values will differ",
    )


def not_asked(source: OrderSource, name: str) -> Failed:
    """Return the failure of an order that nobody would have waited for."""
    longer = "give it a longer --timeout"
    return Failed(
        Exit.UNAVAILABLE,
        "no-order",
        f"no time was left to ask the {source.name} source for {the_order(name)}",
        f"nothing was asked for, so nothing counts; {longer}, or fewer names"
        if source.resumes
        else longer,
    )


def no_order(source: OrderSource, name: str, patience: float) -> Failed:
    """Return the failure of an order that *source* did not give in time."""
    return Failed(
        Exit.UNAVAILABLE,
        "no-order",
        f"the {source.name} source gave {the_order(name, 'no')} within {patience:.0f} s",
        "run again later; a request may have counted against a quota"
        if source.resumes
        else "has its writer written it, and closed it? or give it a longer --timeout",
    )


def the_order(name: str, article: str = "the") -> str:
    """Return what the order of *name* is called; a document's may have none until it is read."""
    return f"{article} order of {name}" if name else f"{article} order"
