"""Which part of an inventory is whose."""

from collections import Counter
from collections.abc import Mapping

import pytest
from dns.name import from_text
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fleet.sharding import Shard, automatic, shard_of, zone_of
from pipeline.model import Failed

ZONES = frozenset(map(from_text, ("dev.example.com.", "example.co.", "b.a.test.", "a.test.")))

LABEL = st.sampled_from(["a", "b", "www", "co", "example", "com", "uk", "dev"])
DOMAINS = st.lists(LABEL, min_size=1, max_size=5).map(".".join)


@pytest.mark.parametrize(
    ("name", "zone"),
    [
        ("www.example.com", "example.com"),
        ("*.Example.COM.,other.test", "example.com"),
        (" a.b.c.example.com , example.org", "example.com"),
        ("com", "com"),
        ("shop.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("a.b.shop.uk", "shop.uk"),  # no word of registries, however short
        ("a.co.dev", "co.dev"),  # not a country's
        ("x.dev.example.com", "dev.example.com"),
        ("dev.example.com", "dev.example.com"),
        ("xdev.example.com", "example.com"),
        ("x.b.a.test", "b.a.test"),
        ("https://ca.example/order/1", "https://ca.example/order/1"),
    ],
)
def test_the_zone_of_a_name(name: str, zone: str) -> None:
    """
    The longest configured one around the first name; else the last two labels, three in a country.
    """
    assert zone_of(name, ZONES) == zone


@given(DOMAINS, st.integers(1, 40))
def test_one_shard_and_always_the_same(domain: str, total: int) -> None:
    """
    A certificate is in exactly one shard, and in the same one as all that begin with its zone.
    """
    alike = [domain, f"*.{domain}", domain.upper(), f"{domain},elsewhere.test"]
    found = {
        tuple(n for n in range(1, total + 1) if Shard(n, total).has(name, ZONES)) for name in alike
    }
    assert len(found) == 1
    assert len(next(iter(found))) == 1


def test_where_zones_are_does_not_change() -> None:
    """
    Between versions, processes and machines.
    """
    zones = [f"zone{n}.example" for n in range(12)]
    assert [shard_of(zone, 5) for zone in zones] == [3, 3, 5, 3, 5, 1, 3, 4, 1, 5, 2, 2]


@given(st.integers(1, 60), st.text(max_size=20))
def test_another_shard_takes_and_leaves(total: int, zone: str) -> None:
    """
    With one shard more, a zone stays where it is or goes to the new one.
    """
    before, after = shard_of(zone, total), shard_of(zone, total + 1)
    assert after in {before, total + 1}
    assert 1 <= before <= total


def test_shards_are_of_a_size() -> None:
    """
    Of 6,000 zones in 6 shards each has 1,000, give or take a tenth; a seventh takes a seventh.
    """
    zones = [f"zone{n}.example" for n in range(6000)]
    sizes = Counter(shard_of(zone, 6) for zone in zones)
    assert all(900 < sizes[n] < 1100 for n in range(1, 7))
    moved = sum(shard_of(zone, 6) != shard_of(zone, 7) for zone in zones)
    assert 750 < moved < 960


@pytest.mark.parametrize(
    "text", ["0/4", "5/4", "1/0", "a/b", "1", "1/", "/4", "-1/4", "1/4/4", " 1/4", "1/4 ", "1.0/4",
             "\N{ARABIC-INDIC DIGIT ONE}/4", "9999999/9999999", ""],
)  # fmt: skip
def test_what_is_no_shard(text: str) -> None:
    """
    I/N are whole numbers, I from 1 to N.
    """
    with pytest.raises(ValueError, match=r"must be I/N|numbered|at least"):
        Shard.parse(text)


def test_a_shard_as_it_is_written() -> None:
    """
    From 1/4 to 4/4.
    """
    assert str(Shard.parse("1/4")) == "1/4"
    assert Shard.parse("4/4") == Shard(4, 4)


@pytest.mark.parametrize(
    ("variables", "shard"),
    [
        ({"JOB_COMPLETION_INDEX": "0", "DNS01_SHARDS": "4"}, "1/4"),
        ({"JOB_COMPLETION_INDEX": "3", "DNS01_SHARDS": "4"}, "4/4"),
        ({"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "4"}, "1/4"),
        ({"CI_NODE_INDEX": "4", "CI_NODE_TOTAL": "4"}, "4/4"),
        ({"CI_NODE_TOTAL": "1"}, "1/1"),
        ({"CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "2"}, "1/2"),
        ({"BUILDKITE_PARALLEL_JOB": "1", "BUILDKITE_PARALLEL_JOB_COUNT": "2"}, "2/2"),
    ],
)
def test_what_a_job_is_told(variables: Mapping[str, str], shard: str) -> None:
    """
    Each system's own variables and its own way to count.
    """
    assert str(automatic(variables.get)) == shard


def test_a_job_of_two_systems() -> None:
    """
    A Job's index counts before what CI has left in the environment; half of it is no answer.
    """
    left = {"CI_NODE_INDEX": "2", "CI_NODE_TOTAL": "2"}
    inner = {"JOB_COMPLETION_INDEX": "0", "DNS01_SHARDS": "3"}
    assert str(automatic((left | inner).get)) == "1/3"
    with pytest.raises(Failed, match="DNS01_SHARDS is not"):
        automatic((left | {"JOB_COMPLETION_INDEX": "0"}).get)


@pytest.mark.parametrize(
    ("variables", "said", "hint"),
    [
        ({}, "no variable", "--shard I/N, another I in each job"),
        ({"JOB_COMPLETION_INDEX": "0"}, "DNS01_SHARDS is not", "completions"),
        ({"DNS01_SHARDS": "4"}, "JOB_COMPLETION_INDEX is not", "completionMode: Indexed"),
        (
            {"JOB_COMPLETION_INDEX": "4", "DNS01_SHARDS": "4"},
            "JOB_COMPLETION_INDEX is 4; with DNS01_SHARDS=4 it goes from 0 to 3",
            "one number",
        ),
        ({"CI_NODE_INDEX": "0", "CI_NODE_TOTAL": "4"}, "it goes from 1 to 4", "--shard"),
        ({"CIRCLE_NODE_INDEX": "2", "CIRCLE_NODE_TOTAL": "2"}, "it goes from 0 to 1", "--shard"),
        ({"CI_NODE_TOTAL": "4"}, "CI_NODE_INDEX is not", "--shard"),
        ({"CI_NODE_INDEX": "x", "CI_NODE_TOTAL": "4"}, 'CI_NODE_INDEX is "x"', "--shard"),
        ({"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": ""}, 'CI_NODE_TOTAL is ""', "--shard"),
        ({"CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "0"}, "at least one", "--shard"),
    ],
)
def test_a_job_that_is_told_too_little(variables: Mapping[str, str], said: str, hint: str) -> None:
    """
    Exit 78, with what is missing and what to do; no job does another's part by mistake.
    """
    with pytest.raises(Failed) as failed:
        automatic(variables.get)
    assert failed.value.exit == 78
    assert said in failed.value.problem.message
    assert hint in failed.value.problem.hint
