"""Which value goes where: whole labels, longest apex, one answer or none."""

from collections.abc import Collection
from dataclasses import replace

import pytest
from dns.name import Name, from_text
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Challenge, Exit, Failed, Order, Problem, Record, Severity
from pipeline.planning import Hosted, by_zone, enclosing, home, misled, uncovered, wanted
from pipeline.questions import Perspective, Role
from pipeline.tree.delegation import Delegation, Place
from providers.contract import TXT, Zone


def hosted(apex: str, zone_id: str = "") -> Zone:
    return Zone(from_text(apex), zone_id or apex)


def challenge(domain: str, value: str = "v", *, valid: bool = False) -> Challenge:
    return Challenge(from_text(f"_acme-challenge.{domain}"), value, domain, valid)


def order(*challenges: Challenge) -> Order:
    return Order("a", "document", "", "pending", challenges)


@pytest.mark.parametrize(
    ("domain", "apexes", "home"),
    [
        ("example.com", ["example.com."], "example.com."),
        ("www.example.com", ["example.com."], "example.com."),
        ("a.b.c.example.com", ["com.", "example.com.", "c.example.com."], "c.example.com."),
        ("www.example.com", ["www.example.com.", "example.com."], "www.example.com."),
        ("www.example.com", ["sub.example.com.", "example.com."], "example.com."),
        ("WWW.Example.COM", ["example.com."], "example.com."),
        ("www.example.com", ["EXAMPLE.com."], "EXAMPLE.com."),
        ("www.example.com", ["_acme-challenge.www.example.com.", "example.com."], None),
        ("example.com", ["."], "."),
    ],
)
def test_the_closest_enclosing_zone_serves(
    domain: str, apexes: list[str], home: str | None
) -> None:
    """The longest apex wins, wherever it stands in the list, even the record's own name."""
    expected = from_text(home or apexes[0])
    for order_of in (apexes, apexes[::-1]):
        found = enclosing(challenge(domain).name, "p", [hosted(apex) for apex in order_of])
        assert found.apex == expected


@pytest.mark.parametrize(
    ("domain", "apex"),
    [
        ("notexample.com", "example.com."),
        ("www.notexample.com", "example.com."),
        ("example.com", "www.example.com."),
        ("example.com", "example.org."),
        ("example.com.evil.org", "example.com."),
        ("example.co", "example.com."),
    ],
)
def test_lookalikes_enclose_nothing(domain: str, apex: str) -> None:
    """Zones are matched by labels, never by letters; exit 78 tells what is hosted."""
    with pytest.raises(Failed) as caught:
        enclosing(challenge(domain).name, "p", [hosted(apex)])
    assert caught.value.exit is Exit.CONFIG
    assert str(caught.value) == (
        f"no hosted zone encloses _acme-challenge.{domain}. at p; hosted are {apex}"
    )
    assert "in the configuration" in caught.value.problem.hint


def test_without_zones_there_is_no_list_of_them() -> None:
    """An account that hosts nothing of ours has nothing to name; long lists end."""
    with pytest.raises(Failed, match=r"encloses _acme-challenge\.example\.com\. at p$"):
        enclosing(challenge("example.com").name, "p", [])
    many = [hosted(f"z{n}.org.") for n in range(6)] * 2
    with pytest.raises(Failed, match=r"hosted are z0\.org\., .*z4\.org\., …$"):
        enclosing(challenge("example.com").name, "p", many)


def test_twins_are_not_chosen_between() -> None:
    """Two zones of one apex: exit 78, with both ids; a closer zone below them still serves."""
    both = [hosted("example.com.", f"Z{n}") for n in range(2)]
    with pytest.raises(Failed) as caught:
        enclosing(challenge("www.example.com").name, "p", both)
    assert caught.value.exit is Exit.CONFIG
    assert caught.value.problem.code == "twin-zones"
    assert str(caught.value).endswith("Z0 (p), Z1 (p)")
    assert '[zones."example.com"] zone_id' in caught.value.problem.hint
    zones = [*both, hosted("www.example.com.")]
    assert enclosing(challenge("www.example.com").name, "p", zones).id == "www.example.com."


def test_a_record_carries_its_place() -> None:
    """Owner name, value, provider, zone and TTL, as the provider will be told."""
    name, target = from_text("_acme-challenge.www.example.com."), from_text("v.acme.test.")
    record = Record(challenge("www.example.com"), hosted("example.com.", "Z1"), "cloudflare", 30)
    assert record.txt() == TXT(name, "v", 30)
    assert record.key == (name, "v")
    assert record.place == (name, "v", "cloudflare", "Z1")
    delegated = replace(record, zone=hosted("acme.test.", "Z2"), target=target)
    assert delegated.txt() == TXT(target, "v", 30)
    assert (delegated.key, delegated.place) == (record.key, (target, "v", "cloudflare", "Z2"))


def test_what_is_valid_is_not_wanted() -> None:
    """The CA has accepted it; publishing it again proves nothing."""
    met, open_ = challenge("example.com", "a", valid=True), challenge("example.com", "b")
    assert wanted(order(met, open_)) == (open_,)


def test_each_value_at_a_name_is_wanted_once() -> None:
    """Apex and wildcard share a name: two values stay two, one value is one, case aside."""
    a, b = challenge("example.com", "a"), challenge("example.com", "b")
    again = challenge("EXAMPLE.com", "a")
    assert [each.value for each in wanted(order(a, b, again))] == ["a", "b"]
    assert wanted(order()) == ()


def test_values_differ_by_case() -> None:
    """Names ignore case (RFC 4343), base64url does not."""
    found = wanted(order(challenge("example.com", "aa"), challenge("example.com", "aA")))
    assert len(found) == 2


def test_records_are_grouped_as_they_are_written() -> None:
    """One group per provider and zone, in the order of the records."""
    one, two = hosted("example.com.", "Z1"), hosted("example.org.", "Z2")
    places = [("a.example.com", one), ("example.org", two), ("b.example.com", one)]
    records = [Record(challenge(domain), zone, "route53", 60) for domain, zone in places]
    elsewhere = Record(challenge("c.example.com"), one, "cloudflare", 60)
    assert by_zone([*records, elsewhere]) == {
        ("route53", one): [records[0], records[2]],
        ("route53", two): [records[1]],
        ("cloudflare", one): [elsewhere],
    }


def place(zone: str, *hosts: str, name: str = "_acme-challenge.www.example.com.") -> Place:
    """Return a name in the zone that the world is led to, served by *hosts*."""
    named = frozenset(map(from_text, hosts))
    return Place(from_text(name), Delegation(from_text(zone), (), named, named), exists=False)


def served(apex: str, zone_id: str, *hosts: str) -> Zone:
    return Zone(from_text(apex), zone_id, tuple(map(from_text, hosts)))


def addresses(hosts: Collection[Name]) -> frozenset[str]:
    """Know the addresses of hosts in example.net. alone."""
    known = {"ns1.example.net.": "192.0.2.1", "ns2.example.net.": "192.0.2.2"}
    return frozenset(known[str(host)] for host in hosts if str(host) in known)


def refusal(where: Place, *zones: Zone) -> Failed:
    with pytest.raises(Failed) as caught:
        home(where, "p", zones, addresses)
    assert caught.value.exit is Exit.CONFIG
    return caught.value


def test_the_zone_that_the_world_is_led_to_is_chosen() -> None:
    """Neither a parent of it nor a child that nobody delegates to, though both are hosted."""
    zones = [hosted("com."), hosted("example.com."), hosted("www.example.com.")]
    assert home(place("example.com."), "p", zones, addresses) == zones[1]
    assert home(place("www.example.com."), "p", zones, addresses) == zones[2]


def test_a_zone_that_is_delegated_elsewhere_is_named() -> None:
    """Only the parent is hosted here: its servers would never be asked about the name."""
    failed = refusal(place("www.example.com.", "ns.other.net."), hosted("example.com."))
    assert failed.problem.code == "delegated-elsewhere"
    assert "www.example.com., delegated to ns.other.net." in str(failed)
    assert '[zones."www.example.com"] with provider' in failed.problem.hint


def test_a_zone_that_nobody_delegates_to_is_named() -> None:
    """The child is hosted, the world asks the parent's servers."""
    failed = refusal(place("example.com.", "ns.p.net."), hosted("www.example.com."))
    assert failed.problem.code == "not-delegated"
    assert "asks the servers of example.com. (ns.p.net.)" in str(failed)


def test_a_name_that_nobody_hosts_is_said() -> None:
    """What is hosted is listed."""
    failed = refusal(place("example.com."), hosted("example.org."))
    assert failed.problem.code == "no-zone"


def test_twins_are_told_apart_by_the_delegation() -> None:
    """The same name servers decide, else some of them; else it is not for us to choose."""
    a, b = served("example.com.", "A", "a1.", "a2."), served("example.com.", "B", "b1.", "a2.")
    assert home(place("example.com.", "A1.", "a2."), "p", [a, b], addresses) == a
    assert home(place("example.com.", "b1."), "p", [a, b], addresses) == b
    assert refusal(place("example.com.", "c1."), a, b).problem.code == "twin-zones"
    assert refusal(place("example.com.", "a2."), a, b).problem.code == "twin-zones"


def test_what_the_host_does_not_serve_is_refused_in_its_words() -> None:
    """Unless a twin of it is served."""
    asleep = Zone(from_text("example.com."), "A", obstacle="pending: not delegated yet")
    failed = refusal(place("example.com."), asleep)
    assert (failed.problem.code, "pending: not delegated yet" in str(failed)) == (
        *("zone-not-served", True),
    )
    awake = served("example.com.", "B", "b1.")
    assert home(place("example.com."), "p", [asleep, awake], addresses) == awake
    with pytest.raises(Failed, match="pending"):
        enclosing(from_text("_acme-challenge.example.com."), "p", [asleep])


def test_a_zone_served_from_elsewhere_misleads() -> None:
    """The host's name servers and the world's have neither a name nor an address in common."""
    zone, world = served("example.com.", "Z", "ns1.example.net."), place("example.com.", "b1.").zone
    failed = misled(zone, "p", world, addresses)
    assert isinstance(failed, Failed)
    assert (failed.exit, failed.problem.code) == (Exit.CONFIG, "wrong-zone")
    assert "zone Z" in str(failed)
    assert "b1." in str(failed)


def test_what_may_be_right_stops_nothing() -> None:
    """A name or an address in common is proof; unknown name servers are no sign at all."""
    zone = served("example.com.", "Z", "ns1.example.net.")
    world = place("example.com.", "b1.", "NS1.example.net.").zone
    assert misled(zone, "p", world, addresses) is None
    under_another_name = replace(place("example.com.", "b1.").zone, servers=(at("b1.", 1),))
    assert misled(zone, "p", under_another_name, addresses) is None
    assert misled(zone, "p", place("example.com.").zone, addresses) is None
    assert misled(hosted("example.com."), "p", world, addresses) is None


def test_name_servers_without_address_are_a_warning() -> None:
    """Whether they are the world's under other names cannot be told."""
    zone, world = served("example.com.", "Z", "a1."), place("example.com.", "b1.").zone
    problem = misled(zone, "p", world, addresses)
    assert isinstance(problem, Problem)
    assert (problem.code, problem.severity) == ("zone-unverified", Severity.WARNING)


def test_twins_may_have_names_of_their_own_on_their_hosts_addresses() -> None:
    """No name tells them apart; an address does."""
    a = served("example.com.", "A", "ns1.example.net.")
    b = served("example.com.", "B", "ns2.example.net.")
    where = place("example.com.", "b1.")
    where = replace(where, zone=replace(where.zone, servers=(at("b1.", 2),)))
    assert home(where, "p", [a, b], addresses) == b


def test_name_servers_of_no_chosen_host_are_named() -> None:
    """A zone that another host serves, too, needs its values there; unknown servers are no sign."""
    zone = replace(
        place("example.com.", "ns1.example.net.", "b1.").zone,
        servers=(at("ns1.example.net.", 1), at("b1.", 2), at("own.", 1)),
    )
    one = Hosted("one", served("example.com.", "A", "ns1.example.net."))
    two = Hosted("two", served("example.com.", "B", "ns2.example.net."))
    [problem] = uncovered([one], zone, addresses)
    assert (problem.code, problem.severity) == ("other-host", Severity.WARNING)
    assert "also served by b1., none of one's name servers" in problem.message
    assert not [*uncovered([one, two], zone, addresses)]
    assert not [*uncovered([Hosted("three", hosted("example.com."))], zone, addresses)]
    assert not [*uncovered([Hosted("four", served("example.com.", "C", "c1."))], zone, addresses)]


def at(host: str, number: int) -> Perspective:
    return Perspective(f"192.0.2.{number}", 53, Role.AUTHORITATIVE, host)


label = st.sampled_from(["a", "b", "ab", "com"])
domains = st.lists(label, min_size=1, max_size=4).map(".".join)


@given(domains, st.lists(domains, unique=True, max_size=8))
def test_no_name_goes_astray(domain: str, apexes: list[str]) -> None:
    """The zone found encloses the name, and none of the others that do is closer."""
    zones = [hosted(apex) for apex in apexes]
    name = challenge(domain).name
    enclose = [zone.apex for zone in zones if name.is_subdomain(zone.apex)]
    if enclose:
        assert enclosing(name, "p", zones).apex == max(enclose, key=len)
    else:
        with pytest.raises(Failed, match="no hosted zone"):
            enclosing(name, "p", zones)
