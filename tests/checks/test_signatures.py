"""DNSSEC: the times of signatures, and what validating resolvers make of a zone."""

from collections.abc import Sequence

import pytest
from dns import flags, rdatatype
from dns.edns import EDECode, EDEOption
from dns.message import Message

from pipeline.checks.servers import Hearing
from pipeline.checks.servers import heard as answered
from pipeline.checks.signatures import Chain, Validation, bogus, chain, failing, timely
from pipeline.model import Problem
from pipeline.questions import Role, Silence

from .scene import APEX, NOW, SERVFAIL, TIMEOUT, heard, reply, rrsig, soa, via

FAILED = reply(APEX, rdatatype.SOA, code=SERVFAIL)
PLAIN = reply(APEX, rdatatype.SOA, soa(), set_flags=flags.RA)
SECURE = reply(APEX, rdatatype.SOA, soa(), set_flags=flags.RA | flags.AD)


def says(
    checked: Message | Silence, unchecked: Message | Silence | None = None, number: int = 8
) -> Validation:
    return Validation(via(number, Role.RECURSIVE), checked, unchecked)


BOGUS, BROKEN = says(FAILED, PLAIN), says(FAILED, FAILED)

UNSIGNED, SIGNED = heard(soa()), heard(soa(), rrsig(-9, 9))

CHAINS = [
    ([UNSIGNED], [], None, Chain.UNSIGNED),
    ([UNSIGNED], [], False, Chain.UNSIGNED),
    ([UNSIGNED], [says(PLAIN)], True, Chain.UNKNOWN),
    ([SIGNED], [], None, Chain.UNKNOWN),
    ([SIGNED], [says(PLAIN)], False, Chain.INSECURE),
    ([SIGNED], [says(PLAIN)], True, Chain.UNKNOWN),
    ([SIGNED], [says(SECURE)], True, Chain.SECURE),
    ([SIGNED], [says(SECURE), says(PLAIN)], None, Chain.SECURE),
    ([SIGNED], [BOGUS], True, Chain.BOGUS),
    ([UNSIGNED], [BOGUS], None, Chain.BOGUS),
    ([UNSIGNED], [BOGUS, says(PLAIN)], None, Chain.UNSIGNED),
    ([SIGNED], [BOGUS, says(PLAIN)], True, Chain.BOGUS),
    ([SIGNED], [BOGUS, says(SECURE)], True, Chain.SECURE),
    ([SIGNED], [BROKEN], True, Chain.UNKNOWN),
    ([SIGNED], [says(TIMEOUT)], True, Chain.UNKNOWN),
    ([], [], None, Chain.UNKNOWN),
]


@pytest.mark.parametrize(("hearings", "validations", "has_ds", "expected"), CHAINS)
def test_the_chain(
    hearings: list[object],
    validations: list[Validation],
    has_ds: bool | None,  # noqa: FBT001
    expected: Chain,
) -> None:
    """
    A resolver that validates decides; then signatures and DS; without these, nothing is claimed.
    """
    assert chain(answered(hearings), validations, has_ds=has_ds) is expected  # type: ignore[arg-type]


def judge(
    *validations: Validation, has_ds: bool | None = True, hearing: Hearing = SIGNED
) -> tuple[Problem, ...]:
    """Return what it means that resolvers do not believe a zone, *hearing* by its server."""
    return bogus(APEX, answered([hearing]), validations, has_ds=has_ds)


def test_bogus_is_fatal_unless_somebody_validates() -> None:
    """
    SERVFAIL that CD lifts is fatal, with the resolver and its reason; a second opinion softens it.
    """
    why = reply(APEX, rdatatype.SOA, code=SERVFAIL)
    why.use_edns(options=[EDEOption(EDECode.DNSKEY_MISSING, "no SEP matching the DS")])
    [problem] = judge(says(why, PLAIN))
    assert (problem.code, problem.severity) == ("dnssec-bogus", "error")
    assert "ns8.example.net. 192.0.2.8 (no SEP matching the DS)" in problem.message
    [problem] = judge(BOGUS, BOGUS, says(SECURE, number=9))
    assert problem.severity == "warning"
    assert "is bogus" not in problem.message
    assert problem.message.endswith("valid for ns9.example.net. 192.0.2.9")


OPINIONS = [
    # A resolver's hiccup about a zone that nobody has signed.
    ([BOGUS, says(PLAIN)], None, UNSIGNED, "warning"),
    ([BOGUS, says(PLAIN)], False, UNSIGNED, "warning"),
    ([BOGUS], None, UNSIGNED, "warning"),
    ([BOGUS], False, UNSIGNED, "warning"),
    ([BOGUS, says(TIMEOUT), BROKEN], False, UNSIGNED, "warning"),
    # All agree: it may lie with a zone above.
    ([BOGUS, BOGUS], None, UNSIGNED, "error"),
    ([BOGUS, BOGUS, says(TIMEOUT), BROKEN], False, UNSIGNED, "error"),
    ([BOGUS, BOGUS, says(PLAIN)], False, UNSIGNED, "warning"),
    # Signed, and nobody knows whether the parent says so.
    ([BOGUS], None, SIGNED, "error"),
    ([BOGUS, BOGUS, says(PLAIN)], None, SIGNED, "warning"),
    ([BOGUS], False, SIGNED, "warning"),
    # Under a DS record: who does not validate has little to say, unless he is not alone.
    ([BOGUS], True, UNSIGNED, "error"),
    ([BOGUS, BOGUS, says(PLAIN)], True, SIGNED, "error"),
    ([BOGUS, says(PLAIN)], True, SIGNED, "warning"),
    ([BOGUS, says(PLAIN), says(PLAIN)], True, SIGNED, "warning"),
    ([BOGUS, BOGUS, says(SECURE)], True, SIGNED, "warning"),
]


@pytest.mark.parametrize(("validations", "has_ds", "hearing", "severity"), OPINIONS)
def test_one_resolver_may_be_wrong(
    validations: list[Validation],
    has_ds: bool | None,  # noqa: FBT001
    hearing: Hearing,
    severity: str,
) -> None:
    """
    Bogus is fatal where no resolver that could tell has an answer, and more than one resolver's
    word says so: a signature, a DS record, or another resolver.
    """
    [problem] = judge(*validations, has_ds=has_ds, hearing=hearing)
    assert (problem.code, problem.severity) == ("dnssec-bogus", severity)
    assert ("is bogus" in problem.message) is (severity == "error")


def test_who_did_not_object_is_named() -> None:
    """
    A resolver that has an answer, not validated, is named beside those that have none.
    """
    [problem] = judge(BOGUS, says(PLAIN, number=9), has_ds=False, hearing=UNSIGNED)
    assert problem.message.endswith("; ns9.example.net. 192.0.2.9 did not object")


NOT_BOGUS = [says(PLAIN), says(SECURE), says(TIMEOUT), says(FAILED), BROKEN, says(FAILED, TIMEOUT)]


@pytest.mark.parametrize("validation", NOT_BOGUS)
def test_not_everything_that_fails_is_bogus(validation: Validation) -> None:
    """
    Without an answer under CD nobody knows whether it is DNSSEC that fails.
    """
    assert not judge(validation)
    is_failing = validation.needs_unchecked
    assert [each.severity for each in failing(APEX, [validation])] == ["warning"] * is_failing


def test_only_servfail_asks_for_more() -> None:
    """
    CD is worth a question after SERVFAIL alone.
    """
    assert [each.needs_unchecked for each in NOT_BOGUS] == [False, False, False, True, True, True]
    assert not failing(APEX, [BOGUS])


def judged(
    *spans: tuple[int, int] | None, has_ds: bool | None = True, is_secure: bool = False
) -> list[tuple[str, str]]:
    """Return what signatures good for *spans* of days from now mean, one server for each."""
    hearings = answered(
        [heard(soa(), *([] if span is None else [rrsig(*span)]), number=i + 1)
         for i, span in enumerate(spans)]
    )  # fmt: skip
    return summary(timely(APEX, hearings, NOW, has_ds=has_ds, is_secure=is_secure))


def summary(found: Sequence[Problem]) -> list[tuple[str, str]]:
    return [(each.code, each.severity.value) for each in found]


FINE, LATE, EARLY, SOON = (-9, 9), (-9, -1), (1, 9), (-9, 2)

TIMES = [
    ([FINE, FINE], True, []),
    ([LATE, LATE], True, [("signatures-expired", "error")]),
    ([LATE, FINE], True, [("signatures-expired", "warning")]),
    ([LATE, LATE], None, [("signatures-expired", "warning")]),
    ([LATE, LATE], False, []),
    ([EARLY], True, [("signatures-future", "error")]),
    ([EARLY, FINE], True, [("signatures-future", "warning")]),
    ([SOON, SOON], True, [("signatures-expiring", "warning")]),
    ([SOON, SOON], False, []),
    ([None, None], True, [("signatures-missing", "error")]),
    ([None, FINE], True, [("signatures-missing", "warning")]),
    ([None, FINE], None, []),
    ([None, None], None, []),
    ([(-9, 3)], True, []),
]


@pytest.mark.parametrize(("spans", "has_ds", "expected"), TIMES)
def test_times(
    spans: list[tuple[int, int] | None],
    has_ds: bool | None,  # noqa: FBT001
    expected: list[tuple[str, str]],
) -> None:
    """
    Expired, premature or missing signatures at every server are fatal under a DS record; at some
    servers, or soon, a warning; without a DS record nobody cares.
    """
    assert judged(*spans, has_ds=has_ds) == expected


@pytest.mark.parametrize("span", [LATE, EARLY, None])
def test_a_resolver_that_validates_knows_better(span: tuple[int, int] | None) -> None:
    """
    Our own reading of signatures is no more than a warning where a resolver has validated.
    """
    [(_, severity)] = judged(span, is_secure=True)
    assert severity == "warning"


def test_one_good_signature_is_enough() -> None:
    """
    During a rollover an expired signature beside a good one does no harm.
    """
    both = answered([heard(soa(), rrsig(-9, -1), rrsig(-1, 9))])
    assert len(both[0].outcome.signatures) == 2
    assert not timely(APEX, both, NOW, has_ds=True, is_secure=False)


def test_the_times_are_told() -> None:
    """
    The message names the server, and from when to when its signatures are good, in UTC.
    """
    hearings = answered([heard(soa(), rrsig(-9, -1))])
    [problem] = timely(APEX, hearings, NOW, has_ds=True, is_secure=False)
    assert "192.0.2.1 (2026-11-17 12:00 to 2026-11-25 12:00 UTC)" in problem.message
