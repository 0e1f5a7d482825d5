"""Orders by V8 of the RCL API: posted with a password, which the answer repeats."""

import json
import logging
import traceback
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from dns.name import from_text

from pipeline.model import Exit, Failed, Order
from pipeline.orders.due import Certificate
from pipeline.orders.rcl import RclSource
from pipeline.orders.rcl_generations import V8
from tests.orders.asking import source as v7
from tests.standins.rcl import (
    CANARY,
    KEY,
    PASSWORD,
    SUBSCRIPTION,
    URI,
    Answer,
    RclApi,
    body,
    certificate,
    cut,
    gateway,
    order_v8,
    page,
    slow,
    text,
    token,
)

EDITION = V8(SUBSCRIPTION, "ops@shopeneur.com", ("com", "shopeneur.com", "example.org"), PASSWORD)
GOOD = order_v8((token(),))


def source(api: RclApi, read: float = 5.0) -> RclSource:
    timeout = httpx.Timeout(5.0, read=read)
    return RclSource(api.base_v8, EDITION, KEY, trust_env=False, timeout=timeout)


def fetched(answer: Answer, name: str = "shopeneur.com") -> Order:
    with RclApi(answer) as api:
        found = source(api).fetch(name)
    assert api.created == [name.replace(" ", "")]
    assert len(api.requests) == 1
    return found


def test_the_request_is_the_documented_one() -> None:
    """One POST with all that the certificate is to be; the password is in the body alone."""
    with RclApi(body(GOOD)) as api:
        source(api).fetch("shopeneur.com, *.shopeneur.com")
    [request] = api.requests
    path = f"/prod/v3/ssl/certificate/subscription/{SUBSCRIPTION}/order/create"
    assert (request.method, request.path) == ("POST", path)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(request.body) == {
        "certificateName": "shopeneur.com,*.shopeneur.com",
        "rootDomain": "shopeneur.com",
        "challengeType": "dns",
        "email": "ops@shopeneur.com",
        "password": PASSWORD,
        "target": "Stand ALone",
        "isSAN": True,
    }
    assert PASSWORD not in str(request.headers) + request.path


def test_its_answer_is_an_order() -> None:
    """`tokens` where V7 has `validationTokens`, and no status, which means pending."""
    found = fetched(body(GOOD))
    [challenge] = found.challenges
    assert challenge.name == from_text("_acme-challenge.shopeneur.com.")
    assert (found.status, found.uri) == ("pending", URI)
    assert CANARY not in repr(found)


@pytest.mark.parametrize("status", ["ready", "valid"])
def test_a_status_counts_if_there_is_one(status: str) -> None:
    """Should it come to have one, it means what it means in V7."""
    assert fetched(body(order_v8((token(),), status=status))).challenges == ()


def test_other_editions_need_a_status() -> None:
    """Absent means pending for V8 alone: V7's documents have one."""
    with RclApi(body(GOOD)) as api, pytest.raises(Failed, match='"status" is missing'):
        v7(api.base).fetch("shopeneur.com")


def test_a_name_without_root_costs_no_request() -> None:
    """78 before anything is sent: the vendor wants to know the root domain."""
    with RclApi(body(GOOD)) as api:
        edition = replace(EDITION, roots=("example.org",))
        with pytest.raises(Failed, match="RCL_ROOT_DOMAIN names no domain around") as caught:
            RclSource(api.base_v8, edition, KEY, trust_env=False).fetch("shopeneur.com")
    assert caught.value.exit is Exit.CONFIG
    assert api.requests == []


def test_the_certificate_is_looked_up_where_v8_has_it() -> None:
    """The path differs, the answer does not."""
    with RclApi(body(GOOD)) as api:
        api.certificate = body(certificate("2027-01-01T00:00:00"))
        found = source(api).certificate("*.shopeneur.com", datetime(2026, 11, 1, tzinfo=UTC))
    path = f"/prod/v3/ssl/certificate/subscription/{SUBSCRIPTION}/get/certificatename/"
    assert api.requests[0].path == f"{path}*.shopeneur.com"
    assert found == Certificate(datetime(2027, 1, 1, tzinfo=UTC))


SECRETIVE = [
    body(GOOD[:-30]),
    body(GOOD.replace(b'{"id"', b'["id"')),
    body(order_v8((token(domain="other.com"),))),
    body(order_v8((token(value="no value"),))),
    body(order_v8((token(),), status=PASSWORD)),
    body(order_v8((token(name=PASSWORD),))),
    body(order_v8(tokens=PASSWORD)),
    body(json.dumps(PASSWORD).encode()),
    page(200, CANARY),
    page(502, CANARY),
    body(GOOD, 400),
    body(GOOD[:-30], 400),
    body(certificate(), 500),
    text(400, f"The password {PASSWORD} is too simple."),
    gateway(403, f"{PASSWORD} is out of call volume quota"),
    gateway(429, PASSWORD),
    cut(GOOD),
    slow(2, GOOD),
]


@pytest.mark.parametrize("answer", SECRETIVE)
def test_whatever_it_answers_the_password_is_not_repeated(
    answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor is the PFX, or a link to the key: not in messages, not in what led to them, in no log."""
    caplog.set_level(logging.DEBUG)
    with RclApi(answer) as api, pytest.raises(Failed) as caught:
        source(api, read=0.4).fetch("shopeneur.com")
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value.problem)
    assert CANARY not in told + caplog.text
    assert len(api.requests) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-32-be"])
@pytest.mark.parametrize("between", ["", " ", ", ", "\u200b"])
@pytest.mark.parametrize("kind", ["words", "JSON"])
def test_however_it_is_spelled_the_password_is_not_repeated(
    encoding: str, between: str, kind: str
) -> None:
    """In another encoding, with something after each letter, by escapes."""
    spelled = f"it is {between.join(PASSWORD)}"
    said = json.dumps({"message": spelled.replace("a", "\x01a")}) if kind == "JSON" else spelled
    escaped = said.replace("\\u0001a", "\\u0061").encode(encoding)
    with RclApi(body(escaped, 400)) as api, pytest.raises(Failed) as caught:
        source(api).fetch("shopeneur.com")
    told = "".join(filter(str.isalnum, str(caught.value) + caught.value.problem.hint))
    assert "".join(filter(str.isalnum, PASSWORD))[:8] not in told


@pytest.mark.parametrize("octets", ["geh\u00e4im".encode("latin-1"), b"a\0b", b"\xff\xfea\0"])
def test_what_is_no_text_is_not_shown(octets: bytes) -> None:
    """A password of other letters would come through in part."""
    with RclApi(body(octets, 400)) as api, pytest.raises(Failed) as caught:
        source(api).fetch("shopeneur.com")
    assert str(caught.value) == "the order API says HTTP 400"


def test_plain_words_are_shown() -> None:
    """They are all that tells what was wrong with the request."""
    with (
        RclApi(text(400, "Certificate name is not defined.")) as api,
        pytest.raises(Failed, match="Certificate name is not defined"),
    ):
        source(api).fetch("shopeneur.com")


def test_a_wrong_base_is_named() -> None:
    """A base of V7's is the likely mistake."""
    with RclApi(body(GOOD)) as api, pytest.raises(Failed) as caught:
        RclSource(api.base, EDITION, KEY, trust_env=False).fetch("shopeneur.com")
    assert caught.value.problem.code == "order-url"
    assert "RCL_BASE_URL ends in /prod" in caught.value.problem.hint
