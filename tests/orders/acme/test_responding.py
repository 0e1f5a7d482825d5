"""The CA is asked to validate, politely, until it has decided or the time is up."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.case import Case
from pipeline.configuration.acme import AcmeAccount
from pipeline.configuration.settings import Authority
from pipeline.examining import authority_of
from pipeline.model import Exit, Failed, Order
from pipeline.orders.acme.source import AcmeSource
from pipeline.receipts.receipt import Claim

from .standin import TOKEN, Reply, StandIn, problem, source, standing

APEX, WWW = "example.com", "www.example.com"


@dataclass
class Clock:
    """Time that goes by in pauses alone."""

    passed: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.passed

    def today(self) -> datetime:
        return self.time_of(self.passed)

    def time_of(self, moment: float) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=moment)

    def pause(self, seconds: float) -> None:
        assert len(self.pauses) < 1000, "it never ends"
        self.pauses.append(seconds)
        self.passed += seconds


@pytest.fixture
def ca() -> Iterator[StandIn]:
    with standing() as ca:
        yield ca


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def acme(ca: StandIn, clock: Clock, tmp_path: Path) -> AcmeSource:
    return source(ca, tmp_path, clock)


def respond(acme: AcmeSource, *orders: Order, until: float = 300.0) -> list[Order | Failed]:
    """Return what becomes of *orders*."""
    outcomes = acme.respond(orders, until)
    return [outcomes[order.uri] for order in orders]


def decide(ca: StandIn, number: int, name: str, status: str, **more: Any) -> None:
    """Let authorization *number* have *status* from now on."""
    ca.replies[f"/authz/{number}"] = ca.authorization(
        name, f"/chall/{number}", status=status, **more
    )


def kept(ca: StandIn, clock: Clock, folder: Path, name: str) -> tuple[AcmeSource, Order]:
    """Return the source of this run, and an order for *name* that an earlier one has made."""
    order = source(ca, folder, clock).fetch(name)
    key = (folder / "key.pem").read_text()
    account = AcmeAccount(f"{ca.url}/dir", key, is_local=True)
    return AcmeSource(account, clock), order


def answered(ca: StandIn) -> list[str]:
    """Return the challenges that were answered."""
    return [path for path in ca.paths() if path.startswith("/chall/")]


def turning(ca: StandIn, first: str = "pending") -> None:
    """Let the order be ready once each authorization is valid, invalid once one is."""
    known = ca.replies["/order/1"]
    assert isinstance(known, Reply)
    assert isinstance(known.body, dict)
    body = known.body

    def now(_: object) -> Reply:
        replies: list[Any] = [each for path, each in ca.replies.items() if "/authz/" in path]
        states = {each.body["status"] for each in replies}
        status = "ready" if states == {"valid"} else "invalid" if "invalid" in states else first
        return Reply(body | {"status": status})

    ca.replies["/order/1"] = now


def test_each_challenge_is_answered_once(ca: StandIn, acme: AcmeSource) -> None:
    """
    With an empty object, and only where one is open; then the order is ready.
    """
    ca.order(APEX, WWW)
    turning(ca)
    decide(ca, 0, APEX, "valid")
    order = acme.fetch(f"{APEX},{WWW}")

    def validated(_: object) -> Reply:
        decide(ca, 1, WWW, "valid")
        return Reply({})

    ca.replies["/chall/1"] = validated
    [done] = respond(acme, order)
    assert isinstance(done, Order)
    assert done == replace(order, status="ready")
    assert [pair for pair in ca.asked if pair[0].startswith("/chall/")] == [("/chall/1", {})]


def test_a_look_is_rarer_the_longer_it_takes(ca: StandIn, acme: AcmeSource, clock: Clock) -> None:
    """
    And goes on to the deadline, not beyond: then 75, and the order is for the next run.
    """
    ca.order(APEX)
    [failed] = respond(acme, acme.fetch(APEX), until=60.0)
    assert isinstance(failed, Failed)
    assert (failed.exit, failed.problem.code) == (Exit.NOT_READY, "validation-pending")
    assert clock.passed == pytest.approx(60.0)
    assert clock.pauses[:-1] == sorted(clock.pauses[:-1])
    assert max(clock.pauses) <= 5.0
    assert ca.paths().count("/order/1") < 30
    assert "still at work on 1 authorization at the deadline" in str(failed)


def test_the_ca_says_when_to_come_back(ca: StandIn, acme: AcmeSource, clock: Clock) -> None:
    """
    Retry-After is kept (RFC 8555 §7.4), as far as there is time.
    """
    made = ca.order(APEX)
    order = acme.fetch(APEX)
    ca.replies["/order/1"] = Reply(made.body, headers={"Retry-After": "40"})
    respond(acme, order, until=60.0)
    assert clock.pauses == pytest.approx([40.0, 20.0])


def test_a_refusal_ends_it_with_the_cas_words(ca: StandIn, acme: AcmeSource, clock: Clock) -> None:
    """
    At once, for this order alone: 65, and what the CA saw.
    """
    ca.order(APEX)
    turning(ca)
    order = acme.fetch(APEX)
    seen = {"type": "urn:ietf:params:acme:error:unauthorized", "detail": "no TXT found"}

    def refused(_: object) -> Reply:
        decide(
            ca, 0, APEX, "invalid",
            challenges=[{"type": "dns-01", "url": "x", "token": TOKEN, "error": seen}],
        )  # fmt: skip
        return Reply({})

    ca.replies["/chall/0"] = refused
    [failed] = respond(acme, order)
    assert clock.pauses == []
    assert isinstance(failed, Failed)
    assert (failed.exit, failed.problem.code) == (Exit.DATA, "validation")
    assert str(failed) == ('the CA has not validated example.com: unauthorized, "no TXT found"')


def test_an_order_that_was_given_up_in_between(ca: StandIn, acme: AcmeSource) -> None:
    """
    Nothing is answered any more, and the CA's words tell for which name.
    """
    ca.order(APEX, WWW)
    turning(ca)
    order = acme.fetch(f"{APEX},{WWW}")
    decide(ca, 1, WWW, "invalid")
    [failed] = respond(acme, order)
    assert isinstance(failed, Failed)
    assert f"the CA has not validated {WWW}" in str(failed)
    assert not answered(ca)


def test_a_ca_that_stumbles_is_asked_again(ca: StandIn, acme: AcmeSource, clock: Clock) -> None:
    """
    Once answered, a failing service decides nothing; at the deadline it is what is told.
    """
    ca.order(APEX)
    order = acme.fetch(APEX)
    turning(ca)
    decided = ca.replies["/order/1"]
    assert callable(decided)
    left = [problem("serverInternal", "try later", 500)] * 3

    def stumbling(payload: object) -> Reply:
        return left.pop() if left and answered(ca) else decided(payload)

    def validated(_: object) -> Reply:
        decide(ca, 0, APEX, "valid")
        return Reply({})

    ca.replies |= {"/order/1": stumbling, "/chall/0": validated}
    [done] = respond(acme, order)
    assert isinstance(done, Order)
    assert (done.status, left) == ("ready", [])
    ca.replies["/order/1"] = problem("serverInternal", "try later", 500)
    [failed] = respond(acme, order, until=clock.now() + 5)
    assert isinstance(failed, Failed)
    assert failed.exit == Exit.UNAVAILABLE


def test_an_order_that_is_ready_is_left_alone(ca: StandIn, acme: AcmeSource) -> None:
    """
    Somebody else was faster: nothing is answered.
    """
    ca.order(APEX)
    order = acme.fetch(APEX)
    decide(ca, 0, APEX, "valid")
    turning(ca)
    [done] = respond(acme, order)
    assert isinstance(done, Order)
    assert done.status == "ready"
    assert not answered(ca)


def test_what_a_kept_order_has_become(ca: StandIn, acme: AcmeSource) -> None:
    """
    One request tells: still pending, its values are those; ready, it needs none; gone, invalid, or
    finalized, it is of no use. A CA that fails decides nothing.
    """
    ca.order(APEX, expires="2031-01-01T00:00:00Z")
    order = replace(acme.fetch(APEX), expires=datetime(2030, 1, 1, tzinfo=UTC))
    before = len(ca.asked)
    assert acme.current(order) == order
    assert len(ca.asked) == before + 1
    ca.order(APEX, status="ready")
    now = acme.current(order)
    assert now
    assert (now.status, now.challenges) == ("ready", ())
    for status in ("processing", "valid"):
        ca.order(APEX, status=status)
        assert acme.current(order) is None
    ca.order(APEX, status="invalid")
    assert acme.current(order) is None
    ca.replies["/order/1"] = problem("malformed", "no such order", 404)
    assert acme.current(order) is None
    ca.replies["/order/1"] = problem("serverInternal", "oops", 500)
    with pytest.raises(Failed) as caught:
        acme.current(order)
    assert caught.value.exit == Exit.UNAVAILABLE


def test_the_order_tells_whose_it_is(ca: StandIn, acme: AcmeSource) -> None:
    """
    CAA is judged by the CA's own names and the account's URL, where the user gave none.
    """
    ca.order(APEX)
    case = Case(Claim(APEX, "acme", acme.account), acme.fetch(APEX))
    mine = f"{ca.url}/account/1"
    assert authority_of(case, Authority()) == Authority(("ca.example",), mine)
    given = Authority(("other.example",), "https://other.example/7")
    assert authority_of(case, given) == given
    assert authority_of(case, Authority(account="x")) == Authority(("ca.example",), "x")


@pytest.mark.parametrize("change", [{"token": "Z" * 43}, {"type": "dns-account-01"}])
def test_only_what_was_published_is_answered(
    ca: StandIn, clock: Clock, tmp_path: Path, change: dict[str, str]
) -> None:
    """
    A CA that wants to see something else than an earlier run has published would find nothing:
    65, and no attempt is spent.
    """
    ca.order(APEX, WWW)
    acme, order = kept(ca, clock, tmp_path, f"{APEX},{WWW}")
    one = {"type": "dns-01", "url": f"{ca.url}/chall/1", "status": "pending", "token": TOKEN}
    ca.replies["/authz/1"] = ca.authorization(WWW, "/chall/1", challenges=[one | change])
    [failed] = respond(acme, order)
    assert isinstance(failed, Failed)
    assert failed.exit == Exit.DATA
    assert f"changed what it wants to see for {WWW}" in str(failed)
    assert not answered(ca)


def test_of_several_challenges_the_published_one_is_answered(
    ca: StandIn, clock: Clock, tmp_path: Path
) -> None:
    """
    Whatever else the CA offers by then.
    """
    ca.order(APEX)
    ca.replies["/authz/0"] = ca.authorization(APEX, "/chall/0", "dns-account-01")
    acme, order = kept(ca, clock, tmp_path, APEX)
    offers = [
        {"type": kind, "url": f"{ca.url}/chall/{kind}", "status": "pending", "token": TOKEN}
        for kind in ("dns-01", "dns-account-01")
    ]
    ca.replies["/authz/0"] = ca.authorization(APEX, "/chall/0", challenges=offers)
    respond(acme, order, until=1.0)
    assert answered(ca) == ["/chall/dns-account-01"]


def test_an_order_that_loses_a_name_is_not_answered(ca: StandIn, acme: AcmeSource) -> None:
    """
    Each of its names is still to be validated: 65.
    """
    ca.order(APEX, WWW)
    order = acme.fetch(f"{APEX},{WWW}")
    ca.order(APEX, WWW, authorizations=[f"{ca.url}/authz/0"])
    [failed] = respond(acme, order)
    assert isinstance(failed, Failed)
    assert failed.exit == Exit.DATA
