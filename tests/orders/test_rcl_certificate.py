"""The source asked for a certificate: one request, of whose answer a time is kept."""

import logging
import traceback
from datetime import UTC, datetime

import pytest

from pipeline.model import Exit, Failed
from pipeline.orders.due import NONE_YET, Certificate
from tests.orders.asking import GOOD, source
from tests.standins.cloudflare_http import Handler
from tests.standins.rcl import (
    CANARY,
    KEY,
    SUBSCRIPTION,
    Answer,
    RclApi,
    body,
    certificate,
    cut,
    gateway,
    gzipped,
    page,
    redirect,
    slow,
    text,
)

TODAY = datetime(2026, 11, 1, tzinfo=UTC)
ENDS = datetime(2027, 1, 1, tzinfo=UTC)
TOLD = certificate("2027-01-01T00:00:00")


def asked(answer: Answer, key: str = KEY, read: float = 5.0) -> Certificate:
    """Ask the stand-in, which fails the test if it is asked twice."""
    with RclApi(body(GOOD)) as api:
        api.certificate = answer
        try:
            return source(api.base, key, read).certificate("shopeneur.com", TODAY)
        finally:
            assert len(api.requests) == 1
            assert api.created == []


def test_the_request_is_the_documented_one() -> None:
    """GET in the style of the order's path, with the key in one header, and no order is made."""
    with RclApi(body(GOOD)) as api:
        api.certificate = body(TOLD)
        found = source(api.base).certificate("shopeneur.com, *.shopeneur.com", TODAY)
    [request] = api.requests
    path = f"/public/v1/subscription/{SUBSCRIPTION}/core/certificate/shopeneur.com,*.shopeneur.com"
    assert (request.method, request.path) == ("GET", path)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert found == Certificate(ENDS)


@pytest.mark.parametrize("answer", [gzipped(TOLD), slow(0.3, TOLD), body(b"\xef\xbb\xbf" + TOLD)])
def test_whatever_way_it_comes_it_is_read(answer: Answer) -> None:
    """Packed, late, or with a byte order mark."""
    assert asked(answer) == Certificate(ENDS)


def test_what_is_not_there_is_none() -> None:
    """404: the certificate is yet to be made; a wrong base shows when the order is asked for."""
    assert asked(text(404, "No certificate yet.")) == NONE_YET


@pytest.mark.parametrize("answer", [page(200, CANARY), text(400, CANARY), body(b"", 204)])
def test_what_is_no_certificate_is_doubtful(answer: Answer) -> None:
    """It is taken to be due, and nothing of it is quoted."""
    found = asked(answer)
    assert found.expires is None
    assert found.doubt
    assert CANARY not in found.doubt


FAILING = [
    (text(401, CANARY), Exit.REFUSED, "order-credentials"),
    (gateway(403, f"Out of call volume quota. {CANARY}"), Exit.UNAVAILABLE, "order-api"),
    (gateway(429, CANARY, 30), Exit.UNAVAILABLE, "order-api"),
    (gateway(429, CANARY, CANARY), Exit.UNAVAILABLE, "order-api"),
    (body(TOLD, 500), Exit.UNAVAILABLE, "order-api"),
    (body(TOLD[:-40], 502), Exit.UNAVAILABLE, "order-api"),
    (page(503, CANARY), Exit.UNAVAILABLE, "order-api"),
    (redirect(302, f"https://{CANARY}.example/"), Exit.UNAVAILABLE, "order-api"),
    (body(TOLD, 409), Exit.DATA, "order-refused"),
    (cut(), Exit.UNAVAILABLE, "order-api"),
    (cut(TOLD), Exit.UNAVAILABLE, "order-api"),
    (slow(4, TOLD), Exit.UNAVAILABLE, "order-api"),
]


@pytest.mark.parametrize(("answer", "exit_code", "code"), FAILING)
def test_a_service_that_fails_makes_no_order_due(
    answer: Answer, exit_code: Exit, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    """
    The next run asks again. No word of the answer is in the failure, in what led to it, or in any
    log: whatever came may have been a certificate.
    """
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Failed) as caught:
        asked(answer, read=2.0)
    assert (caught.value.exit, caught.value.problem.code) == (exit_code, code)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.problem)
    assert KEY not in told + caplog.text
    assert CANARY not in told
    assert CANARY not in logged(caplog)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Return what was logged, but for httpcore's headers, which no verbosity of ours turns on."""
    return "".join(r.getMessage() for r in caplog.records if not r.name.startswith("httpcore"))


@pytest.mark.parametrize("line", [CANARY, f"HTTP/1.1 200 OK\r\n{CANARY} x"])
def test_a_line_that_should_be_the_answers_head_is_not_quoted(line: str) -> None:
    """A broken answer may begin anywhere in a certificate; the HTTP library quotes such lines."""

    def broken(handler: Handler) -> None:
        handler.wfile.write(line.encode() + b"\r\n\r\n")
        handler.wfile.flush()
        handler.cut()

    with pytest.raises(Failed, match="gave no whole answer") as caught:
        asked(broken)
    assert CANARY not in "".join(traceback.format_exception(caught.value))
