"""Judge whether a certificate is due for renewal. Pure.

Vendors tell when it expires in an answer that also holds its private key. So
of that answer nothing is kept but one time, and no error quotes it, or holds
it (as `json.JSONDecodeError` does): what cannot be read is None.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.model import Problem, Severity

LONGEST_LIFE = timedelta(days=3650)
"""Further ahead no certificate ends: who says so has no certificate, or another calendar."""

FIELD = "expiryDate"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an order source knows of the certificate that an order would renew.

    Attributes:
        expires: When it ends, aware; None: there is none, or nobody can tell.
        doubt: What kept the source from telling; empty: it told.
    """

    expires: datetime | None = None
    doubt: str = ""

    def is_due(self, within: timedelta, today: datetime) -> bool:
        """Whether it ends *within* that time from *today*, or nothing shows that it does not."""
        return self.expires is None or self.expires - today <= within

    @property
    def until(self) -> str:
        """When it ends, for a person; empty: not known."""
        return f"{self.expires:%Y-%m-%d %H:%M} UTC" if self.expires else ""

    def remarks(self, name: str) -> tuple[Problem, ...]:
        """Return the warning that *name* is renewed because nobody could tell how long it lasts."""
        if not self.doubt:
            return ()
        return (
            Problem(
                "expiry-unknown",
                f"the source does not tell when the certificate of {name} ends: {self.doubt}",
                "it was taken to be due; does the source show it as issued?",
                Severity.WARNING,
            ),
        )


NONE_YET = Certificate()
"""There is no certificate, so the first one is due."""


def certificate(body: bytes, today: datetime) -> Certificate:
    """Return what *body*, an answer that holds a key as well, tells of the end; never fails."""
    try:
        document = json.loads(body.decode("utf-8-sig"), object_pairs_hook=only_expiry)
    except (ValueError, RecursionError):
        return Certificate(doubt="its answer is not JSON")
    if not isinstance(document, tuple):
        return Certificate(doubt="its answer is no object")
    if not document:
        return Certificate(doubt=f"{FIELD} is missing, or null")
    expires = moment(document[0])
    if expires is None or len(document) > 1:
        return Certificate(doubt=f"{FIELD} is no time")
    if expires - today > LONGEST_LIFE:
        return Certificate(doubt=f"{FIELD} is in the year {expires.year}")
    return Certificate(expires)


def only_expiry(pairs: Sequence[tuple[str, object]]) -> tuple[object, ...]:
    """Return what stands in the field that counts; everything else is forgotten here."""
    return tuple(dict.fromkeys(str(v) for key, v in pairs if key == FIELD and v is not None))


def moment(text: object) -> datetime | None:
    """Return the time in *text*, in UTC where it names no zone, or None."""
    try:
        found = datetime.fromisoformat(str(text))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
