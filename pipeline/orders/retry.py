"""Refusals that say less, or more, than others: when a source may be asked again. Pure."""

import re
from collections.abc import Mapping

from pipeline.model import Failed

REPLENISHED = re.compile(
    r"replenished in (?:(\d{1,3})\.)?(\d{1,2}):(\d\d):(\d\d)(?!\d)", re.ASCII | re.IGNORECASE
)


class Forbidden(Failed):
    """A source forbids an order, be it for the account, or for this certificate alone."""


class Throttled(Failed):
    """A source takes no more requests for now.

    Attributes:
        after_s: For how many seconds; None: it does not say.
    """

    after_s: float | None = None

    @classmethod
    def like(cls, failed: Failed, after_s: float | None) -> "Throttled":
        """Return *failed* as such a refusal."""
        why = failed.problem
        found = cls(failed.exit, why.code, why.message, why.hint)
        found.after_s = after_s
        return found


def after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of ``Retry-After`` in *headers* (RFC 9110 §10.2.3), or None.

    A date is told from the answer's own, for our clock may be another's. Who refuses a request
    and has it repeated at once, or in the past, does not say when.
    """
    after = headers.get("Retry-After", "")
    if after.isascii() and after.isdigit():
        return float(after[:9]) or None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - few are told a date

    try:
        then, now = map(parsedate_to_datetime, (after, headers.get("Date", "")))
        seconds = (then - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def replenished_s(words: str) -> float | None:
    """Return the seconds in "replenished in 3.05:00:00" (days, then time), or None."""
    if found := REPLENISHED.search(words):
        days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds) or None
    return None
