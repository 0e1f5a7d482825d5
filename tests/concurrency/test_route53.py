"""Fifty processes on one name at Route 53, among tools that read, merge and UPSERT."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.contract import Zone
from tests.standins.route53 import Ministack, Route53Front

from .merging import APEX, NAME, attempts, mergers, replay
from .writers import Job, at_once

WRITERS = 50
OURS = [f"ours{number:02}" for number in range(WRITERS)]
QUOTED = {f'"{value}"' for value in OURS}


@pytest.fixture
def front() -> Iterator[Route53Front]:
    with Ministack() as endpoint, Route53Front(endpoint) as front:
        yield front


@pytest.fixture
def zone(front: Route53Front) -> Zone:
    return Zone(APEX, front.create_zone(APEX.to_text()))


def job(front: Route53Front, zone: Zone, verb: str, shared: Path | None = None) -> Job:
    settings = {
        "AWS_ACCESS_KEY_ID": "AKIATEST",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_ENDPOINT_URL_ROUTE_53": front.url,
    }
    return Job("route53", settings, verb, zone, NAME, shared)


def test_processes_of_a_machine_take_turns(front: Route53Front, zone: Zone, tmp_path: Path) -> None:
    """
    With a folder to share, none is refused but for its guess that nobody was there before: then
    one read and one change more.
    """
    values = OURS[:12]
    folder = tmp_path / "shared"
    outcomes = at_once(job(front, zone, "append", folder), values)
    assert [outcome.error for outcome in outcomes] == [""] * len(values)
    assert front.values(zone.id, NAME.to_text()) == set(values)
    assert attempts(front) == 2 * len(values) - 1
    assert front.calls.count("ListResourceRecordSets") == len(values) - 1


def test_each_loss_is_a_foreign_upsert(front: Route53Front, zone: Zone) -> None:
    """
    Fifty machines of ours among tools that merge and overwrite. Whatever is missing in the end, of
    ours or of theirs, was erased by an UPSERT; no batch of ours ever took away a value of anybody.
    Then fifty delete: what of ours is left then, an UPSERT has brought back, and theirs stay.
    """
    with mergers(front, zone.id):
        outcomes = at_once(job(front, zone, "append"), OURS)
    assert [outcome.error for outcome in outcomes] == [""] * WRITERS
    stored, fates = replay(front)
    assert {f'"{value}"' for value in front.values(zone.id, NAME.to_text())} == stored
    assert front.upserts > 10
    for value in QUOTED:
        assert fates[value][0] == "ours adds"
        assert fates[value][-1] == "foreign erases" or value in stored
    assert not [value for value, fate in fates.items() if "ours erases" in fate]
    assert attempts(front) <= 20 * WRITERS
    with mergers(front, zone.id):
        outcomes = at_once(job(front, zone, "delete"), OURS)
    assert [outcome.error for outcome in outcomes] == [""] * WRITERS
    stored, fates = replay(front)
    assert {f'"{value}"' for value in front.values(zone.id, NAME.to_text())} == stored
    assert all(fates[value][-1] == "foreign adds" for value in QUOTED & stored)
    assert {value for value, fate in fates.items() if "ours erases" in fate} <= QUOTED
