"""Which zones of a Cloudflare account are found, and at what cost."""

import pytest
from dns.name import from_text

from providers.cloudflare import Cloudflare
from providers.contract import TXT, Zone
from providers.errors import Unauthorized
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

    def test_vanity_name_servers(self, api: CloudflareStandIn, provider: Cloudflare) -> None:
        """
        A zone may be delegated to names of its own; the assigned ones serve it as well.
        """
        vanity = ("ns1.example.com", "ns2.example.com")
        self.hosting(api, HostedZone("example.com", vanity_name_servers=vanity))
        [zone] = provider.zones([NAME])
        assigned = ["ada.ns.cloudflare.com.", "bob.ns.cloudflare.com."]
        hosts = [host.to_text() for host in zone.nameservers]
        assert hosts == [*assigned, "ns1.example.com.", "ns2.example.com."]

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ("pending", "pending: Cloudflare waits for the delegation to {}"),
            ("moved", "moved: Cloudflare found it delegated elsewhere, no longer to {}"),
        ],
    )
    def test_a_zone_nobody_asks(
        self, api: CloudflareStandIn, provider: Cloudflare, status: str, words: str
    ) -> None:
        """
        A zone that is not delegated to Cloudflare is found, with what is missing.
        """
        self.hosting(api, HostedZone("example.com", status=status))
        [zone] = provider.zones([NAME])
        servers = "ada.ns.cloudflare.com. and bob.ns.cloudflare.com."
        assert zone.obstacle == words.format(servers)
        assert [str(host) for host in zone.nameservers] == servers.split(" and ")
        self.hosting(api, HostedZone("example.com", status=status, name_servers=()))
        [zone] = provider.zones([NAME])
        assert zone.obstacle == words.format("the name servers that the zone's page shows")
        assert zone.nameservers == ()

    def test_a_zone_without_plan(self, api: CloudflareStandIn, provider: Cloudflare) -> None:
        """
        Before pending no name server knows the zone: no delegation would help.
        """
        self.hosting(api, HostedZone("example.com", status="initializing"))
        [zone] = provider.zones([NAME])
        assert zone.obstacle.startswith("initializing: it is not set up yet")
        assert zone.nameservers == ()

    def test_a_sleeping_zone_beside_a_served_one(
        self, api: CloudflareStandIn, provider: Cloudflare
    ) -> None:
        """
        Both are found, told apart by the obstacle; the choice is the caller's.
        """
        self.hosting(
            api,
            "example.com",
            HostedZone("example.com", status="moved"),
            HostedZone("sub.example.com", status="pending"),
            HostedZone("other.example", status="pending"),
        )
        found = provider.zones([from_text("_acme-challenge.sub.example.com.")])
        assert [(zone.apex.to_text(), zone.obstacle.partition(":")[0]) for zone in found] == [
            ("example.com.", ""),
            ("example.com.", "moved"),
            ("sub.example.com.", "pending"),
        ]

    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ("partial", "partial: a CNAME set-up, which Cloudflare does not serve"),
            ("secondary", "secondary: Cloudflare copies it from another primary"),
            ("in\x1bternal", "in ternal: Cloudflare does not serve it to the public"),
        ],
    )
    @pytest.mark.parametrize("status", ["active", "pending"])
    def test_zones_edited_elsewhere(
        self, api: CloudflareStandIn, provider: Cloudflare, kind: str, words: str, status: str
    ) -> None:
        """
        CNAME set-ups and secondaries count only where there is nothing else to explain.
        """
        copy = HostedZone("example.com", type=kind, status=status)
        self.hosting(api, copy)
        [zone] = provider.zones([NAME])
        assert (zone.id, zone.nameservers) == (copy.id, ())
        assert zone.obstacle.startswith(words)
        self.hosting(api, copy, full := HostedZone("example.com", status="pending"))
        assert [zone.id for zone in provider.zones([NAME])] == [full.id]

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


class TestAccounts:
    def test_two_accounts_at_once(self, api: CloudflareStandIn, clock: FakeTime) -> None:
        """
        Adapters with tokens of their own see and write their own zones, whatever runs beside.
        """
        api.zones[:] = [HostedZone("example.com"), HostedZone("other.example")]
        name = from_text("_acme-challenge.other.example.")
        one, other = (
            opened(api, clock, CLOUDFLARE_API_TOKEN=api.grant(zones=frozenset({apex})))
            for apex in ("example.com", "other.example")
        )
        [here], [there] = one.zones([NAME, name]), other.zones([NAME, name])
        assert [str(here.apex), str(there.apex)] == ["example.com.", "other.example."]
        one.append(here, [TXT(NAME, "v")], MARK)
        other.append(there, [TXT(name, "w")], MARK)
        with pytest.raises(Unauthorized, match="10000"):
            one.append(there, [TXT(name, "x")], MARK)
        assert (api.values(HOST), api.values(str(name))) == ({"v"}, {"w"})
