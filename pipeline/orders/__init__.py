"""Where certificate orders come from."""

from typing import Protocol

from pipeline.model import Order


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
