"""What paper and simulation say, as the tables of `docs/scale.md`."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from bench.table import Row

from .fleet import DAY, HOUR, ORDERS, Fleet
from .hosts import HOSTS, RFC2136
from .paper import LIMITS, a_day, breaks_at, demand, shares
from .simulation import Simulation
from .story import STEADY, Day, Story

PREPARED = Fleet()
BEGINNING = Fleet(by_zone=False, every_s=DAY, wave=1, jobs=4, ca_accounts=1, host_accounts=1)
"""As one would begin: a process for each certificate once a day, and one account of each kind."""

BY_AGE = replace(PREPARED, by_zone=False)
DELEGATED = replace(BY_AGE, host=RFC2136, per_zone=PREPARED.certificates)
"""Every challenge name is an alias into one zone of one's own."""
TENTH = replace(PREPARED, certificates=100_000, ca_accounts=2, jobs=2)
"""Of everything a tenth: each account has as much to do."""
WAYS = {
    "by zone": TENTH,
    "by age": replace(TENTH, by_zone=False),
    "by zone, exempt": replace(TENTH, counted=False),
    "by age, exempt": replace(TENTH, counted=False, by_zone=False),
}
"""Exempt: the CA does not count renewals."""
EVENT = 10 * DAY
STORIES = (
    Story("the CA is down for a day", down_from=EVENT, down_to=EVENT + DAY),
    Story("all revoked, 5 days' notice", revoked_at=EVENT, notice_s=5 * DAY),
    Story("all revoked, 24 hours' notice", revoked_at=EVENT, notice_s=DAY),
    Story("all issued within 2 days", at_once=True),
)
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
DAYS = 60
SMALL = replace(PREPARED, certificates=10_000, ca_accounts=1)

Task = tuple[str, Fleet, Story, int]


def paper() -> dict[str, list[Row]]:
    """Return the tables that arithmetic makes."""
    return {
        "demand": [
            Row(f"{host.name}, {way}", asked(replace(fleet, host=host)))
            for host in HOSTS
            for way, fleet in (("by zone", PREPARED), ("by age", BY_AGE))
        ]
        + [Row("RFC 2136, delegated to one zone", asked(DELEGATED))],
        "lifetimes": [lifetime(*each) for each in LIFETIMES],
        "limits": list(limits()),
        "rhythm": [rhythm(hours) for hours in (24, 6, 3, 1)],
    }


LIFETIMES = ((200, 200), (100, 100), (47, 10), (6.6, 0.3))
"""Days that a certificate lives, and that a validation may be used again."""


def asked(fleet: Fleet) -> Mapping[str, float]:
    """Return what *fleet* asks a day, as people count it."""
    day = demand(fleet)
    return {
        "orders": round(day.orders),
        "processes": round(day.waves),
        "zone writes": round(day.zones),
        "API calls": round(day.calls),
        "DNS questions": round(day.questions, -4),
        "CPU, h": round(day.cpu_s / HOUR, 1),
        "fsyncs": round(day.fsyncs),
        "kept, GB": round(day.kept_bytes / 1e9, 1),
    }


def lifetime(days: float, reuse: float) -> Row:
    """Return what certificates of *days* ask a day, with validations good for *reuse* days."""
    fleet = replace(PREPARED, lifetime_s=days * DAY)
    day = demand(fleet)
    fresh = 1 / (1 + reuse * DAY // fleet.interval_s)
    return Row(
        f"{days:g} days, validation {reuse:g}",
        {
            "orders": round(day.orders),
            "validated anew": f"{fresh:.0%}",
            "zone writes": round(day.zones * fresh),
            "API calls": round(day.calls * fresh),
            "DNS questions": round(day.questions * fresh, -4),
            "CA accounts": -int(-day.orders // a_day(ORDERS)),
        },
    )


def limits() -> Iterable[Row]:
    """Yield each limit: how much of it is used, and up to what size of the fleet it holds."""
    setups = {"begun": BEGINNING, "prepared": PREPARED}
    used = {name: shares(fleet) for name, fleet in setups.items()}
    sizes = {
        limit.name: {name: breaks_at(limit, fleet) for name, fleet in setups.items()}
        for limit in LIMITS
    }
    for limit in sorted(LIMITS, key=lambda limit: sizes[limit.name]["begun"] or 10**12):
        columns: dict[str, float | str | None] = {}
        for name in setups:
            columns[f"{name}: used"] = percent(used[name][limit.name])
            columns[f"{name}: breaks at"] = size(sizes[limit.name][name])
        yield Row(limit.name, {**columns, "and then": limit.then})


def size(certificates: int | None) -> str | None:
    """Return a fleet's size with the two digits that an estimate has."""
    if certificates is None:
        return None
    unit = 10 ** max(len(str(certificates)) - 2, 0)
    return f"{certificates // unit * unit:,}"


def rhythm(hours: float) -> Row:
    """Return what a run every so many *hours* makes of it."""
    fleet = replace(PREPARED, every_s=hours * HOUR)
    day, used = demand(fleet), shares(fleet)
    taken = min(hours * 3600, ORDERS.seconds) / (hours * 3600)
    return Row(
        f"every {hours:g} h",
        {
            "processes": round(day.waves),
            "API calls": round(day.calls),
            "of the CA's orders": percent(used[LIMITS[1].name] / taken),
        },
    )


def percent(share: float) -> str:
    """Return *share* in percent."""
    digits = 0 if share >= 0.095 else 1 if share >= 0.00095 else 2
    return f"{100 * share:,.{digits}f} %"


def simulated(processes: int) -> dict[str, list[Row]]:
    """Return the tables that the simulation makes: some minutes."""
    tasks: list[Task] = [
        *(
            (f"{story.name}; {way}", fleet, story, DAYS)
            for story in STORIES
            for way, fleet in WAYS.items()
        ),
        *(
            (f"{certificates:,}", replace(PREPARED, certificates=certificates), STEADY, 30)
            for certificates in SIZES
        ),
    ]
    with ProcessPoolExecutor(processes) as pool:
        agreeing = pool.submit(agreement, PREPARED, DAYS)
        rows = list(pool.map(told, tasks))
    return {
        "agreement": agreeing.result(),
        "stories": rows[: -len(SIZES)],
        "sizes": rows[-len(SIZES) :],
        "small": small(),
    }


def small() -> list[Row]:
    """Return the stories of a small fleet: what a test can run again."""
    return [told((story.name, SMALL, story, DAYS)) for story in STORIES]


def told(task: Task) -> Row:
    """Return how a story ends."""
    name, fleet, story, days = task
    return Row(name, ending(fleet, Simulation(fleet, story).run(days)))


def ending(fleet: Fleet, days: Sequence[Day]) -> Mapping[str, float | str | None]:
    """Return what *days* come to."""
    hour = demand(fleet).orders / 24
    queued = [index for index, day in enumerate(days) if day.waiting > hour]
    later = days[int(EVENT / DAY) + 15 :] or days[-1:]
    calls = max(max(day.account_calls.values(), default=0) for day in days)
    host = fleet.host.rate
    return {
        "late": sum(day.late for day in days),
        "longest queue": max(day.waiting for day in days),
        "queue gone on day": gone(queued, len(days)),
        "least left, days": round(min(day.least_left_s for day in days) / DAY, 1),
        "CA account, busiest day": percent(
            max(max(day.ca_orders.values(), default=0) for day in days) / a_day(ORDERS)
        ),
        "host account, busiest day": percent(calls / a_day(host)) if host else None,
        "most renewed on a later day": max(day.renewed for day in later),
    }


def gone(queued: Sequence[int], days: int) -> str | int | None:
    """Return the first day, counted from 1, at whose end there is no queue any more."""
    if not queued:
        return None
    return "never" if queued[-1] == days - 1 else queued[-1] + 2


def agreement(fleet: Fleet, days: int) -> list[Row]:
    """Return what paper and simulation say of an ordinary day, side by side."""
    on_paper, settled = demand(fleet), Simulation(fleet).run(days)[1:]  # the first is a short one
    pairs: dict[str, tuple[float, Sequence[float]]] = {
        "renewed": (on_paper.renewed, [day.renewed for day in settled]),
        "orders": (on_paper.orders, [day.orders for day in settled]),
        "processes": (on_paper.waves, [day.waves for day in settled]),
        "zone writes": (on_paper.zones, [day.zones for day in settled]),
        "API calls": (on_paper.calls, [day.calls for day in settled]),
        "processes' hours": (on_paper.busy_s / HOUR, [day.busy_s / HOUR for day in settled]),
    }
    return [
        Row(
            what,
            {
                "paper": round(expected),
                "simulation, mean": round(mean := sum(seen) / len(seen)),
                "apart": f"{100 * (mean / expected - 1):+.1f} %",
                "least day": round(min(seen)),
                "most day": round(max(seen)),
            },
        )
        for what, (expected, seen) in pairs.items()
    ]
