"""Zones are matched by whole labels, and those of last resort only where nothing else is."""

import pytest
from dns.name import from_text

from providers.contract import Zone
from providers.enclosing import enclosing

ZONES = [Zone(from_text(apex), apex) for apex in ("example.com.", "Sub.example.com.", "other.net.")]
LAST = [Zone(from_text(apex), "last") for apex in ("sub.example.com.", "lonely.org.", "net.")]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a.example.com."], ["example.com."]),
        (["example.com."], ["example.com."]),
        (["A.B.SUB.EXAMPLE.COM."], ["example.com.", "Sub.example.com."]),
        (["a.example.com.", "b.example.com.", "other.net."], ["example.com.", "other.net."]),
        (["notexample.com.", "com.", "."], []),
        (["a.lonely.org."], ["last"]),
        (["a.example.com.", "x.lonely.org."], ["example.com.", "last"]),
        (["a.net.", "a.other.net."], ["other.net.", "last"]),
        ([], []),
    ],
)
def test_what_encloses_a_name(names: list[str], found: list[str]) -> None:
    """
    Parents and children alike; the last resort, name by name, never beside something better.
    """
    assert [zone.id for zone in enclosing(list(map(from_text, names)), ZONES, LAST)] == found
