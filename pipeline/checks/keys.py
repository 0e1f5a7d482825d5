"""Compare a zone's keys with what its parent says of them (RFC 4034 §5). Pure."""

from collections.abc import Iterable, Sequence

from dns.name import Name
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from pipeline.model import Problem, Severity

from .servers import listed

ALGORITHMS = {8, 10, 13, 14, 15, 16}
"""Those that every validator knows; a zone with others alone passes as unsigned (RFC 4035 §5.2)."""

DIGESTS = {2, 4}
"""SHA-256 and SHA-384, which every validator knows."""

COMPARED = {1, *DIGESTS}
"""Digests that can be compared here; SHA-1 is one that validators give up one by one."""


def mismatched(
    apex: Name, ds: Sequence[DS], keys: Sequence[DNSKEY], *, is_secure: bool
) -> tuple[Problem, ...]:
    """Return the problem of DS records none of which stands for one of *keys*; fatal.

    Args:
        apex: The zone's.
        ds: The parent's.
        keys: The zone's own; none: not known.
        is_secure: Whether some resolver has validated the zone all the same.
    """
    counted = [each for each in ds if each.algorithm in ALGORITHMS and each.digest_type in DIGESTS]
    comparable = [each for each in ds if each.digest_type in COMPARED]
    if not counted or not keys or any(stands_for(apex, each, keys) for each in comparable):
        return ()
    tags = listed([f"{each.key_tag}" for each in ds])
    return (
        Problem(
            "ds-mismatch",
            f"the DS records of {apex} in its parent (key tags {tags}) stand for none of the "
            "zone's keys, so that no validating resolver believes the zone",
            "put the zone's present keys at the registrar, or remove the DS records there",
            Severity.WARNING if is_secure else Severity.ERROR,
        ),
    )


def stands_for(apex: Name, ds: DS, keys: Iterable[DNSKEY]) -> bool:
    """Whether *ds* is the digest of one of *keys*."""
    from dns.dnssec import make_ds  # noqa: PLC0415 - imports cryptography where that is there

    return any(
        key.algorithm == ds.algorithm
        and make_ds(apex, key, ds.digest_type, validating=True).digest == ds.digest
        for key in keys
    )
