"""What is not asked for any more: a source that refuses the account, or is down."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from pipeline.model import Exit, Failed
from pipeline.orders.refusals import ENOUGH, RUNS, Met, Refusals, decoded, encoded
from pipeline.orders.retry import Forbidden, Throttled
from tests.bridge import Site
from tests.standins.rcl import KEY, SUBSCRIPTION, Answer, RclApi, gateway, text

from .fleets import ends, hosts, inventory

DOWN = Failed(Exit.UNAVAILABLE, "order-api", "HTTP 500")
DENIED = Failed(Exit.REFUSED, "order-credentials", "HTTP 401")
NOT_YOURS = Forbidden(Exit.REFUSED, "order-credentials", "HTTP 403")
WRONG = Failed(Exit.CONFIG, "order-url", "HTTP 404")
NO_ROOT = Failed(Exit.CONFIG, "configuration", "RCL_ROOT_DOMAIN names no domain around it")
NOT_THIS = Failed(Exit.DATA, "order-refused", "HTTP 400")
FULL = Throttled.like(DOWN, 60.0)


def no_nap(_seconds: float) -> None:
    raise AssertionError("nobody holds the file")


def refusals(folder: Path | None, run: str = "a run", account: str = "ours") -> Refusals:
    return Refusals(folder, account, run, no_nap)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shared").mkdir(mode=0o700)
    return tmp_path / "shared"


def met(outcomes: Iterable[Failed | None]) -> Met:
    found = Met()
    for each in outcomes:
        found = found.after(each)
    return found


@pytest.mark.parametrize(
    "outcomes", [[DENIED], [DOWN] * 3, [NOT_YOURS] * 3, [DOWN, FULL, WRONG, NOT_YOURS]]
)
def test_enough(outcomes: list[Failed]) -> None:
    """One refusal of the account ends it, or three failures in a row, until the source answers."""
    found = met([None, *outcomes])
    assert found == Met(ENOUGH, outcomes[-1].exit, outcomes[-1].problem.code)
    assert met([None, *outcomes, FULL, outcomes[-1]]) == found
    assert met([None, *outcomes, None]) == met([None, *outcomes, NOT_THIS]) == Met()


@pytest.mark.parametrize(
    "outcomes",
    [
        [None] * 9,
        [NOT_THIS] * 9,
        [NO_ROOT] * 9,
        [FULL] * 9,
        [DOWN, DOWN, None] * 3,
        [DOWN, DOWN, NOT_THIS] * 3,
        [NOT_YOURS, NOT_YOURS, None] * 3,
    ],
)
def test_not_enough(outcomes: list[Failed | None]) -> None:
    """A source that answers is asked on: single failures, and orders that it does not take."""
    assert not any(met(outcomes[:count]).is_enough for count in range(len(outcomes) + 1))


def test_a_run_shares_what_it_met(folder: Path) -> None:
    """All processes of a run know; another run, account, or machine without a folder does not."""
    for _ in range(ENOUGH):
        refusals(folder).learn(DOWN)
    assert refusals(folder).met().times == ENOUGH
    assert refusals(folder, "another").met() == Met()
    assert refusals(folder, account="another").met() == Met()
    for apart in (refusals(None), refusals(folder, "")):
        apart.learn(DENIED)
        assert apart.met().times == ENOUGH
    assert refusals(None).met() == refusals(folder, "").met() == Met()


def test_few_runs_are_kept(folder: Path) -> None:
    """The file does not grow, and a run that goes on is kept."""
    for at in range(3 * RUNS):
        refusals(folder, f"run {at}").learn(DOWN)
        refusals(folder).learn(DOWN if at % 2 else None)
        assert refusals(folder).met().times == at % 2
    [path] = folder.glob("*.refusals")
    assert len(decoded(path.read_bytes())) == RUNS


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[1]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"a run": [3, 5, "x"]}',
        b'{"a run": 7}',
    ],
)
def test_a_broken_file_says_nothing(folder: Path, body: bytes) -> None:
    """Whatever stands in the file: nobody is held up, and the next failure mends it."""
    refusals(folder).learn(DENIED)
    [path] = folder.glob("*.refusals")
    path.write_bytes(body)
    assert refusals(folder).met() == Met()
    refusals(folder).learn(DENIED)
    assert decoded(path.read_bytes()) == decoded(encoded({"a run": refusals(folder).met()}))


QUOTA = "Out of call volume quota. Quota will be replenished in 3.05:00:00."


@pytest.mark.parametrize(
    ("answer", "least", "end", "told"),
    [
        (text(401, "no"), 1, (77, "order-credentials"), "API has refused the credentials, and was"),
        (text(403, "no"), 3, (77, "order-credentials"), "has refused the credentials, and was not"),
        (text(500, "no"), 3, (69, "order-api"), "the order API has failed 3 times in a row, and"),
        (
            gateway(429, "Later.", 3600),
            1,
            (75, "order-later"),
            "the order API takes no order before",
        ),
        (gateway(429, "Later."), 1, (75, "order-later"), "the order API takes no order before"),
        (gateway(403, QUOTA), 1, (75, "order-later"), "the order API takes no order before"),
    ],
    ids=["401", "403", "500", "429 for an hour", "429", "quota"],
)
def test_a_fleet_stops_asking(
    site: Site, answer: Answer, least: int, end: tuple[int, str], told: str
) -> None:
    """The others of the inventory are not asked for, at once, and are told why; a rerun may ask.

    What is under way as the answer comes cannot be called back, and a wave that has asked for
    nothing tries once: one request a process.
    """
    names, jobs = hosts(123), 3
    with RclApi(answer) as api:
        variables = {
            "RCL_BASE_URL": api.base,
            "RCL_API_KEY": KEY,
            "RCL_SUBSCRIPTION_ID": SUBSCRIPTION,
        }
        words = ("--jobs", str(jobs))
        report = site.report(
            "ready", "--inventory", inventory(site, *names[:120]), *words, **variables
        )
        asked = len(api.requests)
        assert least <= asked <= least + jobs - 1
        found = ends(report)
        assert sum(found[name] == end for name in names[:120]) >= 120 - asked
        assert {status for status, _ in found.values()} <= {end[0], 69}
        assert any(told in each["message"] for each in report["problems"])
        again = site.report("ready", "--inventory", inventory(site, *names[120:]), **variables)
        assert {*ends(again).values()} == {end}
        assert (len(api.requests) > asked) == (end[1] != "order-later")


def test_one_order_shows_that_a_host_refuses_the_credentials(site: Site) -> None:
    """A wave whose host lets nobody in asks for one order; the others end as that one, unasked."""
    names = hosts(6)
    words = ("ready", "--inventory", inventory(site, *names), "--jobs", "1")
    report = site.report(*words, BRIDGE_TOKEN="revoked")
    assert ends(report) == dict.fromkeys(names, (77, "provider-unauthorized"))
    assert site.orders.requests == 1
    told = {each["message"] for each in report["problems"]}
    why = "bridge: who are you?"
    assert told == {why, f"{why}; so no other order was asked for"}
    assert ends(site.report(*words)) == dict.fromkeys(names, (0, None))
    assert site.orders.requests == len(names)
