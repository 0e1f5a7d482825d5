"""`clean --stale AGE` removes what dead runs of long ago left, and nothing that might be in use."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dns.name import from_text

from pipeline.clock import SystemClock
from pipeline.configuration.settings import Account, Settings, ZoneSettings
from pipeline.detection import Detect
from pipeline.hosts import Hosts
from pipeline.marks import mark_of, run_of
from pipeline.model import Challenge, Exit, Failed, Order, Record, Severity
from pipeline.receipts.held import Held
from pipeline.receipts.receipt import Claim, State, from_json
from pipeline.receipts.store import Store
from pipeline.report import Report
from pipeline.stale import Stale
from providers.contract import Marking, Provider, Zone
from tests.standins.cloudflare import CloudflareStandIn
from tests.standins.cloudflare_account import HostedZone
from tests.standins.cloudflare_faults import Fault, bad_gateway, cut, refused, throttled

from .providers.cloudflare.scene import FakeTime, opened
from .test_clean import Shelf, leaf

AGE = timedelta(days=7)
NOW = datetime.now(UTC)
OLD, YOUNG = NOW - AGE - timedelta(hours=1), NOW - AGE + timedelta(hours=1)
RUN = "0123456789abcdef"
MARK = mark_of(RUN)
VALUE = "v" * 43


def nobody(_zone: object) -> Sequence[str]:
    raise Failed(Exit.CONFIG, "provider", "no provider is chosen", "choose one")


@dataclass
class Site:
    """An account, and a state folder of this machine."""

    api: CloudflareStandIn
    path: Path
    providers: dict[str, Provider] = field(default_factory=dict)

    def put(
        self,
        name: str,
        value: str = VALUE,
        *,
        mark: str | None = MARK,
        created: datetime = OLD,
        kind: str = "TXT",
    ) -> None:
        self.api.put(kind, name, value, comment=mark, created_on=created.isoformat())

    def left(
        self, name: str, *, created: datetime, value: str = VALUE, state: State = State.READY
    ) -> Held:
        """Leave a receipt that lists a value for *name*; it is live while it is held."""
        store = Store(self.path, lambda: created)
        challenge = Challenge(from_text(leaf(name)), value, name)
        order = Order(name, "document", "", "pending", (challenge,))
        zone = Zone(from_text("example.com."), self.api.zones[0].id)
        claim = Claim(name, "document", "", created, order)
        held, _, _ = store.begin([claim], exclusive=False)
        assert held
        record = Record(challenge, zone, "cloudflare", 60)
        held.save(replace(held.receipt, state=state, records=(record,)))
        return held

    def clean(
        self,
        settings: Mapping[str, Any] | None = None,
        detect: Detect = lambda _zone: ["cloudflare"],
    ) -> Report:
        def opener(name: str) -> Provider:
            return self.providers.get(name) or opened(self.api, FakeTime())

        clock = SystemClock()
        store = Store(self.path, clock.today)
        decided = Settings(self.path, **(settings or {}))
        return Stale(decided, store, Hosts(opener, clock), clock, detect).clean(AGE)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with CloudflareStandIn(zones=["example.com", "example.org"]) as api:
        (tmp_path / "state").mkdir(mode=0o700)
        yield Site(api, tmp_path / "state")


def codes(report: Report) -> list[str]:
    return [problem.code for problem in report.problems]


def removed(report: Report) -> list[tuple[str, str, str, str]]:
    return [(r.name, r.value, r.zone, r.provider) for r in report.records]


# What goes


def test_old_marked_records_of_every_zone_go(site: Site) -> None:
    """
    Without any receipt: the machine that wrote them may be no more. The report lists them.
    """
    site.put(leaf("a.example.com"))
    site.put(leaf("b.example.org"), "x")
    report = site.clean()
    assert (report.status, report.exit, report.problems) == ("cleaned", 0, ())
    assert removed(report) == [
        (leaf("a.example.com"), VALUE, "example.com.", "cloudflare"),
        (leaf("b.example.org"), "x", "example.org.", "cloudflare"),
    ]
    assert not site.api.values(leaf("a.example.com"))
    assert not site.api.values(leaf("b.example.org"))
    assert report.api_calls == len(site.api.log)


def test_a_machine_without_receipts_sweeps_too(site: Site) -> None:
    """
    That its folder does not exist is a warning, for receipts protect what they list.
    """
    site.path.rmdir()
    site.put(leaf("a.example.com"))
    report = site.clean()
    assert (report.exit, codes(report), len(report.records)) == (0, ["no-state-dir"], 1)


def test_twice_is_once(site: Site) -> None:
    """
    Idempotent: nothing to clean is done.
    """
    site.put(leaf("a.example.com"))
    site.clean()
    report = site.clean()
    assert (report.status, report.exit, report.records) == ("cleaned", 0, ())


def test_many_go_in_few_requests(site: Site) -> None:
    """
    A batch takes 200 deletions; the report has each value once.
    """
    for number in range(250):
        site.put(leaf(f"h{number}.example.com"))
    report = site.clean()
    assert len(set(removed(report))) == len(report.records) == 250
    batches = [call.body["deletes"] for call in site.api.log if call.method == "POST"]
    assert [len(batch) for batch in batches] == [200, 50]
    assert not site.api.zones[0].records


def test_what_a_run_writes_carries_a_mark_that_is_found() -> None:
    """
    The mark is whole, or it is none.
    """
    assert run_of(mark_of(RUN)) == RUN


# What stays


@pytest.mark.parametrize(
    "mark",
    [
        None,
        "",
        "dns01",
        "dns01 run=",
        f"{MARK} ",
        f" {MARK}",
        f"{MARK} exp=1",
        f"see {MARK}",
        MARK[:-1],
        f"{MARK}0",
        MARK.upper(),
        MARK.replace("dns01", "DNS01"),
        "dns01 run=0123456789ABCDEF",
        "dns01 run=0123456789abcdeg",
        "dns01 run=\u0966123456789abcdef",
    ],
)
def test_what_is_not_our_mark_stays(site: Site, mark: str | None) -> None:
    """
    A comment that only resembles ours is somebody else's. Nothing is said of it.
    """
    site.put(leaf("a.example.com"), mark=mark)
    report = site.clean()
    assert (report.exit, report.records, report.problems) == (0, (), ())
    assert site.api.values(leaf("a.example.com")) == {VALUE}


def test_a_neighbour_with_the_same_value_stays(site: Site) -> None:
    """
    Deletion is by id: the same name and value, stored bare and without mark, is not ours.
    """
    site.put(leaf("a.example.com"), f'"{VALUE}"')
    site.put(leaf("a.example.com"), VALUE, mark=None)
    assert len(site.clean().records) == 1
    [left] = site.api.records(leaf("a.example.com"))
    assert (left.content, left.comment) == (VALUE, None)


def test_what_is_young_stays(site: Site) -> None:
    """
    A run on another machine has only its youth to protect it.
    """
    site.put(leaf("a.example.com"), created=YOUNG)
    assert site.clean().records == ()
    assert site.api.values(leaf("a.example.com")) == {VALUE}


@pytest.mark.parametrize("created", ["", "yesterday", "2026-01-01T00:00:00"])
def test_what_cannot_be_dated_stays(site: Site, created: str) -> None:
    """
    No date, none that can be read, none of a known zone: it may be young.
    """
    site.api.put("TXT", leaf("a.example.com"), VALUE, comment=MARK, created_on=created)
    assert site.clean().records == ()
    assert site.api.values(leaf("a.example.com")) == {VALUE}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("example-com.acme.example.com.", VALUE),
        ("_acme-challenges.example.com.", VALUE),
        ("www._acme-challenge.example.com.", VALUE),
        ("example.com.", VALUE),
        (leaf("a.example.com"), "v=spf1 -all"),
        (leaf("a.example.com"), "v" * 256),
    ],
)
def test_what_is_no_challenge_stays_and_is_named(site: Site, name: str, value: str) -> None:
    """
    A mark alone lets nobody remove a record outside the guard; a person is told.
    """
    site.put(name, f'"{value}"')
    report = site.clean()
    assert (report.exit, report.records, codes(report)) == (0, (), ["mark-elsewhere"])
    assert name in report.problems[0].message
    assert site.api.values(name) == {value}


def test_other_types_stay(site: Site) -> None:
    """
    Only TXT, whatever the comment says.
    """
    site.put(leaf("a.example.com"), "b.example.net", kind="CNAME")
    report = site.clean()
    assert (report.records, report.problems) == ((), ())
    assert site.api.records(leaf("a.example.com"))


@pytest.mark.parametrize("created", [OLD, YOUNG])
def test_what_a_live_run_lists_stays(site: Site, created: datetime) -> None:
    """
    By the run of its mark, and by name and value, for a run takes over what it finds there.
    """
    with site.left("a.example.com", created=created, state=State.WAITING) as held:
        site.put(leaf("a.example.com"), mark=MARK)
        site.put(leaf("b.example.com"), mark=mark_of(held.receipt.id))
        report = site.clean()
        assert report.records == ()
        assert site.api.values(leaf("a.example.com")) == {VALUE}
        assert site.api.values(leaf("b.example.com")) == {VALUE}
        assert report.exit == (Exit.NOT_READY if created is OLD else 0)
        assert codes(report) == (["busy"] if created is OLD else [])


def test_what_a_young_run_lists_stays(site: Site) -> None:
    """
    Though it is over: its certificate may be under way.
    """
    with site.left("a.example.com", created=YOUNG) as held:
        pass
    site.put(leaf("a.example.com"))
    report = site.clean()
    assert (report.exit, report.records, report.problems) == (0, (), ())
    assert site.api.values(leaf("a.example.com")) == {VALUE}
    assert from_json(held.path.read_bytes(), "r").records


def test_a_receipt_of_a_dead_run_is_emptied(site: Site) -> None:
    """
    As `clean` does it: by value, mark or no mark.
    """
    with site.left("a.example.com", created=OLD) as held:
        pass
    site.put(leaf("a.example.com"), mark=None)
    report = site.clean()
    assert (report.exit, len(report.records)) == (0, 1)
    assert not site.api.values(leaf("a.example.com"))
    assert from_json(held.path.read_bytes(), "r").state is State.CLEANED


def test_a_run_that_begins_meanwhile_is_seen(site: Site) -> None:
    """
    Receipts are read after the host was asked: one that comes in between protects its value.
    """
    site.put(leaf("a.example.com"))
    held: list[Held] = []

    def begin() -> None:
        held.append(site.left("a.example.com", created=NOW, state=State.WRITING))

    site.api.next(None, Fault(meanwhile=begin))  # zones, records
    report = site.clean()
    [begun] = held
    with begun:
        assert report.records == ()
        assert site.api.values(leaf("a.example.com")) == {VALUE}


@pytest.mark.parametrize(
    "changed",
    [
        {"comment": "mine now"},
        {"comment": mark_of("e" * 16)},
        {"comment": None},
        {"content": "another"},
        {"name": "_acme-challenge.z.example.com"},
    ],
)
def test_what_changed_since_the_look_stays(site: Site, changed: dict[str, Any]) -> None:
    """
    Mark, name and value are compared again before anything is removed by id.
    """
    site.put(leaf("a.example.com"))
    site.put(leaf("b.example.com"), mark=mark_of("f" * 16))
    [before] = site.api.records(leaf("a.example.com"))
    after = replace(before, **changed)

    def change() -> None:
        site.api.zones[0].records[before.id] = after

    site.api.next(None, None, Fault(meanwhile=change))  # zones, records, records again
    report = site.clean()
    assert [record.name for record in report.records] == [leaf("b.example.com")]
    assert site.api.zones[0].records == {before.id: after}


@pytest.mark.parametrize("text", ["", "{", '{"dns01_receipt": 2}'])
def test_a_damaged_receipt_is_told(site: Site, text: str) -> None:
    """
    With 65, as in `clean`. What its run wrote stays, by the id that is the file's name; what
    another run left goes.
    """
    with site.left("a.example.com", created=OLD) as held:
        pass
    held.path.write_text(text)
    site.put(leaf("a.example.com"), mark=mark_of(held.receipt.id))
    site.put(leaf("b.example.com"))
    report = site.clean()
    assert (report.exit, codes(report)) == (Exit.DATA, ["receipt"])
    assert [record.name for record in report.records] == [leaf("b.example.com")]
    assert site.api.values(leaf("a.example.com")) == {VALUE}
    assert held.path.read_text() == text


def test_a_receipt_that_is_cleaned_protects_nothing(site: Site) -> None:
    """
    Its run has nothing in DNS any more, or what came after all: that is a left-over.
    """
    with site.left("a.example.com", created=OLD) as held:
        held.save(replace(held.receipt, state=State.CLEANED, records=()))
    site.put(leaf("a.example.com"), mark=mark_of(held.receipt.id))
    assert len(site.clean().records) == 1


# What goes wrong


def test_an_answer_that_is_lost_costs_nothing(site: Site) -> None:
    """
    Removed, though the host never said so: looked at again, and reported once.
    """
    site.put(leaf("a.example.com"))
    site.api.next(None, None, None, cut(stored=True))
    report = site.clean()
    assert (report.exit, len(report.records)) == (0, 1)
    assert not site.api.values(leaf("a.example.com"))


@pytest.mark.parametrize("zone", ["example.com", "example.org"])
def test_a_zone_that_fails_stops_no_other(site: Site, zone: str) -> None:
    """
    The exit tells; what could be removed is.
    """
    names = {name: leaf(f"a.{name}") for name in ("example.com", "example.org")}
    for name in names.values():
        site.put(name)
    at = [each.name for each in site.api.zones].index(zone)
    # Zones; then records, records again and a batch for each zone that does not fail.
    site.api.next(*([None] * (1 + 3 * at)), refused(400, 1004))
    report = site.clean()
    assert (report.exit, codes(report)) == (Exit.DATA, ["provider-rejected"])
    [gone] = report.records
    assert gone.name == next(leafed for name, leafed in names.items() if name != zone)
    assert site.api.values(names[zone]) == {VALUE}


def test_a_removal_that_is_refused_is_77(site: Site) -> None:
    """
    A token that reads the zone and may not write it: the zone is named, and what stays. Others
    are cleaned.
    """
    for name in ("a.example.com", "b.example.com", "a.example.org"):
        site.put(leaf(name))
    site.api.next(None, None, None, refused(403, 10000))  # zones, records, again, batch
    report = site.clean()
    assert (report.status, report.exit) == ("failed", Exit.REFUSED)
    [problem] = report.problems
    assert problem.code == "provider-unauthorized"
    assert "at most 2 left-overs remain in zone example.com." in problem.message
    assert [record.name for record in report.records] == [leaf("a.example.org")]
    assert site.api.values(leaf("a.example.com")) == {VALUE}


def test_what_went_before_a_failure_is_told(site: Site) -> None:
    """
    Throttled in the middle: each record that is gone is in the report, and how many are not.
    """
    for number in range(450):
        site.put(leaf(f"h{number}.example.com"))
    site.api.next(None, None, None, None, throttled(300))  # zones, records, again, batch
    report = site.clean()
    assert (report.status, report.exit) == ("failed", Exit.UNAVAILABLE)
    assert "at most 250 left-overs remain in zone example.com." in report.problems[0].message
    left = {f"{each.name}." for each in site.api.zones[0].records.values()}
    gone = {record.name for record in report.records}
    assert (len(left), len(gone)) == (250, 200)
    assert not left & gone


def test_a_host_that_fails_stops_no_other(site: Site) -> None:
    """
    One account down, the other is cleaned; receipts too.
    """

    class Broken(Shelf):
        def hosted(self) -> list[Zone]:
            raise RuntimeError("broken")

        marked = discard = hosted

    site.providers["broken"] = Broken()
    assert isinstance(site.providers["broken"], Marking)
    site.put(leaf("a.example.com"))
    report = site.clean({"providers": ("broken", "cloudflare")})
    assert (report.exit, codes(report), len(report.records)) == (Exit.BUG, ["adapter"], 1)


@pytest.mark.parametrize("configured", [True, False])
def test_a_host_that_is_down(site: Site, *, configured: bool) -> None:
    """
    69, and nothing is removed; nor is a listing that failed taken for one that is not allowed.
    """
    site.put(leaf("a.example.com"))
    site.api.next(*[bad_gateway()] * 4)
    zone = ZoneSettings(zone_id=site.api.zones[1].id)
    report = site.clean({"zones": {from_text("example.org."): zone} if configured else {}})
    assert (report.status, report.exit) == ("failed", Exit.UNAVAILABLE)
    assert codes(report) == ["provider-unavailable"]
    assert site.api.values(leaf("a.example.com")) == {VALUE}


def test_two_sweeps_at_once(site: Site) -> None:
    """
    Both are done, and neither takes what the other does for a failure, nor a neighbour along.
    """
    for number in range(20):
        site.put(leaf(f"h{number}.example.com"))
        site.put(leaf(f"h{number}.example.com"), "theirs", mark=None)
    with ThreadPoolExecutor(2) as pool:
        reports = [each.result() for each in [pool.submit(site.clean) for _ in range(2)]]
    assert [(report.exit, report.problems) for report in reports] == [(0, ())] * 2
    assert {record.name for report in reports for record in report.records} == {
        leaf(f"h{number}.example.com") for number in range(20)
    }
    assert {each.value for each in site.api.zones[0].records.values()} == {"theirs"}
    assert len(site.api.zones[0].records) == 20


# Who is asked


def test_a_host_without_marks_is_told(site: Site) -> None:
    """
    There only receipts tell; that is no failure.
    """
    site.providers["shelf"] = Shelf()
    report = site.clean({"providers": ("shelf",)})
    assert (report.exit, codes(report)) == (0, ["no-marks"])
    assert "shelf" in report.problems[0].message


def test_without_a_provider_receipts_are_cleaned(site: Site) -> None:
    """
    That nobody else was asked is a warning: a cron job that lost its token cleans nothing.
    """
    with site.left("a.example.com", created=OLD):
        pass
    site.put(leaf("a.example.com"), mark=None)
    report = site.clean(detect=nobody)
    assert (report.exit, codes(report), len(report.records)) == (0, ["host-not-asked"], 1)
    assert report.problems[0].severity is Severity.WARNING


@pytest.mark.parametrize(
    ("settings", "asked"),
    [
        ({"providers": ("p",), "fallback": ("q",)}, {"p"}),
        ({"fallback": ("p", "q")}, {"p", "q"}),
        ({"zones": {from_text("example.com."): ZoneSettings(("p",))}}, {"p"}),
        ({"accounts": {"p": Account("cloudflare")}}, {"p"}),
        (
            {
                "fallback": ("p",),
                "zones": {from_text("example.com."): ZoneSettings(("q",))},
                "accounts": {"r": Account("cloudflare")},
            },
            {"p", "q", "r"},
        ),
        ({}, {"detected"}),
    ],
)
def test_every_provider_of_the_configuration_is_asked(
    site: Site, settings: Mapping[str, Any], asked: set[str]
) -> None:
    """
    The flag alone; else default, zones and accounts; else the one with credentials.
    """
    seen: set[str] = set()
    for name in ("p", "q", "r", "detected"):
        site.providers[name] = Shelf()
    report = site.clean(settings, lambda _zone: ["detected"])
    seen = {problem.message.split()[0] for problem in report.problems}
    assert seen == asked


def test_a_token_for_one_zone_needs_its_id_only(site: Site) -> None:
    """
    It may not list zones: the configured one is cleaned, and that is said.
    """
    [com, _] = site.api.zones
    token = site.api.grant(zone_read=False, zones=frozenset({"example.com"}))
    site.providers["cloudflare"] = opened(site.api, FakeTime(), CLOUDFLARE_API_TOKEN=token)
    site.put(leaf("a.example.com"))
    zones = {from_text("example.com."): ZoneSettings(zone_id=com.id)}
    report = site.clean({"zones": zones, "fallback": ("cloudflare",)})
    assert (report.exit, codes(report), len(report.records)) == (0, ["zones-unread"], 1)


def test_a_token_that_may_not_look_anywhere(site: Site) -> None:
    """
    Neither list zones nor, with none configured, read any: 77.
    """
    token = site.api.grant(zone_read=False)
    site.providers["cloudflare"] = opened(site.api, FakeTime(), CLOUDFLARE_API_TOKEN=token)
    report = site.clean()
    assert (report.exit, codes(report)) == (Exit.REFUSED, ["provider-unauthorized"])


@pytest.mark.parametrize("zones", [{"example.com"}, set()])
def test_zones_that_may_not_be_read(site: Site, zones: set[str]) -> None:
    """
    A token that lists all zones and writes some: the others are named. One that writes none: 77.
    """
    token = site.api.grant(zones=frozenset(zones))
    site.providers["cloudflare"] = opened(
        site.api, FakeTime(), CF_DNS_API_TOKEN=token, CF_ZONE_API_TOKEN=site.api.token
    )
    site.put(leaf("a.example.com"))
    report = site.clean()
    if zones:
        assert (report.exit, codes(report), len(report.records)) == (0, ["zones-unread"], 1)
        assert "example.org." in report.problems[0].message
    else:
        assert (report.exit, codes(report)) == (Exit.REFUSED, ["provider-unauthorized"])


def test_a_configured_zone_that_may_not_be_read_is_77(site: Site) -> None:
    """
    It is one that somebody wants to write to.
    """
    token = site.api.grant(zones=frozenset({"example.com"}))
    site.providers["cloudflare"] = opened(
        site.api, FakeTime(), CF_DNS_API_TOKEN=token, CF_ZONE_API_TOKEN=site.api.token
    )
    zones = {from_text("example.org."): ZoneSettings(zone_id=site.api.zones[1].id)}
    report = site.clean({"zones": zones})
    assert (report.exit, codes(report)) == (Exit.REFUSED, ["provider-unauthorized"])


def test_zones_that_are_edited_elsewhere_are_not_asked(tmp_path: Path) -> None:
    """
    Copies and CNAME set-ups: nothing of ours can be there. Pending zones are: it can.
    """
    zones = [HostedZone("a.example", type="partial"), HostedZone("b.example", status="pending")]
    with CloudflareStandIn(zones=zones) as api:
        site = Site(api, tmp_path / "state")
        site.put(leaf("b.example"))
        assert len(site.clean().records) == 1
        assert not [call for call in api.log if zones[0].id in call.path]


# The command


def command(site: Site, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(site.path), **variables}
    words = [sys.executable, "-m", "pipeline", "clean", "--stale", "7d", *options]
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)


def token(site: Site) -> dict[str, str]:
    return {"CLOUDFLARE_API_TOKEN": site.api.token, "CLOUDFLARE_BASE_URL": site.api.url}


def test_the_command(site: Site) -> None:
    """
    `dns01 clean --stale 7d --json` prints what `clean` prints, and asks the provider detected.
    """
    site.put(leaf("a.example.com"))
    site.put(leaf("b.example.com"), created=YOUNG)
    done = command(site, "--json", **token(site))
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["status"] == "cleaned"
    assert [record["name"] for record in document["records"]] == [leaf("a.example.com")]
    assert site.api.values(leaf("b.example.com")) == {VALUE}


def test_in_quiet_silence_means_that_a_host_was_asked(site: Site) -> None:
    """
    Without credentials `--quiet` says so, and with a provider named it is 78; with a host that was
    asked, and nothing to clean or something, it is silent.
    """
    site.put(leaf("a.example.com"))
    nowhere = command(site, "--quiet")
    assert (nowhere.returncode, nowhere.stdout) == (0, "")
    assert nowhere.stderr.startswith("dns01: warning: host-not-asked: ")
    for named in (
        command(site, "--quiet", "--provider", "cloudflare"),
        command(site, "--quiet", DNS01_PROVIDER="cloudflare"),
    ):
        assert (named.returncode, named.stdout) == (Exit.CONFIG, "")
        assert "CLOUDFLARE_API_TOKEN" in named.stderr
    assert site.api.values(leaf("a.example.com")) == {VALUE}
    for _ in range(2):
        done = command(site, "--quiet", **token(site))
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not site.api.values(leaf("a.example.com"))
