"""The token for Cloudflare: zones and permissions, and nothing that could be left out."""

import json
from typing import Any

import pytest
from dns.name import from_text

from providers.cloudflare import ADAPTER
from providers.cloudflare.policy import policy
from providers.contract import Zone
from providers.errors import Misconfigured
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.cloudflare_account import HostedZone

from .scene import FakeTime, opened

ZONE = "com.cloudflare.api.account.zone."
WRITE, READ = "4755a26eedb94da69e1066d98aa820be", "c8fed203ed3043cba015a93ad1616f1f"


def granted(*names: str, **zones: str) -> tuple[dict[str, set[str]], tuple[str, ...]]:
    """Return the zones of each permission group, and what is remarked."""
    apexes = {from_text(apex.replace("_", ".")): key for apex, key in zones.items()}
    privilege = policy([from_text(name) for name in names], apexes)
    body: dict[str, Any] = json.loads(privilege.text)
    assert body["name"]
    found = {}
    for each in body["policies"]:
        assert each["effect"] == "allow"
        assert set(each["resources"].values()) == {"*"}
        [group] = each["permission_groups"]
        found[group["id"]] = {zone.removeprefix(ZONE) for zone in each["resources"]}
    return found, privilege.remarks


def test_known_zones_need_dns_write_alone() -> None:
    """
    Exactly these zones, the closest of each name; no zone has to be found.
    """
    names = ("_acme-challenge.a.test.", "_acme-challenge.www.a.test.", "_acme-challenge.b.test.")
    a, www, b, c = (digit * 32 for digit in "12bc")
    found, remarks = granted(*names, a_test=a, www_a_test=www, b_test=b, c_test=c)
    assert found == {WRITE: {a, www, b}}
    assert not [remark for remark in remarks if "in place of" in remark]


def test_a_zone_that_is_not_known_has_to_be_found() -> None:
    """
    Zone Read for it and no other; a place to put its id, which is said.
    """
    a = "a" * 32
    found, remarks = granted("_acme-challenge.a.test.", "_acme-challenge.b.test.", a_test=a)
    place = "ID-OF-THE-ZONE-OF-_acme-challenge.b.test"
    assert found == {WRITE: {a, place}, READ: {place}}
    assert [remark for remark in remarks if place in remark]


@pytest.mark.parametrize(
    "key", ["*", "a" * 31, "a" * 33, "A" * 32, "a" * 31 + "*", f"{'a' * 32}\n", "Z0123456789ABC"]
)
def test_what_is_no_id_is_in_no_token(key: str) -> None:
    """
    ``*`` would be every zone, another host's id is none here. Of a zone that is not needed it
    does not count.
    """
    with pytest.raises(Misconfigured, match=r"zone_id of a\.test\. is not"):
        granted("_a.a.test.", a_test=key)
    assert granted("_a.b.test.", a_test=key)[0]


def test_that_names_do_not_count_is_said() -> None:
    """
    A token for a zone may write all of it, and who reads the policy should know.
    """
    assert [each for each in granted("_a.a.test.", a_test="a" * 32)[1] if "not to names" in each]


def test_the_adapter_names_its_policy() -> None:
    """
    So the command finds it; and the keys that nobody should have here.
    """
    assert ADAPTER.policy is policy
    assert "CLOUDFLARE_API_KEY" in ADAPTER.unused
    assert not {each.name for each in ADAPTER.settings} & set(ADAPTER.unused)


# How wide the token is


def test_zones_that_are_not_needed_are_told(api: CloudflareStandIn, zone: Zone) -> None:
    """
    By one call that reads; a token for the needed zones alone shows nothing.
    """
    provider = opened(api, FakeTime())
    assert provider.excess([zone]) == []
    api.zones += [HostedZone(f"z{number}.test") for number in range(5)]
    [said] = provider.excess([zone])
    assert (
        said == "see zones that none of these names needs: z0.test., z1.test., z2.test. and 2 more"
    )
    assert {call.method for call in api.log} == {"GET"}
    assert len(api.log) == 2


def test_more_zones_than_a_page_holds(api: CloudflareStandIn, zone: Zone) -> None:
    """
    Still one call; the number is a least one.
    """
    api.zones += [HostedZone(f"z{number}.test") for number in range(60)]
    [said] = opened(api, FakeTime()).excess([zone])
    assert "at least z0.test." in said
    assert len(api.log) == 1


def test_rights_beyond_dns_are_told(api: CloudflareStandIn, zone: Zone) -> None:
    """
    As the list of zones shows them.
    """
    api.zones[0].permissions += ("#zone:edit", "#waf:edit\x1b[31m")
    [said] = opened(api, FakeTime()).excess([zone])
    assert said == "have more rights than DNS:Edit and Zone:Read: #waf:edit , #zone:edit"


def test_what_cannot_be_seen_is_not_said(api: CloudflareStandIn, zone: Zone) -> None:
    """
    A token that may not list zones is no failure, and of two tokens the one that writes counts.
    """
    api.zones.append(HostedZone("z.test"))
    blind = api.grant(zone_read=False)
    assert opened(api, FakeTime(), CLOUDFLARE_API_TOKEN=blind).excess([zone]) == []
    two = opened(api, FakeTime(), CF_DNS_API_TOKEN=blind, CF_ZONE_API_TOKEN=api.token)
    assert two.excess([zone]) == []
