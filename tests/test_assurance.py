"""One request to a zone's provider in place of a question about each name; the same outcome."""

import time
from collections.abc import Collection, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from dns.name import Name, from_text
from dns.rdatatype import TXT

from pipeline import assurance
from pipeline.asking.endpoints import Endpoint
from pipeline.case import Case
from pipeline.configuration.settings import ZoneSettings
from pipeline.model import Exit, Failed, Order, Standing
from pipeline.preparing import Preparation
from pipeline.tree.delegation import Delegation
from providers.contract import Assuring
from providers.errors import Unauthorized, Unavailable

from .test_preparing import X_HOST, Y_HOST, Account, case, prepared, world
from .tree.internet import Internet

HOSTS = [f"h{number}.x.test." for number in range(5)]
NAMES = [from_text(f"_acme-challenge.{host}") for host in HOSTS]
OTHERS = [from_text(f"_acme-challenge.h{number}.y.test.") for number in range(5)]


class Primary(Account):
    """An account whose server knows at once that nothing is at names but for those *taken*."""

    def __init__(self, *apexes: str, address: str = X_HOST, taken: Collection[Name] = ()) -> None:
        super().__init__(*apexes or ("x.test.", "y.test."))
        self.address = address
        self.taken = taken
        self.asked: list[tuple[Name, Sequence[Name]]] = []

    def vacant(
        self, apex: Name, names: Sequence[Name], servers: Collection[tuple[str, int]]
    ) -> Collection[Name]:
        if (self.address, 53) not in servers:
            return ()
        self.asked.append((apex, names))
        return () if set(names) & set(self.taken) else names


def wanting(*names: Name) -> Case:
    return case(*((name, "v") for name in names))


def looked_at(internet: Internet) -> set[Name]:
    """Return the names that somebody was asked about TXT at."""
    return {query.name for query in internet.asked if query.rdtype == TXT}


def outcome(one: Case) -> object:
    """Return what *one* is to be written, and whose word on it counts."""
    goals = [
        (goal.chain, set(goal.wanted), *(q.via for q in goal.authoritative)) for goal in one.goals
    ]
    return one.chains, one.records, goals, one.failure


def test_one_request_does_for_many_names(tmp_path: Path) -> None:
    """
    Nobody is asked about any of them, and what is found is what questions would have found.
    """
    primary, internet, one, other = Primary(), world(), wanting(*NAMES), wanting(*NAMES)
    assert isinstance(primary, Assuring)
    prepared(internet, tmp_path, one, accounts={"host": primary})
    prepared(world(), tmp_path, other)
    assert primary.asked == [(from_text("x.test."), NAMES)]
    assert looked_at(internet) == set()
    assert outcome(one) == outcome(other)
    assert one.failure is None
    assert len(one.goals) == len(NAMES)


@pytest.mark.parametrize(("is_alone", "vouches"), [(True, True), (False, False)])
def test_the_only_provider_with_credentials_vouches(
    tmp_path: Path, *, is_alone: bool, vouches: bool
) -> None:
    """
    Nobody has to name it; which of several a zone is at, its servers tell only later.
    """

    def detect(zone: Delegation | None) -> Sequence[str]:
        if zone is None and not is_alone:
            raise Failed(Exit.CONFIG, "provider", "several")
        return ["host"]

    primary, one = Primary(), wanting(*NAMES)
    prepared(world(), tmp_path, one, accounts={"host": primary}, detect=detect, providers=())
    assert one.failure is None
    assert bool(primary.asked) == vouches


def test_each_zone_is_asked_about_once(tmp_path: Path) -> None:
    """
    Where another server has one of them, its names are looked at.
    """
    primary, internet = Primary(), world()
    prepared(
        internet,
        tmp_path,
        wanting(*NAMES[:4], *OTHERS),
        wanting(*NAMES),
        accounts={"host": primary},
    )
    [(apex, names)] = primary.asked
    assert (apex, set(names)) == (from_text("x.test."), set(NAMES))
    assert looked_at(internet) == set(OTHERS)


def test_one_alias_among_many_is_followed(tmp_path: Path) -> None:
    """
    The provider does not vouch for the names, so all are looked at; nothing is lost but a wait.
    """
    alias = f"{NAMES[3]} CNAME v.y.test."
    primary, internet, one = Primary(taken=NAMES[3:4]), world((alias,)), wanting(*NAMES)
    prepared(internet, tmp_path, one, accounts={"host": primary})
    assert len(primary.asked) == 1
    assert looked_at(internet) >= set(NAMES)
    assert one.chains[NAMES[3]].end.name == from_text("v.y.test.")
    other = wanting(*NAMES)
    prepared(world((alias,)), tmp_path, other)
    assert outcome(one) == outcome(other)


def test_values_that_are_there_are_seen(tmp_path: Path) -> None:
    """
    Those of others, or of a run that died, are told as ever.
    """
    left = f'{NAMES[0]} TXT "{"v" * 43}"'
    primary, one = Primary(taken=NAMES[:1]), wanting(*NAMES)
    preparation = prepared(world((left,)), tmp_path, one, accounts={"host": primary})
    assert one.chains[NAMES[0]].end.values == {"v" * 43}
    assert "values-left" in {problem.code for problem in preparation.problems}


@pytest.mark.parametrize("error", [Unavailable("gone"), Unauthorized("who?"), TypeError("bug")])
def test_an_error_says_nothing(tmp_path: Path, error: Exception) -> None:
    """
    The names are looked at; who has something to write will meet what is wrong.
    """

    class Broken(Primary):
        def vacant(self, *_: object) -> Collection[Name]:
            raise error

    internet, one, other = world(), wanting(*NAMES), wanting(*NAMES)
    preparation = prepared(internet, tmp_path, one, accounts={"host": Broken()})
    prepared(world(), tmp_path, other)
    assert looked_at(internet) == set(NAMES)
    assert outcome(one) == outcome(other)
    assert preparation.problems == []


def test_a_provider_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    As long as for a name server, which then is asked instead.
    """
    ends = Event()

    class Hanging(Primary):
        def vacant(self, *_: object) -> Collection[Name]:
            ends.wait(60)
            return NAMES

    monkeypatch.setattr(assurance, "PATIENCE", 0.05)
    internet, one = world(), wanting(*NAMES)
    began = time.monotonic()
    prepared(internet, tmp_path, one, accounts={"host": Hanging()})
    assert time.monotonic() - began < 4  # it may take four and a half, half of the run
    ends.set()
    assert looked_at(internet) == set(NAMES)
    assert one.failure is None


def test_nobody_vouches_for_another_zones_names(tmp_path: Path) -> None:
    """
    What a provider says of names that it was not asked about does not count.
    """

    class Boasting(Primary):
        def vacant(self, *_: object) -> Collection[Name]:
            return [*NAMES, *OTHERS]

    zones = {from_text("x.test."): ZoneSettings(providers=("boasting",))}
    internet = world()
    prepared(
        internet,
        tmp_path,
        wanting(*NAMES, *OTHERS),
        accounts={"boasting": Boasting(), "plain": Account("y.test.")},
        providers=(),
        fallback=("plain",),
        zones=zones,
    )
    assert looked_at(internet) == set(OTHERS)


@pytest.mark.parametrize(
    ("count", "settings"),
    [
        (3, {}),
        (5, {"providers": ("host", "second")}),
        (5, {"zones": {from_text("x.test."): ZoneSettings(nameservers=(Endpoint(X_HOST),))}}),
    ],
    ids=["few names", "several providers", "split view"],
)
def test_nobody_vouches_where_it_would_not_do(
    tmp_path: Path, count: int, settings: dict[str, Any]
) -> None:
    """
    Few names are as well looked at; of several providers each would have to vouch; and what its
    own server knows is not what a view shows that the user names.
    """
    primary, internet, one = Primary("x.test."), world(), wanting(*NAMES[:count])
    accounts = {"host": primary, "second": Account("x.test.")}
    prepared(internet, tmp_path, one, accounts=accounts, **{"providers": ("host",), **settings})
    assert (primary.asked, one.failure) == ([], None)
    assert looked_at(internet) == set(NAMES[:count])


def test_a_plan_looks(tmp_path: Path) -> None:
    """
    It does not ask what tells the zones of names without a question about them.
    """
    primary, internet = Primary(), world()
    prepared(internet, tmp_path, wanting(*NAMES), accounts={"host": primary}, verb=Preparation.plan)
    assert primary.asked == []
    assert looked_at(internet) == set(NAMES)


def test_a_hidden_primary_vouches_for_nothing(tmp_path: Path) -> None:
    """
    The world asks other servers, and so do we.
    """
    primary, internet, one = Primary(address=Y_HOST), world(), wanting(*NAMES)
    prepared(internet, tmp_path, one, accounts={"host": primary})
    assert looked_at(internet) == set(NAMES)
    assert one.failure is None


def test_lasting_records_are_looked_for(tmp_path: Path) -> None:
    """
    They stand already, and what they say counts; beside them, challenges need no look.
    """
    one = wanting(*NAMES)
    assert one.order is not None
    lasting = Standing(from_text(HOSTS[0]), ("ca.test",), "https://ca.test/1")
    order = one.order
    one.order = Order(
        order.name, order.source, order.uri, order.status, order.challenges, standing=(lasting,)
    )
    primary, internet = Primary(), world()
    prepared(internet, tmp_path, one, accounts={"host": primary})
    assert primary.asked == [(from_text("x.test."), NAMES)]
    assert looked_at(internet) == {lasting.name}
