"""What the walk down the tree finds where something is wrong with it."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from dns.name import Name, from_text

from pipeline.asking.endpoints import Endpoint
from pipeline.asking.exchange import Exchange
from pipeline.clock import SystemClock
from pipeline.configuration.settings import Settings, ZoneSettings
from pipeline.model import Failed
from pipeline.tree.aliases import chains
from pipeline.tree.delegation import Chain, Delegation, Place
from pipeline.tree.places import Tree
from pipeline.tree.roots import tree_from
from tests.tree.internet import zone_around

from . import Faults
from . import topology as at

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("faults")]

HINTS = {"root_hints": (Endpoint(at.ROOT),)}
RESOLVER = {"resolvers": (Endpoint(at.UNBOUND),)}


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


@pytest.fixture
def exchange(clock: SystemClock) -> Iterator[Exchange]:
    with Exchange(clock) as opened:
        yield opened


def leaf(label: str) -> Name:
    return from_text(f"_acme-challenge.{label}.test.")


def tree(exchange: Exchange, *challenges: Name, **settings: Any) -> Tree:
    made = Settings(Path(), **(settings or HINTS))
    return tree_from(made, exchange, challenges, lambda: 30.0)


def zone_of(exchange: Exchange, name: Name) -> Delegation:
    return zone_around(tree(exchange, name), name)


def servers(label: str, *addresses: str) -> set[tuple[str, str]]:
    return {(f"ns{n}.{label}.test.", address) for n, address in enumerate(addresses, 1)}


@pytest.mark.parametrize(
    ("label", "wanted", "odd"),
    [
        ("well", servers("well", at.PRIMARY, at.FOLLOWER), set()),
        (
            "apart",
            servers("apart", at.PRIMARY, at.STALE, at.FOLLOWER),
            {"delegation-differs"},
        ),
        (
            "glue",
            servers("glue", at.PRIMARY, at.FOLLOWER) | servers("glue", at.STALE),
            {"glue-differs"},
        ),
        ("lame", servers("lame", at.PRIMARY, at.LAME), set()),
        ("recursor", servers("recursor", at.PRIMARY, at.RECURSOR_AS_SERVER), set()),
        ("noaa", servers("noaa", at.PRIMARY, at.NOT_AUTHORITATIVE), set()),
        ("silent", servers("silent", at.PRIMARY, at.SILENT), set()),
        ("dead", servers("dead", at.PRIMARY, at.NOBODY), set()),
        ("noroute", servers("noroute", at.PRIMARY, at.ROUTELESS), set()),
        ("v6dead", servers("v6dead", at.PRIMARY, at.ROUTELESS_V6), set()),
        ("tc", servers("tc", at.PRIMARY, at.TRUNCATING), set()),
        ("half", servers("half", at.PRIMARY, at.OTHER), set()),
        ("shadow", servers("shadow", at.OTHER), set()),
        ("secure", servers("secure", at.PRIMARY, at.FOLLOWER), set()),
        ("bogus", servers("bogus", at.PRIMARY), set()),
    ],
)
def test_every_server_is_found_whatever_is_wrong_with_it(
    exchange: Exchange, label: str, wanted: Collection[object], odd: set[str]
) -> None:
    """
    Those of parent and child, by glue and by their own records; what differs is a warning.
    """
    zone = zone_of(exchange, leaf(label))
    assert zone.apex == from_text(f"{label}.test.")
    assert {(via.server, via.address) for via in zone.servers} == wanted
    assert {problem.code for problem in zone.problems} == odd | {"private-nameserver"}


@pytest.mark.parametrize(
    ("name", "apex", "address"),
    [
        ("_acme-challenge.child.parent.test.", "child.parent.test.", at.OTHER),
        ("_acme-challenge.www.parent.test.", "parent.test.", at.PRIMARY),
        ("_acme-challenge.cut.test.", "_acme-challenge.cut.test.", at.OTHER),
        ("below._acme-challenge.cut.test.", "_acme-challenge.cut.test.", at.OTHER),
    ],
)
def test_zone_cuts_are_found(exchange: Exchange, name: str, apex: str, address: str) -> None:
    """
    Also where it is the challenge name itself that is delegated.
    """
    zone = zone_of(exchange, from_text(name))
    assert (zone.apex, {via.address for via in zone.servers}) == (from_text(apex), {address})


@pytest.mark.parametrize(
    ("label", "code", "words"),
    [
        ("unborn", "dns-failing", [f"{at.LAME} (ns1.unborn.test.): REFUSED", at.FOLLOWER]),
        ("mute", "dns-unreachable", [f"{at.SILENT} (ns1.mute.test.): timeout", at.SILENT_2]),
        ("ghost", "no-address", ["ns1.nowhere.test."]),
    ],
)
def test_a_zone_that_nobody_serves_is_said(
    exchange: Exchange, label: str, code: str, words: list[str]
) -> None:
    """
    With what each server said.
    """
    with pytest.raises(Failed) as caught:
        zone_of(exchange, leaf(label))
    assert caught.value.problem.code == code
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        at.LAME,
        at.RECURSOR_AS_SERVER,
        at.NOT_AUTHORITATIVE,
        at.SERVFAIL,
        at.SILENT,
        at.NOBODY,
        at.ROUTELESS,
    ],
)
def test_a_server_of_no_use_is_passed_over(
    exchange: Exchange, clock: SystemClock, address: str
) -> None:
    """
    The next one is asked, and then this one last: time is lost once at most.
    """
    zones = {
        from_text("well.test."): ZoneSettings(nameservers=(Endpoint(address), Endpoint(at.PRIMARY)))
    }
    walked = tree(exchange, leaf("well"), zones=zones)
    for name in (leaf("well"), leaf("www.well"), leaf("a.well"), leaf("b.well")):
        place = walked.places([name])[name]
        assert isinstance(place, Place)
        assert place.zone.apex == from_text("well.test.")
    assert clock.now() < 2.0


# Aliases


@pytest.mark.parametrize(
    ("label", "way"),
    [
        ("one.chains", ["one.validation.test."]),
        ("two.chains", ["two.hop.test.", "two.validation.test."]),
        ("far.chains", ["far.far.test."]),
        ("late.chains", ["late.stale.test."]),
        ("gone.chains", ["gone.nowhere.test."]),
        ("x.old.dname", ["_acme-challenge.x.validation.test."]),
        ("wild", []),
        ("text", []),
        ("well", []),
    ],
)
def test_aliases_lead_on(exchange: Exchange, label: str, way: list[str]) -> None:
    """
    Across zones and hosts, by DNAME, to what does not exist yet; but not by a wildcard.
    """
    first = leaf(label)
    chain = chains(tree(exchange, first), [first])[first]
    assert isinstance(chain, Chain)
    assert [place.name.to_text() for place in chain.places] == [first.to_text(), *way]
    assert chain.end.is_wildcard == (label == "wild")
    assert chain.end.values == ({"wildcard"} if label == "text" else set())


@pytest.mark.parametrize(
    ("label", "code"), [("loop.chains", "alias-loop"), ("long.chains", "alias-too-long")]
)
def test_aliases_without_end_are_said(exchange: Exchange, label: str, code: str) -> None:
    """
    BIND answers a loop, and eighteen links, with what it has: the first ones.
    """
    failed = chains(tree(exchange, leaf(label)), [leaf(label)])[leaf(label)]
    assert isinstance(failed, Failed)
    assert failed.problem.code == code


# Resolvers


def test_no_recursor_hears_of_challenges_or_their_targets(
    faults: Faults, exchange: Exchange
) -> None:
    """
    Whatever is wrong on the way, and though the resolver is where the way begins.
    """
    labels = ("well", "apart", "mute", "unborn", "ghost", "nowhere", "cut", "wild", "child.parent")
    links = ("one", "two", "far", "late", "gone", "loop", "long")
    names = [leaf(label) for label in (*labels, *(f"{link}.chains" for link in links))]
    faults.flush()
    before = len(faults.questions(at.UNBOUND))
    found = chains(tree(exchange, *names, **RESOLVER), names)
    heard = {
        question.name.canonicalize().to_text() for question in faults.questions(at.UNBOUND)[before:]
    }
    assert set(found) == set(names)
    assert heard == {".", "a.root."}


def test_the_way_begins_at_a_resolver_where_no_root_server_answers(
    faults: Faults, exchange: Exchange
) -> None:
    """
    It tells the topmost zone and its servers; from there on they are asked themselves.
    """
    faults.flush()
    before = len(faults.questions(at.UNBOUND))
    nobody = {**RESOLVER, "root_hints": (Endpoint(at.NOBODY),)}
    found = zone_around(tree(exchange, leaf("well"), **nobody), leaf("well"))
    heard = {
        question.name.canonicalize().to_text() for question in faults.questions(at.UNBOUND)[before:]
    }
    assert {via.address for via in found.servers} == {at.PRIMARY, at.FOLLOWER}
    assert heard == {"test.", "a.nic.test."}


def test_configured_servers_are_asked_and_no_others(faults: Faults, exchange: Exchange) -> None:
    """
    The delegation leads to the other host; the user's word counts.
    """
    apex = from_text("shadow.test.")
    zones = {apex: ZoneSettings(nameservers=(Endpoint(at.PRIMARY),))}
    walked = tree(exchange, leaf("shadow"), zones=zones, **RESOLVER)
    before = len(faults.questions(at.UNBOUND))
    found = zone_around(walked, leaf("shadow"))
    assert ({via.address for via in found.servers}, found.is_configured) == ({at.PRIMARY}, True)
    assert len(faults.questions(at.UNBOUND)) == before


def test_a_closed_port_53_is_said(faults: Faults, exchange: Exchange) -> None:
    """
    No root server, no resolver: nobody answered, and that is the suspicion.
    """
    with faults.filtered(), pytest.raises(Failed) as caught:
        zone_around(tree(exchange, leaf("well"), **HINTS, **RESOLVER), leaf("well"))
    assert caught.value.problem.code == "dns-unreachable"
    assert "port 53" in caught.value.problem.hint
