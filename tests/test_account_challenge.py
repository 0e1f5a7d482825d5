"""dns-account-01 from end to end: a label of the account's own before _acme-challenge."""

import json
from collections.abc import Iterator

import pytest
from dns.name import from_text

from .bridge import Site, leaf, opened

HOST = "www.example.com"
LABEL = "_ujmmovf2vn55tgye"
NAME = from_text(f"{LABEL}._acme-challenge.{HOST}.")
VALUE, OTHER = "v" * 43, "w" * 43


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("account"), lags=[0.0, 0.6]) as site:
        yield site


def document(site: Site, *tokens: tuple[str, str, str]) -> str:
    """An order with *tokens*: tokenName, value, challengeType."""
    listed = [
        {"tokenName": name, "tokenValue": value, "challengeType": kind, "domain": HOST}
        for name, value, kind in tokens
    ]
    path = site.folder / "order.json"
    path.write_text(json.dumps({"status": "pending", "validationTokens": listed}))
    return str(path)


def test_it_is_published_confirmed_and_removed(site: Site) -> None:
    """
    Beside a dns-01 value of the same name; no resolver hears of either, nor of what is below
    _acme-challenge, before every name server has both.
    """
    name = f"{LABEL}._acme-challenge.www"
    path = document(site, (name, VALUE, "dns-account-01"), ("_acme-challenge.www", OTHER, "DNS"))
    report = site.report("ready", "--from", path)
    assert (report["status"], report["exit"]) == ("ready", 0), report
    assert {(each["name"], each["value"]) for each in report["records"]} == {
        (NAME.to_text(), VALUE),
        (leaf(HOST).to_text(), OTHER),
    }
    assert [*site.dns.values(NAME)] == [VALUE]
    early = [each for each in site.resolver.asked if each.name.is_subdomain(leaf(HOST))]
    assert {each.name for each in early} == {NAME, leaf(HOST)}
    late = [
        line["confirmed_at_s"]
        for record in report["records"]
        for line in record["perspectives"]
        if line["role"] == "authoritative"
    ]
    first = min(
        line["confirmed_at_s"]
        for record in report["records"]
        for line in record["perspectives"]
        if line["role"] == "recursive"
    )
    assert first > max(late)
    assert site.dns01("clean", "--all").returncode == 0
    assert not site.dns.values(NAME)
    assert not site.dns.values(leaf(HOST))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (f"{LABEL}._acme-challenge.www", "dns-01"),
        ("_acme-challenge.www", "dns-account-01"),
        (f"{LABEL[:-1]}._acme-challenge.www", "dns-account-01"),
        (f"{LABEL}x._acme-challenge.www", "DNS"),
        (f"{LABEL}.{LABEL}._acme-challenge.www", "DNS"),
        (f"{LABEL}.www", "DNS"),
        (f"{LABEL}._acme-challenge.mail", "DNS"),
    ],
)
def test_nothing_else_is_written(site: Site, name: str, kind: str) -> None:
    """65, and no call to the DNS host: the label and the kind of challenge must agree."""
    before = list(site.bridge.calls)
    report = site.report("ready", "--from", document(site, (name, VALUE, kind)))
    assert (report["exit"], report["problems"][0]["code"]) == (65, "order")
    assert site.bridge.calls == before
