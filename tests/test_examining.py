"""What a CA would surely refuse stops an order before its first write; what it may mind is said."""

from dataclasses import replace
from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.asking.endpoints import Endpoint
from pipeline.case import Case
from pipeline.configuration.settings import Authority, ZoneSettings
from pipeline.model import Challenge, Exit, Order, Severity, Standing
from pipeline.preparing import Preparation
from pipeline.receipts.receipt import Claim

from .test_preparing import HINTS, LEAF, OTHER, X_HOST, case, prepared, world

FORBIDDEN = 'x.test. CAA 0 issue ";"'
ELSEWHERE = 'x.test. CAA 0 issue "ca.example"'
OURS = "https://acme-v02.api.letsencrypt.org/acme/order/1"


def order(name: str, domain: str, uri: str = "") -> Case:
    """Return a case whose certificate is for *name*, by a challenge of *domain*."""
    made = Case(Claim(name, "document", ""))
    leaf = from_text(f"_acme-challenge.{domain}.")
    made.order = Order(name, "document", uri, "pending", (Challenge(leaf, "v", domain),))
    return made


def codes(preparation: Preparation, severity: Severity) -> set[str]:
    return {each.code for each in preparation.problems if each.severity is severity}


def test_what_would_surely_fail_stops_the_order(tmp_path: Path) -> None:
    """
    65, by the finding's own code and words; nothing of it is left to be written.
    """
    one = case()
    prepared(world(x=(FORBIDDEN,)), tmp_path, one)
    assert one.failure is not None
    assert (one.failure.exit, one.failure.problem.code) == (Exit.DATA, "caa-forbids")
    assert not one.goals


def test_another_order_goes_on(tmp_path: Path) -> None:
    """
    The names of a run are independent, also in what the CA has against them.
    """
    bad, good = order("x.test", "x.test"), order("y.test", "y.test")
    prepared(world(x=(FORBIDDEN,)), tmp_path, bad, good)
    assert bad.failure is not None
    assert good.failure is None
    assert [goal.name for goal in good.goals] == [OTHER]


def test_force_makes_warnings_of_it(tmp_path: Path) -> None:
    """
    The user has been told, and goes on.
    """
    one = case()
    preparation = prepared(world(x=(FORBIDDEN,)), tmp_path, one, force=True)
    assert one.failure is None
    assert one.goals
    assert "caa-forbids" in codes(preparation, Severity.WARNING)


@pytest.mark.parametrize(("own", "is_said"), [("w" * 43, True), ("v" * 43, False)])
def test_what_an_earlier_try_has_written_is_not_left_over(
    tmp_path: Path, own: str, *, is_said: bool
) -> None:
    """
    A run that goes on meets its own values, and tells nobody to remove them.
    """
    one = order("x.test", "x.test")
    assert one.order is not None
    one.order = replace(one.order, challenges=(Challenge(LEAF, own, "x.test"),))
    there = f'{LEAF} TXT "{"v" * 43}"'
    preparation = prepared(world(x=(there,)), tmp_path, one)
    assert ("values-left" in codes(preparation, Severity.NOTICE)) == is_said


def test_planning_examines_nothing(tmp_path: Path) -> None:
    """
    A plan says what would be written; whether a CA likes it is for check and ready.
    """
    one = case()
    prepared(world(x=(FORBIDDEN,)), tmp_path, one, verb=Preparation.plan)
    assert one.failure is None


@pytest.mark.parametrize(
    ("name", "set_", "stops"),
    [
        ("*.x.test", (FORBIDDEN, 'x.test. CAA 0 issuewild "letsencrypt.org"'), False),
        ("*.x.test", ('x.test. CAA 0 issuewild ";"',), True),
        ("x.test", ('x.test. CAA 0 issuewild ";"',), False),
        ("x.test,*.x.test", ('x.test. CAA 0 issuewild ";"',), True),
    ],
)
def test_a_wildcard_is_judged_as_one(
    tmp_path: Path, name: str, set_: tuple[str, ...], *, stops: bool
) -> None:
    """
    By issuewild where there is one; its challenge names the base, which is not asked for by that.
    """
    one = order(name, "x.test", OURS)
    prepared(world(x=set_), tmp_path, one)
    assert (one.failure is not None) == stops


@pytest.mark.parametrize(
    ("uri", "issuers", "code"),
    [
        (OURS, (), "caa-forbids"),
        ("https://ca.example/order/1", (), None),
        (OURS, ("ca.example",), None),
        ("https://ca.example/order/1", ("letsencrypt.org",), "caa-forbids"),
    ],
)
def test_the_ca_is_the_users_word_or_the_orders(
    tmp_path: Path, uri: str, issuers: tuple[str, ...], code: str | None
) -> None:
    """
    The order's URL tells where the user does not; where neither does, nothing is forbidden.
    """
    one = order("x.test", "x.test", uri)
    prepared(world(x=(ELSEWHERE,)), tmp_path, one, authority=Authority(issuers))
    assert (one.failure.problem.code if one.failure else None) == code


ACCOUNT = "https://letsencrypt.org/acct/1"
LASTING = f'_validation-persist.x.test. TXT "letsencrypt.org; accounturi={ACCOUNT}"'


@pytest.mark.parametrize("allowed", ["dns-01", "dns-account-01", "dns-persist-01"])
@pytest.mark.parametrize("used", ["dns-01", "dns-account-01", "dns-persist-01"])
def test_caa_is_asked_for_the_method_that_is_used(tmp_path: Path, used: str, allowed: str) -> None:
    """
    RFC 8657 §4: who allows another method forbids this one; the message names the one used.
    """
    one = order("x.test", "x.test", OURS)
    assert one.order
    if used == "dns-account-01":
        leaf = from_text("_ujmmovf2vn55tgye._acme-challenge.x.test.")
        one.order = replace(one.order, challenges=(Challenge(leaf, "v", "x.test"),))
    if used == "dns-persist-01":
        standing = Standing(from_text("x.test."), ("letsencrypt.org",), ACCOUNT, domain="x.test")
        one.order = replace(one.order, challenges=(), standing=(standing,))
    caa = f'x.test. CAA 0 issue "letsencrypt.org; validationmethods={allowed}"'
    prepared(world(x=(caa, LASTING)), tmp_path, one)
    assert (one.failure is None) == (used == allowed)
    if one.failure:
        assert one.failure.problem.code == "caa-forbids"
        assert f"after {used}" in one.failure.problem.message


def test_a_lasting_record_is_a_goal_that_nobody_writes(tmp_path: Path) -> None:
    """
    It is to be confirmed as a value of ours is; there is no record for it, and no host is asked.
    """
    one = order("x.test", "x.test", OURS)
    assert one.order
    standing = Standing(from_text("x.test."), ("letsencrypt.org",), ACCOUNT)
    one.order = replace(one.order, challenges=(), standing=(standing,))
    prepared(world(x=(LASTING,)), tmp_path, one)
    [goal] = one.goals
    assert goal.name == from_text("_validation-persist.x.test.")
    assert goal.wanted == {f"letsencrypt.org; accounturi={ACCOUNT}"}
    assert one.records == ()


def test_a_split_view_hides_what_caa_says(tmp_path: Path) -> None:
    """
    Of a zone whose servers the user named, the world's CAA records are not asked for.
    """
    internet = world(x=(FORBIDDEN,))
    zones = {from_text("x.test."): ZoneSettings(nameservers=(Endpoint(X_HOST),))}
    one = case((LEAF, "v"))
    preparation = prepared(internet, tmp_path, one, zones=zones, root_hints=HINTS)
    assert one.failure is None
    assert not codes(preparation, Severity.ERROR)
    assert not [query for query in internet.asked if query.rdtype.name == "CAA"]
