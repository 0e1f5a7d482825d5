"""When a source that takes no more may be asked again, by its own word. Pure."""

from collections.abc import Mapping

from pipeline.model import Failed


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
