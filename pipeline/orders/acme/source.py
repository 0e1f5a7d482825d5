"""Orders made by ACME (RFC 8555): new ones, and those that somebody else has made."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from urllib.parse import urlsplit

from acme import messages

from pipeline.clock import Clock
from pipeline.configuration.acme import AcmeAccount
from pipeline.model import Exit, Failed, Order
from pipeline.orders.identifiers import COMMA, bases, hostname
from pipeline.text import printable, quoted

from .challenges import Account, refused
from .keys import read_key
from .offer import Offer, offered
from .reading import NEW_ORDER, header, names_of, pending, spelt
from .responding import Responding
from .session import Session

FINALIZED = {"processing", "valid"}
"""What an order is whose certificate is under way, or there (RFC 8555 §7.1.6)."""


class AcmeSource:
    """The orders of one account; a name may be an order's URL."""

    name = "acme"
    resumes = True

    def __init__(self, account: AcmeAccount, clock: Clock, *, finalizes: bool = False) -> None:
        """Send nothing yet.

        Args:
            account: Whose orders they are.
            clock: Tells how long validation takes.
            finalizes: Whether each order is to be finalized next, which happens once.

        Raises:
            Failed: 78, if the account's key is none.
        """
        self._directory = account.directory
        self._preferred = account.challenges
        self._finalizes = finalizes
        self._key = read_key(account.key, account.key_origin)
        self._session = Session(account, self._key)
        self._clock = clock
        self._offers: dict[str, Offer] = {}
        whose = f"{account.directory} {self._key.thumbprint}"
        self.account = hashlib.sha256(whose.encode()).hexdigest()[:16]

    def fetch(self, name: str) -> Order:
        """Return a new order for the names in *name*, or the one at the URL *name*."""
        if is_url(name):
            self._must_be_here(name)
            return self._whole("", name, self._session.order(name))
        wanted = identifiers(name)
        url, body = self._session.new_order(wanted)
        if {*names_of(body)} != {*wanted}:
            raise refused("the CA's order is for other names than those asked for")
        return self._whole(name, url, body)

    def current(self, order: Order) -> Order | None:
        """Return *order*, kept from an earlier run, as it is now; None if it is of no use."""
        name = "" if is_url(order.name) else order.name
        try:
            body = self._session.order(order.uri)
            now = self._signed(header(name, order.uri, body))
            if now.status == "pending" and methods(order) != {self._preferred[0]}:
                return self._whole(name, order.uri, body)
        except Failed as failed:
            if failed.exit == Exit.DATA:
                return None
            raise
        if now.status in FINALIZED:
            return None
        ends = [each for each in (order.expires, now.expires) if each]
        now = replace(now, expires=min(ends, default=None))
        if now.status != "pending":
            return now
        return replace(now, challenges=order.challenges, standing=order.standing)

    def respond(self, orders: Sequence[Order], until: float) -> dict[str, Order | Failed]:
        """Have the CA validate *orders*; return each by its URL, validated or with its failure.

        Blocks, at most to *until* on the clock and as long as one request takes.
        """
        responding = Responding(self._session, self._owner, self._clock, until)
        return responding.respond(orders, self._offers)

    @cached_property
    def _owner(self) -> Account:
        return Account(self._session.account, self._key, self._session.issuers)

    def _signed(self, order: Order) -> Order:
        """Return *order* with whose it is, and the CA's names in CAA records."""
        return replace(order, issuers=self._owner.issuers, account=self._owner.url)

    def _whole(self, name: str, url: str, body: messages.Order) -> Order:
        """Return the order at *url* with what its authorizations need, if it still needs that."""
        order = self._signed(header(name, url, body))
        if self._finalizes and order.status in FINALIZED:
            said = f'the order\'s status is "{order.status}": it cannot be finalized again'
            raise refused(said, NEW_ORDER)
        if order.status != "pending":
            return order
        found, ordered = self._session.authorizations(body.authorizations), names_of(body)
        challenges, standing, ends = pending(
            [*found.values()], ordered, self._owner, self._preferred
        )
        expires = min((*ends, *([order.expires] if order.expires else ())), default=None)
        whole = replace(order, challenges=challenges, standing=standing, expires=expires)
        self._offers[url] = offered(found, ordered, whole, self._owner)
        return whole

    def _must_be_here(self, url: str) -> None:
        """Refuse an order of another CA: only this one knows the account."""
        there, here = origin(url), origin(self._directory)
        if there != here:
            message = f"the order is at {there}, ACME_DIRECTORY_URL at {here}"
            hint = "name the directory of the CA that has the order"
            raise Failed(Exit.CONFIG, "order-url", message, hint)


def origin(url: str) -> str:
    """Return scheme, host and port of *url*, and nothing else that it may hold.

    Raises:
        Failed: 65, if it is none.
    """
    try:
        parts = urlsplit(url)
        usual = {"https": 443, "http": 80}.get(parts.scheme)
        port = f":{parts.port}" if parts.port not in {None, usual} else ""
    except ValueError as error:
        raise refused(f"{quoted(url)} is not an order's URL") from error
    return printable(f"{parts.scheme}://{parts.hostname}{port}")


def methods(order: Order) -> set[str]:
    """Return the kinds of challenge that *order* is shown for."""
    kept = {each.method for each in order.challenges}
    return kept | {"dns-persist-01"} if order.standing else kept


def is_url(name: str) -> bool:
    """Whether *name* is an order's URL: no domain name has a colon."""
    return name.lower().startswith(("https://", "http://"))


def identifiers(name: str) -> list[str]:
    """Return the identifiers of the certificate *name*, each once (RFC 8555 §7.1.3).

    Raises:
        Failed: 65, if any part is not a domain name.
    """
    bases(name)
    found: dict[str, None] = {}
    for part in COMMA.split(name):
        base = hostname(part.removeprefix("*."))
        if base is not None:
            found[spelt(base, is_wildcard=part.startswith("*."))] = None
    return [*found]
