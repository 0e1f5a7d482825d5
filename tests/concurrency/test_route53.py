"""Fifty processes on one name at Route 53, among tools that read, merge and UPSERT."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from dns.name import from_text

from providers.contract import Zone
from tests.standins.route53 import Ministack, Route53Front, connect

from .writers import Job, at_once

if TYPE_CHECKING:
    from tests.standins.route53_rules import RRset

APEX = from_text("example.com.")
NAME = from_text("_acme-challenge.www.example.com.")
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


class Merger(Thread):
    """Another tool: reads the set, adds its value or takes it away, writes over whatever is there.

    Attributes:
        wants: What it last wrote of its own.
    """

    def __init__(self, front: Route53Front, zone: Zone, number: int, stop: Event) -> None:
        super().__init__()
        self.wants: set[str] = set()
        self._mine = f'"theirs{number}"'
        self._zone, self._over = zone, stop
        self._client = connect(front.url)

    def run(self) -> None:
        while not self._over.wait(0.2):
            listed = self._client.list_resource_record_sets(
                HostedZoneId=self._zone.id, StartRecordName=NAME.to_text(), StartRecordType="TXT"
            )["ResourceRecordSets"]
            old = {
                record["Value"]
                for rrset in listed
                if rrset["Name"] == NAME.to_text() and rrset["Type"] == "TXT"
                for record in rrset["ResourceRecords"]
            }
            self.wants ^= {self._mine}
            if new := sorted((old - {self._mine}) | self.wants):
                self._client.change_resource_record_sets(
                    HostedZoneId=self._zone.id,
                    ChangeBatch={
                        "Changes": [
                            {
                                "Action": "UPSERT",
                                "ResourceRecordSet": {
                                    "Name": NAME.to_text(),
                                    "Type": "TXT",
                                    "TTL": 300,
                                    "ResourceRecords": [{"Value": value} for value in new],
                                },
                            }
                        ]
                    },
                )
        self._client.close()


def replay(front: Route53Front) -> tuple[set[str], dict[str, list[str]]]:
    """Return the values after all batches, and for each what it met: added, erased, by whom.

    A batch holds as Route 53 would hold it: DELETE what is there, CREATE what is not.
    """
    stored: RRset | None = None
    fates: dict[str, list[str]] = {}
    for batch in front.batches:
        before, after, holds = stored, stored, True
        for action, rrset in batch:
            match action:
                case "DELETE":
                    holds = holds and after is not None and after.same(rrset)
                    after = None
                case "CREATE":
                    holds = holds and after is None
                    after = rrset
                case _:
                    after = rrset
        if not holds:
            continue
        stored = after
        who = "foreign" if batch[0][0] == "UPSERT" else "ours"
        old, new = (set(rrset.values) if rrset else set() for rrset in (before, after))
        for value in old ^ new:
            fates.setdefault(value, []).append(f"{who} {'adds' if value in new else 'erases'}")
    return set(stored.values) if stored else set(), fates


def attempts(front: Route53Front) -> int:
    """Return how many changes of ours were sent, refused ones included."""
    return sum(batch[0][0] != "UPSERT" for batch in front.batches)


def test_processes_of_a_machine_take_turns(front: Route53Front, zone: Zone, tmp_path: Path) -> None:
    """
    With a folder to share, no change is ever refused: one read and one change for each value.
    """
    values = OURS[:12]
    folder = tmp_path / "shared"
    outcomes = at_once(job(front, zone, "append", folder), values)
    assert [outcome.error for outcome in outcomes] == [""] * len(values)
    assert front.values(zone.id, NAME.to_text()) == set(values)
    assert attempts(front) == len(values)
    assert front.calls.count("ListResourceRecordSets") == len(values)


@contextmanager
def mergers(front: Route53Front, zone: Zone) -> Iterator[None]:
    """Let other tools merge and overwrite meanwhile."""
    stop = Event()
    tools = [Merger(front, zone, number, stop) for number in range(3)]
    for tool in tools:
        tool.start()
    try:
        yield
    finally:
        stop.set()
        for tool in tools:
            tool.join()


def test_each_loss_is_a_foreign_upsert(front: Route53Front, zone: Zone) -> None:
    """
    Fifty machines of ours among tools that merge and overwrite. Whatever is missing in the end, of
    ours or of theirs, was erased by an UPSERT; no batch of ours ever took away a value of anybody.
    Then fifty delete: what of ours is left then, an UPSERT has brought back, and theirs stay.
    """
    with mergers(front, zone):
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
    with mergers(front, zone):
        outcomes = at_once(job(front, zone, "delete"), OURS)
    assert [outcome.error for outcome in outcomes] == [""] * WRITERS
    stored, fates = replay(front)
    assert {f'"{value}"' for value in front.values(zone.id, NAME.to_text())} == stored
    assert all(fates[value][-1] == "foreign adds" for value in QUOTED & stored)
    assert {value for value, fate in fates.items() if "ours erases" in fate} <= QUOTED
