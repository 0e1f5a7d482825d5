"""Where the walk begins, as the settings say."""

from pathlib import Path

import pytest
from dns.name import Name, from_text

from pipeline.asking.endpoints import Endpoint
from pipeline.configuration.settings import Settings, ZoneSettings
from pipeline.model import Failed
from pipeline.tree.hints import root_servers
from pipeline.tree.roots import tree_from

from .internet import (
    RESOLVER,
    ROOT,
    TLD,
    Internet,
    delegated,
    knowing,
    lame,
    root,
    serving,
    tld,
    zone,
    zone_around,
)

FIRST, OTHER = "8.0.1.1", "9.9.9.8"
NAME = from_text("_acme-challenge.x.test.")
GLUE = delegated("x.test.", f"ns.x.test.={FIRST}")
X = zone("x.test.", *GLUE)
SERVED = {ROOT: serving(root()), TLD: serving(tld(*GLUE)), FIRST: serving(X)}


def settings(**more: object) -> Settings:
    return Settings(Path(), **more)  # type: ignore[arg-type]


def asked(internet: Internet, settings: Settings, name: Name = NAME) -> list[str]:
    """Return the addresses that finding x.test, which *name* is in, took, in order."""
    walked = tree_from(settings, internet, [NAME], lambda: 9.0)
    assert zone_around(walked, name).apex == from_text("x.test.")
    return [query.address for query in internet.asked]


def test_configured_root_hints_come_first() -> None:
    """
    Whatever resolvers are named: nobody is asked for the root.
    """
    internet = Internet(SERVED)
    hints = settings(root_hints=(Endpoint(ROOT),), resolvers=(Endpoint(RESOLVER),))
    assert set(asked(internet, hints)) == {ROOT, TLD, FIRST}


def test_root_hints_keep_their_ports() -> None:
    """
    A root server may listen elsewhere than at port 53.
    """
    internet = Internet(SERVED)
    asked(internet, settings(root_hints=(Endpoint(ROOT, 5353),)))
    assert {query.port for query in internet.asked if query.address == ROOT} == {5353}


def test_configured_resolvers_tell_the_root_and_nobody_else_is_asked() -> None:
    """
    RFC 8109: its NS set, then their addresses; from there on the walk is the same.
    """
    internet = Internet({**SERVED, RESOLVER: knowing(root(), tld(*GLUE), X)})
    assert set(asked(internet, settings(resolvers=(Endpoint(RESOLVER),)))) == set(internet.servers)
    heard = [(q.name.to_text(), q.rdtype.name) for q in internet.asked if q.address == RESOLVER]
    assert heard == [(".", "NS"), ("a.root.", "A"), ("a.root.", "AAAA")]
    assert [query.recursion for query in internet.asked] == [
        query.address == RESOLVER for query in internet.asked
    ]


@pytest.mark.parametrize(
    "knows",
    [
        knowing(tld(*GLUE)),  # refuses the root
        knowing(zone(".", "test. NS a.nic.test.", f"a.nic.test. A {TLD}")),  # no NS for it
        knowing(zone(".", ". NS a.root.", "test. NS a.nic.test.", f"a.nic.test. A {TLD}")),
        knowing(zone(".", f". NS ns.{NAME}", "test. NS a.nic.test.", f"a.nic.test. A {TLD}")),
    ],
    ids=["refused", "no NS", "no address", "hosts below a challenge"],
)
def test_a_resolver_that_does_not_know_the_root_may_know_a_zone(knows: object) -> None:
    """
    The walk falls back to the topmost zone it knows.
    """
    internet = Internet({**SERVED, RESOLVER: knows})  # type: ignore[dict-item]
    addresses = asked(internet, settings(resolvers=(Endpoint(RESOLVER),)))
    assert ROOT not in addresses
    assert not any(query.name.is_subdomain(NAME) for query in internet.asked if query.recursion)


def test_several_resolvers_are_asked_in_turn() -> None:
    """
    The first that knows is believed.
    """
    internet = Internet({**SERVED, OTHER: lame, RESOLVER: knowing(root())})
    found = asked(internet, settings(resolvers=(Endpoint(OTHER), Endpoint(RESOLVER))))
    assert found[:2] == [OTHER, RESOLVER]


def test_without_any_word_the_internets_root_servers_are_asked() -> None:
    """
    In the order of the hints, which knows what there is a route to.
    """
    known = [via.address for via in root_servers()]
    internet = Internet({**SERVED, known[0]: serving(root())})
    assert asked(internet, settings())[0] == known[0]


def test_zones_with_configured_servers_are_known_from_the_start() -> None:
    """
    Those without are not: what else is configured of them is for others.
    """
    zones = {
        from_text("x.test."): ZoneSettings(nameservers=(Endpoint(FIRST, 54),)),
        from_text("test."): ZoneSettings(providers=("a",)),
    }
    internet = Internet(SERVED)
    assert set(asked(internet, settings(zones=zones))) == {FIRST}
    with pytest.raises(Failed):
        asked(internet, settings(zones=zones), from_text("y.test."))
