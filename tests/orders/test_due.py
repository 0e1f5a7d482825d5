"""Is a certificate due? What its answer tells, and what it does not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pipeline.orders.due import NONE_YET, Certificate, certificate
from tests.standins.rcl import CANARY
from tests.standins.rcl import certificate as answer

TODAY = datetime(2026, 11, 1, 12, tzinfo=UTC)
WITHIN = timedelta(days=14)


@pytest.mark.parametrize(
    ("text", "expires"),
    [
        ("2026-11-26T16:54:45.7728501", datetime(2026, 11, 26, 16, 54, 45, 772850, UTC)),
        ("2026-11-26T16:54:45", datetime(2026, 11, 26, 16, 54, 45, tzinfo=UTC)),
        ("2026-11-26T16:54:45Z", datetime(2026, 11, 26, 16, 54, 45, tzinfo=UTC)),
        ("2026-11-26T16:54:45+02:00", datetime(2026, 11, 26, 14, 54, 45, tzinfo=UTC)),
        ("0001-01-01T00:00:00", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_without_zone_is_utc(text: str, expires: datetime) -> None:
    """The vendor's has no zone and seven digits; whatever names one is believed."""
    assert certificate(answer(text), TODAY) == Certificate(expires)


@pytest.mark.parametrize(
    ("ends", "due"),
    [
        (WITHIN + timedelta(seconds=1), False),
        (WITHIN, True),
        (timedelta(), True),
        (timedelta(days=-400), True),
    ],
)
def test_due_is_what_ends_within(ends: timedelta, *, due: bool) -> None:
    """At the limit it is due, and so is what has ended."""
    assert Certificate(TODAY + ends).is_due(WITHIN, TODAY) is due


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"2027-01-01T00:00:00"',
        b'["2027-01-01T00:00:00"]',
        b'{"a": {"expiryDate": "2027-01-01T00:00:00"}}',
        answer(None),
        answer(""),
        answer("soon"),
        answer(17),
        answer(0),
        answer({"year": 2027}),
        answer(["2027-01-01T00:00:00"]),
        answer("9999-12-31T23:59:59.9999999"),
        answer("0001-01-01T00:00:00+14:00"),
        answer("2027-01-01T00:00:00")[:-9],
        b'{"expiryDate": "2027-01-01T00:00:00", "expiryDate": "2028-01-01T00:00:00"}',
        b"<!doctype html><p>2027-01-01T00:00:00",
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_what_tells_no_time_is_due_with_a_warning(body: bytes) -> None:
    """An order too many does less harm than a certificate that ends; nothing is quoted."""
    found = certificate(body, TODAY)
    assert found.is_due(WITHIN, TODAY)
    [problem] = found.remarks("shopeneur.com")
    assert (problem.code, problem.severity) == ("expiry-unknown", "warning")
    assert "shopeneur.com" in problem.message
    assert CANARY not in repr(found) + repr(problem)


def test_no_certificate_yet_is_due_without_a_word() -> None:
    """The first one has nothing to renew."""
    assert NONE_YET.is_due(WITHIN, TODAY)
    assert NONE_YET.remarks("shopeneur.com") == ()


def test_a_certificate_with_all_its_fields_is_kept_as_a_time() -> None:
    """Of PFX, password and links nothing is left in what is passed on."""
    found = certificate(answer("2027-01-01T00:00:00"), TODAY)
    assert found.expires
    assert CANARY not in repr(found)


@given(some.binary(max_size=60) | some.text(max_size=40).map(answer))
def test_no_answer_is_too_odd(body: bytes) -> None:
    """Whatever it is, it says when, or is taken to be due; nothing raises: errors hold text."""
    found = certificate(body, TODAY)
    assert (found.expires is None) == bool(found.doubt)
