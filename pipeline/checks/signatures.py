"""Judge a zone's DNSSEC: its signatures' times, and what validating resolvers make of it. Pure.

A zone is bogus where a validating resolver has no answer (SERVFAIL) unless it
is told not to check (CD, RFC 4035 §3.2.2). A CA's resolver validates, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from dns import rcode
from dns.flags import AD
from dns.message import Message
from dns.name import Name

from pipeline.asking.wire import extended_error
from pipeline.model import Problem, Severity
from pipeline.questions import Perspective, Silence
from pipeline.text import printable

from .servers import Heard, listed

SOON = 3 * 86_400
"""Seconds before the end of a signature from which on it is worth a word."""


class Chain(StrEnum):
    """How a zone hangs on the chain of trust from the root (RFC 4035 §4.3)."""

    UNSIGNED = "unsigned"
    SECURE = "secure"
    INSECURE = "insecure"
    """Signed, but no DS record in the parent says so."""
    BOGUS = "bogus"
    UNKNOWN = "unknown"
    """Signed, and no resolver asked has validated it."""


@dataclass(frozen=True, slots=True)
class Validation:
    """What a resolver says of a zone's SOA record; *unchecked* with CD set, if that was asked."""

    via: Perspective
    checked: Message | Silence
    unchecked: Message | Silence | None = None

    @property
    def needs_unchecked(self) -> bool:
        """Whether asking with CD set would tell more."""
        return isinstance(self.checked, Message) and self.checked.rcode() == rcode.SERVFAIL

    @property
    def is_bogus(self) -> bool:
        """Whether the resolver has the answer, but does not believe it."""
        return (
            self.needs_unchecked
            and isinstance(self.unchecked, Message)
            and self.unchecked.rcode() == rcode.NOERROR
        )

    @property
    def believes(self) -> bool:
        """Whether the resolver hands out the answer: validated, or because it need not be."""
        return isinstance(self.checked, Message) and self.checked.rcode() == rcode.NOERROR

    @property
    def is_secure(self) -> bool:
        """Whether the resolver has validated the answer (AD)."""
        return isinstance(self.checked, Message) and self.believes and bool(self.checked.flags & AD)

    def __str__(self) -> str:
        why = extended_error(self.checked) if isinstance(self.checked, Message) else ""
        return f"{printable(self.via.server, 255)} {self.via}{why}"


RESIGN = "sign the zone again, and see why that does not happen by itself"
MISSING = Problem(
    "signatures-missing",
    "answers carry no signature, and the parent has a DS record: a validating resolver takes "
    "them for forged",
    "serve the signed zone at every server, with EDNS; or remove the DS record at the registrar",
)
EXPIRED = Problem("signatures-expired", "the signatures have expired", RESIGN)
FUTURE = Problem(
    "signatures-future",
    "the signatures are not valid yet",
    "compare the clocks of the signer and of this host",
)
EXPIRING = Problem(
    "signatures-expiring", "the signatures expire within 3 days", RESIGN, Severity.WARNING
)


def chain(
    hearings: Sequence[Heard], validations: Sequence[Validation], *, has_ds: bool | None
) -> Chain:
    """Return the state of a zone; *has_ds*: whether its parent has a DS record, if known."""
    if any(each.is_secure for each in validations):
        return Chain.SECURE
    if any(each.is_bogus for each in validations) and (
        has_ds or not any(each.believes for each in validations)
    ):
        return Chain.BOGUS
    if has_ds:
        return Chain.UNKNOWN
    is_signed = any(each.outcome.signatures for each in hearings)
    if has_ds is None:
        return Chain.UNKNOWN if is_signed or not hearings else Chain.UNSIGNED
    return Chain.INSECURE if is_signed else Chain.UNSIGNED


def is_surely_bogus(
    hearings: Sequence[Heard], validations: Sequence[Validation], *, has_ds: bool | None
) -> bool:
    """Whether a CA's resolver cannot but find the zone bogus, too: no resolver's hiccup.

    Under a DS record, a resolver that has an answer but has not validated it
    does not validate at all, as a rule: it may be outnumbered. Elsewhere it
    may have validated that there is nothing to validate.
    """
    doubters = sum(each.is_bogus for each in validations)
    believers = sum(each.believes for each in validations)
    if has_ds:
        return doubters > believers and not any(each.is_secure for each in validations)
    is_signed = any(each.outcome.signatures for each in hearings)
    return not believers and (doubters > 1 or (has_ds is None and is_signed))


def bogus(
    apex: Name,
    hearings: Sequence[Heard],
    validations: Sequence[Validation],
    *,
    has_ds: bool | None,
) -> tuple[Problem, ...]:
    """Return the problem of a zone that resolvers do not believe: fatal if others would not."""
    found = [str(each) for each in validations if each.is_bogus]
    if not found:
        return ()
    validated = [str(each) for each in validations if each.is_secure]
    others = [str(each) for each in validations if each.believes and not each.is_secure]
    but = f"; it is valid for {listed(validated)}" if validated else ""
    but += f"; {listed(others)} did not object" if others else ""
    is_sure = is_surely_bogus(hearings, validations, has_ds=has_ds)
    verdict, gets = ("is", "gets") if is_sure else ("may be", "may get")
    return (
        Problem(
            "dnssec-bogus",
            f"DNSSEC of {apex} {verdict} bogus: SERVFAIL, but an answer where nothing is "
            f"checked (CD), at {listed(found)}{but}",
            "compare the DS records at the registrar with the zone's keys, and look at its "
            f"signatures; a CA's resolver validates, and {gets} no answer either",
            Severity.ERROR if is_sure else Severity.WARNING,
        ),
    )


def failing(apex: Name, validations: Sequence[Validation]) -> tuple[Problem, ...]:
    """Return the problem of resolvers that cannot resolve the zone, checked or not."""
    found = [str(each) for each in validations if each.needs_unchecked and not each.is_bogus]
    if not found:
        return ()
    return (
        Problem(
            "resolver-failing",
            f"SERVFAIL for {apex} at {listed(found)}, and not for DNSSEC alone",
            "look at the delegation of the zone, and of those above",
            Severity.WARNING,
        ),
    )


def timely(
    apex: Name, hearings: Sequence[Heard], now: datetime, *, has_ds: bool | None, is_secure: bool
) -> tuple[Problem, ...]:
    """Return the problems of the signatures over the zone's SOA record.

    Args:
        apex: The zone's.
        hearings: Of every server that answered for it.
        now: Aware.
        has_ds: Whether the parent has a DS record: without one nobody cares;
            None: not known.
        is_secure: Whether some resolver has validated the zone all the same.
    """
    if has_ds is False:
        return ()
    moment = now.timestamp()
    signed = [each for each in hearings if each.outcome.signatures]
    found = {
        MISSING: [each for each in hearings if has_ds and not each.outcome.signatures],
        EXPIRED: [each for each in signed if expires(each) < moment],
        FUTURE: [each for each in signed if begins(each) > moment],
        EXPIRING: [each for each in signed if moment <= expires(each) < moment + SOON],
    }
    return tuple(
        replace(
            kind,
            message=f"{apex} is signed, but {kind.message}: "
            + listed([f"{each} ({span(each)})" for each in at]),
            severity=kind.severity
            if has_ds and len(at) == len(hearings) and not is_secure
            else Severity.WARNING,
        )
        for kind, at in found.items()
        if at
    )


def expires(heard: Heard) -> int:
    """Return until when the answer is good: that of the signature that lasts longest."""
    return max(each.expiration for each in heard.outcome.signatures)


def begins(heard: Heard) -> int:
    """Return from when on the answer is good: that of the signature that begins first."""
    return min(each.inception for each in heard.outcome.signatures)


def span(heard: Heard) -> str:
    """Return from when to when the answer is good, in UTC."""
    if not heard.outcome.signatures:
        return "none"
    first, last = (
        datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M")
        for moment in (begins(heard), expires(heard))
    )
    return f"{first} to {last} UTC"
