"""Answer the challenges of orders, and watch what the CA makes of that (RFC 8555 §7.5.1).

A look is at an order as a whole, whose status follows from its authorizations (§7.1.6); at these
only to tell which of them the CA has given up, or not decided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from acme import messages

from pipeline.clock import Clock
from pipeline.model import Exit, Failed, Order
from pipeline.text import counted
from providers.threads import each

from .abreast import WIDTH
from .challenges import Account
from .offer import Offer, offered
from .reading import given_up, header, names_of
from .session import Session

SOONEST, LATEST = 0.3, 5.0
"""Seconds between two looks, if the CA does not say: few at first, and more as it takes longer."""

GROWTH = 1.5

WAITING = {messages.STATUS_PENDING, messages.STATUS_PROCESSING}

LAST = 4 * WIDTH
"""Authorizations that can be looked at when time is up; for a large order there is none left."""


class Responding:
    """Has a CA validate orders, all at the same time."""

    def __init__(self, session: Session, account: Account, clock: Clock, until: float) -> None:
        """Talk over *session*, which is *account*'s; *until* is in seconds on *clock*."""
        self._session = session
        self._account = account
        self._clock = clock
        self._until = until

    def respond(
        self, orders: Sequence[Order], known: Mapping[str, Offer]
    ) -> dict[str, Order | Failed]:
        """Return each of *orders* by its URL: validated, or why not.

        *known* is what this run has read of them before, by their URLs.
        """
        outcomes: dict[str, Order | Failed] = {}
        offers: dict[str, Offer] = {}
        for order in orders:
            try:
                offers[order.uri] = self._offer(order, known.get(order.uri))
            except Failed as failed:
                outcomes[order.uri] = failed
        outcomes |= self._answer(offers)
        pause = SOONEST
        while True:
            for order in [one for one in orders if one.uri not in outcomes]:
                if outcome := self._look(order, offers[order.uri]):
                    outcomes[order.uri] = outcome
            if len(outcomes) == len({order.uri for order in orders}):
                return outcomes
            pause = self._pause(pause)

    def _offer(self, order: Order, known: Offer | None) -> Offer:
        """Return what is to be answered of *order*: what is *known* if it has stayed the same.

        Raises:
            Failed: 65, and nothing is answered, if the CA wants to see what DNS does not show.
        """
        body = self._session.order(order.uri)
        if body.status != messages.STATUS_PENDING:
            return Offer()
        if known and known.authorizations == {*body.authorizations}:
            return known
        found = self._session.authorizations(body.authorizations)
        return offered(found, names_of(body), order, self._account)

    def _answer(self, offers: Mapping[str, Offer]) -> dict[str, Failed]:
        """Answer what *offers* has by order; return the failures, each of which ends its order."""
        failures: dict[str, Failed] = {}

        def answer(one: tuple[str, str, str]) -> None:
            order, challenge, authorization = one
            try:
                if order not in failures:
                    self._tell(challenge, authorization)
            except Failed as failed:
                failures.setdefault(order, failed)

        ones = [(url, *pair) for url, offer in offers.items() for pair in offer.challenges.items()]
        each(answer, ones, WIDTH)
        return failures

    def _tell(self, challenge: str, authorization: str) -> None:
        """Answer *challenge*, unless somebody has been faster: then the CA refuses it, rightly."""
        try:
            self._session.answer(challenge)
        except Failed as failed:
            if failed.exit != Exit.DATA:
                raise
            now = self._session.authorization(authorization)
            decided = {one.uri for one in now.challenges if one.status != messages.STATUS_PENDING}
            if now.status != messages.STATUS_VALID and challenge not in decided:
                raise

    def _look(self, order: Order, offer: Offer) -> Order | Failed | None:
        """Return what became of *order*; None while that is open, and there is time."""
        try:
            return self._seen(order) or self._late(order, offer)
        except Failed as failed:
            passing = failed.exit == Exit.UNAVAILABLE and self._clock.now() < self._until
            return None if passing else failed

    def _seen(self, order: Order) -> Order | None:
        """Return *order* with the status that it has once all of it is valid; None: not yet."""
        body = self._session.order(order.uri)
        if body.status == messages.STATUS_INVALID:
            self._undecided(body.authorizations)
        status = header(order.name, order.uri, body).status
        return None if status == "pending" else replace(order, status=status)

    def _undecided(self, urls: Sequence[str]) -> int:
        """Return how many authorizations at *urls* the CA has not decided.

        Raises:
            Failed: 65, with the CA's own words, if it has given one up.
        """
        found = self._session.authorizations(urls).values()
        for one in found:
            if one.status not in {*WAITING, messages.STATUS_VALID}:
                raise given_up(one, str(one.identifier.value))
        return sum(one.status in WAITING for one in found)

    def _late(self, order: Order, offer: Offer) -> Failed | None:
        """Return the failure of *order* if there is no time left."""
        if self._clock.now() < self._until:
            return None
        some = self._undecided(offer.pending) if len(offer.pending) <= LAST else 0
        what = counted(some, "authorization") if some else "the order"
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
