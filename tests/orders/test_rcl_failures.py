"""What the RCL SSL Core API may answer instead of an order: one request, one meaning each."""

import logging
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from pipeline.model import Exit, Failed
from pipeline.orders.fields import LIMIT
from pipeline.orders.rcl import RclSource
from pipeline.orders.rcl_generations import V7
from tests.orders.asking import GOOD, failed, fetched, source
from tests.standins.cloudflare_http import Recorder
from tests.standins.rcl import (
    KEY,
    Answer,
    RclApi,
    body,
    cut,
    drip,
    gateway,
    order,
    page,
    redirect,
    slow,
    text,
    token,
)

NOT_ORDERS = {
    "empty": (body(b""), "the order document is empty"),
    "html": (page(200, "Maintenance"), 'begins "Maintenance Maintenance :error:777'),
    "broken": (body(GOOD[:-20]), r'not JSON; it begins "\{"status"'),
    "binary": (body(b"\xff\xfe\x00"), "not JSON"),
    "deep": (body(b'{"status":' + b"[" * 100_000), "not JSON"),
    "nested": (body(b'{"status":' + b"[" * 400 + b"]" * 400 + b"}"), '"status" is a list, not'),
    "oversized": (body(GOOD + b" " * LIMIT), "larger than 1048576 octets"),
    "list": (body(b"[]"), "a list, not an object"),
    "null": (body(b"null"), "not an object"),
    "text": (body(b'"pending"'), '"pending", not an object'),
    "no content": (body(b"", 204), "is empty"),
    "no status": (body(order((token(),), None)), '"status" is missing'),
    "odd status": (body(order((token(),), "expired")), 'status "expired" is none of RFC 8555'),
    "number": (body(order((token(),), 5)), '"status" is 5, not text'),
    "invalid": (body(order((token(),), "invalid")), 'status is "invalid"'),
    "no tokens": (body(order(None)), "lists no validation token"),
    "tokens text": (body(order("DNS")), '"validationTokens" is "DNS", not a list'),
    "tokens null": (body(order([None])), "token 1 is null, not an object"),
    "http only": (body(order((token(kind="HTTP", value="a.b"),))), "validates by HTTP only"),
    "another domain": (
        body(order((token("other.com"),))),
        'token 1: domain "other.com" is not in the certificate name asked for',
    ),
}


@pytest.mark.parametrize("kind", NOT_ORDERS)
def test_200_that_is_no_order_is_65(kind: str) -> None:
    """Success without an order we can serve is bad data, and its beginning is quoted."""
    answer, words = NOT_ORDERS[kind]
    failure = failed(answer)
    assert failure.exit is Exit.DATA
    with pytest.raises(Failed, match=words):
        raise failure


def test_an_endless_answer_is_cut_off() -> None:
    """No more than the limit is read, whatever the API still has to say."""
    sent: list[int] = []

    def pieces() -> Iterator[bytes]:
        for number in range(64):
            sent.append(number)
            yield b" " * LIMIT

    assert "larger than" in str(failed(drip(pieces(), 0)))
    assert len(sent) < 32


REFUSALS = {
    "400": (
        text(400, "Certificate name is not defined.\r\n"),
        Exit.DATA,
        'says HTTP 400, "Certificate name is not defined."',
    ),
    "409": (text(409, "no"), Exit.DATA, 'says HTTP 409, "no"'),
    "401 text": (text(401, "No such key."), Exit.REFUSED, 'refuses the key: HTTP 401, "No such k'),
    "401 gateway": (
        gateway(401, "Access denied due to missing subscription key."),
        Exit.REFUSED,
        'HTTP 401, "Access denied due to missing subscription key."',
    ),
    "403": (gateway(403, "Forbidden"), Exit.REFUSED, 'HTTP 403, "Forbidden"'),
    "403 quota": (
        gateway(403, "Out of call volume quota. Quota will be replenished in 3.12:00:00."),
        Exit.UNAVAILABLE,
        "Out of call volume quota",
    ),
    "403 other quota": (text(403, "Quota exceeded"), Exit.UNAVAILABLE, "Quota exceeded"),
    "429": (gateway(429, "Rate limit is exceeded.", 17), Exit.UNAVAILABLE, "HTTP 429, .Rate"),
    "407": (
        page(407, "Proxy Authentication Required"),
        Exit.UNAVAILABLE,
        "says HTTP 407, .Proxy Auth",
    ),
    "408": (text(408, ""), Exit.UNAVAILABLE, "says HTTP 408$"),
    "404": (text(404, "Not here"), Exit.CONFIG, "no such path below http://127.0.0.1"),
    "500": (text(500, "Could not create order"), Exit.UNAVAILABLE, "Could not create order"),
    "502": (
        page(502, "Bad Gateway"),
        Exit.UNAVAILABLE,
        'HTTP 502, "Bad Gateway Bad Gateway :error',
    ),
    "503": (gateway(503, "later", "Wed, 21 Oct 2026 07:28:00 GMT"), Exit.UNAVAILABLE, "later"),
    "300": (text(300, "choose"), Exit.UNAVAILABLE, "HTTP 300"),
    "not quite json": (body(b'{"message": 5}', 400), Exit.DATA, "message"),
    "json list": (body(b'["no"]', 400), Exit.DATA, "no"),
    "deep json": (body(b"[" * 100_000, 500), Exit.UNAVAILABLE, "HTTP 500"),
    "long": (text(400, "word " * 400_000), Exit.DATA, "word word.*…"),
    "cut": (cut(), Exit.UNAVAILABLE, "gave no whole answer: Server disconnected"),
    "cut inside": (cut(GOOD), Exit.UNAVAILABLE, "gave no whole answer: peer closed"),
    "not gzip": (
        lambda handler: handler.reply(200, {"Content-Encoding": "gzip"}, "plain"),
        Exit.UNAVAILABLE,
        "gave no whole answer",
    ),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_each_refusal_has_its_exit_and_the_apis_own_words(kind: str) -> None:
    """The design's table of answers; one request in each case, the body trimmed and printable."""
    answer, exit_code, words = REFUSALS[kind]
    failure = failed(answer)
    assert failure.exit is exit_code
    with pytest.raises(Failed, match=words):
        raise failure


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (gateway(429, "Rate limit is exceeded.", 17), "Retry-After: 17"),
        (gateway(403, "Out of call volume quota."), "quota of orders is used up"),
        (text(407, ""), "a proxy, which wants user and password in HTTPS_PROXY"),
        (text(404, ""), "RCL_BASE_URL ends in /public, once"),
        (text(401, ""), "compare RCL_API_KEY and RCL_SUBSCRIPTION_ID with the portal"),
        (text(502, ""), "run again later"),
        (text(302, ""), "redirects are not followed"),
    ],
)
def test_there_is_a_next_step(answer: Answer, hint: str) -> None:
    """Failures that a person can do something about say what."""
    assert hint in failed(answer).problem.hint


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    """The other place sees neither the key nor any request at all; exit 69."""
    with Recorder() as elsewhere:
        assert failed(redirect(status, f"{elsewhere.url}/public")).exit is Exit.UNAVAILABLE
    assert elsewhere.seen == []


def test_silence_ends_by_itself() -> None:
    """A request has its own timeout, and is not sent again after it."""
    failure = failed(slow(0.5, GOOD), read=0.1)
    assert (failure.exit, str(failure)) == (
        Exit.UNAVAILABLE,
        "the order API did not answer in time",
    )


def test_nobody_there_is_69() -> None:
    """A refused connection names the reason."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Failed, match=r"cannot be reached: .*refused") as caught:
        source(f"http://127.0.0.1:{port}/public").fetch("shopeneur.com")
    assert caught.value.exit is Exit.UNAVAILABLE


def test_the_wrong_key_is_77() -> None:
    """401 in plain text, quoted; no order came to be."""
    with RclApi(body(GOOD)) as api, pytest.raises(Failed, match="is not valid for this") as caught:
        source(api.base, "another-key").fetch("shopeneur.com")
    assert caught.value.exit is Exit.REFUSED
    assert api.created == []


@pytest.mark.parametrize("suffix", ["", "/public/public", "/v2"])
def test_a_base_without_public_or_with_two_is_78(suffix: str) -> None:
    """The likely mistake in RCL_BASE_URL is named, with the base that was used."""
    with RclApi(body(GOOD)) as api, pytest.raises(Failed, match=f"{api.host}{suffix}: ") as caught:
        source(api.host + suffix).fetch("shopeneur.com")
    assert caught.value.exit is Exit.CONFIG
    assert len(api.requests) == 1


ECHO = f"<p>Authorization: Bearer {KEY}</p>"


@pytest.mark.parametrize(
    "answer",
    [
        text(400, ECHO),
        text(500, " " * 3990 + KEY),
        gateway(401, ECHO),
        page(502, ECHO),
        page(200, ECHO),
        body(b" " * 60 + KEY.encode()),
        body(b"x" * 60 + KEY.encode()),
        body(order((token(domain=KEY + "!"),))),
        body(order((token(value="x." + KEY),))),
        body(order((), KEY)),
    ],
)
def test_the_key_is_not_repeated(answer: Answer) -> None:
    """Whatever the API echoes, no part of the key reaches a message."""
    failure = failed(answer)
    assert KEY[:8] not in f"{failure} {failure.problem}"


@pytest.mark.parametrize("key", ["shopeneur", "DNS", "status"])
def test_a_key_like_the_content_breaks_no_order(key: str) -> None:
    """Hiding the key touches messages only, never the order."""
    with RclApi(body(GOOD), key) as api:
        assert len(source(api.base, key).fetch("shopeneur.com").challenges) == 1


def test_a_key_as_short_as_a_word_garbles_none() -> None:
    """What could be told from no word is not taken out of words: no service gives out such."""
    with pytest.raises(Failed, match=r"cannot be reached: .*refused"):
        RclSource("http://127.0.0.1:1", V7("s"), "e", trust_env=False).fetch("example.com")


def test_an_order_that_repeats_the_key_does_not_spread_it() -> None:
    """An order URI and remarks reach reports and receipts; the key in them does not."""
    tokens = [token(), token(kind="HTTP", domain="www.shopeneur.com")]
    content = order(tokens, uri=f"https://ca.example/{KEY}")
    found = fetched(body(content), "shopeneur.com,www.shopeneur.com")
    assert found.uri == "https://ca.example/***"
    assert KEY not in repr(found)


def test_a_refusal_stands_although_the_body_reads_well_without_the_key() -> None:
    """Hiding the key never turns a refused answer into an order."""
    key = 'status":5,"x'
    content = GOOD[:-1] + b',"status":5,"x":1}'
    with RclApi(body(content), key) as api, pytest.raises(Failed, match='"status" twice'):
        source(api.base, key).fetch("shopeneur.com")


def test_no_log_holds_the_key(caplog: pytest.LogCaptureFixture) -> None:
    """Not even with every logger, httpx's and httpcore's too, at its most talkative."""
    caplog.set_level(logging.DEBUG)
    fetched(body(GOOD))
    assert caplog.records
    assert KEY not in caplog.text
    assert KEY not in repr(vars(source("http://127.0.0.1/public")))
