"""What earlier calls of a client left behind, as their receipts tell. Pure."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from pipeline.model import Challenge
from pipeline.receipts.outline import Outline
from pipeline.receipts.receipt import Claim, Receipt


def is_of(outline: Outline, client: str, run: str) -> bool:
    """Whether a receipt is of a call of *run*."""
    return any((claim.source, claim.account) == (client, run) for claim in outline.claims)


def unconfirmed(saved: Iterable[Receipt], client: str, run: str, today: datetime) -> list[Claim]:
    """Return what earlier calls of *run* were told, and left for its last one to confirm."""
    return [
        claim
        for receipt in saved
        for claim in receipt.claims
        if (claim.source, claim.account) == (client, run)
        and receipt.resumable(claim.key, today) is not None
    ]


def present(saved: Iterable[Receipt], client: str, run: str) -> list[str]:
    """Return the names of all that the calls of *run* have not removed."""
    return [
        claim.name
        for receipt in saved
        for claim in receipt.claims
        if (claim.source, claim.account) == (client, run)
    ]


def repeated_until(
    cleaned: Iterable[tuple[Receipt, datetime]], challenges: Collection[Challenge], ttl: timedelta
) -> datetime | None:
    """Return until when a cache may repeat what was removed at a name of *challenges*, or None.

    A CA that has validated another value there may have seen it just before it was removed, and
    its resolver then keeps that, without the new one, for a *ttl*. Receipts that were *cleaned*
    tell of it, and when each was.
    """
    names = {challenge.name for challenge in challenges}
    values = {challenge.value for challenge in challenges}
    removed = [
        at
        for receipt, at in cleaned
        for claim in receipt.claims
        for each in (claim.order.challenges if claim.order else ())
        if each.name in names and each.value not in values
    ]
    return max(removed) + ttl if removed else None
