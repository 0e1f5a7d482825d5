"""What the CA says decides how an order ends, and nothing it says leads astray."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from dns.name import from_text

from pipeline.model import Exit, Failed
from pipeline.orders.acme.source import AcmeSource

from .standin import ERROR, Reply, StandIn, problem, source, standing

APEX = "example.com"
LEAF = from_text("_acme-challenge.example.com.")


@pytest.fixture
def ca() -> Iterator[StandIn]:
    with standing() as ca:
        yield ca


@pytest.fixture
def acme(ca: StandIn, tmp_path: Path) -> AcmeSource:
    return source(ca, tmp_path)


def failure(acme: AcmeSource, name: str = APEX) -> Failed:
    """Return how the order of *name* ends."""
    with pytest.raises(Failed) as caught:
        acme.fetch(name)
    return caught.value


def test_an_order_holds_what_is_to_be_shown(ca: StandIn, acme: AcmeSource) -> None:
    """
    A value for apex and wildcard at the one name, the CA's and the account's names for CAA.
    """
    ca.order(APEX, "*.example.com", expires="2031-01-02T03:04:05Z")
    order = acme.fetch("*.Example.com, example.com")
    assert order.name == "*.Example.com, example.com"
    assert [each.name for each in order.challenges] == [LEAF, LEAF]
    assert [each.domain for each in order.challenges] == [APEX, "*.example.com"]
    assert {len(each.value) for each in order.challenges} == {43}
    assert order.uri == f"{ca.url}/order/1"
    assert (order.issuers, order.account) == (("ca.example",), f"{ca.url}/account/1")
    assert order.expires == datetime(2031, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_the_first_end_counts(ca: StandIn, acme: AcmeSource) -> None:
    """
    An authorization that expires before its order ends that order; a valid one ends nothing.
    """
    ca.order(APEX, "www.example.com", expires="2031-01-02T00:00:00Z")
    soon = "2030-01-02T00:00:00Z"
    ca.replies["/authz/0"] = ca.authorization(APEX, "/chall/0", expires=soon)
    ca.replies["/authz/1"] = ca.authorization(
        "www.example.com", "/chall/1", status="valid", expires="2029-01-01T00:00:00Z"
    )
    order = acme.fetch(f"{APEX},www.example.com")
    assert order.expires == datetime(2030, 1, 2, tzinfo=UTC)
    assert [each.domain for each in order.challenges] == [APEX]


@pytest.mark.parametrize("status", ["ready", "processing", "valid"])
def test_an_order_past_validation_needs_nothing(ca: StandIn, acme: AcmeSource, status: str) -> None:
    """
    No authorization of it is even asked for.
    """
    ca.order(APEX, status=status)
    order = acme.fetch(APEX)
    assert (order.status, order.challenges) == (status, ())
    assert "/authz/0" not in ca.paths()


def test_dns_account_01_has_a_label_of_its_own(ca: StandIn, acme: AcmeSource) -> None:
    """
    Where dns-01 is not offered; by the draft's own vector for the account's URL.
    """
    account = {"Location": "https://example.com/acme/acct/ExampleAccount"}
    ca.replies["/new-account"] = Reply({"status": "valid"}, headers=account)
    ca.order(APEX)
    ca.replies["/authz/0"] = ca.authorization(APEX, "/chall/0", "http-01", "dns-account-01")
    [challenge] = acme.fetch(APEX).challenges
    assert challenge.name == from_text("_ujmmovf2vn55tgye._acme-challenge.example.com.")
    both = ca.authorization(APEX, "/chall/0", "dns-account-01", "dns-01")
    ca.replies["/authz/0"] = both
    [plain] = acme.fetch(APEX).challenges
    assert (plain.name, plain.value) == (LEAF, challenge.value)


@pytest.mark.parametrize("spelling", ["issuerDomainNames", "issuer-domain-names", ""])
def test_dns_persist_01_is_a_lasting_record(ca: StandIn, acme: AcmeSource, spelling: str) -> None:
    """
    It has no token, and nothing to publish; the CA's names are its own, else the directory's.
    """
    ca.order("*.example.com")
    offer: dict[str, object] = {
        "type": "dns-persist-01",
        "url": f"{ca.url}/chall/0",
        "status": "pending",
    }
    offer |= {spelling: ["other.example"]} if spelling else {}
    ca.replies["/authz/0"] = ca.authorization("*.example.com", "/chall/0", challenges=[offer])
    order = acme.fetch("*.example.com")
    [standing_record] = order.standing
    assert order.challenges == ()
    assert standing_record.name == from_text("_validation-persist.example.com.")
    assert standing_record.issuers == (("other.example",) if spelling else ("ca.example",))
    assert (standing_record.account, standing_record.is_wildcard) == (order.account, True)


REFUSALS = [
    ("rateLimited", 429, Exit.UNAVAILABLE),
    ("serverInternal", 500, Exit.UNAVAILABLE),
    ("unauthorized", 403, Exit.REFUSED),
    ("accountDoesNotExist", 400, Exit.REFUSED),
    ("externalAccountRequired", 403, Exit.REFUSED),
    ("userActionRequired", 403, Exit.REFUSED),
    ("rejectedIdentifier", 400, Exit.DATA),
    ("unsupportedIdentifier", 400, Exit.DATA),
    ("malformed", 400, Exit.DATA),
    ("caa", 403, Exit.DATA),
    ("somethingNew", 400, Exit.DATA),
    ("somethingNew", 503, Exit.UNAVAILABLE),
    ("somethingNew", 429, Exit.UNAVAILABLE),
]


@pytest.mark.parametrize(("kind", "status", "exit_code"), REFUSALS)
def test_a_problem_document_decides_the_exit(
    ca: StandIn, acme: AcmeSource, kind: str, status: int, exit_code: Exit
) -> None:
    """
    By its type (RFC 8555 §6.7), in the CA's own words, made harmless; nothing is asked twice.
    """
    ca.replies["/new-order"] = problem(kind, "no \x1b[31m::error::today", status)
    failed = failure(acme)
    assert failed.exit == exit_code
    assert f'127.0.0.1:{ca.url.rpartition(":")[2]} refuses the order: {kind}, "no' in str(failed)
    assert "\x1b" not in str(failed)
    assert "::error::" not in str(failed)
    assert ca.paths().count("/new-order") == 1


def test_who_may_come_back_is_told_when(ca: StandIn, acme: AcmeSource) -> None:
    """
    Retry-After is the next step.
    """
    limited = problem("rateLimited", "too many", 429)
    ca.replies["/new-order"] = Reply(limited.body, 429, {"Retry-After": "120"})
    assert failure(acme).problem.hint == "Retry-After: 120 s"


def test_the_parts_of_a_problem_are_told(ca: StandIn, acme: AcmeSource) -> None:
    """
    Which of many names the CA minds is in the subproblems (RFC 8555 §6.7.1).
    """
    part = {
        "type": f"{ERROR}rejectedIdentifier",
        "detail": "on a list",
        "identifier": {"type": "dns", "value": APEX},
    }
    ca.replies["/new-order"] = problem("malformed", "see below", subproblems=[part])
    assert 'example.com: rejectedIdentifier, "on a list"' in str(failure(acme))


def test_a_nonce_is_asked_for_again(ca: StandIn, acme: AcmeSource) -> None:
    """
    Up to seven refused nonces are no failure; the CA that takes none is.
    """
    made = ca.order(APEX)
    left = [problem("badNonce", "stale")] * 7
    ca.replies["/new-order"] = lambda _: left.pop() if left else made
    assert acme.fetch(APEX).uri
    ca.replies["/new-order"] = problem("badNonce", "stale")
    before = ca.paths().count("/new-order")
    assert failure(acme).exit == Exit.UNAVAILABLE
    assert ca.paths().count("/new-order") == before + 8


def redirect(url: str) -> Reply:
    return Reply({}, 302, {"Location": url})


@pytest.mark.parametrize(
    ("path", "reply", "exit_code", "said"),
    [
        ("/dir", Reply(b"<html>Welcome</html>"), Exit.CONFIG, "no ACME directory"),
        ("/dir", Reply({"newNonce": "x"}), Exit.CONFIG, "no ACME directory"),
        ("/dir", Reply([]), Exit.CONFIG, "no ACME directory"),
        ("/dir", Reply(b"nothing", 404), Exit.CONFIG, "HTTP 404"),
        ("/dir", Reply(b"oops", 502), Exit.UNAVAILABLE, "HTTP 502"),
        ("/dir", redirect("https://elsewhere.example/"), Exit.UNAVAILABLE, "redirects"),
        ("/new-order", redirect("https://elsewhere.example/"), Exit.UNAVAILABLE, "redirects"),
        ("/new-order", Reply({"a": "x" * (1 << 20)}), Exit.UNAVAILABLE, "more than any order"),
        ("/new-order", Reply({"status": "pending"}, 201), Exit.DATA, "RFC 8555"),
        ("/order/1", Reply({"status": "new"}), Exit.DATA, "RFC 8555"),
        ("/authz/0", Reply({"status": "pending"}), Exit.DATA, "RFC 8555"),
        ("/authz/0", Reply([1]), Exit.DATA, "RFC 8555"),
        ("/order/1", Reply(b"[" * 100_000), Exit.DATA, "RFC 8555"),
        ("/authz/0", Reply(b'{"a":' * 100_000), Exit.DATA, "RFC 8555"),
    ],
)
def test_what_is_no_answer_is_no_order(  # noqa: PLR0913, PLR0917 - the case
    ca: StandIn, acme: AcmeSource, path: str, reply: Reply, exit_code: Exit, said: str
) -> None:
    """
    Pages, redirects, floods and nonsense end with the documented exit, and are not followed.
    """
    ca.order(APEX)
    ca.replies[path] = reply
    failed = failure(acme, f"{ca.url}/order/1" if path == "/order/1" else APEX)
    assert failed.exit == exit_code, failed
    assert said in str(failed)


@pytest.mark.parametrize("url", ["http://192.0.2.1/authz", "ftp://127.0.0.1/x", "x", 7, None])
def test_only_safe_urls_are_asked(ca: StandIn, acme: AcmeSource, url: object) -> None:
    """
    Where the CA sends us must be https or this host: a request is signed, and a host is reached.
    """
    ca.order(APEX, authorizations=[url])
    failed = failure(acme)
    assert failed.exit in {Exit.UNAVAILABLE, Exit.DATA}
    if str(url).startswith("http:"):
        assert "neither https nor this host" in str(failed)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"identifiers": [{"type": "dns", "value": "other.example"}]}, "other names"),
        ({"identifiers": [{"type": "ip", "value": "192.0.2.1"}]}, "no DNS record"),
        ({"identifiers": []}, "for no name"),
        ({"status": "invalid"}, "invalid"),
        ({"status": "deactivated"}, "none of RFC 8555"),
    ],
)
def test_an_order_must_be_what_was_asked_for(
    ca: StandIn, acme: AcmeSource, more: dict[str, Any], said: str
) -> None:
    """
    Else it is refused, whole.
    """
    ca.order(APEX, **more)
    failed = failure(acme)
    assert failed.exit == Exit.DATA
    assert said in str(failed)


@pytest.mark.parametrize(
    ("name", "more", "said"),
    [
        ("other.example", {}, "not in the order"),
        ("*.example.com", {}, "not in the order"),
        ("_acme-challenge.example.com", {}, "not in the order"),
        (APEX, {"status": "deactivated"}, '"deactivated"'),
        (APEX, {"status": "expired"}, '"expired"'),
        (APEX, {"challenges": []}, "no DNS challenge for example.com, but nothing"),
        (
            APEX,
            {"challenges": [{"type": "http-01", "url": "x", "token": "t" * 22}]},
            "no DNS challenge for example.com, but http-01",
        ),
        (APEX, {"challenges": [{"type": "dns-account-01", "url": "x"}]}, "cannot be read"),
        (APEX, {"identifier": {"type": "ip", "value": APEX}}, "not in the order"),
    ],
)
def test_an_authorization_must_be_one_that_dns_can_meet(
    ca: StandIn, acme: AcmeSource, name: str, more: dict[str, Any], said: str
) -> None:
    """
    And of a name that was ordered: a value for a stranger's name helps a stranger.
    """
    ca.order(APEX)
    ca.replies["/authz/0"] = ca.authorization(name, "/chall/0", **more)
    failed = failure(acme)
    assert failed.exit == Exit.DATA
    assert said in str(failed)


def test_an_order_of_another_ca_is_not_asked_for(ca: StandIn, acme: AcmeSource) -> None:
    """
    Staging and production are easily confused: 78, and nothing is sent.
    """
    failed = failure(acme, "https://other.example/order/1")
    assert failed.exit == Exit.CONFIG
    assert "other.example" in str(failed)
    assert ca.asked == []


@pytest.mark.parametrize("url", ["https://[", "https://ca.example:port/1", "http://127.0.0.1:0x/"])
def test_what_is_no_url_is_no_order(ca: StandIn, acme: AcmeSource, url: str) -> None:
    """
    65, and nothing is sent.
    """
    assert failure(acme, url).exit == Exit.DATA
    assert ca.asked == []


def test_a_password_in_a_url_is_not_told(acme: AcmeSource) -> None:
    """
    Who pastes one finds it in no log.
    """
    assert "hunter2" not in str(failure(acme, "https://me:hunter2@other.example/order/1"))


def test_an_existing_order_is_fetched(ca: StandIn, acme: AcmeSource) -> None:
    """
    By its URL: none is made, and it is named by its own names.
    """
    ca.order(APEX, "*.example.com")
    order = acme.fetch(f"{ca.url}/order/1")
    assert order.name == "example.com,*.example.com"
    assert len(order.challenges) == 2
    assert "/new-order" not in ca.paths()
