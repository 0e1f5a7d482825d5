"""Answer the challenges of orders, and watch what the CA makes of that (RFC 8555 §7.5.1)."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from acme import messages

from pipeline.clock import Clock
from pipeline.model import Exit, Failed, Order
from pipeline.text import counted

from .challenges import Account
from .reading import given_up, header, names_of, of_the_order, published
from .session import Session

SOONEST, LATEST = 0.3, 5.0
"""Seconds between two looks, if the CA does not say: few at first, and more as it takes longer."""

GROWTH = 1.5

WAITING = {messages.STATUS_PENDING, messages.STATUS_PROCESSING}


class Responding:
    """Has a CA validate orders, all at the same time."""

    def __init__(self, session: Session, account: Account, clock: Clock, until: float) -> None:
        """Talk over *session*, which is *account*'s; *until* is in seconds on *clock*."""
        self._session = session
        self._account = account
        self._clock = clock
        self._until = until

    def respond(self, orders: Sequence[Order]) -> dict[str, Order | Failed]:
        """Return each of *orders* by its URL: validated, or why not."""
        outcomes: dict[str, Order | Failed] = {}
        left: dict[str, deque[str]] = {}
        for order in orders:
            try:
                left[order.uri] = self._answer(order)
            except Failed as failed:
                outcomes[order.uri] = failed
        pause = SOONEST
        while True:
            for order in [each for each in orders if each.uri not in outcomes]:
                if outcome := self._look(order, left[order.uri]):
                    outcomes[order.uri] = outcome
            if len(outcomes) == len({order.uri for order in orders}):
                return outcomes
            pause = self._pause(pause)

    def _answer(self, order: Order) -> deque[str]:
        """Answer what *order* still needs; return the URLs of its authorizations.

        Raises:
            Failed: 65, and nothing is answered, if the CA wants to see what DNS does not show.
        """
        body = self._session.order(order.uri)
        found = {url: self._session.authorization(url) for url in body.authorizations or ()}
        left = of_the_order([*found.values()], names_of(body))
        offered = [published(each, order, self._account) for each in left]
        for challenge in offered:
            if challenge.status == messages.STATUS_PENDING:
                self._session.answer(challenge.uri)
        return deque(url for url, each in found.items() if each in left)

    def _look(self, order: Order, urls: deque[str]) -> Order | Failed | None:
        """Return what became of *order*; None while that is open, and there is time.

        *urls* are those of its authorizations that are not known to be valid.
        """
        try:
            return self._seen(order, urls) or self._late(order, urls)
        except Failed as failed:
            passing = failed.exit == Exit.UNAVAILABLE and self._clock.now() < self._until
            return None if passing else failed

    def _seen(self, order: Order, urls: deque[str]) -> Order | None:
        """Return *order* with the status that it has once all of it is valid; None: not yet."""
        while urls:
            authorization = self._session.authorization(urls[0])
            if authorization.status in WAITING:
                return None
            if authorization.status != messages.STATUS_VALID:
                raise given_up(authorization, str(authorization.identifier.value))
            urls.popleft()
        status = header(order.name, order.uri, self._session.order(order.uri)).status
        return None if status == "pending" else replace(order, status=status)

    def _late(self, order: Order, urls: deque[str]) -> Failed | None:
        """Return the failure of *order* if there is no time left."""
        if self._clock.now() < self._until:
            return None
        what = counted(len(urls), "authorization") if urls else "the order"
        return Failed(
            Exit.NOT_READY,
            "validation-pending",
            f"order {order.name}: the CA was still at work on {what} at the deadline",
            "run again: the same order goes on; or give it a longer --timeout",
        )

    def _pause(self, pause: float) -> float:
        """Let *pause* seconds go by, or more if the CA asks for that; return the next pause."""
        left = self._until - self._clock.now()
        self._clock.pause(max(0.0, min(left, max(pause, self._session.retry_after))))
        return min(pause * GROWTH, LATEST)
