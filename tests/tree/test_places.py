"""What stands at a name before anything is written there."""

import pytest
from dns.message import Message
from dns.name import from_text
from dns.zone import Zone

from pipeline.model import Failed
from pipeline.questions import Silence
from pipeline.tree.delegation import Place

from .internet import (
    ROOT,
    TLD,
    Internet,
    Respond,
    delegated,
    lame,
    root,
    serving,
    tld,
    tree,
    zone,
)

HOST = "8.0.1.1"
GLUE = delegated("x.test.", f"ns.x.test.={HOST}")
NAME = "_acme-challenge.x.test."


def world(*zones: Zone, **servers: Respond) -> Internet:
    """Return an Internet in which one host serves *zones*, which are all of x.test's."""
    return Internet(
        {ROOT: serving(root()), TLD: serving(tld(*GLUE)), HOST: serving(*zones), **servers}
    )


def x(*lines: str) -> Zone:
    return zone("x.test.", *GLUE, *lines)


def at(internet: Internet, name: str = NAME) -> Place:
    place = tree(internet, name).places([from_text(name)])[from_text(name)]
    assert isinstance(place, Place)
    assert place.name == from_text(name)
    return place


def test_nothing_there() -> None:
    """
    The usual case: no such name, in the zone that says so.
    """
    place = at(world(x()))
    assert (place.zone.apex, place.exists) == (from_text("x.test."), False)
    assert (place.alias, place.is_wildcard, place.values) == (None, False, frozenset())


def test_values_that_are_there_are_seen() -> None:
    """
    Of the name itself, each with its strings joined.
    """
    place = at(world(x(f'{NAME} TXT "one"', f'{NAME} TXT "t" "wo"')))
    assert (place.exists, place.alias, set(place.values)) == (True, None, {"one", "two"})


def test_a_name_with_other_records_exists() -> None:
    """
    NODATA, and names that only have others below them.
    """
    assert at(world(x(f"{NAME} A 192.0.2.1"))).exists
    assert at(world(x(f"below.{NAME} A 192.0.2.1"))).exists


def test_an_alias_exists_though_its_target_does_not() -> None:
    """
    The rcode is the target's (RFC 6604 §3), the name is there.
    """
    place = at(world(x(f"{NAME} CNAME Gone.X.test.")))
    assert (place.exists, place.alias) == (True, from_text("gone.x.test."))
    assert place.zone.apex == from_text("x.test.")


def test_what_stands_at_the_target_is_not_the_names_own() -> None:
    """
    A server that follows the alias itself brings the values of its target.
    """
    place = at(world(x(f"{NAME} CNAME t.x.test.", 't.x.test. TXT "theirs"')))
    assert (place.alias, place.values) == (from_text("t.x.test."), frozenset())


@pytest.mark.parametrize("rdtype", ["CNAME", "nothing"])
def test_an_alias_whose_target_breaks_its_server_is_seen(rdtype: str) -> None:
    """
    A server that follows it fails for TXT, but answers for the alias alone.
    """

    def restless(query: Message) -> Message | Silence:
        if query.question[0].name == from_text(NAME) and query.question[0].rdtype.name != rdtype:
            return Silence("SERVFAIL")
        return serving(x(f"{NAME} CNAME far.y.test."))(query)

    internet = world(**{HOST: restless})
    place = tree(internet, NAME).places([from_text(NAME)])[from_text(NAME)]
    if rdtype == "CNAME":
        assert isinstance(place, Place)
        assert (place.alias, place.exists) == (from_text("far.y.test."), True)
    else:
        assert isinstance(place, Failed)
        assert "SERVFAIL" in str(place)


def test_a_failing_name_that_is_no_alias_stays_failing() -> None:
    """
    That there is no CNAME says nothing of what else is there.
    """

    def broken(query: Message) -> Message | Silence:
        if query.question[0].rdtype.name == "TXT":
            return Silence("SERVFAIL")
        return serving(x())(query)

    place = tree(world(**{HOST: broken}), NAME).places([from_text(NAME)])[from_text(NAME)]
    assert isinstance(place, Failed)


def test_a_wildcards_alias_is_told() -> None:
    """
    Its random siblings have the same: it yields to a record at the name itself.
    """
    place = at(world(x("*.x.test. CNAME www.y.test.")))
    assert (place.alias, place.is_wildcard) == (from_text("www.y.test."), True)


@pytest.mark.parametrize("wildcard", ["CNAME www.y.test.", 'TXT "w"', "A 192.0.2.1"])
def test_a_real_alias_beside_a_wildcard_is_real(wildcard: str) -> None:
    """
    Its siblings lead elsewhere, or are no aliases.
    """
    place = at(world(x(f"*.x.test. {wildcard}", f"{NAME} CNAME real.y.test.")))
    assert (place.alias, place.is_wildcard) == (from_text("real.y.test."), False)


def test_a_real_alias_to_a_wildcards_target_is_real() -> None:
    """
    A sibling leads to the same name, but a name below does not: a node is there, and a wildcard
    matches nothing below it (RFC 4592 §2.2.1).
    """
    place = at(world(x("*.x.test. CNAME www.y.test.", f"{NAME} CNAME www.y.test.")))
    assert (place.alias, place.is_wildcard) == (from_text("www.y.test."), False)


def test_siblings_are_random_and_asked_at_the_zones_servers() -> None:
    """
    Nobody could have made one up beforehand, nor a resolver hear of it.
    """
    internets = [world(x("*.x.test. CNAME www.y.test.")) for _ in range(2)]
    siblings = []
    for internet in internets:
        at(internet)
        probes = {name for name in internet.names(HOST) if name.startswith("dns01-")}
        [sibling] = [name for name in probes if from_text(name).parent() == from_text("x.test.")]
        siblings.append(sibling)
        assert probes == {sibling, sibling.replace("x.test.", str(from_text(NAME)))}
        assert not any(query.recursion for query in internet.asked)
    assert siblings[0] != siblings[1]


def test_a_sibling_that_nobody_answers_about_proves_nothing() -> None:
    """
    Without proof of a wildcard the alias is a real one, and the values go to its target.
    """

    def shy(query: Message) -> Message | Silence:
        if query.question[0].name.labels[0].startswith(b"dns01-"):
            return Silence("timeout")
        return serving(x("*.x.test. CNAME www.y.test."))(query)

    place = at(world(**{HOST: shy}))
    assert (place.alias, place.is_wildcard) == (from_text("www.y.test."), False)


def test_values_of_a_wildcard_are_values() -> None:
    """
    They are what a CA would see, until something is written.
    """
    place = at(world(x('*.x.test. TXT "w"')))
    assert (place.exists, place.alias, set(place.values)) == (True, None, {"w"})


def test_the_zone_of_an_alias_is_that_of_its_parent() -> None:
    """
    The SOA beside an alias may be its target's: a zone on the same server here.
    """
    child = zone(
        "c.x.test.", "c.x.test. NS ns.x.test.", "_acme-challenge.c.x.test. CNAME y.x.test."
    )
    internet = world(x(), child)
    assert at(internet, "_acme-challenge.c.x.test.").zone.apex == from_text("c.x.test.")


def test_several_names_at_once() -> None:
    """
    One that nobody answers for does not stop the others, and a zone is looked at once.
    """
    dead = delegated("y.test.", "ns.y.test.=8.0.1.9")
    internet = world(x(f'{NAME} TXT "v"'), **{TLD: serving(tld(*GLUE, *dead)), "8.0.1.9": lame})
    names = [from_text(f"_acme-challenge.{host}.test.") for host in ("x", "a.x", "b.x", "y")]
    places = tree(internet).places(names)
    assert list(map(type, (places[name] for name in names))) == [Place, Place, Place, Failed]
    apex = from_text("x.test.")
    assert [(q.name, q.address) for q in internet.asked if q.rdtype.name == "NS"] == [(apex, HOST)]


def test_a_parent_that_fails_fails_the_alias() -> None:
    """
    Which zone it is in cannot be told then.
    """

    def moody(query: Message) -> Message | Silence:
        if query.question[0].rdtype.name == "SOA":
            return Silence("SERVFAIL")
        return serving(x(f"{NAME} CNAME y.test."))(query)

    internet = world(**{HOST: moody})
    place = tree(internet, NAME).places([from_text(NAME)])[from_text(NAME)]
    assert isinstance(place, Failed)
    assert "SERVFAIL" in str(place)


def test_a_name_below_an_apex_and_the_apex_are_in_its_zone() -> None:
    """
    At every level, whatever else is asked about at the same time.
    """
    names = [from_text(name) for name in (NAME, "x.test.", "test.")]
    places = tree(world(x())).places(names)
    zones = [place.zone.apex for name in names if isinstance(place := places[name], Place)]
    assert [str(apex) for apex in zones] == ["x.test.", "x.test.", "test."]


def test_addresses_of_hosts_are_all_their_addresses() -> None:
    """
    Of both families, wherever the hosts are; none where they have none.
    """
    walked = tree(world(x("ns.x.test. AAAA 2620::1", "other.x.test. A 8.0.1.2")))
    hosts = [from_text(f"{label}.x.test.") for label in ("ns", "other", "no")]
    assert walked.addresses(hosts) == {HOST, "2620::1", "8.0.1.2"}
    assert walked.addresses(hosts[2:]) == frozenset()
