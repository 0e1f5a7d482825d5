"""A provider that nobody named has credentials, and is seen to serve the zone if several have."""

from collections.abc import Sequence

import pytest
from dns.name import from_text

from pipeline.configuration import registry
from pipeline.detection import Candidate, choose, fits
from pipeline.model import Exit, Failed
from pipeline.tree.delegation import Delegation

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
