"""Lasting records: what stands there by the word of the servers, and until when it has to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.case import Case
from pipeline.model import Order, Standing
from pipeline.preparing import Preparation
from pipeline.receipts.receipt import Claim
from pipeline.standing import text_for
from pipeline.verifying import verify

from .test_preparing import prepared, world

URI = "https://ca.example/acct/1"
STANDING = Standing(from_text("x.test."), ("ca.example",), URI)
NAME = "_validation-persist.x.test."


def relying(expires: datetime | None = None) -> Case:
    made = Case(Claim("x.test", "acme", ""))
    made.order = Order("x.test", "acme", "", "pending", standing=(STANDING,), expires=expires)
    return made


@pytest.mark.parametrize("verb", [Preparation.plan, Preparation.prepare])
@pytest.mark.parametrize(("hours", "does"), [(None, True), (1, True), (3, False)])
def test_it_has_to_hold_to_the_orders_end(
    tmp_path: Path, verb: object, hours: int | None, *, does: bool
) -> None:
    """A record that ends in two hours is too short for an order that may be used in three."""
    now = datetime.now(UTC)
    end = int((now + timedelta(hours=2)).timestamp())
    record = f'{NAME} TXT "ca.example; accounturi={URI}; persistUntil={end}"'
    one = relying(now + timedelta(hours=hours) if hours else None)
    prepared(world(x=(record,)), tmp_path, one, verb=verb)  # type: ignore[arg-type]
    assert (one.failure is None) == does
    if one.failure:
        assert "ends at persistUntil" in one.failure.problem.message


def test_it_may_be_at_the_end_of_an_alias(tmp_path: Path) -> None:
    """CAs follow CNAME records there, and so does the look."""
    text = f"ca.example; accounturi={URI}"
    records = (f"{NAME} CNAME proof.x.test.", f'proof.x.test. TXT "{text}"')
    one = relying()
    prepared(world(x=records), tmp_path, one)
    assert one.failure is None
    [proof] = one.proofs
    line = proof.line()
    assert (line.value, line.target, line.provider) == (text, "proof.x.test.", "")


def test_nothing_is_asked_for_an_order_that_needs_none(tmp_path: Path) -> None:
    """Not even where the record is missing: the CA has accepted it."""
    one = relying()
    assert one.order
    one.order = Order("x.test", "acme", "", "ready", standing=())
    prepared(world(), tmp_path, one)
    assert (one.failure, one.goals) == (None, ())


def test_where_nothing_can_be_seen_the_usual_text_is_expected() -> None:
    """Resolvers, which alone can be asked then, have to show what we would publish."""
    one = relying()

    class Blind:
        clock = type("Clock", (), {"today": staticmethod(lambda: datetime.now(UTC))})

    verify([one], Blind, lambda: 9.0)  # type: ignore[arg-type]
    [proof] = one.proofs
    assert (proof.text, proof.chain) == (text_for(STANDING), None)
    assert proof.line().zone == ""
