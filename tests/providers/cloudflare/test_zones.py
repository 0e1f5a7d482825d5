"""Which zones of a Cloudflare account are found, and at what cost."""

import pytest
from dns.name import from_text

from providers.cloudflare import Cloudflare
from providers.contract import TXT, Zone
from providers.errors import Misconfigured, Unauthorized
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.cloudflare_account import HostedZone
from tests.standins.cloudflare_faults import Fault

from .scene import HOST, MARK, NAME, FakeTime, opened


class TestZones:
    def hosting(self, api: CloudflareStandIn, *zones: HostedZone | str) -> None:
        api.zones[:] = [HostedZone(zone) if isinstance(zone, str) else zone for zone in zones]

    def test_pages(self, api: CloudflareStandIn, provider: Cloudflare) -> None:
        """
        Sixty zones are two pages; many names are matched against them all.
        """
        self.hosting(api, *(f"z{i}.example" for i in range(60)))
        names = [from_text(f"_acme-challenge.z{i}.example.") for i in range(60)]
        assert len(provider.zones(names)) == 60
        assert len(api.log) == 2

    def test_pages_that_shift(self, api: CloudflareStandIn, provider: Cloudflare) -> None:
        """
        A zone listed twice, because another was added meanwhile, is one zone.
        """
        self.hosting(api, *(f"z{i}.example" for i in range(60)))
        api.next(None, Fault(meanwhile=lambda: api.zones.insert(0, HostedZone("new.example"))))
        assert len(provider.zones([from_text("_acme-challenge.z49.example.")])) == 1

    def test_large_accounts(self, api: CloudflareStandIn, provider: Cloudflare) -> None:
        """
        A token that sees 2,000 zones is asked for the few names in question.
        """
        self.hosting(api, "example.com", *(f"z{i}.example" for i in range(2000)))
        assert [zone.apex.to_text() for zone in provider.zones([NAME])] == ["example.com."]
        assert [call.query.get("name") for call in api.log] == [None, "example.com", HOST]

    def test_twins(self, api: CloudflareStandIn, provider: Cloudflare) -> None:
        """
        Both zones of one name are returned, told apart by their name servers.
        """
        twins = [
            HostedZone("example.com", account=letter * 32, name_servers=(f"{letter}.ns.example.",))
            for letter in "ab"
        ]
        self.hosting(api, *twins, "other.example")
        zones = provider.zones([NAME])
        assert [zone.id for zone in zones] == [twin.id for twin in twins]
        assert [str(zone.nameservers[0]) for zone in zones] == ["a.ns.example.", "b.ns.example."]

    @pytest.mark.parametrize("status", ["initializing", "pending", "moved"])
    def test_a_zone_nobody_asks(
        self, api: CloudflareStandIn, provider: Cloudflare, status: str
    ) -> None:
        """
        A zone that is not delegated to Cloudflare is no place to write: say what is missing.
        """
        self.hosting(api, HostedZone("example.com", status=status))
        with pytest.raises(Misconfigured, match=rf"example\.com\..*{status}") as caught:
            provider.zones([NAME])
        assert "ada.ns.cloudflare.com. and bob.ns.cloudflare.com." in caught.value.hint
        self.hosting(api, HostedZone("example.com", status=status, name_servers=()))
        with pytest.raises(Misconfigured) as caught:
            provider.zones([NAME])
        assert "page" in caught.value.hint

    def test_a_pending_zone_in_nobodys_way(
        self, api: CloudflareStandIn, provider: Cloudflare
    ) -> None:
        """
        A pending zone matters only to names that no active zone encloses.
        """
        self.hosting(
            api,
            "example.com",
            HostedZone("example.com", status="moved"),
            HostedZone("sub.example.com", status="pending"),
            HostedZone("other.example", status="pending"),
        )
        name = from_text("_acme-challenge.sub.example.com.")
        assert [zone.id for zone in provider.zones([name])] == [api.zones[0].id]

    @pytest.mark.parametrize("kind", ["partial", "secondary"])
    def test_zones_served_elsewhere(
        self, api: CloudflareStandIn, provider: Cloudflare, kind: str
    ) -> None:
        """
        CNAME set-ups and secondaries are not ours to write to.
        """
        self.hosting(api, HostedZone("example.com", type=kind))
        assert provider.zones([NAME]) == []

    def test_no_names(self, api: CloudflareStandIn, provider: Cloudflare) -> None:
        """
        Nothing asked, nothing sent; a TLD is nobody's zone.
        """
        assert provider.zones([]) == []
        assert provider.zones([from_text("com."), from_text(".")]) == []
        assert api.log == []

    def test_without_the_permission(
        self, api: CloudflareStandIn, clock: FakeTime, zone: Zone
    ) -> None:
        """
        A token that may not list zones says so, and still writes to a configured zone.
        """
        provider = opened(api, clock, CF_DNS_API_TOKEN=api.grant(zone_read=False))
        with pytest.raises(Unauthorized, match="9109") as caught:
            provider.zones([NAME])
        assert "CF_ZONE_API_TOKEN" in caught.value.hint
        assert "zone_id" in caught.value.hint
        provider.append(zone, [TXT(NAME, "v")], MARK)
        assert api.values(HOST) == {"v"}
