"""`docs/failures.md`, tried row by row: the real command against services at fault."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from resource import RUSAGE_SELF, getrusage

import pytest

from tests.standins.cloudflare_http import Recorder
from tests.standins.ministack import Ministack

from .authority import Authority, Certificate
from .faults import answering, packed, silent
from .scenarios import SCENARIOS, Harm
from .table import Key, Row, rows
from .trial import Ground, Result

TABLE = list(rows())
AT_ONCE = 8
GRACE = 5.0  # seconds for removing records on the way out
SLACK = 20.0  # seconds that a machine at its limit may take to start a process, and to end it
OVERTAKEN = "did not answer in the time there was"  # the last of several attempts
MEMORY = 160  # megabytes; or as much as this process has, for the system counts that as well


def name(row: Row) -> str:
    return "-".join(row.key)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    folder = tmp_path_factory.mktemp("services")
    for each in ("ours", "theirs"):
        (folder / each).mkdir()
    ours = Authority(folder / "ours", "an authority that is trusted")
    theirs = Authority(folder / "theirs", "an authority that is not")
    packed()  # once, before all threads want it
    with Ministack() as endpoint:
        yield Ground(folder, ours, theirs, endpoint)


@pytest.fixture(scope="module")
def results(
    ground: Ground, request: pytest.FixtureRequest
) -> Iterator[Mapping[Key, Future[Result]]]:
    """Begin with every scenario that a test is going to ask for: most of them only wait."""
    specs = (getattr(item, "callspec", None) for item in request.session.items)
    found = (spec.params.get("row") for spec in specs if spec)
    keys = [row.key for row in found if isinstance(row, Row)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {key: pool.submit(ground.result, key) for key in keys}


def test_each_scenario_has_a_row_and_each_row_a_scenario() -> None:
    """
    Nothing is promised that is not tried, and nothing tried that is not told.
    """
    assert len({row.key for row in TABLE}) == len(TABLE)
    assert {row.key for row in TABLE} == set(SCENARIOS)


@pytest.mark.parametrize("row", TABLE, ids=name)
def test_what_the_page_says(results: Mapping[Key, Future[Result]], row: Row) -> None:
    """
    Exit, repetition, what stays in DNS and in the receipt, and the words; in time, in bounds of
    memory; and once the fault is over, `clean` leaves nothing of what a receipt lists.
    """
    result = results[row.key].result()
    said = "\n".join(result.outcome.said)
    assert result.outcome.exit == row.exit, said
    assert (result.again, result.stored, result.listed) == (row.again, row.stored, row.listed), said
    is_cut = row.again and row.exit == 69 and OVERTAKEN in said
    assert is_cut or row.is_said(said), f"{row.said!r} is not in {said!r}"
    assert bool(said) == (row.exit != 0), said
    assert result.healed
    assert result.outcome.seconds < result.allowed + GRACE + SLACK
    assert result.outcome.peak < max(MEMORY, getrusage(RUSAGE_SELF).ru_maxrss / 1024 + 1)


@pytest.mark.parametrize("service", ["The order API", "Cloudflare", "Route 53"])
def test_credentials_follow_no_redirect(ground: Ground, service: str) -> None:
    """
    The place that a redirect names hears nothing at all, neither of a token nor of a request.
    """
    with Recorder() as elsewhere, ground.scene(service, Harm(), "away") as (scene, gate):
        gate.fault = answering(307, Location=f"{elsewhere.url}/")
        assert scene.ready(24.0).exit == 69
        assert gate.calls
        assert elsewhere.seen == []


def test_no_order_is_asked_for_in_vain(ground: Ground) -> None:
    """
    An order API that hangs takes all of the time; then no other order is asked for, and wasted.
    """
    with ground.scene("The order API", Harm(), "vain") as (scene, gate):
        gate.fault = silent
        scene.words += (f"b.{scene.words[0]}",)
        outcome = scene.ready(10.0)
        assert outcome.exit == 69
        assert [said.partition(" of ")[0] for said in outcome.said] == [
            "the rcl source gave no order",
            "no time was left to ask the rcl source for the order",
        ]
        assert len(gate.calls) == 1


@pytest.mark.parametrize("service", ["The order API", "Cloudflare", "Route 53"])
def test_a_service_without_fault(ground: Ground, service: str) -> None:
    """
    Behind a good certificate all goes well: what goes wrong above is the faults' doing.
    """
    with ground.scene(service, Harm(certificate=Certificate()), "well") as (scene, gate):
        assert scene.ready(60.0).exit == 0
        assert scene.stored()
        assert scene.clean().exit == 0
        assert not scene.stored()
        assert gate.calls
