"""Orders whose CA offers something else than dns-01, through the whole command."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dns.name import from_text

from providers.contract import TXT
from tests.bridge import APEX, Site, opened

from .bench import new_key
from .standin import TOKEN, StandIn, standing


@pytest.fixture
def ca() -> Iterator[StandIn]:
    with standing() as ca:
        yield ca


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("acme")) as site:
        yield site


def ready(site: Site, ca: StandIn, key: Path, name: str, **more: str) -> dict[str, Any]:
    """Return the report of `ready` for *name*."""
    result = site.dns01(
        "ready", "--order", "acme", "--json", name,
        ACME_DIRECTORY_URL=f"{ca.url}/dir", ACME_ACCOUNT_KEY_FILE=str(new_key(key)),
        **more,
    )  # fmt: skip
    report: dict[str, Any] = json.loads(result.stdout)
    assert report["exit"] == result.returncode, result
    return report


def test_dns_account_01(site: Site, ca: StandIn, tmp_path: Path) -> None:
    """
    The value stands at the account's own name, and nowhere else.
    """
    ca.order("a.example.com")
    ca.replies["/authz/0"] = ca.authorization("a.example.com", "/chall/0", "dns-account-01")
    report = ready(site, ca, tmp_path / "key.pem", "a.example.com")
    assert report["status"] == "ready", report
    [record] = report["records"]
    label, _, rest = record["name"].partition(".")
    assert rest == "_acme-challenge.a.example.com."
    assert len(label) == 17
    assert site.dns.values(from_text(record["name"])) == {record["value"]}
    assert site.dns.values(from_text(rest)) == set()


def test_dns_persist_01(site: Site, ca: StandIn, tmp_path: Path) -> None:
    """
    Without its record 65, and the record to publish in the hint; with it ready, nothing written.
    """
    ca.order("*.example.com")
    offer: dict[str, object] = {"type": "dns-persist-01", "url": f"{ca.url}/chall/0"}
    offer |= {"issuerDomainNames": ["ca.example"]}
    ca.replies["/authz/0"] = ca.authorization("*.example.com", "/chall/0", challenges=[offer])
    report = ready(site, ca, tmp_path / "1.pem", "*.example.com")
    assert report["exit"] == 65, report
    [problem] = [each for each in report["problems"] if each["code"] == "standing-record"]
    wanted = f"ca.example; accounturi={ca.url}/account/1; policy=wildcard"
    assert wanted in problem["hint"]
    [zone] = site.dns.zones([APEX])
    name = from_text("_validation-persist.example.com.")
    site.dns.append(zone, [TXT(name, wanted, 60)], "")
    written = len([verb for verb, _ in site.bridge.calls if verb == "append"])
    report = ready(site, ca, tmp_path / "2.pem", "*.example.com")
    assert report["status"] == "ready", report
    assert len([verb for verb, _ in site.bridge.calls if verb == "append"]) == written
    assert site.dns.values(name) == {wanted}


def test_a_standing_record_is_enough(site: Site, ca: StandIn, tmp_path: Path) -> None:
    """
    Of a CA that offers dns-01 as well, if the user prefers it: nothing is written, by no provider.
    """
    name = "standing.example.com"
    ca.order(name)
    offers = [
        {"type": kind, "url": f"{ca.url}/chall/0", "token": TOKEN}
        for kind in ("dns-01", "dns-persist-01")
    ]
    ca.replies["/authz/0"] = ca.authorization(name, "/chall/0", challenges=offers)
    [zone] = site.dns.zones([APEX])
    record = TXT(
        from_text(f"_validation-persist.{name}."), f"ca.example; accounturi={ca.url}/account/1", 60
    )
    site.dns.append(zone, [record], "")
    alone = {"ACME_CHALLENGE": "dns-persist-01", "BRIDGE_TOKEN": "", "BRIDGE_URL": ""}
    report = ready(site, ca, tmp_path / "key.pem", name, **alone)
    assert report["status"] == "ready", report
    assert site.dns.values(from_text(f"_acme-challenge.{name}.")) == set()


def test_a_password_in_an_orders_url(site: Site, ca: StandIn, tmp_path: Path) -> None:
    """
    Is no part of it: 64 before anything is asked, and it is nowhere shown nor kept.
    """
    url = f"{ca.url}/order/1".replace("//", "//user:canary-0123456789@")
    result = site.dns01(
        "ready", "--order", "acme", "--json", url,
        ACME_DIRECTORY_URL=f"{ca.url}/dir",
        ACME_ACCOUNT_KEY_FILE=str(new_key(tmp_path / "key.pem")),
    )  # fmt: skip
    assert result.returncode == 64, result
    assert "canary" not in result.stdout + result.stderr
    written = [each for each in site.state.rglob("*") if each.is_file()]
    assert not [each for each in written if "canary" in each.read_text()]
    assert ca.asked == []
