"""A million certificates: paper and simulation agree, and the page says what they say."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import calls
from bench.million.bucket import Bucket
from bench.million.fleet import DAY, HOUR, ORDERS, Fleet, polls
from bench.million.hosts import CLOUDFLARE, HOSTS, RFC2136, ROUTE53, Host
from bench.million.page import PAGE, TABLE, drawn, figures
from bench.million.paper import LIMITS, a_day, breaks_at, demand, shares
from bench.million.simulation import Simulation
from bench.million.story import STEADY, Day, Story
from bench.million.tables import agreement, paper, small
from bench.table import Row
from pipeline.propagation.policy import Policy
from providers.limits import Rate
from tests.fakes import World, simulate
from tests.test_propagation import NAME, everywhere, wanting

FLEET = Fleet(certificates=10_000, ca_accounts=1)
TOLERANCE = 0.05
OF_PROCESSES = 0.15
"""How many processes there are hangs on chance: an account with nothing due needs none."""


def total(days: list[Day], what: str) -> int:
    return sum(getattr(day, what) for day in days)


def test_the_same_seed_tells_the_same_story() -> None:
    """A simulation is a function of fleet, story and seed."""
    first, again = (Simulation(FLEET, seed=1).run(20) for _ in range(2))
    assert first == again
    assert first != Simulation(FLEET, seed=2).run(20)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
@pytest.mark.parametrize("by_zone", [True, False], ids=["by zone", "by age"])
@pytest.mark.parametrize("every_h", [3, 24])
def test_paper_and_simulation_agree(host: Host, by_zone: bool, every_h: int) -> None:  # noqa: FBT001
    """What arithmetic says of an ordinary day the events come to, within the stated tolerance."""
    fleet = replace(
        FLEET, host=host, by_zone=by_zone, every_s=every_h * HOUR, failing=0.05, counted=False
    )
    days = round(3 * fleet.interval_s / DAY)
    for row in agreement(fleet, days):
        tolerance = OF_PROCESSES if row.name.startswith("processes") else TOLERANCE
        expected, seen = row.figures["paper"], row.figures["simulation, mean"]
        assert seen == pytest.approx(expected, rel=tolerance, abs=1), row.name


def test_the_simulation_breaks_where_the_paper_says() -> None:
    """Below the size at which a limit breaks each day ends with an empty queue, above it with none.

    By age each waits the longer, and none is late before the last third of its life is gone, too.
    """
    fleet = replace(
        FLEET, jobs=64, lifetime_s=6 * DAY, jitter_s=HOUR, by_zone=False, failing=0, host_accounts=1
    )
    [limit] = [limit for limit in LIMITS if limit.name.startswith("new orders")]
    most = breaks_at(limit, fleet)
    assert most is not None
    below, above, far = (
        Simulation(replace(fleet, certificates=round(most * times))).run(25)
        for times in (0.9, 1.2, 1.7)
    )
    assert sum(day.waiting for day in below) < most / 10
    assert min(day.waiting for day in above[10:]) > most / 10
    assert total(below, "late") == total(above, "late") == 0
    assert total(far, "late") > most


def test_no_account_is_asked_for_more_than_it_takes() -> None:
    """However much is due, no account gets more in a day than its rate and one burst."""
    slow = replace(ROUTE53, rate=Rate(5, 500.0), zones=100)
    fleet = replace(FLEET, host=slow, ca_accounts=2)
    for story in (STEADY, Story("all at once", at_once=True)):
        days = Simulation(fleet, story).run(30)
        orders = Counter[int]()
        for day in days:
            orders.update(day.ca_orders)
            assert max(day.ca_orders.values(), default=0) <= a_day(ORDERS) + ORDERS.calls
        assert max(orders.values()) <= 30 * a_day(ORDERS) + ORDERS.calls


def test_no_certificate_is_lost() -> None:
    """Whatever happens, each certificate is due some day, in line, or with a process."""
    for story in (
        Story("down", down_from=5 * DAY, down_to=7 * DAY),
        Story("revoked", revoked_at=5 * DAY, notice_s=DAY),
    ):
        simulation = Simulation(FLEET, story)
        simulation.run(20)
        with_a_process = FLEET.certificates - sum(simulation.census())
        assert 0 <= with_a_process <= FLEET.jobs * FLEET.wave


def test_a_day_without_the_ca_is_caught_up_with() -> None:
    """Nothing is asked while the CA is down; afterwards all is renewed, none too late."""
    days = Simulation(FLEET, Story("down", down_from=5 * DAY, down_to=6 * DAY)).run(20)
    assert days[5].orders == 0
    assert days[5].waiting == pytest.approx(demand(FLEET).renewed, rel=0.35)
    assert days[7].waiting == 0
    assert total(days, "late") == 0


def test_a_calendar_spreads_what_came_at_once() -> None:
    """Renewal by age repeats a bad day after an interval; a zone's own calendar does not."""
    story, later = Story("revoked", revoked_at=5 * DAY, notice_s=5 * DAY), slice(12, 45)
    ordinary = demand(FLEET).renewed
    by_zone = Simulation(FLEET, story).run(45)
    by_age = Simulation(replace(FLEET, by_zone=False), story).run(45)
    assert max(day.renewed for day in by_zone[later]) < 2.2 * ordinary
    assert max(day.renewed for day in by_age[later]) > 5 * ordinary


def test_too_late_is_too_late() -> None:
    """What is renewed after its end, or still waits for it, counts as late."""
    revoked = Story("revoked", revoked_at=DAY, notice_s=HOUR)
    assert total(Simulation(FLEET, revoked).run(10), "late") == pytest.approx(10_000, rel=0.1)
    down = Story("down for good", down_to=99 * DAY)
    assert total(Simulation(FLEET, down).run(40), "late") == pytest.approx(
        10_000 * (40 - 47 / 3) / (47 * 2 / 3), rel=0.1
    )


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(1, 40)), max_size=30))
def test_a_bucket_gives_no_more_than_it_gets(asked: list[tuple[float, int]]) -> None:
    """Tokens given in any span of time are at most a burst and what came back meanwhile."""
    bucket, now, given_at = Bucket(Rate(10, 5.0)), 0.0, list[tuple[float, int]]()
    for pause, tokens in asked:
        now += pause
        left = bucket.left(now)
        at = bucket.take(now, tokens)
        assert at >= now
        assert (at == now) == (tokens <= left) or abs(at - now) < 1e-6
        given_at.append((at, tokens))
    for since, first in given_at:
        for until, _ in given_at:
            given = sum(tokens for at, tokens in given_at if since < at <= until)
            assert given <= 10 + max(until - since, 0) * 2 + 1e-6, (since, first, until)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_a_server_is_asked_in_vain_as_the_rules_have_it(host: Host) -> None:
    """The questions until a value shows are those of the rules; answers take their time, too."""
    wanted, policy = wanting(), Policy(0, 300)
    world = World({(NAME, "v"): everywhere(host.visible_s)})
    story = simulate([wanted], world, policy)
    for question in wanted.authoritative:
        in_vain = story.evidence[question].attempts - policy.streak
        assert polls(host.visible_s, policy, world.latency) == pytest.approx(in_vain, abs=1)


def test_where_it_breaks_first() -> None:
    """Who begins with one account of each kind meets the CA's limit before any of the machine's."""
    begun = Fleet(by_zone=False, every_s=DAY, wave=1, jobs=4, ca_accounts=1, host_accounts=1)
    sizes = {limit.name: breaks_at(limit, begun) or 10**12 for limit in LIMITS}
    orders = next(size for name, size in sizes.items() if name.startswith("new orders"))
    assert orders < sizes["CPU"]
    assert shares(replace(begun, certificates=orders))["CPU"] < 0.1
    assert {ROUTE53, CLOUDFLARE, RFC2136} == set(HOSTS)


def test_the_page_says_what_was_computed() -> None:
    """Tables of the page are those of the arithmetic today and of the last full run."""
    tables = {**paper(), **figures()}
    page = PAGE.read_text()
    assert {name for _, name, _ in TABLE.findall(page)} >= {"demand", "limits", "stories"}
    assert drawn(page, tables) == page, "python -m bench.million --page, or --write"


def test_drawing_keeps_the_words() -> None:
    """Only what is between a table's marks is drawn anew; a page drawn twice is the same."""
    page = (
        "one\n<!-- table: a -->\n<!-- end -->\ntwo\n<!-- table: b -->\nold\n<!-- end -->\nthree\n"
    )
    tables = {"a": [Row("x", {"n": 1})], "b": [Row("y", {"n": 2})]}
    once = drawn(page, tables)
    words = [line for line in once.splitlines() if line.isalpha()]
    assert words == ["one", "two", "three"]
    assert "| x | 1 |" in once
    assert drawn(once, tables) == once


def test_the_figures_are_of_this_code() -> None:
    """A small fleet comes to what it came to in the run whose figures are kept."""
    assert small() == figures()["small"], "python -m bench.million --write"


def test_hosts_are_asked_as_the_adapters_ask_them() -> None:
    """What a run costs in requests is what the adapters send before stand-ins of the hosts."""
    with calls.hosts() as opened:
        for name, host in ((calls.ROUTE53, ROUTE53), (calls.CLOUDFLARE, CLOUDFLARE)):
            cost = calls.cost(*calls.prepared(opened[name], names=8, zones=4))
            assert cost.publish == host.listing(4) + 4 * host.publish, name
            assert cost.clean == 4 * host.remove, name
