"""Which value goes where: whole labels, longest apex, one answer or none."""

import pytest
from dns.name import from_text
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Challenge, Exit, Failed, Order, Record
from pipeline.plan import Hosted, by_zone, enclosing, place, wanted
from providers.contract import TXT, Zone


def hosted(apex: str, zone_id: str = "", provider: str = "route53") -> Hosted:
    return Hosted(provider, Zone(from_text(apex), zone_id or apex))


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
        found = enclosing(challenge(domain).name, [hosted(apex) for apex in order_of])
        assert found.zone.apex == expected


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
        enclosing(challenge(domain).name, [hosted(apex)])
    assert caught.value.exit is Exit.CONFIG
    assert str(caught.value) == (
        f"no hosted zone encloses _acme-challenge.{domain}.; hosted are {apex}"
    )
    assert "in the configuration" in caught.value.problem.hint


def test_without_zones_there_is_no_list_of_them() -> None:
    """An account that hosts nothing of ours has nothing to name; long lists end."""
    with pytest.raises(Failed, match=r"encloses _acme-challenge\.example\.com\.$"):
        enclosing(challenge("example.com").name, [])
    many = [hosted(f"z{n}.org.") for n in range(6)] * 2
    with pytest.raises(Failed, match=r"hosted are z0\.org\., .*z4\.org\., …$"):
        enclosing(challenge("example.com").name, many)


@pytest.mark.parametrize("providers", [("route53", "route53"), ("route53", "cloudflare")])
def test_twins_are_not_chosen_between(providers: tuple[str, str]) -> None:
    """Two zones of one apex: exit 78, with both ids; a closer zone below them still serves."""
    both = [hosted("example.com.", f"Z{n}", provider) for n, provider in enumerate(providers)]
    with pytest.raises(Failed) as caught:
        enclosing(challenge("www.example.com").name, both)
    assert caught.value.exit is Exit.CONFIG
    assert caught.value.problem.code == "twin-zones"
    assert str(caught.value).endswith(f"Z0 ({providers[0]}), Z1 ({providers[1]})")
    assert '[zones."example.com"] zone_id' in caught.value.problem.hint
    closer = enclosing(challenge("www.example.com").name, [*both, hosted("www.example.com.")])
    assert closer.zone.id == "www.example.com."


def test_a_record_carries_its_place() -> None:
    """Owner name, value, provider, zone and TTL, as the provider will be told."""
    home = hosted("example.com.", "Z1", "cloudflare")
    record = place(challenge("www.example.com"), [home], 30)
    name = from_text("_acme-challenge.www.example.com.")
    assert record == Record(challenge("www.example.com"), home.zone, "cloudflare", 30)
    assert record.txt() == TXT(name, "v", 30)
    assert record.key == (name, "v")
    assert record.place == (name, "v", "cloudflare", "Z1")


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
    other = hosted("example.com.", "Z1", "cloudflare")
    places = [("a.example.com", one), ("example.org", two), ("b.example.com", one)]
    records = [place(challenge(domain), [home], 60) for domain, home in places]
    elsewhere = place(challenge("c.example.com"), [other], 60)
    assert by_zone([*records, elsewhere]) == {
        ("route53", one.zone): [records[0], records[2]],
        ("route53", two.zone): [records[1]],
        ("cloudflare", other.zone): [elsewhere],
    }


label = st.sampled_from(["a", "b", "ab", "com"])
domains = st.lists(label, min_size=1, max_size=4).map(".".join)


@given(domains, st.lists(domains, unique=True, max_size=8))
def test_no_name_goes_astray(domain: str, apexes: list[str]) -> None:
    """The zone found encloses the name, and none of the others that do is closer."""
    zones = [hosted(apex) for apex in apexes]
    name = challenge(domain).name
    enclose = [each.zone.apex for each in zones if name.is_subdomain(each.zone.apex)]
    if enclose:
        assert enclosing(name, zones).zone.apex == max(enclose, key=len)
    else:
        with pytest.raises(Failed, match="no hosted zone"):
            enclosing(name, zones)
