"""The Route 53 adapter, before ministack and before a front with Route 53's own refusals."""

import secrets
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from dns.name import Name, from_text

from providers.contract import TXT, Change, Zone
from providers.errors import Misconfigured, Rejected, Unauthorized, Unavailable
from providers.limits.window import MOST
from providers.route53 import Route53
from providers.route53.requests import RATE
from providers.testing import ProviderContract
from tests.standins.route53 import Ministack, Route53Front, connect

MARK = "dns01 test"
TYPES_BEFORE_TXT = ["A", "AAAA", "CAA", "DS", "HTTPS", "MX", "NAPTR", "PTR", "SRV", "SSHFP", "TLSA"]


@dataclass
class Time:
    """Jumps instead of waiting.

    Attributes:
        again: Those of the pauses after which a request that was refused is sent again.
    """

    pauses: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)

    def now(self) -> float:
        return sum(self.pauses)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def wait(self, seconds: float, reason: str) -> None:
        self.pause(seconds)
        if reason == "to try again":
            self.again.append(seconds)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with Ministack() as endpoint:
        yield endpoint


@pytest.fixture
def front(endpoint: str) -> Iterator[Route53Front]:
    with Route53Front(endpoint) as front:
        yield front
        assert front.upserts == 0, "an UPSERT overwrites what came in between"


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def connected() -> Iterator[Callable[[str, Time], Route53]]:
    clients = []

    def connected(url: str, time: Time) -> Route53:
        clients.append(connect(url))
        return Route53(clients[-1], pause=time.pause, random=lambda: 1.0, now=time.now)

    yield connected
    for client in clients:
        client.close()


@pytest.fixture
def provider(front: Route53Front, time: Time, connected: Callable[[str, Time], Route53]) -> Route53:
    return connected(front.url, time)


@pytest.fixture
def apex() -> Name:
    return from_text(f"z{secrets.token_hex(5)}.test.")


@pytest.fixture
def zone(front: Route53Front, apex: Name) -> Zone:
    return Zone(apex, front.create_zone(apex.to_text()))


@pytest.fixture
def name(apex: Name) -> Name:
    return from_text("_acme-challenge.www", apex)


def at(name: Name, *labels: str) -> Name:
    return from_text(".".join(labels), name)


def raw(front: Route53Front, zone: Zone, name: Name) -> list[str]:
    """The values of the one TXT set at *name*, as stored."""
    [rrset] = [r for r in front.rrsets(zone.id, name.to_text()) if r["Type"] == "TXT"]
    return [record["Value"] for record in rrset["ResourceRecords"]]


def crowd(front: Route53Front, zone: Zone, sets: int = 320) -> None:
    """Fill *zone* so that its listing takes a second page."""
    changes: Any = [
        {"Action": "CREATE", "ResourceRecordSet": {
            "Name": f"a{i:03}.{zone.apex}", "Type": "A", "TTL": 60,
            "ResourceRecords": [{"Value": "192.0.2.1"}]}}
        for i in range(sets)
    ]  # fmt: skip
    front.admin.change_resource_record_sets(
        HostedZoneId=zone.id,
        ChangeBatch={"Changes": changes},
    )


class Contract(ProviderContract):
    """The contract, whatever stands at the endpoint."""

    writers = 30
    tells = True
    zone_id: str

    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def provider(self, endpoint: str, url: str) -> Iterator[Route53]:
        with Route53Front(endpoint) as self.account:
            found = self.account.admin.list_hosted_zones_by_name(
                DNSName=self.apex.to_text(), MaxItems="1"
            )["HostedZones"]
            if found and found[0]["Name"] == self.apex.to_text():
                self.zone_id = found[0]["Id"]
            else:
                self.zone_id = self.account.create_zone(self.apex.to_text())
            client = connect(url)
            yield Route53(client)
            client.close()

    def values(self, name: Name) -> set[str]:
        return self.account.values(self.zone_id, name.to_text().lower())

    def alias(self, name: Name) -> None:
        self.account.put(self.zone_id, name.to_text(), "elsewhere.test.", kind="CNAME")

    def servers(self) -> set[Name]:
        zone = self.account.admin.get_hosted_zone(Id=self.zone_id)
        return set(map(from_text, zone["DelegationSet"]["NameServers"]))


class TestContractAtRoute53(Contract):
    apex = from_text("contract.front.test.")

    @pytest.fixture
    def url(self, front: Route53Front) -> str:
        return front.url


class TestContractAtMinistack(Contract):
    apex = from_text("contract.ministack.test.")

    # ministack stores a TXT beside a CNAME. Route 53 refuses it, and so does the front.
    test_a_cname_in_the_way_is_said = None  # type: ignore[assignment]
    test_concurrent_callers_fail_alone = None  # type: ignore[assignment]

    @pytest.fixture
    def url(self, endpoint: str) -> str:
        return endpoint


class TestSwap:
    def test_neighbours_keep_their_spelling_and_ttl(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """A set changes by our values only: no respelling of others', and its TTL stays."""
        theirs = ['"split" "up"', r'"esc\141ped \"quote\" \\"', '"é"'.encode().decode("latin-1")]
        front.put(zone.id, name.to_text(), *theirs, TTL=123)
        provider.append(zone, [TXT(name, "ours", ttl=60)], MARK)
        assert sorted(raw(front, zone, name)) == sorted([*theirs, '"ours"'])
        provider.delete(zone, [TXT(name, "ours")])
        assert sorted(raw(front, zone, name)) == sorted(theirs)
        [rrset] = front.rrsets(zone.id, name.to_text())
        assert rrset["TTL"] == 123

    def test_values_are_compared_as_dns_serves_them(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """However a value is spelled, it is there, and it can be deleted."""
        front.put(zone.id, name.to_text(), r'"sp" "l\151t"')
        provider.append(zone, [TXT(name, "split")], MARK)
        assert raw(front, zone, name) == [r'"sp" "l\151t"']
        provider.delete(zone, [TXT(name, "split")])
        assert front.rrsets(zone.id, name.to_text()) == []

    def test_a_new_set_takes_the_ttl_and_the_mark_is_a_comment(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """A set that is new gets the TTL asked for, and the change says whose it is."""
        change = provider.append(zone, [TXT(name, "v", ttl=17)], MARK)
        assert front.admin.get_change(Id=change.id)["ChangeInfo"]["Comment"] == MARK
        [rrset] = front.rrsets(zone.id, name.to_text())
        assert rrset["TTL"] == 17

    def test_a_foreign_write_between_read_and_change_survives(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """Whoever writes while we do, with UPSERT even, loses nothing by us."""
        front.put(zone.id, name.to_text(), '"first"')
        races = iter(['"second"', '"third"'])

        def race() -> None:
            if value := next(races, None):
                front.put(zone.id, name.to_text(), '"first"', value)

        front.before_change = race
        provider.append(zone, [TXT(name, "ours")], MARK)
        assert front.values(zone.id, name.to_text()) == {"first", "third", "ours"}

    def test_a_set_that_appears_before_ours_is_joined(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """CREATE refused for a set nobody saw: read, merge, try again."""

        def race() -> None:
            front.before_change = lambda: None
            front.put(zone.id, name.to_text(), '"theirs"')

        front.before_change = race
        provider.append(zone, [TXT(name, "ours")], MARK)
        assert front.values(zone.id, name.to_text()) == {"theirs", "ours"}

    def test_names_are_not_read_for_reasons(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        """A lost race stays one at a name that sounds like a permanent refusal."""
        name = at(apex, "_acme-challenge", "multivalue", "protect")

        def race() -> None:
            front.before_change = lambda: None
            front.put(zone.id, name.to_text(), '"theirs"')

        front.before_change = race
        provider.append(zone, [TXT(name, "ours")], MARK)
        assert front.values(zone.id, name.to_text()) == {"theirs", "ours"}

    def test_a_set_that_vanishes_before_our_delete_is_gone(
        self,
        front: Route53Front,
        zone: Zone,
        name: Name,
        connected: Callable[[str, Time], Route53],
    ) -> None:
        """Two cleaners of one value: both succeed."""
        one, other = (connected(front.url, Time()) for _ in range(2))
        one.append(zone, [TXT(name, "v")], MARK)

        def race() -> None:
            front.before_change = lambda: None
            other.delete(zone, [TXT(name, "v")])

        front.before_change = race
        assert one.delete(zone, [TXT(name, "v")]) == Change(zone)
        assert front.rrsets(zone.id, name.to_text()) == []

    def test_endless_races_are_given_up(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name, time: Time
    ) -> None:
        """A race lost for 40 s is something to try later; nothing is overwritten."""
        front.before_change = lambda: front.put(
            zone.id, name.to_text(), f'"{secrets.token_hex(4)}"'
        )
        with pytest.raises(Unavailable, match=r"already exists|do not match"):
            provider.append(zone, [TXT(name, "ours")], MARK)
        assert 30 < time.now() <= 40

    def test_writers_in_processes_of_their_own_lose_nothing(
        self, endpoint: str, front: Route53Front, zone: Zone, name: Name
    ) -> None:
        """30 adapters that share nothing write one name at once; every value arrives."""
        clients = [connect(endpoint) for _ in range(30)]
        start = threading.Barrier(30)

        def write(number: int) -> None:
            provider = Route53(clients[number])
            start.wait()
            provider.append(zone, [TXT(name, f"v{number}")], MARK)

        with ThreadPoolExecutor(30) as pool:
            list(pool.map(write, range(30)))
        assert front.values(zone.id, name.to_text()) == {f"v{number}" for number in range(30)}
        for client in clients:
            client.close()

    def test_threads_of_one_adapter_never_refuse_each_other(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """One writer per zone: no batch is refused but for its guess, and only once."""
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda i: provider.append(zone, [TXT(name, f"v{i}")], MARK), range(10)))
        calls = Counter(front.calls)
        later = calls["ListResourceRecordSets"]  # Each batch after the first reads once.
        assert later < 10
        assert calls["ChangeResourceRecordSets"] == 1 + later + (1 if later else 0)
        assert front.values(zone.id, name.to_text()) == {f"v{i}" for i in range(10)}

    def test_zones_are_written_at_the_same_time(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """A writer stuck in one zone does not hold up another zone."""
        other = Zone(from_text("other.test."), front.create_zone("other.test."))
        reached = threading.Barrier(2, timeout=60)
        front.before_change = reached.wait
        with ThreadPoolExecutor(2) as pool:
            writes = [
                pool.submit(
                    provider.append, where, [TXT(at(where.apex, "_acme-challenge"), "v")], ""
                )
                for where in (zone, other)
            ]
            for write in writes:
                write.result()


class TestLostAnswers:
    @pytest.mark.parametrize("old", [(), ('"old"',)])
    def test_a_write_whose_answer_was_lost_is_looked_up(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name, old: tuple[str, ...]
    ) -> None:
        """After a cut connection we read; what is there is not written again."""
        if old:
            front.put(zone.id, name.to_text(), *old)
        front.lost = 1
        change = provider.append(zone, [TXT(name, "v")], MARK)
        assert change.written == frozenset({(name, "v")}), "it was missing, and is there by us"
        assert front.calls == (1 + len(old)) * [
            "ChangeResourceRecordSets",
            "ListResourceRecordSets",
        ]
        assert set(raw(front, zone, name)) == {'"v"', *old}

    def test_a_delete_whose_answer_was_lost_is_looked_up(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """The same for deletes."""
        provider.append(zone, [TXT(name, "v")], MARK)
        front.lost = 1
        front.calls.clear()
        provider.delete(zone, [TXT(name, "v")])
        assert front.rrsets(zone.id, name.to_text()) == []
        assert front.calls == ["ChangeResourceRecordSets", "ListResourceRecordSets"]

    def test_nobody_there_is_unavailable(
        self, connected: Callable[[str, Time], Route53], apex: Name, time: Time
    ) -> None:
        """An endpoint that cannot be reached is given up within a minute."""
        with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1"):
            connected("http://127.0.0.1:1", time).zones([apex])
        assert 30 < time.now() <= 40


class TestPatience:
    def test_throttling_is_waited_out_and_counted(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name, time: Time
    ) -> None:
        """Refusals for now are repeated after growing pauses; each request counts."""
        front.throttled = 3
        front.busy = 2
        provider.pace(time.wait, None)
        provider.append(zone, [TXT(name, "v")], MARK)
        assert time.again == [0.5, 1.0, 2.0, 4.0, 8.0]
        assert provider.api_calls == len(front.calls) == 6
        assert set(front.calls) == {"ChangeResourceRecordSets"}

    def test_throttling_without_end_is_unavailable(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name, time: Time
    ) -> None:
        """After 40 s at most we say so, pausing no longer than 8 s at a time."""
        front.throttled = 10**6
        with pytest.raises(Unavailable, match="Throttling: Rate exceeded") as caught:
            provider.append(zone, [TXT(name, "v")], MARK)
        assert 30 < time.now() <= 40
        assert max(time.pauses) == 8.0
        assert "share" in caught.value.hint

    def test_jitter_is_full(
        self, front: Route53Front, endpoint: str, zone: Zone, name: Name
    ) -> None:
        """A pause is anywhere between nothing and its bound, so that crowds disperse."""
        time, client = Time(), connect(front.url)
        shares = iter([0.0, 0.25])
        provider = Route53(client, pause=time.pause, random=lambda: next(shares), now=time.now)
        provider.pace(time.wait, None)
        front.throttled = 2
        provider.append(zone, [TXT(name, "v")], MARK)
        assert time.again == [0.0, 0.25]
        client.close()

    def test_a_failing_host_is_asked_again(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """HTTP 500 passes for reads, and for writes too, after another look."""
        front.failing = 2
        provider.append(zone, [TXT(name, "v")], MARK)
        assert front.values(zone.id, name.to_text()) == {"v"}

    def test_a_busy_account_is_survived(self, front: Route53Front, zone: Zone, name: Name) -> None:
        """At 20 requests a second and 50 ms a change, six strangers all get through."""
        front.rate, front.busy_seconds = 20, 0.05
        clients = [connect(front.url) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            for number, client in enumerate(clients):
                pool.submit(Route53(client).append, zone, [TXT(name, f"v{number}")], MARK)
        assert len(front.values(zone.id, name.to_text())) == 6
        for client in clients:
            client.close()


class TestObstacles:
    def test_a_cname_among_many_names_in_a_long_zone(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name, time: Time
    ) -> None:
        """Route 53's own refusal of a CNAME is final, though it says "already exists"."""
        crowd(front, zone)
        front.put(zone.id, name.to_text(), "elsewhere.test.", kind="CNAME")
        records = [TXT(name, "v"), TXT(at(name, "b"), "v")]
        with pytest.raises(Rejected, match="CNAME"):
            provider.append(zone, records, MARK)
        assert time.pauses == []
        assert front.values(zone.id, at(name, "b").to_text()) == set()

    def test_a_cname_is_no_hindrance_to_deleting(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """Where a CNAME stands there is no TXT: deleting one is done."""
        front.put(zone.id, name.to_text(), "elsewhere.test.", kind="CNAME")
        assert provider.delete(zone, [TXT(name, "v")]) == Change(zone)

    @pytest.mark.parametrize("policy", [{"MultiValueAnswer": True}, {"Weight": 1}])
    def test_a_set_with_a_routing_policy_is_left_alone(
        self,
        front: Route53Front,
        provider: Route53,
        zone: Zone,
        name: Name,
        policy: dict[str, Any],
    ) -> None:
        """No simple set beside it, and no value out of it; what is not in it is absent."""
        front.put(zone.id, name.to_text(), '"theirs"', SetIdentifier="theirs", **policy)
        before = front.rrsets(zone.id)
        with pytest.raises(Rejected, match="routing policy") as caught:
            provider.append(zone, [TXT(name, "v")], MARK)
        assert caught.value.hint
        with pytest.raises(Rejected, match="routing policy"):
            provider.delete(zone, [TXT(name, "theirs")])
        provider.delete(zone, [TXT(name, "v")])
        assert front.rrsets(zone.id) == before

    def test_a_policy_set_beyond_the_first_page_is_route_53s_to_refuse(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name, time: Time
    ) -> None:
        """Not seen by us, refused by Route 53, and final."""
        crowd(front, zone)
        front.put(zone.id, name.to_text(), '"x"', SetIdentifier="x", MultiValueAnswer=True)
        with pytest.raises(Rejected, match="multivalue"):
            provider.append(zone, [TXT(name, "v"), TXT(at(name, "b"), "v")], MARK)
        assert time.pauses == []

    def test_an_alias_is_left_alone(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """An alias set has no values to swap."""
        target = {"HostedZoneId": zone.id, "DNSName": f"x.{zone.apex}"}
        front.put(zone.id, name.to_text(), AliasTarget={**target, "EvaluateTargetHealth": False})
        with pytest.raises(Rejected, match="alias"):
            provider.append(zone, [TXT(name, "v")], MARK)
        provider.delete(zone, [TXT(name, "v")])
        assert len(front.rrsets(zone.id, name.to_text())) == 1

    def test_a_protected_set_is_final(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name, time: Time
    ) -> None:
        """A protection is not a lost race: said once, with the comment, nothing written."""
        front.protected = {name.to_text()}
        with pytest.raises(Rejected, match="owned by the platform team") as caught:
            provider.append(zone, [TXT(name, "v"), TXT(at(name, "b"), "v")], MARK)
        assert "protection" in caught.value.hint
        assert time.pauses == []
        assert front.values(zone.id, at(name, "b").to_text()) == set()

    def test_what_is_refused_beside_a_set_that_exists(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name, time: Time
    ) -> None:
        """Two complaints of one batch: joined is what can be, the other is final all the same."""
        front.put(zone.id, name.to_text(), '"theirs"')
        front.protected = {at(name, "b").to_text()}
        with pytest.raises(Rejected, match="owned by the platform team"):
            provider.append(zone, [TXT(name, "v"), TXT(at(name, "b"), "v")], MARK)
        assert time.pauses == []
        assert front.values(zone.id, name.to_text()) == {"theirs"}

    def test_an_unknown_refusal_is_final(
        self, front: Route53Front, provider: Route53, zone: Zone, time: Time
    ) -> None:
        """A name outside the zone, an id that does not exist: no retry."""
        with pytest.raises(Rejected, match="not permitted in zone"):
            provider.append(zone, [TXT(from_text("elsewhere.test."), "v")], MARK)
        with pytest.raises(Misconfigured, match="NoSuchHostedZone") as caught:
            provider.append(Zone(zone.apex, "ZNONE"), [TXT(zone.apex, "v")], MARK)
        assert "zone_id" in caught.value.hint
        with pytest.raises(Rejected, match="NoSuchChange"):
            provider.in_sync(Change(zone, "CNONE"))
        assert time.pauses == []


class TestReading:
    def test_a_hundred_new_names_take_three_requests(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        """Zones, the servers of the one in question, one batch."""
        records = [TXT(at(apex, "_acme-challenge", f"h{i}"), "v" * 43) for i in range(100)]
        names = [record.name for record in records]
        [found] = provider.zones(names)
        provider.append(found, records, MARK)
        assert provider.zones(names) == [found]
        assert provider.api_calls == len(front.calls) == 3

    @pytest.mark.parametrize(
        ("present", "calls"),
        [
            (100, ["ChangeResourceRecordSets"]),
            (
                90,
                ["ChangeResourceRecordSets", "ListResourceRecordSets", "ChangeResourceRecordSets"],
            ),
            (0, ["ChangeResourceRecordSets", "ListResourceRecordSets"]),
        ],
    )
    def test_a_hundred_names_are_cleaned_by_one_request(
        self,
        front: Route53Front,
        provider: Route53,
        zone: Zone,
        present: int,
        calls: list[str],
    ) -> None:
        """What is as we left it goes at once; a short zone is read once for all that is gone."""
        records = [TXT(at(zone.apex, "_acme-challenge", f"h{i}"), "v" * 43) for i in range(100)]
        provider.append(zone, records[:present], MARK)
        front.calls.clear()
        provider.delete(zone, records)
        assert front.calls == calls
        assert len(front.rrsets(zone.id)) == 2

    def test_in_a_long_zone_only_what_exists_is_read(
        self, front: Route53Front, provider: Route53, zone: Zone, time: Time
    ) -> None:
        """New names are not looked at; one that exists costs a read and a second batch."""
        crowd(front, zone)
        names = [at(zone.apex, "_acme-challenge", f"h{i}") for i in range(50)]
        front.put(zone.id, names[7].to_text(), '"theirs"')
        provider.append(zone, [TXT(name, "ours") for name in names], MARK)
        assert Counter(front.calls) == {
            "ListResourceRecordSets": 1,
            "ChangeResourceRecordSets": 2,
        }
        assert front.values(zone.id, names[7].to_text()) == {"theirs", "ours"}
        assert front.values(zone.id, names[49].to_text()) == {"ours"}
        assert time.pauses == []

    def test_in_a_long_zone_every_name_is_cleaned(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        """Deleting proves each absence: it never takes an unseen name for an empty one."""
        crowd(front, zone)
        names = [at(apex, "_acme-challenge", f"{letter}-{i}") for letter in "az" for i in range(30)]
        names += [at(apex, "_acme-challenge", label) for label in ("a", "z", "a_b")]
        records = [TXT(name, "v") for name in names]
        provider.append(zone, records[5:], MARK)
        provider.delete(zone, records)
        assert len(front.rrsets(zone.id)) == 322

    def test_a_name_across_two_pages_is_read_whole(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        """The page ends between the sets of one name: what follows is its as well."""
        crowd(front, zone, 297)
        name = at(apex, "m")
        front.put(zone.id, name.to_text(), "192.0.2.1", kind="A")
        provider.append(zone, [TXT(name, "v")], MARK)
        assert front.rrsets(zone.id)[300]["Name"] == name.to_text()
        provider.delete(zone, [TXT(name, "v"), TXT(at(apex, "n"), "v")])
        assert front.values(zone.id, name.to_text()) == set()

    def test_the_next_name_is_not_ours(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """The listing answers with whatever comes next; that stays untouched."""
        front.put(zone.id, at(name, "x").to_text(), '"v"')
        provider.delete(zone, [TXT(name, "v")])
        provider.append(zone, [TXT(name, "v")], MARK)
        assert raw(front, zone, name) == raw(front, zone, at(name, "x")) == ['"v"']

    def test_many_sets_at_one_name(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """The TXT set is found behind a page of other sets of the same name."""
        for i in range(25):
            front.put(
                zone.id, name.to_text(), "192.0.2.1", kind="A", SetIdentifier=f"s{i:02}", Weight=1
            )
        front.put(zone.id, name.to_text(), '"theirs"')
        provider.append(zone, [TXT(name, "ours")], MARK)
        assert front.values(zone.id, name.to_text()) == {"theirs", "ours"}
        assert front.calls.count("ListResourceRecordSets") == 3

    def test_many_types_at_one_name(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """Also behind a page of other types."""
        for kind in TYPES_BEFORE_TXT:
            front.put(zone.id, name.to_text(), "stored unread", kind=kind)
        front.put(zone.id, name.to_text(), '"theirs"')
        provider.append(zone, [TXT(name, "ours")], MARK)
        assert front.values(zone.id, name.to_text()) == {"theirs", "ours"}
        assert front.calls.count("ListResourceRecordSets") == 2

    def test_a_wildcard_and_capitals_are_the_same_name(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        r"""Route 53 shows ``*`` as ``\052`` and names in lower case."""
        star = at(apex, "*", "Sub")
        front.put(zone.id, f"*.sub.{apex}", '"theirs"')
        provider.append(zone, [TXT(star, "ours"), TXT(at(apex, "OTHER"), "v")], MARK)
        assert front.values(zone.id, f"*.sub.{apex}") == {"theirs", "ours"}
        assert front.values(zone.id, f"other.{apex}") == {"v"}
        assert front.calls.count("ListResourceRecordSets") == 1


class TestBatches:
    @pytest.mark.parametrize(
        ("names", "value"),
        [(1000, "v"), (500, "v" * 62)],  # 62 characters and two quotation marks
    )
    def test_batches_fit_the_limits(
        self, front: Route53Front, provider: Route53, zone: Zone, names: int, value: str
    ) -> None:
        """1,000 records and 32,000 characters fit into one batch; one more takes another."""
        records = [TXT(at(zone.apex, f"n{i}"), value) for i in range(names + 1)]
        provider.append(zone, records[:names], MARK)
        assert len(front.batches) == 1
        provider.delete(zone, records[:names])
        assert len(front.batches) == 2
        provider.append(zone, records, MARK)
        assert len(front.batches) == 4
        assert len(front.rrsets(zone.id)) == names + 3

    def test_a_swap_counts_twice(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        """DELETE and CREATE both count, and those of one name share a batch."""
        names = [at(apex, f"n{i}") for i in range(120)]
        provider.append(zone, [TXT(name, "v" * 98) for name in names], MARK)
        front.batches.clear()
        provider.append(zone, [TXT(name, "w" * 98) for name in names], MARK)
        assert len(front.batches) == 3
        for batch in front.batches[1:]:
            assert Counter(action for action, _ in batch)["DELETE"] * 2 == len(batch)

    def test_many_names_change_at_once(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        """One batch per call, so all or nothing: one protected name and none is written."""
        names = [at(apex, f"n{i}") for i in range(5)]
        provider.append(zone, [TXT(name, "v") for name in names], MARK)
        front.protected = {names[4].to_text()}
        with pytest.raises(Rejected):
            provider.delete(zone, [TXT(name, "v") for name in names])
        assert all(front.values(zone.id, name.to_text()) == {"v"} for name in names)


class TestZones:
    def test_private_zones_do_not_count(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        """A private twin serves no public name, nor does a private child of a public zone."""
        front.create_zone(apex.to_text(), private=True)
        front.create_zone(f"child.{apex}", private=True)
        [found] = provider.zones([apex, at(apex, "_acme-challenge", "child")])
        assert (found, found.obstacle) == (zone, "")

    def test_a_private_zone_alone_explains_itself(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        """Where nothing else encloses a name, its private zone is shown, and why not to write."""
        private = front.create_zone(f"in{apex}", private=True)
        found = provider.zones([from_text(f"_acme-challenge.in{apex}"), apex])
        assert [(each.id, each.obstacle) for each in found] == [
            (zone.id, ""),
            (private, "private: visible in its VPCs only"),
        ]
        assert front.calls.count("GetHostedZone") == 1

    def test_twins_are_told_apart_by_their_nameservers(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        """Public zones that enclose a name are all returned, each with the servers of its own."""
        twin = front.create_zone(apex.to_text())
        child = front.create_zone(f"child.{apex}")
        front.served_from = {twin: ["ns-9.awsdns-9.org"], child: ["ns-5.awsdns-5.net"]}
        found = provider.zones([at(apex, "_acme-challenge", "child")])
        servers = {each.id: each.nameservers for each in found}
        assert servers[zone.id][0] == from_text("ns-1.awsdns-1.com.")
        assert servers[twin] == (from_text("ns-9.awsdns-9.org."),)
        assert servers[child] == (from_text("ns-5.awsdns-5.net."),)
        assert set(servers) == {zone.id, twin, child}
        assert front.calls.count("GetHostedZone") == 3

    def test_without_the_right_to_ask_for_servers(
        self,
        front: Route53Front,
        provider: Route53,
        apex: Name,
        zone: Zone,
        connected: Callable[[str, Time], Route53],
    ) -> None:
        """A zone alone goes without; of twins nobody could tell which is served."""
        front.denied = {"GetHostedZone"}
        [found] = provider.zones([apex])
        assert (found, found.nameservers) == (zone, ())
        other = from_text(f"other.{apex}")
        for _ in range(2):
            front.create_zone(other.to_text())
        with pytest.raises(Unauthorized, match="GetHostedZone: AccessDenied") as caught:
            connected(front.url, Time()).zones([other])
        assert "route53:GetHostedZone" in caught.value.hint

    def test_more_zones_than_an_account_may_ask_about(
        self, front: Route53Front, provider: Route53, apex: Name, time: Time
    ) -> None:
        """Throttling costs patience once, and the servers of some zones, never the zones."""
        ids = {front.create_zone(f"a{i}.{apex}") for i in range(30)}
        assert provider.zones([from_text("elsewhere.example.")]) == []
        front.throttled = 10**6
        found = provider.zones([at(apex, f"a{i}") for i in range(30)])
        assert {zone.id for zone in found} == ids
        assert not any(zone.nameservers for zone in found)
        # After the 40 s each of the 8 threads may end a pause, and a wait in the account's line.
        assert time.now() <= 40 + 4 * 8 + 8 * RATE.seconds * MOST / RATE.calls

    def test_only_enclosing_zones(
        self, front: Route53Front, provider: Route53, apex: Name, zone: Zone
    ) -> None:
        """Look-alikes, siblings and zones below are not asked about."""
        for other in (f"x{apex}", f"sub.{apex}", "test-.test."):
            front.create_zone(other)
        assert provider.zones([at(apex, "_acme-challenge"), at(apex, "WWW")]) == [zone]

    def test_long_accounts_are_read_once(
        self, front: Route53Front, provider: Route53, apex: Name
    ) -> None:
        """Zones beyond the first page are found, and later questions cost nothing."""
        ids = {front.create_zone(f"a{i}.{apex}") for i in range(130)}
        names = [at(apex, "_acme-challenge", f"a{i}") for i in range(130)]
        assert {zone.id for zone in provider.zones(names)} == ids
        assert Counter(front.calls) == {
            "ListHostedZones": 1,
            "ListHostedZonesByName": 2,
            "GetHostedZone": 130,
        }
        assert len(provider.zones([at(apex, "_acme-challenge", "a77")])) == 1
        assert len(front.calls) == 133

    def test_in_a_long_account_only_what_may_be_is_sought(
        self, front: Route53Front, provider: Route53, apex: Name
    ) -> None:
        """A zone costs a request, however many stand before it, and is not sought again."""
        near, far, deep = (f"{label}.{apex}" for label in ("a", "z", "deep.z"))
        for i in range(330):
            front.create_zone(f"m{i}.{apex}")
        ids = [front.create_zone(each) for each in (near, far, deep)]
        for _ in range(3):
            found = provider.zones([from_text(f"_acme-challenge.h{j}.{deep}") for j in range(50)])
            assert {zone.id for zone in found} == {ids[1], ids[2]}
            assert front.calls.count("ListHostedZonesByName") == 2
        assert [zone.id for zone in provider.zones([from_text(near)])] == [ids[0]]
        assert front.calls.count("ListHostedZonesByName") == 3
        assert front.calls.count("ListHostedZones") == 1

    def test_seeking_may_not_be_allowed(
        self, front: Route53Front, provider: Route53, apex: Name
    ) -> None:
        """Then the whole account is listed, page by page."""
        front.denied = {"ListHostedZonesByName"}
        ids = {front.create_zone(f"a{i}.{apex}") for i in range(230)}
        names = [at(apex, f"a{i}") for i in range(230)]
        front.denied.add("GetHostedZone")
        assert {zone.id for zone in provider.zones(names)} == ids
        assert front.calls.count("ListHostedZones") >= 3
        assert front.calls.count("ListHostedZonesByName") == 1
        assert [zone.id for zone in provider.zones([at(apex, "b")])] == []
        assert front.calls.count("ListHostedZonesByName") == 1

    def test_listing_denied_points_to_the_zone_id(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """Without the right to list, a configured zone id still works."""
        front.denied = {"ListHostedZones"}
        with pytest.raises(Unauthorized, match="ListHostedZones: AccessDenied") as caught:
            provider.zones([name])
        assert "zone_id" in caught.value.hint
        provider.append(zone, [TXT(name, "v")], MARK)
        front.denied = {"ChangeResourceRecordSets"}
        with pytest.raises(Unauthorized) as caught:
            provider.delete(zone, [TXT(name, "v")])
        assert "route53:ChangeResourceRecordSets" in caught.value.hint


class TestInSync:
    def test_pending_is_not_in_sync(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name, time: Time
    ) -> None:
        """One question, one answer, no waiting; the host's word changes with time."""
        front.pending_seconds = 3600
        change = provider.append(zone, [TXT(name, "v")], MARK)
        assert change.id
        assert not provider.in_sync(change)
        front.pending_seconds = 0
        assert provider.in_sync(change)
        assert front.calls.count("GetChange") == 2
        assert time.pauses == []

    def test_a_throttled_question_is_not_repeated(
        self, front: Route53Front, provider: Route53, zone: Zone, name: Name
    ) -> None:
        """Being in sync only explains a delay: it is not worth one."""
        change = provider.append(zone, [TXT(name, "v")], MARK)
        front.throttled = 1
        with pytest.raises(Unavailable):
            provider.in_sync(change)


def test_importing_the_adapter_loads_no_sdk() -> None:
    """boto3 costs 0.2 s and 50 MB: only who uses Route 53 pays."""
    code = "import sys, providers.route53; sys.exit(any('boto' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
