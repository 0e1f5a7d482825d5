"""Operations on the records of a zone, in as few requests as its plan allows."""

from collections.abc import Callable, Iterable, Sequence

from dns.name import Name

from providers.contract import Zone
from providers.errors import Rejected
from providers.tally import Tally

from .api import Api, Line, Throttled
from .wire import Again, records_path
from .zones import hosted_zone

FREE, PAID = 200, 3500
"""Operations that a batch may hold, by the zone's plan."""

Operation = tuple[tuple[Name, str], object]
"""Name and value of a record, and what the API is sent for it."""


class Batches:
    """What is sent to the zones of one account.

    Args:
        dns: Calls that write records.
    """

    def __init__(self, line: Line, dns: Api) -> None:
        self._line, self._dns = line, dns
        self._paid: set[str] = set()

    def learn(self, rows: Iterable[object]) -> None:
        """Take the plans of zones from rows of ``zones``; one that is not told counts as free."""
        self._paid |= {hosted_zone(row).id for row in rows if is_paid(row)}

    def send(
        self, zone: Zone, kind: str, difference: Callable[[], Sequence[Operation]]
    ) -> frozenset[tuple[Name, str]]:
        """Send what *difference* finds, looking again until nothing is in doubt; return it.

        Each batch is a transaction.
        """
        tally = Tally()

        def send() -> None:
            operations = difference()
            most = PAID if zone.id in self._paid else FREE
            for start in range(0, len(operations), most):
                self._write(zone, kind, operations[start : start + most], tally)

        with tally.refusals():
            self._line.persist(send)
        return tally.written()

    def _write(self, zone: Zone, kind: str, operations: Sequence[Operation], tally: Tally) -> None:
        values = [value for value, _ in operations]
        try:
            self._dns.write(f"{records_path(zone)}/batch", kind, [body for _, body in operations])
        except Again as again:
            if not (isinstance(again, Throttled) or isinstance(again.verdict, Rejected)):
                tally.lost(values)
            raise
        except Rejected as error:
            if len(operations) <= FREE:
                raise
            self._paid.discard(zone.id)  # perhaps the batch is too large all the same
            raise Again(error) from error
        tally.taken(values)


def is_paid(row: object) -> bool:
    """Whether a row of ``zones`` says that its plan is none of the free ones."""
    match row:
        case {"plan": {"legacy_id": str(plan)}}:
            return plan != "free"
        case _:
            return False
