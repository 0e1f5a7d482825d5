"""A provider that nobody named has credentials, and is seen to serve the zone if several have."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.configuration import registry
from pipeline.detection import Candidate, choose, fits
from pipeline.model import Exit, Failed
from pipeline.tree.delegation import Delegation

from . import bridge
from .standins.cloudflare import CloudflareStandIn

AWS = ("ns-1.awsdns-00.com.", "ns-2000.awsdns-63.co.uk.")
CLOUDFLARE = ("ada.ns.cloudflare.com.", "bob.ns.cloudflare.com.")


def candidates(*able: str) -> list[Candidate]:
    """Return the providers installed, of which those called so have credentials."""
    found = registry.candidates(lambda _name: False)
    return [Candidate(each.name, each.nameservers, each.name in able) for each in found]


def zone(parent: Sequence[str], child: Sequence[str] = ()) -> Delegation:
    parents, children = (frozenset(map(from_text, hosts)) for hosts in (parent, child))
    return Delegation(from_text("example.com."), (), parents, children)


def refusal(found: Sequence[Candidate], seen: Delegation | None) -> str:
    with pytest.raises(Failed) as caught:
        choose(found, seen)
    assert caught.value.exit is Exit.CONFIG
    assert "--provider NAME or DNS01_PROVIDER" in caught.value.problem.hint
    return str(caught.value)


@pytest.mark.parametrize("seen", [None, zone(AWS), zone(["ns1.example.net."])])
def test_the_only_one_with_credentials_needs_no_proof(seen: Delegation | None) -> None:
    """Its name servers may be called anything: many hosts let customers name them."""
    choice = choose(candidates("cloudflare"), seen)
    assert (choice.providers, choice.is_seen) == (("cloudflare",), False)


@pytest.mark.parametrize(
    ("seen", "chosen"),
    [
        (zone(AWS), ["route53"]),
        (zone(CLOUDFLARE), ["cloudflare"]),
        (zone([host.upper() for host in AWS]), ["route53"]),
        (zone([], CLOUDFLARE), ["cloudflare"]),
        (zone([*AWS, *CLOUDFLARE]), ["cloudflare", "route53"]),
        (zone(AWS, CLOUDFLARE), ["cloudflare", "route53"]),
        (zone([*AWS, "ns1.example.net."]), ["route53"]),
    ],
)
def test_of_several_those_that_serve_the_zone_are_meant(
    seen: Delegation, chosen: list[str]
) -> None:
    """Whoever names them, the parent or the zone itself; all of them, where several serve it."""
    choice = choose(candidates("cloudflare", "rfc2136", "route53"), seen)
    assert (list(choice.providers), choice.is_seen) == (chosen, True)
    assert choice.why.startswith(f"example.com. is served by {chosen[0]} (")
    assert all(f"{name} (" in choice.why for name in chosen)


OWN = zone(["ns1.example.net."])


@pytest.mark.parametrize(
    ("able", "seen", "chosen"),
    [
        (["cloudflare", "rfc2136"], OWN, "rfc2136"),
        (["cloudflare", "lexicon", "route53"], OWN, "lexicon"),
        (["cloudflare", "rfc2136"], zone(CLOUDFLARE), "cloudflare"),
        (["cloudflare", "rfc2136"], zone(AWS), None),
        (["cloudflare", "rfc2136"], zone([]), None),
        (["cloudflare", "rfc2136"], None, None),
        (["lexicon", "rfc2136"], OWN, None),
    ],
)
def test_who_is_left_is_meant(able: list[str], seen: Delegation | None, chosen: str | None) -> None:
    """Servers of none of the hosts known by theirs are those of the one that has no such names.

    Not if they are known to be somebody else's.
    """
    if chosen is None:
        refusal(candidates(*able), seen)
        return
    choice = choose(candidates(*able), seen)
    assert choice.providers == (chosen,)
    if seen is OWN:
        others = " or ".join(name for name in able if name != chosen)
        assert choice.why == (
            f"example.com. is served by ns1.example.net.: not by {others}, so by {chosen}"
        )


def test_who_lacks_credentials_is_never_chosen() -> None:
    """But named, if it is seen to serve the zone: its credentials may have been forgotten."""
    said = refusal(candidates("cloudflare", "rfc2136"), zone(AWS))
    assert "several providers stand in the environment: cloudflare, rfc2136; none" in said
    assert "serve example.com. from ns-1.awsdns-00.com., ns-2000.awsdns-63.co.uk.;" in said
    assert said.endswith("served by route53, whose credentials are not there")


def test_nothing_to_choose_by() -> None:
    """We never guess: servers that nobody is known by, or a zone that cannot be seen."""
    said = refusal(candidates("cloudflare", "route53"), zone(["ns1.example.net."]))
    assert said.endswith(
        "environment: cloudflare, route53; none of them is known to serve example.com. from"
        " ns1.example.net."
    )
    assert refusal(candidates("cloudflare", "route53"), None).endswith(": cloudflare, route53")


def test_no_credentials_at_all() -> None:
    """The zone's host is named, if it is known."""
    nobody = "no provider is chosen, and no provider's credentials stand in the environment"
    assert refusal(candidates(), None) == nobody
    assert refusal(candidates(), zone(["ns1.example.net."])) == nobody
    assert refusal(candidates(), zone(CLOUDFLARE)) == (
        f"{nobody}; example.com. is served by cloudflare, whose credentials are not there"
    )


@pytest.mark.parametrize(
    ("host", "does"),
    [
        ("ns-7.awsdns-1.com.", True),
        ("NS-7.AWSDNS-1.COM.", True),
        ("ns-7.awsdns-1.evil.com.", False),
        ("x.ns-7.awsdns-1.com.", False),
        ("ns-7.awsdns-1.com.evil.test.", False),
        ("ns-7.xawsdns-1.com.", False),
    ],
)
def test_patterns_are_of_labels(host: str, does: bool) -> None:  # noqa: FBT001 - a parameter
    """A star never reaches over a dot: a name in somebody else's domain is somebody else's."""
    assert fits("ns-*.awsdns-*.com", from_text(host)) is does


def test_two_zones_at_two_hosts_need_no_flag(tmp_path: Path) -> None:
    """The command finds each zone's host by its live name servers, and says whom, and why."""
    theirs = from_text("ns.cloudflare.com.")
    domains = ["www.example.com", "www.ns.cloudflare.com"]
    token = {"tokenName": "_acme-challenge", "tokenValue": "v" * 43, "challengeType": "DNS"}
    order = {"status": "pending", "validationTokens": [token | {"domain": d} for d in domains]}
    (tmp_path / "order.json").write_text(json.dumps(order))
    with (
        CloudflareStandIn(zones=["ns.cloudflare.com"]) as cloudflare,
        bridge.opened(tmp_path, apexes=(bridge.APEX, theirs)) as site,
    ):
        found = {"CLOUDFLARE_API_TOKEN": cloudflare.token, "CLOUDFLARE_BASE_URL": cloudflare.url}
        words = ("plan", "--from", "order.json", "--json")
        done = site.dns01(*words, **found)
        assert done.returncode == 0, done.stderr
        records = json.loads(done.stdout)["records"]
        assert [record["provider"] for record in records] == ["bridge", "cloudflare"]
        assert "ns.cloudflare.com. is served by cloudflare (ns1.ns.cloudflare.com., " in done.stderr
        assert "not by cloudflare, so by bridge" in done.stderr
        muddle = site.dns01(*words, **found, HTTPREQ_ENDPOINT="https://x.test", HTTPREQ_ZONES="x.")
        assert muddle.returncode == 78
        assert "of several providers stand in the environment: bridge, clou" in muddle.stdout
        named = site.report("plan", "--from", "order.json", "--provider", "bridge", **found)
        assert [record["provider"] for record in named["records"]] == ["bridge", "bridge"]
