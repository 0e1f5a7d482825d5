"""dns-account-01 and dns-persist-01 with BIND, Knot, NSD and Unbound."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from dns.name import Name, from_text

from .lab import Lab, topology
from .test_end_to_end import RESOLVERS, Bench, rfc2136

pytestmark = pytest.mark.servers

HOST = "h070.example.test"
LATE = 1.5
URI = "https://ca.example/acct/" + "1" * 280
TEXT = f"ca.example; accounturi={URI}; policy=wildcard"


@pytest.fixture
def bench(lab: Lab, tmp_path: Path) -> Bench:
    lab.flush()
    return Bench(lab, None, Nobody(), tmp_path)  # type: ignore[arg-type]


class Nobody:
    """An order API that must not be asked."""

    url = "http://127.0.0.1:1/public"


def document(folder: Path, **token: Any) -> str:
    path = folder / "order.json"
    path.write_text(json.dumps({"status": "pending", "validationTokens": [token]}))
    return str(path)


def ready(bench: Bench, path: str, env: dict[str, str]) -> dict[str, Any]:
    result = bench.dns01("ready", "--from", path, "--json", *RESOLVERS, env=env)
    assert result.returncode == 0, result.stderr + result.stdout
    report: dict[str, Any] = json.loads(result.stdout)
    lines = report["records"][0]["perspectives"]
    assert {line["role"] for line in lines if line["state"] == "confirmed"} == {
        "authoritative",
        "recursive",
    }
    return report


def asked_after(lab: Lab, name: Name, started: float) -> float:
    """Return when the first resolver was asked at or below *name*, in seconds."""
    moments = [
        question.at - started
        for address in topology.PUBLIC_RECURSORS
        for question in lab.questions(address)
        if question.name.is_subdomain(name) and question.at > started
    ]
    return min(moments)


def test_the_label_of_an_account(bench: Bench) -> None:
    """
    Written, confirmed at every server and then by every resolver, which hear of nothing at or
    below _acme-challenge before the last server has it; and removed.
    """
    label = "_ujmmovf2vn55tgye"
    path = document(
        bench.folder,
        tokenName=f"{label}._acme-challenge.h070",
        tokenValue="v" * 43,
        challengeType="dns-account-01",
        domain=HOST,
    )
    started = time.monotonic()
    with bench.lab.delay(nsd=LATE):
        report = ready(bench, path, rfc2136(bench.lab))
        name = report["records"][0]["name"]
        assert name == f"{label}._acme-challenge.{HOST}."
        assert asked_after(bench.lab, from_text(f"_acme-challenge.{HOST}."), started) >= LATE
        assert bench.dns01("clean", "--all", env=rfc2136(bench.lab)).returncode == 0
    bench.lab.level()
    assert not [v for at in topology.AUTHORITATIVE for v in bench.lab.txt(name, at)]


def test_a_lasting_record(bench: Bench) -> None:
    """
    Of several strings, as a long account makes it; with no credentials at all. The server that is
    late is waited for, no resolver hears of it sooner, and it is left as it was.
    """
    lab, name = bench.lab, f"_validation-persist.{HOST}."
    path = document(
        bench.folder,
        challengeType="dns-persist-01",
        domain=f"*.{HOST}",
        issuerDomainNames=["ca.example"],
        accountUri=URI,
    )
    result = bench.dns01("ready", "--from", path, "--json", *RESOLVERS, env={})
    assert result.returncode == 65
    assert f'{name} TXT "{TEXT}"' in json.loads(result.stdout)["problems"][0]["hint"]
    started = time.monotonic()
    try:
        with lab.delay(nsd=LATE):
            lab.update("example.test.", name, "TXT", [f'"{TEXT[:200]}" "{TEXT[200:]}"', '"other"'])
            report = ready(bench, path, {})
        assert report["records"][0]["value"] == TEXT
        assert report["api_calls"] == 0
        assert asked_after(lab, from_text(name), started) >= LATE
        lab.level()
        assert lab.txt(name, topology.PRIMARY) == {TEXT, "other"}
    finally:
        lab.update("example.test.", name, "TXT", [])
        lab.level()
