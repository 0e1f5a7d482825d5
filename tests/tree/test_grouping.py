"""The zones of names that nobody has been asked about, told by what stands above them."""

from collections.abc import Collection, Sequence

import pytest
from dns.name import Name, from_text
from dns.rdatatype import CAA, TXT

from pipeline.model import Failed
from pipeline.tree.grouping import ZoneNames
from pipeline.tree.places import Tree

from .internet import Internet, Respond, delegated, lame, referring, tree, zone
from .test_places import HOST, world, x

C = delegated("c.x.test.", f"ns9.c.x.test.={HOST}")


def challenge(host: str) -> Name:
    return from_text(f"_acme-challenge.{host}")


def looked(internet: Internet, *hosts: str) -> Tree:
    """Return a tree that has looked ahead for CAA at *hosts* and above, as a run does."""
    names = [from_text(host) for host in hosts]
    rungs = dict.fromkeys(
        Name(name.labels[depth:]) for name in names for depth in range(len(name.labels) - 1)
    )
    made = tree(internet, *(str(challenge(host)) for host in hosts))
    made.look_ahead((name, CAA) for name in rungs)
    return made


def told(internet: Internet, *hosts: str) -> dict[str, set[str]]:
    """Return how the challenges of *hosts* are grouped: hosts by apex."""
    seen: list[ZoneNames] = []

    def nothing(groups: Sequence[ZoneNames]) -> Collection[Name]:
        seen.extend(groups)
        return ()

    looked(internet, *hosts).skip_vacant([challenge(host) for host in hosts], nothing)
    return {str(group.cut.apex): {str(name.parent()) for name in group.names} for group in seen}


def asked(internet: Internet) -> set[str]:
    """Return the names that somebody was asked about TXT at."""
    return {str(query.name) for query in internet.asked if query.rdtype == TXT}


def test_names_that_need_no_question_are_in_their_zone() -> None:
    """
    What is vacant has the place that a question would have found, but for none of its cost; what
    is not is asked about. A word counts once: what is asked for later may be another then.
    """
    hosts = ["a.x.test.", "b.x.test.", "x.test."]
    names = [challenge(host) for host in hosts]
    internet = world(x("a.x.test. A 192.0.2.1"))
    made = looked(internet, *hosts)
    made.skip_vacant(names, lambda groups: groups[0].names[:2])
    found = made.places(names)
    assert asked(internet) == {str(names[2])}
    assert found == tree(world(x("a.x.test. A 192.0.2.1"))).places(names)
    made.places(names[:1])
    assert asked(internet) == {str(names[2]), str(names[0])}


def test_a_zone_that_nobody_delegates_to_is_told_from_its_parent() -> None:
    """
    It is on the same servers, and its own SOA denies what is asked for.
    """
    child = zone("c.x.test.", *C)
    made = told(world(x(), child), "a.x.test.", "c.x.test.", "www.c.x.test.")
    assert made == {"x.test.": {"a.x.test."}, "c.x.test.": {"c.x.test.", "www.c.x.test."}}


def test_a_vacant_name_in_a_zone_that_nobody_delegates_to_is_in_that_zone() -> None:
    """
    With the servers that it names itself, as if it had been asked about.
    """
    name = challenge("www.c.x.test.")
    made = looked(world(x(), zone("c.x.test.", *C)), "www.c.x.test.")
    made.skip_vacant([name], lambda groups: groups[0].names)
    found = made.places([name])
    assert found == tree(world(x(), zone("c.x.test.", *C))).places([name])
    place = found[name]
    assert not isinstance(place, Failed)
    assert place.zone.apex == from_text("c.x.test.")


def test_the_zone_of_an_alias_is_that_of_its_parent() -> None:
    """
    No SOA stands beside a CNAME; the one in the answer is that of its target's zone.
    """
    served = (x("www.x.test. CNAME c.x.test."), zone("c.x.test.", *C))
    assert told(world(*served), "www.x.test.") == {"x.test.": {"www.x.test."}}


def test_an_alias_below_a_zone_that_nobody_delegates_to_is_in_that_zone() -> None:
    """
    The alias is looked past, its parents are not.
    """
    child = zone("c.x.test.", *C, "www.c.x.test. CNAME x.test.")
    assert told(world(x(), child), "www.c.x.test.") == {"c.x.test.": {"www.c.x.test."}}


def test_records_of_its_own_do_not_tell_whether_a_host_is_an_apex() -> None:
    """
    They come without SOA; but the zone's own apex is known.
    """
    caa = 'CAA 0 issue "ca.test"'
    internet = world(x(f"a.x.test. {caa}", f"x.test. {caa}"))
    assert told(internet, "a.x.test.", "b.x.test.", "x.test.") == {
        "x.test.": {"b.x.test.", "x.test."}
    }


@pytest.mark.parametrize("server", [lame, referring("c.x.test.", "ns.nowhere.test.")])
def test_what_fails_tells_nothing(server: Respond) -> None:
    """
    Whoever does not answer about a host says nothing of its zone.
    """
    assert told(world(**{HOST: server}), "www.c.x.test.") == {}


def test_a_zone_above_the_servers_is_not_believed() -> None:
    """
    Servers have no say about what they were not delegated.
    """
    above = zone("test.", *delegated("test.", f"ns.x.test.={HOST}"))
    assert told(world(above), "a.x.test.") == {}
