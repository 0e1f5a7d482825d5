"""Read the answers of a CA: orders and authorizations, with what RFC 8555 says each has. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from acme import messages

from .challenges import as_sent


def order_in(answer: Mapping[str, Any]) -> messages.Order:
    """Return the order in *answer*, which has what every order has (RFC 8555 §7.1.3).

    Raises:
        LookupError: It has not.
    """
    found: messages.Order = messages.Order.from_json(answer)
    urls = found.authorizations
    if not all((found.status, *(isinstance(url, str) for url in urls))):
        raise LookupError("an order has these")
    must_have_zone(found.expires)
    return found


def authorization_in(answer: Mapping[str, Any]) -> messages.Authorization:
    """Return the authorization in *answer* (RFC 8555 §7.1.4), its challenges as they were sent.

    Raises:
        LookupError: It lacks what every authorization has.
    """
    found = messages.Authorization.from_json({**answer, "challenges": []})
    if not all((found.identifier, found.status)):
        raise LookupError("an authorization has these")
    must_have_zone(found.expires)
    sent = tuple(map(as_sent, answer.get("challenges") or ()))
    whole: messages.Authorization = found.update(challenges=sent)
    return whole


def must_have_zone(end: datetime | None) -> None:
    """See that *end*, if there is one, says in which time zone it is (RFC 3339 §5.6)."""
    if end and end.tzinfo is None:
        raise LookupError("a time has a zone")
