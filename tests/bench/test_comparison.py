"""All three clients on the laboratory's servers, once."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.authority import Authority, authority
from bench.capture import capturing
from bench.clients import ISSUES, STAGE, Place, missing
from bench.runs import CASES, run
from tests.lab import Lab, topology

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def ca(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    assert missing() == []
    lab.flush()
    with authority(tmp_path_factory.mktemp("bench") / "ca") as ca:
        yield ca


@pytest.mark.parametrize("client", [ISSUES, "lego:0", "certbot:1"])
def test_a_client_is_issued_its_certificate(lab: Lab, ca: Authority, client: str) -> None:
    """
    Each client, called as the comparison calls it, gets a certificate; what it took is there.
    """
    took = run(lab, ca, client, "1", 0.0)
    assert took.ok
    assert took.ready is not None
    assert 0 < took.ready < took.wall
    assert took.cpu > 0
    assert took.calls >= 7
    assert took.updates == 2  # it is written, and removed
    assert took.peak < 200
    assert took.authoritative["SOA"] > 0
    assert bool(took.recursive) == (client != "certbot:1")
    assert took.wait is not None
    assert took.wait >= 0
    assert took.own == took.wall - took.wait


def test_what_it_waited_for_is_known(lab: Lab, ca: Authority) -> None:
    """
    Behind secondaries that are late the wait is about their delay, and ready comes after it.
    """
    took = run(lab, ca, STAGE, "1", 1.0)
    assert took.ok
    assert took.calls == 0
    assert took.wait is not None
    assert took.lag is not None
    assert took.wait > 0.5  # a busy machine sees the write late
    assert took.ready == took.wall
    assert took.ready > took.wait
    assert took.lag > 0


def test_dns01_counts_what_it_asks(lab: Lab, ca: Authority, tmp_path: Path) -> None:
    """
    The questions that its report counts are those that pass the network.
    """
    place = Place(lab, ca, tmp_path)
    lab.mirror("example.test.", "_acme-challenge.example.test.", {"there"})
    lab.level()
    lab.flush()
    with capturing(tmp_path) as capture:
        report = reported(place, ["dns01", "wait", "_acme-challenge.example.test=there", "--json"])
    lab.mirror("example.test.", "_acme-challenge.example.test.", ())
    assert report["dns_queries"] == capture.questions.total() > 20
    assert not capture.updates


def test_dns01_counts_what_it_changes(lab: Lab, ca: Authority, tmp_path: Path) -> None:
    """
    The updates that its report counts are those that pass the network; nothing is left of a run.
    """
    place = Place(lab, ca, tmp_path)
    command, environment = place.start(STAGE, CASES["20"])
    lab.flush()
    with capturing(tmp_path) as capture:
        report = reported(place, command, **environment)
    reported(place, ["dns01", "clean", "--all", "--json"])
    assert report["api_calls"] == capture.updates.total() > 0
    assert lab.txt(f"_acme-challenge.{CASES['20'][0]}.", topology.PRIMARY) == set()


def reported(place: Place, words: list[str], **more: str) -> dict[str, Any]:
    """Return the report of dns01, called with *words*."""
    ended = subprocess.run(
        words, env=place.dns01 | more, capture_output=True, text=True, check=True, cwd=place.folder
    )
    report: dict[str, Any] = json.loads(ended.stdout)
    return report
