"""The way down on real servers: the laboratory's own root, its TLD, and what is below."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from dns.name import Name, from_text

from pipeline.asking.endpoints import Endpoint
from pipeline.asking.exchange import Exchange
from pipeline.clock import SystemClock
from pipeline.configuration.settings import Settings
from pipeline.tree.aliases import chains
from pipeline.tree.delegation import Chain
from pipeline.tree.places import Tree
from pipeline.tree.roots import tree_from
from tests.lab import Lab, topology
from tests.tree.internet import zone_around

pytestmark = [pytest.mark.servers, pytest.mark.usefixtures("lab")]

Way = Mapping[str, tuple[Endpoint, ...]]
"""Settings that say where the walk begins."""

BY_HINT: Way = {"root_hints": (Endpoint(topology.ROOT),)}
BY_RESOLVER: Way = {"resolvers": (Endpoint(topology.UNBOUND),)}
BY_RESOLVER_ALONE: Way = {**BY_RESOLVER, "root_hints": (Endpoint("127.0.0.99"),)}


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange(SystemClock()) as opened:
        yield opened


def tree(exchange: Exchange, way: Way, *challenges: Name) -> Tree:
    return tree_from(Settings(Path(), **way), exchange, challenges, lambda: 30.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("way", [BY_HINT, BY_RESOLVER, BY_RESOLVER_ALONE])
@pytest.mark.parametrize(
    ("name", "apex", "addresses"),
    [
        ("_acme-challenge.example.test.", "example.test.", topology.AUTHORITATIVE),
        ("_acme-challenge.h001.example.test.", "example.test.", topology.AUTHORITATIVE),
        ("_acme-challenge.no.such.host.example.test.", "example.test.", topology.AUTHORITATIVE),
        ("_acme-challenge.www.sub.example.test.", "sub.example.test.", topology.AUTHORITATIVE),
        ("_acme-challenge.away.example.test.", "away.example.test.", (topology.KNOT,)),
        ("_acme-challenge.knot.test.", "knot.test.", (topology.KNOT,)),
        ("example.test.", "example.test.", topology.AUTHORITATIVE),
    ],
)
def test_the_walk_finds_the_zone(
    exchange: Exchange,
    way: Way,
    name: str,
    apex: str,
    addresses: tuple[str, ...],
) -> None:
    """
    Cuts are found on the way down, whether parent and child share their servers or not, and
    wherever the way begins.
    """
    wanted = from_text(name)
    found = zone_around(tree(exchange, way, wanted), wanted)
    assert found.apex == from_text(apex)
    assert {via.address for via in found.servers} == set(addresses)


def test_every_address_of_every_server(exchange: Exchange) -> None:
    """
    The zone's NS set is resolved completely, with the host of each address.
    """
    apex = from_text("example.test.")
    found = zone_around(tree(exchange, BY_HINT), apex)
    assert {(via.server, via.address) for via in found.servers} == {
        (f"ns{number}.example.test.", address)
        for number, address in enumerate(topology.AUTHORITATIVE, 1)
    }
    assert found.parent == found.child == {from_text(via.server) for via in found.servers}


def test_a_child_on_its_parents_servers_is_found_there(exchange: Exchange) -> None:
    """
    One NSD serves root and TLD: no referral leads from one to the other, and both are asked.
    """
    name = from_text("_acme-challenge.no-such-zone.test.")
    found = zone_around(tree(exchange, BY_HINT, name), name)
    assert found.apex == from_text("test.")
    assert {via.address for via in found.servers} == {topology.ROOT, topology.TLD}


@pytest.mark.parametrize(
    ("way", "wanted"),
    [
        (BY_HINT, set()),
        (BY_RESOLVER, {".", "a.root."}),
        (BY_RESOLVER_ALONE, {"test.", "a.nic.test."}),
    ],
)
def test_what_the_recursor_hears_is_above(
    lab: Lab, exchange: Exchange, way: Way, wanted: set[str]
) -> None:
    """
    The root, or the topmost zone, and the addresses of its servers: nothing at or below a
    challenge name, nor at or below the target of its alias.
    """
    lab.flush()
    names = [
        from_text("_acme-challenge.alias.example.test."),
        from_text("_acme-challenge.hops.example.test."),
        from_text("_acme-challenge.no.such.host.example.test."),
    ]
    before = len(lab.questions(topology.UNBOUND))
    found = chains(tree(exchange, way, *names), names)
    heard = {
        question.name.canonicalize().to_text()
        for question in lab.questions(topology.UNBOUND)[before:]
    }
    assert all(isinstance(each, Chain) for each in found.values())
    assert heard == wanted


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("alias", ["alias.acme.test."]),
        ("hops", ["hop.example.test.", "hops.acme.test."]),
        ("any.wild", []),
        ("h001", []),
    ],
)
def test_aliases_are_followed_at_authoritative_servers(
    exchange: Exchange, name: str, way: list[str]
) -> None:
    """
    BIND, Knot and NSD answer with the whole chain or its first link; a wildcard's is told apart.
    """
    first = from_text(f"_acme-challenge.{name}.example.test.")
    chain = chains(tree(exchange, BY_HINT, first), [first])[first]
    assert isinstance(chain, Chain)
    assert [place.name.to_text() for place in chain.places] == [first.to_text(), *way]
    assert chain.end.is_wildcard == ("wild" in name)
