"""What can be seen of the tree before anything is written, and what where nothing can."""

from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.asking.endpoints import Endpoint
from pipeline.configuration.settings import Settings, ZoneSettings
from pipeline.model import Failed, Severity
from pipeline.questions import Transport
from pipeline.survey import LOST, Survey, is_lost
from pipeline.tree import failures
from pipeline.tree.delegation import Chain

from .tree.internet import (
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
)

HOST, OTHER = "8.0.1.1", "8.0.1.2"
LEAF = from_text("_acme-challenge.x.test.")
GLUE = delegated("x.test.", f"ns.x.test.={HOST}")
X = zone("x.test.", *GLUE)
SERVED = {ROOT: serving(root()), TLD: serving(tld(*GLUE)), HOST: serving(X)}
HINTS = (Endpoint(ROOT),)
ENCRYPTED = {f"https://{address}": knowing(root()) for address in ("1.1.1.1", "8.8.8.8")}


def survey(internet: Internet, *names: str, **settings: object) -> Survey:
    wanted = [from_text(name) for name in names] or [LEAF]
    return Survey(Settings(Path(), **settings), internet, wanted, lambda: 9.0)  # type: ignore[arg-type]


def test_every_name_is_led_somewhere_or_said_why_not() -> None:
    """
    Each on its own.
    """
    dead = delegated("y.test.", f"ns.y.test.={OTHER}")
    internet = Internet({**SERVED, TLD: serving(tld(*GLUE, *dead)), OTHER: lame})
    seen = survey(internet, str(LEAF), "_acme-challenge.y.test.", root_hints=HINTS)
    found = seen.look()
    assert isinstance(found[LEAF], Chain)
    failed = found[from_text("_acme-challenge.y.test.")]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "dns-failing"
    assert not seen.is_blind


def test_nothing_to_look_at_asks_nobody() -> None:
    """
    An order that needs no challenge.
    """
    internet = Internet({})
    seen = Survey(Settings(Path()), internet, (), lambda: 9.0)
    assert seen.look() == {}
    assert (internet.sent, seen.is_blind, seen.problems) == (0, False, [])


def test_what_is_odd_about_the_zones_is_said_once() -> None:
    """
    Of every zone on the way of a chain, and however many names are in one.
    """
    other = delegated("y.test.", f"ns.y.test.={OTHER}")
    x = zone("x.test.", "x.test. NS ns9.x.test.", f"{LEAF} CNAME v.y.test.", f"ns.x.test. A {HOST}")
    y = zone("y.test.", "y.test. NS ns9.y.test.", f"ns.y.test. A {OTHER}")
    internet = Internet(
        {
            ROOT: serving(root()),
            TLD: serving(tld(*GLUE, *other)),
            HOST: serving(x),
            OTHER: serving(y),
        }
    )
    seen = survey(internet, str(LEAF), "_acme-challenge.www.x.test.", root_hints=HINTS)
    seen.look()
    assert [problem.code for problem in seen.problems] == ["delegation-differs"] * 2
    assert "x.test." in seen.problems[0].message
    assert "y.test." in seen.problems[1].message


@pytest.mark.parametrize(
    "settings",
    [
        {"root_hints": HINTS},
        {"resolvers": (Endpoint(RESOLVER),)},
        {"zones": {from_text("x.test."): ZoneSettings(nameservers=(Endpoint(HOST),))}},
        {},
    ],
)
def test_no_resolver_hears_of_a_challenge(settings: dict[str, object]) -> None:
    """
    Nor of names below it, whatever is configured, and whether the tree can be seen or not.
    """
    answering = knowing(root(), tld(*GLUE), X)
    for servers in ({}, SERVED, ENCRYPTED):
        internet = Internet({**servers, RESOLVER: answering, "8.8.8.8": answering})
        survey(internet, **settings).look()
        assert internet.sent
        heard = [query.name for query in internet.asked if query.recursion]
        assert not any(name.is_subdomain(LEAF) for name in heard)


# Where port 53 is closed


def test_where_nobody_answers_encrypted_resolvers_are_asked() -> None:
    """
    The verdict then rests on them alone, which is said, with what to do about it.
    """
    seen = survey(Internet(ENCRYPTED))
    assert seen.look() == {}
    assert seen.is_blind
    assert [(via.address, via.transport) for via in seen.recursive] == [
        ("1.1.1.1", Transport.HTTPS),
        ("8.8.8.8", Transport.HTTPS),
    ]
    [problem] = seen.problems
    assert (problem.code, problem.severity) == ("port-53-filtered", Severity.WARNING)
    assert "Cloudflare" in problem.message
    assert "open port 53" in problem.hint


@pytest.mark.parametrize("named", [{"resolvers": (Endpoint(RESOLVER),)}, {"root_hints": HINTS}])
def test_with_servers_named_by_the_user_nobody_else_is_asked(named: dict[str, object]) -> None:
    """
    Their silence is the result.
    """
    internet = Internet(ENCRYPTED)
    seen = survey(internet, **named)
    failed = seen.look()[LEAF]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "dns-unreachable"
    assert not seen.is_blind
    assert not any(query.transport is not Transport.PLAIN for query in internet.asked)


def test_without_encrypted_resolvers_either_it_is_unreachable() -> None:
    """
    There is nobody left.
    """
    seen = survey(Internet({}))
    failed = seen.look()[LEAF]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "dns-unreachable"
    assert (seen.is_blind, seen.problems) == (False, [])


def test_one_name_that_can_be_seen_shows_that_port_53_is_open() -> None:
    """
    What is silent then is the other zone, not the way there.
    """
    dead = delegated("y.test.", f"ns.y.test.={OTHER}")
    internet = Internet({**SERVED, **ENCRYPTED, TLD: serving(tld(*GLUE, *dead))})
    seen = survey(internet, str(LEAF), "_acme-challenge.y.test.", resolvers=())
    internet.servers["198.41.0.4"] = serving(root())
    found = seen.look()
    assert isinstance(found[LEAF], Chain)
    assert isinstance(found[from_text("_acme-challenge.y.test.")], Failed)
    assert not seen.is_blind


def test_an_answer_that_is_an_error_shows_that_port_53_is_open() -> None:
    """
    REFUSED is heard: that is no closed port.
    """
    internet = Internet({**ENCRYPTED, "198.41.0.4": lame})
    seen = survey(internet)
    failed = seen.look()[LEAF]
    assert isinstance(failed, Failed)
    assert failed.problem.code == "dns-failing"
    assert not seen.is_blind


# Lost ways


def test_every_end_of_the_way_is_a_lost_one() -> None:
    """
    The codes are those of the failures of the walk, all of them.
    """
    ends = [
        failures.nobody_answers(LEAF, {}),
        failures.endless(LEAF),
        failures.no_address(LEAF, []),
        failures.not_delegated(LEAF),
    ]
    assert all(map(is_lost, ends))
    assert {failed.problem.code for failed in ends} <= LOST
