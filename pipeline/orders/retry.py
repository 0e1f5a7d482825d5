"""When a source that takes no more may be asked again, by its own word. Pure."""

from collections.abc import Mapping


def after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of ``Retry-After`` in *headers* (RFC 9110 §10.2.3), or None.

    A date is told from the answer's own, for our clock may be another's.
    """
    after = headers.get("Retry-After", "")
    if after.isascii() and after.isdigit():
        return float(after[:9])
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - few are told a date

    try:
        then, now = map(parsedate_to_datetime, (after, headers.get("Date", "")))
        return max((then - now).total_seconds(), 0.0)
    except (TypeError, ValueError, OverflowError):
        return None
