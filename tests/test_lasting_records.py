"""dns-persist-01 from end to end: records are looked for and confirmed, never written."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from dns.name import Name, from_text

from providers.contract import TXT, Zone

from .bridge import APEX, Site, leaf, opened

NUMBERS = count()
URI = "https://ca.example/acct/1"
TEXT = f"ca.example; accounturi={URI}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("lasting"), lags=[0.0, 0.4]) as site:
        yield site


@pytest.fixture
def site(place: Site) -> Site:
    """The place, with no call on record."""
    place.bridge.calls.clear()
    return place


@pytest.fixture
def host() -> str:
    """A name that no other test has used: what is removed, a server that lags has for a while."""
    return f"h{next(NUMBERS)}.example.com"


def persistent(host: str) -> Name:
    return from_text(f"_validation-persist.{host}.")


def token(domain: str, **more: Any) -> dict[str, Any]:
    return {
        "challengeType": "dns-persist-01",
        "domain": domain,
        "issuerDomainNames": ["ca.example"],
        "accountUri": URI,
    } | more


def document(site: Site, *tokens: dict[str, Any]) -> str:
    path = site.folder / "order.json"
    path.write_text(json.dumps({"status": "pending", "validationTokens": tokens}))
    return str(path)


def publish(site: Site, host: str, *texts: str) -> None:
    records = [TXT(persistent(host), text, 60) for text in texts]
    site.dns.append(Zone(APEX, ""), records, "")


def alone(site: Site, *words: str) -> dict[str, Any]:
    """Run with no provider to be found, and no credentials of any."""
    return site.report(*words, BRIDGE_URL="", BRIDGE_TOKEN="")


def test_a_record_that_stands_is_confirmed_and_left(site: Site, host: str) -> None:
    """
    Ready without a provider: every name server has it, then the resolver, which hears of the name
    no sooner; nothing is written, then or by clean.
    """
    publish(site, host, "v=spf1 -all", TEXT)
    report = alone(site, "ready", "--from", document(site, token(host)))
    assert (report["status"], report["exit"]) == ("ready", 0), report
    [record] = report["records"]
    assert (record["name"], record["value"]) == (persistent(host).to_text(), TEXT)
    assert (record["provider"], record["zone"]) == (None, "example.com.")
    states = [(line["role"], line["state"]) for line in record["perspectives"]]
    assert states == [("authoritative", "confirmed")] * 2 + [("recursive", "confirmed")]
    early, late = record["perspectives"][:2], record["perspectives"][2]
    assert late["confirmed_at_s"] >= max(each["confirmed_at_s"] for each in early)
    assert (report["api_calls"], site.bridge.calls) == (0, [])
    assert site.dns01("clean", "--all").returncode == 0
    assert site.dns.values(persistent(host)) == {"v=spf1 -all", TEXT}


def test_no_resolver_hears_of_what_is_not_there(site: Site, host: str) -> None:
    """65 at once, with the record to publish; a question would have made it invisible for long."""
    asked = len(site.resolver.asked)
    report = alone(site, "ready", "--from", document(site, token(f"*.{host}")))
    assert (report["status"], report["exit"]) == ("failed", 65)
    [problem] = report["problems"]
    assert problem["code"] == "standing-record"
    assert f'{persistent(host)} TXT "{TEXT}; policy=wildcard"' in problem["hint"]
    assert report["elapsed_s"] < 10
    names = {each.name for each in site.resolver.asked[asked:]}
    assert not any(name.is_subdomain(persistent(host)) for name in names)


def test_a_record_that_is_not_everywhere_is_waited_for(site: Site, host: str) -> None:
    """One server still lags behind: its word is waited for, as after any write."""
    publish(site, host, TEXT)
    report = alone(site, "ready", "--from", document(site, token(host)))
    assert (report["status"], report["exit"]) == ("ready", 0), report


def test_beside_a_challenge_it_is_needed_as_well(site: Site, host: str) -> None:
    """An order may have both: nothing is written for one whose lasting record is missing."""
    value = {"challengeType": "DNS", "tokenName": "_acme-challenge", "tokenValue": "v" * 43}
    path = document(site, token(host), value | {"domain": f"a.{host}"})
    report = site.report("ready", "--from", path)
    assert (report["exit"], report["records"]) == (65, [])
    assert not site.dns.values(leaf(f"a.{host}"))
    publish(site, host, TEXT)
    report = site.report("ready", "--from", path)
    assert report["status"] == "ready", report
    assert [each["provider"] for each in report["records"]] == ["bridge", None]
    assert site.dns01("clean", "--all").returncode == 0
    assert not site.dns.values(leaf(f"a.{host}"))
    assert site.dns.values(persistent(host)) == {TEXT}


def test_a_plan_says_what_is_missing(site: Site, host: str) -> None:
    """Before anybody has written anything."""
    report = alone(site, "plan", "--from", document(site, token(host)))
    assert (report["exit"], report["problems"][0]["code"]) == (65, "standing-record")
    publish(site, host, TEXT)
    report = alone(site, "plan", "--from", document(site, token(host)))
    assert (report["status"], report["records"][0]["value"]) == ("planned", TEXT)


def test_run_removes_nothing(site: Site, host: str) -> None:
    """The command runs with the record in place, and it stays."""
    publish(site, host, TEXT)
    words = ("run", "--from", document(site, token(host)), "--", "true")
    assert site.dns01(*words, BRIDGE_URL="", BRIDGE_TOKEN="").returncode == 0
    assert site.dns.values(persistent(host)) == {TEXT}


@pytest.mark.parametrize(
    "more",
    [
        {"issuerDomainNames": []},
        {"issuerDomainNames": None},
        {"issuerDomainNames": "ca.example"},
        {"issuerDomainNames": ["ca.example", 7]},
        {"issuerDomainNames": ["ca.example; policy=wildcard"]},
        {"issuerDomainNames": ["-"]},
        {"accountUri": None},
        {"accountUri": "acct/1"},
        {"accountUri": f"{URI}; policy=wildcard"},
        {"domain": "www.example.com, *.www.example.org"},
        {"status": "invalid"},
    ],
)
def test_a_token_that_is_none_is_refused(site: Site, host: str, more: dict[str, Any]) -> None:
    """65 for the whole order: nobody is told to publish what a stranger made up."""
    report = alone(site, "ready", "--from", document(site, token(**{"domain": host} | more)))
    assert (report["exit"], report["problems"][0]["code"]) == (65, "order")
    assert report["dns_queries"] == 0


def test_what_the_ca_has_accepted_need_not_stand(site: Site, host: str) -> None:
    """An authorization that is valid already asks for nothing."""
    report = alone(site, "ready", "--from", document(site, token(host, status="valid")))
    assert (report["status"], report["records"]) == ("ready", [])


def test_what_strangers_add_to_it_is_shown_harmless(site: Site, host: str) -> None:
    """Parameters that nobody knows do no harm, neither to the verdict nor to who reads of it."""
    hostile = "x=<script>alert(1)</script>|`id`;y=::error::##[error]"
    publish(site, host, f"{TEXT};{hostile}")
    summary = site.folder / "summary"
    words = ("ready", "--from", document(site, token(host)), "--report", "drawn.html")
    done = site.dns01(*words, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    assert done.returncode == 0, done.stderr
    shown = done.stdout + done.stderr + summary.read_text()
    for each in ("<script>", "`id`", "::error::", "##["):
        assert each not in shown
    assert "<script>alert(1)" not in (site.folder / "drawn.html").read_text()
