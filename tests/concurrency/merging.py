"""Other tools at Route 53: they read, merge and UPSERT, and so erase what came in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

from dns.name import from_text

from tests.standins.route53 import Route53Front, connect

if TYPE_CHECKING:
    from tests.standins.route53_rules import RRset

APEX = from_text("example.com.")
NAME = from_text("_acme-challenge.www.example.com.")


class Merger(Thread):
    """Another tool: reads the set, adds its value or takes it away, writes over whatever is there.

    Attributes:
        wants: What it last wrote of its own.
    """

    def __init__(
        self, front: Route53Front, zone_id: str, number: int, stop: Event, pause: float
    ) -> None:
        super().__init__()
        self._pause = pause
        self.wants: set[str] = set()
        self._mine = f'"theirs{number}"'
        self._zone_id, self._over = zone_id, stop
        self._client = connect(front.url)

    def run(self) -> None:
        while not self._over.wait(self._pause):
            listed = self._client.list_resource_record_sets(
                HostedZoneId=self._zone_id, StartRecordName=NAME.to_text(), StartRecordType="TXT"
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
                    HostedZoneId=self._zone_id,
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


@contextmanager
def mergers(front: Route53Front, zone_id: str, pause: float = 0.2) -> Iterator[None]:
    """Let other tools merge and overwrite meanwhile, each *pause* seconds after its last time."""
    stop = Event()
    tools = [Merger(front, zone_id, number, stop, pause) for number in range(3)]
    for tool in tools:
        tool.start()
    try:
        yield
    finally:
        stop.set()
        for tool in tools:
            tool.join()
