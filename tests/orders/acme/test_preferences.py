"""Which challenge is met where a CA offers several, and what an order is good for."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.clock import SystemClock
from pipeline.configuration.acme import AcmeAccount
from pipeline.configuration.settings import CHALLENGES
from pipeline.configuration.values import challenges
from pipeline.model import Exit, Failed
from pipeline.orders.acme.source import AcmeSource, methods, origin

from .bench import new_key
from .standin import TOKEN, StandIn, standing

APEX = "example.com"


@pytest.fixture
def ca() -> Iterator[StandIn]:
    with standing() as ca:
        offers = [
            {"type": kind, "url": f"{ca.url}/chall/{kind}", "status": "pending", "token": TOKEN}
            for kind in ("http-01", *CHALLENGES)
        ]
        ca.order(APEX)
        ca.replies["/authz/0"] = ca.authorization(APEX, "", challenges=offers)
        yield ca


def source(ca: StandIn, folder: Path, *preferred: str, **more: Any) -> AcmeSource:
    """Return the ACME source for *ca*, of one and the same key in *folder*."""
    path = folder / "key.pem"
    key = path.read_text() if path.exists() else new_key(path).read_text()
    account = AcmeAccount(f"{ca.url}/dir", key, is_local=True, challenges=preferred or CHALLENGES)
    return AcmeSource(account, SystemClock(), **more)


@pytest.mark.parametrize(
    ("preferred", "met"),
    [
        ((), "dns-01"),
        (("dns-account-01", "dns-01"), "dns-account-01"),
        (("dns-persist-01",), "dns-persist-01"),
        (("dns-persist-01", "dns-01"), "dns-persist-01"),
    ],
)
def test_the_first_that_is_preferred(
    ca: StandIn, tmp_path: Path, preferred: tuple[str, ...], met: str
) -> None:
    """
    Of those that the CA offers; --respond answers that one.
    """
    acme = source(ca, tmp_path, *preferred)
    order = acme.fetch(APEX)
    assert methods(order) == {met}
    acme.respond([order], 0.0)
    assert [each for each in ca.paths() if "/chall/" in each] == [f"/chall/{met}"]


def test_what_is_not_preferred_is_not_met(ca: StandIn, tmp_path: Path) -> None:
    """
    65, and the setting that says so.
    """
    ca.replies["/authz/0"] = ca.authorization(APEX, "/chall/0", "http-01", "dns-01")
    with pytest.raises(Failed) as caught:
        source(ca, tmp_path, "dns-persist-01").fetch(APEX)
    assert caught.value.exit == Exit.DATA
    assert "but http-01, dns-01" in str(caught.value)
    assert caught.value.problem.hint == "ACME_CHALLENGE allows dns-persist-01"


def test_who_prefers_another_has_it_at_once(ca: StandIn, tmp_path: Path) -> None:
    """
    An order kept from an earlier run is looked at anew: its challenges are no longer those.
    """
    kept = source(ca, tmp_path).fetch(APEX)
    now = source(ca, tmp_path, "dns-persist-01").current(kept)
    assert now
    assert (now.uri, methods(now), now.challenges) == (kept.uri, {"dns-persist-01"}, ())
    ca.replies["/authz/0"] = ca.authorization(APEX, "/chall/0", "http-01")
    assert source(ca, tmp_path, "dns-persist-01").current(kept) is None


@pytest.mark.parametrize("said", ["dns-persist-01, dns-01", ["dns-persist-01", "dns-01"]])
def test_preferences_are_a_list(said: object) -> None:
    """
    With commas, or as the file has lists, in this order.
    """
    assert challenges(said) == ("dns-persist-01", "dns-01")


@pytest.mark.parametrize("said", ["http-01", "dns-01,", "DNS-01", "", [], "dns-01;dns-persist-01"])
def test_other_kinds_cannot_be_preferred(said: object) -> None:
    """
    DNS cannot meet them.
    """
    with pytest.raises((ValueError, TypeError)):
        challenges(said)


@pytest.mark.parametrize("status", ["processing", "valid"])
def test_what_was_finalized_is_not_finalized_again(
    ca: StandIn, tmp_path: Path, status: str
) -> None:
    """
    `run` starts no command for such an order (65); `ready` has nothing to do.
    """
    ca.order(APEX, status=status)
    for name in (APEX, f"{ca.url}/order/1"):
        with pytest.raises(Failed) as caught:
            source(ca, tmp_path, finalizes=True).fetch(name)
        assert caught.value.exit == Exit.DATA
        assert f'"{status}": it cannot be finalized' in str(caught.value)
        assert source(ca, tmp_path).fetch(name).status == status
    ca.order(APEX, status="ready")
    assert source(ca, tmp_path, finalizes=True).fetch(APEX).status == "ready"


def test_the_usual_port_is_none() -> None:
    """
    A CA may name it in an order's URL, or leave it out.
    """
    assert origin("https://ca.example:443/order/1") == origin("https://ca.example/directory")
    assert origin("http://127.0.0.1:80/") == origin("http://127.0.0.1/")
    assert origin("https://ca.example:80/") != origin("https://ca.example/")
