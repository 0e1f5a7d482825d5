"""Tell which challenges of an order are to be answered. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from acme import messages

from pipeline.model import Order

from .challenges import Account
from .reading import of_the_order, published


@dataclass(frozen=True, slots=True)
class Offer:
    """What a CA offers to validate in an order, by URLs.

    Attributes:
        authorizations: All that the order has.
        pending: Those that were not valid.
        challenges: Of each challenge that is to be answered its authorization.
    """

    authorizations: frozenset[str] = frozenset()
    pending: tuple[str, ...] = ()
    challenges: Mapping[str, str] = field(default_factory=dict)


def offered(
    found: Mapping[str, messages.Authorization],
    ordered: Sequence[str],
    order: Order,
    account: Account,
) -> Offer:
    """Return what is to be answered of the authorizations *found*, by URL, for *order*.

    Raises:
        Failed: 65, if they are not of the names *ordered*, or the CA wants to see what DNS does
            not show.
    """
    left = of_the_order([*found.values()], ordered)
    still_pending = {url: each for url, each in found.items() if each in left}
    challenges = {url: published(each, order, account) for url, each in still_pending.items()}
    return Offer(
        frozenset(found),
        tuple(still_pending),
        {
            str(each.uri): url
            for url, each in challenges.items()
            if each.status == messages.STATUS_PENDING
        },
    )
