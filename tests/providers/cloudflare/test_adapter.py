"""The Cloudflare adapter against a stateful stand-in of the API."""

import pytest
from dns.name import Name, from_text

from providers.cloudflare import Cloudflare
from providers.contract import TXT, Zone
from providers.errors import Rejected
from providers.testing import ProviderContract
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.cloudflare_account import Record
from tests.standins.cloudflare_faults import Fault

from .scene import HOST, MARK, NAME, sent


class TestContract(ProviderContract):
    """The stand-in refuses what the API documents."""

    tells = True

    @pytest.fixture(autouse=True)
    def _rules(self, api: CloudflareStandIn) -> None:
        self.api = api

    def values(self, name: Name) -> set[str]:
        return self.api.values(name.to_text())

    def alias(self, name: Name) -> None:
        self.api.put("CNAME", name.to_text(), "elsewhere.example.net")

    def servers(self) -> set[Name]:
        return {from_text(host) for host in self.api.zones[0].name_servers}


class TestContractWhereTheHostIsLax(TestContract):
    """The stand-in accepts a CNAME's neighbours and quotes what came bare."""

    @pytest.fixture(autouse=True)
    def _rules(self, api: CloudflareStandIn) -> None:
        self.api = api
        api.rules.requote = True
        api.rules.cname_conflicts = False


class TestCost:
    @pytest.mark.parametrize("number", [1, 100])
    def test_calls(self, api: CloudflareStandIn, provider: Cloudflare, number: int) -> None:
        """
        As many calls for a hundred names as for one: 1 + 3 to write, 2 to delete.
        """
        names = [from_text(f"_acme-challenge.h{i}.example.com.") for i in range(number)]
        records = [TXT(name, f"v{i}") for name in names for i in range(2)]
        [zone] = provider.zones(names)
        provider.append(zone, records, MARK)
        assert sent(api) == ["GET zones", "GET dns_records", "GET dns_records", "POST batch"]
        provider.delete(zone, records)
        assert sent(api)[4:] == ["GET dns_records", "POST batch"]
        assert provider.api_calls == len(api.log) == 6
        assert api.zones[0].records == {}

    def test_batches_are_split(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone
    ) -> None:
        """
        No request holds more than the Free plan's 200 operations.
        """
        records = [TXT(from_text(f"_acme-challenge.h{i}", zone.apex), "v") for i in range(450)]
        provider.append(zone, records, MARK)
        assert [len(call.body["posts"]) for call in api.log if call.body] == [200, 200, 50]
        provider.delete(zone, records)
        assert [len(c.body["deletes"]) for c in api.log[5:] if c.body] == [200, 200, 50]

    def test_a_paid_zone_takes_more(self, api: CloudflareStandIn, provider: Cloudflare) -> None:
        """
        Where the zone says so, a batch holds 3,500; if that is refused, 200 and nothing twice.
        """
        api.zones[0].plan = "pro"
        records = [TXT(from_text(f"_acme-challenge.h{i}.example.com."), "v") for i in range(3600)]
        [zone] = provider.zones([record.name for record in records])
        provider.append(zone, records, MARK)
        assert [len(call.body["posts"]) for call in api.log if call.body] == [3500, 100]
        api.rules.batch_limit, begun = 200, len(api.log)
        provider.delete(zone, records[:450])
        sizes = [len(call.body["deletes"]) for call in api.log[begun:] if call.body]
        assert sizes == [450, 200, 200, 50]
        provider.append(zone, records[:450], MARK)
        assert len(api.zones[0].records) == 3600

    def test_a_large_batch_may_be_wrong_all_the_same(
        self, api: CloudflareStandIn, provider: Cloudflare
    ) -> None:
        """
        What is refused for another reason is refused in smaller batches as well, and that is said.
        """
        api.zones[0].plan = "business"
        names = [from_text(f"_acme-challenge.h{i}.example.com.") for i in range(300)]
        [zone] = provider.zones(names)
        with pytest.raises(Rejected, match="TXT content is longer"):
            provider.append(zone, [*(TXT(name, "v") for name in names), TXT(NAME, "v" * 2050)], "")

    def test_unrelated_names(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone
    ) -> None:
        """
        Names without a common beginning are found as well, by listing the zone.
        """
        records = [TXT(from_text(f"{label}.example.com."), "v") for label in ("a", "B", "c")]
        provider.append(zone, records, MARK)
        provider.append(zone, records, MARK)
        provider.delete(zone, records)
        assert sent(api).count("POST batch") == 2
        assert api.zones[0].records == {}

    def test_long_listings(self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone) -> None:
        """
        A value on the second page is found; the page after the last is not asked for.
        """
        litter = [Record(f"{i:032x}", "TXT", HOST, f'"old{i}"', 60) for i in range(2999)]
        api.zones[0].records = {record.id: record for record in litter}
        api.zones[0].records["f" * 32] = Record("f" * 32, "TXT", HOST, '"mine"', 60)
        provider.append(zone, [TXT(NAME, "mine")], MARK)
        assert [call.query["page"] for call in api.log] == ["1", "1", "2"]
        provider.delete(zone, [TXT(NAME, "mine")])
        assert len(api.zones[0].records) == 2999


class TestOtherWriters:
    def test_quoted_and_bare(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone
    ) -> None:
        """
        A value is there however it is quoted, and gone only when every copy is.
        """
        api.put("TXT", HOST, "v")
        provider.append(zone, [TXT(NAME, "v")], MARK)
        assert "POST batch" not in sent(api)
        api.put("TXT", HOST, '"v"')
        api.put("TXT", HOST, '"w" "x"')
        api.put("TXT", HOST, '"broken')
        api.put("A", HOST, "192.0.2.1")
        provider.append(zone, [TXT(NAME, "wx")], MARK)
        provider.delete(zone, [TXT(NAME, "v")])
        assert [record.content for record in api.records(HOST)][:2] == ['"w" "x"', '"broken']

    def test_another_writer_is_faster(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone
    ) -> None:
        """
        A value that appears between list and batch fails the batch, not the change; it is not ours.
        """
        api.next(None, None, Fault(meanwhile=lambda: api.put("TXT", HOST, '"u"')))
        assert provider.append(zone, [TXT(NAME, "u")], MARK).written == frozenset()
        provider.delete(zone, [TXT(NAME, "u")])
        api.log.clear()
        api.next(None, None, Fault(meanwhile=lambda: api.put("TXT", HOST, '"v"')))
        change = provider.append(zone, [TXT(NAME, "v"), TXT(NAME, "w")], MARK)
        assert [record.content for record in api.records(HOST)] == ['"v"', '"w"']
        assert sent(api).count("POST batch") == 2
        assert change.written == frozenset({(NAME, "w")}), "the other value is somebody else's"

    def test_edited_by_hand(self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone) -> None:
        """
        A record whose id changes between list and batch is deleted by its new id.
        """

        def replace_it() -> None:
            api.zones[0].records.clear()
            api.put("TXT", HOST, "v")

        replace_it()
        api.next(None, Fault(meanwhile=replace_it))
        provider.delete(zone, [TXT(NAME, "v")])
        assert api.records(HOST) == []

    def test_a_cname_appears(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone
    ) -> None:
        """
        The host's own refusal is understood as well as our own look.
        """
        api.next(None, None, Fault(meanwhile=lambda: api.put("CNAME", HOST, "x.example.net")))
        with pytest.raises(Rejected, match="CNAME"):
            provider.append(zone, [TXT(NAME, "v")], MARK)

    def test_every_cname_in_the_way_is_told(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone
    ) -> None:
        """
        A look tells each name that is refused, and the rest can do without another.
        """
        names = [from_text(f"_acme-challenge.h{i}.example.com.") for i in range(4)]
        for i in (1, 3):
            api.put("CNAME", f"_acme-challenge.h{i}.example.com", "x.example.net")
        with pytest.raises(Rejected) as caught:
            provider.append(zone, [TXT(name, "v") for name in names], MARK)
        assert caught.value.each.keys() == {names[1], names[3]}
        assert all(str(name) in str(error) for name, error in caught.value.each.items())
        assert caught.value.untouched

    def test_below_a_delegation(
        self, api: CloudflareStandIn, provider: Cloudflare, zone: Zone
    ) -> None:
        """
        What would be stored and never served is refused before anything is written.
        """
        api.put("NS", "sub.example.com", "ns.example.net")
        api.put("NS", "example.com", "ada.ns.cloudflare.com")
        names = ["_acme-challenge.example.com.", "_acme-challenge.a.sub.example.com."]
        told = r"a\.sub\.example\.com\. is below sub\.example\.com\."
        with pytest.raises(Rejected, match=told) as caught:
            provider.append(zone, [TXT(from_text(name), "v") for name in names], MARK)
        assert sent(api) == ["GET dns_records"]
        assert caught.value.each.keys() == {from_text(names[1])}
        assert caught.value.untouched
        provider.append(zone, [TXT(from_text("_acme-challenge.nosub.example.com."), "v")], MARK)
