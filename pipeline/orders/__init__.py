"""Where certificate orders come from."""

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from pipeline.model import Failed, Order


class OrderSource(Protocol):
    """A place that holds certificate orders.

    Attributes:
        name: The source's word in reports and receipts.
        account: Tells apart whose orders these are, without telling who; the
            same name under two accounts is two orders.
        resumes: Whether an order is worth keeping for the next run, because
            asking again makes a new one.
    """

    name: str
    account: str
    resumes: bool

    def fetch(self, name: str) -> Order:
        """Return the order of certificate *name*, with one request. Blocks.

        Raises:
            Failed: 65, 69, 77 or 78, with the source's own words.
        """
        ...


@runtime_checkable
class HandingSource(OrderSource, Protocol):
    """A source of what another *client* has ordered: whoever reads of orders thinks of its own."""

    client: str


@runtime_checkable
class ValidatingSource(OrderSource, Protocol):
    """A source that can be asked for one order again, and for its validation."""

    def current(self, order: Order) -> Order | None:
        """Return *order*, kept from an earlier run, as it is now; None if it is of no use. Blocks.

        Raises:
            Failed: 69, 77 or 78, with the source's own words.
        """
        ...

    def respond(self, orders: Sequence[Order], until: float) -> Mapping[str, Order | Failed]:
        """Have *orders* validated; return each by its URL, validated or with its failure.

        Blocks, to *until* (seconds from process start) and as long as one request takes.
        """
        ...


class Ration(Protocol):
    """What an account may ask for."""

    def turn(self, name: str) -> str:
        """Return what the order of *name* is sorted by among those to be asked for."""
        ...

    def enter(self) -> None:
        """Wait until an order may be asked for, and count it.

        Raises:
            Failed: 75, if that takes too long; 69, 77 or 78, if asking is of no use in this run.
        """
        ...

    def learn(self, failure: Failed | None) -> None:
        """Take to heart what a request has met: *failure*, or none."""
        ...
