"""A delegated challenge is followed to where its values belong, or it is said why not."""

import pytest
from dns.name import Name, from_text

from pipeline.model import Exit, Failed
from pipeline.tree.aliases import chains
from pipeline.tree.delegation import Chain
from pipeline.tree.walk import HOPS

from .internet import (
    RESOLVER,
    ROOT,
    TLD,
    Internet,
    delegated,
    knowing,
    root,
    serving,
    tld,
    tree,
    zone,
)

X_HOST, Y_HOST = "8.0.1.1", "8.0.1.2"
NAME = from_text("_acme-challenge.x.test.")
CUTS = [
    *delegated("x.test.", f"ns.x.test.={X_HOST}"),
    *delegated("y.test.", f"ns.y.test.={Y_HOST}"),
]


def world(x: tuple[str, ...] = (), y: tuple[str, ...] = ()) -> Internet:
    """Return an Internet with two zones on servers of their own."""
    return Internet(
        {
            ROOT: serving(root()),
            TLD: serving(tld(*CUTS)),
            X_HOST: serving(zone("x.test.", *delegated("x.test.", f"ns.x.test.={X_HOST}"), *x)),
            Y_HOST: serving(zone("y.test.", *delegated("y.test.", f"ns.y.test.={Y_HOST}"), *y)),
        }
    )


def led(internet: Internet, name: Name = NAME) -> Chain | Failed:
    return chains(tree(internet, name.to_text()), [name])[name]


def names(chain: Chain | Failed) -> list[str]:
    assert isinstance(chain, Chain)
    return [place.name.to_text() for place in chain.places]


def test_a_name_that_is_no_alias_is_its_own_end() -> None:
    """
    No links: the values belong at the name itself.
    """
    chain = led(world())
    assert isinstance(chain, Chain)
    assert (chain.places[:-1], chain.end.name) == ((), NAME)


def test_links_across_zones_are_followed() -> None:
    """
    Each link with its zone; the end need not exist yet.
    """
    chain = led(world((f"{NAME} CNAME hop.y.test.",), ("hop.y.test. CNAME v.x.test.",)))
    assert names(chain) == [NAME.to_text(), "hop.y.test.", "v.x.test."]
    assert isinstance(chain, Chain)
    assert [place.zone.apex.to_text() for place in chain.places] == [
        "x.test.",
        "y.test.",
        "x.test.",
    ]
    assert (chain.places[:-1], chain.end.exists) == (chain.places[:2], False)


def test_a_wildcards_alias_is_not_followed() -> None:
    """
    The record that is about to be written takes its place.
    """
    chain = led(world(("*.x.test. CNAME www.y.test.",)))
    assert names(chain) == [NAME.to_text()]
    assert isinstance(chain, Chain)
    assert isinstance(chain, Chain)
    assert chain.end.is_wildcard


def test_a_wildcard_on_the_way_ends_it() -> None:
    """
    The value that is about to be written where the alias leads ends the wildcard's say there.
    """
    chain = led(world((f"{NAME} CNAME hop.y.test.",), ("*.y.test. CNAME v.x.test.",)))
    assert names(chain) == [NAME.to_text(), "hop.y.test."]
    assert isinstance(chain, Chain)
    assert chain.end.is_wildcard


@pytest.mark.parametrize(
    ("x", "y", "way"),
    [
        ((f"{NAME} CNAME {NAME}",), (), f"{NAME} -> {NAME}"),
        (
            (f"{NAME} CNAME a.y.test.",),
            (f"a.y.test. CNAME {NAME}",),
            f"{NAME} -> a.y.test. -> {NAME}",
        ),
        (
            (f"{NAME} CNAME a.y.test.",),
            ("a.y.test. CNAME b.y.test.", "b.y.test. CNAME a.y.test."),
            f"{NAME} -> a.y.test. -> b.y.test. -> a.y.test.",
        ),
    ],
)
def test_loops_are_named(x: tuple[str, ...], y: tuple[str, ...], way: str) -> None:
    """
    Of one, two, or with a way in; the message shows it.
    """
    failed = led(world(x, y))
    assert isinstance(failed, Failed)
    assert (failed.exit, failed.problem.code) == (Exit.DATA, "alias-loop")
    assert way in str(failed)


@pytest.mark.parametrize("links", [HOPS, HOPS + 1, 18])
def test_as_many_links_as_a_resolver_follows(links: int) -> None:
    """
    Eleven are followed, twelve are too many.
    """
    first, *rest = [f"l{number}.y.test." for number in range(links)]
    pairs = zip([first, *rest], rest, strict=False)
    chain = led(
        world((f"{NAME} CNAME {first}",), tuple(f"{one} CNAME {next_}" for one, next_ in pairs))
    )
    if links <= HOPS:
        assert names(chain)[-1] == f"l{links - 1}.y.test."
        assert len(names(chain)) == links + 1
    else:
        assert isinstance(chain, Failed)
        assert (chain.exit, chain.problem.code) == (Exit.DATA, "alias-too-long")
        assert "more than 11" in str(chain)
        assert f"{NAME} -> l0.y.test. -> l1.y.test." in str(chain)


def test_a_target_in_nobodys_zone_is_where_its_values_would_belong() -> None:
    """
    The zone above says that it does not exist; who hosts that is another question.
    """
    chain = led(world((f"{NAME} CNAME gone.nowhere.test.",)))
    assert isinstance(chain, Chain)
    assert (chain.end.exists, chain.end.zone.apex.to_text()) == (False, "test.")


def test_a_target_that_nobody_answers_for_fails_the_name() -> None:
    """
    Others go on.
    """
    internet = world((f"{NAME} CNAME v.y.test.",))
    del internet.servers[Y_HOST]
    other = from_text("_acme-challenge.www.x.test.")
    found = chains(tree(internet), [NAME, other])
    failed = found[NAME]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "dns-unreachable"
    assert names(found[other]) == [other.to_text()]


def test_several_names_may_lead_to_one_target() -> None:
    """
    Each has a chain of its own.
    """
    other = from_text("_acme-challenge.a.x.test.")
    internet = world((f"{NAME} CNAME v.y.test.", f"{other} CNAME v.y.test."))
    found = chains(tree(internet), [NAME, other])
    assert [names(found[name])[-1] for name in (NAME, other)] == ["v.y.test."] * 2


def test_a_resolver_hears_of_no_target() -> None:
    """
    It is as dear as the challenge name: it becomes off limits before it is walked to.
    """
    internet = world((f"{NAME} CNAME v.other.",))
    internet.servers[RESOLVER] = knowing(tld(*CUTS), zone("other.", "x.v.other. A 192.0.2.1"))
    del internet.servers[ROOT]
    failed = led(internet)
    assert isinstance(failed, Failed)
    assert failed.problem.code == "not-delegated"
    assert internet.names(RESOLVER) == {"test.", "a.nic.test.", "other."}
