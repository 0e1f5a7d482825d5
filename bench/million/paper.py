"""What a fleet asks of everybody a day, and which limit it meets first: the arithmetic. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, exp

from pipeline.receipts.archive import KEPT_FOR
from providers.limits import Rate

from .fleet import DAY, ORDERS, Fleet

GOOGLE = 1500
"""Questions a second that Google's resolvers take from an address (its documentation)."""
ACME = 250
"""Requests a second that Let's Encrypt takes from an address (its rate limits)."""
RCL = 100 * DAY / (7 * DAY)
"""Orders a day of a subscription (RCL SSL Core API)."""
SAME_SET = 5
"""Certificates for the very same names in a week (Let's Encrypt)."""
FAILURES = 5
"""Failed validations of a name and account in an hour (Let's Encrypt)."""
DISK = 100
"""Writes a second that a plain disk confirms: an assumption."""
ROOM = 10e9
"""Octets that a state folder may have: an assumption."""
LARGEST = 10**10
"""Certificates beyond which no limit is looked for."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What a fleet asks on an ordinary day, of all accounts and machines together."""

    renewed: float
    orders: float
    waves: float
    zones: float
    calls: float
    requests: float
    questions: float
    cpu_s: float
    busy_s: float
    fsyncs: float
    receipts_s: float
    kept_bytes: float


def demand(fleet: Fleet) -> Demand:
    """Return what *fleet* asks on an ordinary day.

    A calendar has no drift. By age, each certificate also waits for a run, half of the time
    between two of them, and once more for each attempt that failed.
    """
    runs, host, cost = DAY / fleet.every_s, fleet.host, fleet.measured
    again = fleet.failing / (1 - fleet.failing)
    waits = 0.0 if fleet.by_zone else fleet.every_s * (0.5 + again)
    renewed = fleet.certificates * DAY / (fleet.interval_s + waits)
    orders = renewed * (1 + again)
    zones = touched(fleet, renewed, orders)
    each_run = zones / runs / fleet.accounts
    full = orders / runs / fleet.accounts / fleet.wave
    waves = runs * fleet.accounts * (ceil(full) if full > 1 else 1 - exp(-each_run))
    zones = max(zones, waves)  # each writes to one at least
    more = ceil(orders * fleet.values / (zones * host.batch)) - 1
    calls = waves * host.listing(fleet.zones_per_account) + zones * (
        host.publish + more + host.remove
    )
    cpu_s = fleet.cpu_s(waves, orders, zones)
    busy_s = waves * (host.visible_s + held_up(host.rate, calls / waves)) + cpu_s
    beside = 1 + busy_s / DAY
    days = KEPT_FOR.total_seconds() / DAY
    values = orders * fleet.values
    return Demand(
        renewed=renewed,
        orders=orders,
        waves=waves,
        zones=zones,
        calls=calls,
        requests=orders * cost.acme_requests,
        questions=fleet.questions(orders, zones),
        cpu_s=cpu_s,
        busy_s=busy_s,
        fsyncs=waves * cost.fsyncs,
        # A run reads those of the runs at work, and the last one's, which it puts aside; and so
        # does the removal after it.
        receipts_s=2 * beside * (waves * cost.receipt_cpu_s + values * cost.value_cpu_s),
        kept_bytes=days * values * (host.addresses + fleet.resolvers) * cost.value_bytes,
    )


def touched(fleet: Fleet, renewed: float, orders: float) -> float:
    """Return how many zones all runs of a day write to."""
    if fleet.by_zone:
        return renewed / fleet.per_zone + orders - renewed  # what failed comes back alone
    runs = DAY / fleet.every_s
    due = orders / runs / fleet.certificates
    return runs * fleet.zones * (1 - (1 - due) ** fleet.per_zone)


def held_up(rate: Rate | None, calls: float) -> float:
    """Return how long a process waits that makes so many *calls*, more than may go at once."""
    return max(calls - rate.calls, 0) * rate.seconds / rate.calls if rate else 0.0


@dataclass(frozen=True, slots=True)
class Limit:
    """Something that has an end.

    Attributes:
        share: How much of it a fleet uses on an ordinary day; 1 is all.
        then: What to do.
    """

    name: str
    share: Callable[[Fleet, Demand], float]
    then: str


LIMITS: Sequence[Limit] = (
    Limit(
        "orders of a subscription (RCL, 100 a week)",
        lambda fleet, day: day.orders / RCL / fleet.ca_accounts,
        "an ACME CA, or a subscription each",
    ),
    Limit(
        "new orders of a CA account (300 in 3 h)",
        lambda fleet, day: fleet.counted * day.orders / (fleet.ca_accounts * a_day(ORDERS)),
        "more accounts; an override; a CA that exempts renewals",
    ),
    Limit(
        "zones of a host account",
        lambda fleet, _: fleet.zones / (fleet.accounts * fleet.host.zones),
        "more accounts, or a higher quota",
    ),
    Limit(
        "requests of a host account",
        lambda fleet, day: (
            day.calls / (fleet.accounts * a_day(fleet.host.rate)) if fleet.host.rate else 0.0
        ),
        "by zone, fewer runs, more accounts; delegate the challenges to a zone of your own",
    ),
    Limit(
        "receipts read by each run (one at a time)",
        lambda _, day: day.receipts_s / DAY,
        "larger waves, fewer runs, a state folder for each shard",
    ),
    Limit(
        "processes at a time",
        lambda fleet, day: day.busy_s / (fleet.jobs * DAY),
        "more jobs, `--shard`",
    ),
    Limit("CPU", lambda fleet, day: day.cpu_s / (fleet.cores * DAY), "`--shard`"),
    Limit(
        "writes that the disk confirms (100 a second)",
        lambda _, day: day.fsyncs / (DISK * DAY),
        "larger waves",
    ),
    Limit(
        "room for receipts and reports (10 GB)", lambda _, day: day.kept_bytes / ROOM, "`--shard`"
    ),
    Limit(
        "requests to the CA from one address (250 a second)",
        lambda _, day: day.requests / (ACME * DAY),
        "`--shard`",
    ),
    Limit(
        "questions to a public resolver (1,500 a second)",
        lambda _, day: day.orders / (GOOGLE * DAY),
        "resolvers of your own, with `--resolver`",
    ),
    Limit(
        "certificates for the same names (5 a week)",
        lambda fleet, day: day.renewed / fleet.certificates * 7 / SAME_SET,
        "renew later",
    ),
    Limit(
        "failed validations of a name (5 an hour)",
        lambda fleet, _: fleet.failing * 3600 / fleet.every_s / FAILURES,
        "fewer runs",
    ),
)


def a_day(rate: Rate) -> float:
    """Return the calls that *rate* allows in a day."""
    return rate.calls * DAY / rate.seconds


def shares(fleet: Fleet) -> dict[str, float]:
    """Return how much of each limit *fleet* uses on an ordinary day."""
    day = demand(fleet)
    return {limit.name: limit.share(fleet, day) for limit in LIMITS}


def breaks_at(limit: Limit, fleet: Fleet) -> int | None:
    """Return the size up to which *fleet* keeps within *limit*; None where size is no matter."""

    def fits(certificates: int) -> bool:
        sized = replace(fleet, certificates=certificates)
        return limit.share(sized, demand(sized)) <= 1

    low, high = 1, LARGEST
    if fits(high):
        return None
    while low + max(low // 1000, 1) < high:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
