"""How a fleet is cut, at what pace it goes, and how its report is put together."""

import json
from itertools import groupby
from typing import TYPE_CHECKING, cast

from hypothesis import given
from hypothesis import strategies as st

from pipeline.clock import SystemClock
from pipeline.fleet.database import Database, End, Tally
from pipeline.fleet.document import document, keep, keep_rest, later, parsed, told_lines
from pipeline.fleet.inventory import Certificate
from pipeline.fleet.pace import Pace, rounded
from pipeline.fleet.sharding import zone_of
from pipeline.fleet.summary import beginning, exit_of, headline, interrupted, problems, progress
from pipeline.fleet.supervisor import Supervisor
from pipeline.fleet.waves import Choice, cut, fit, width
from pipeline.model import Problem, Severity
from pipeline.report import OrderLine, Report, problem_out, to_json

if TYPE_CHECKING:
    from pipeline.fleet.process import Process

ONE, OTHER = Choice("rcl", "one"), Choice("rcl", "other")


@given(
    st.lists(st.tuples(st.sampled_from([ONE, OTHER]), st.integers(1, 30)), max_size=30),
    st.integers(1, 12),
)
def test_waves(zones: list[tuple[Choice, int]], size: int) -> None:
    """Each certificate is in one wave, none too large or of two choices; zones stay whole."""
    zones.sort(key=lambda zone: zone[0].provider)
    waves = list(cut(zones, size))
    assert sum(wave.count for wave in waves) == sum(count for _, count in zones)
    assert [wave.number for wave in waves] == list(range(len(waves)))
    assert all(0 < wave.count <= size for wave in waves)
    for choice in (ONE, OTHER):
        mine = sum(count for each, count in zones if each == choice)
        assert sum(wave.count for wave in waves if wave.choice == choice) == mine
    chains = [list(group) for _, group in groupby(waves, key=lambda wave: wave.chain)]
    large = [count for _, count in zones if count > size]
    assert [sum(w.count for w in chain) for chain in chains if len(chain) > 1] == large
    starts = {sum(count for _, count in zones[:at]) for at in range(len(zones) + 1)}
    first = 0
    for chain in chains:
        assert first in starts  # a wave, or the chain of a large zone, begins where a zone does
        first += sum(wave.count for wave in chain)


def test_waves_keep_processes_at_work() -> None:
    """A small fleet is shared out, a large one is cut at the size of a wave.

    A zone is not cut for processes that it could not use.
    """
    assert (fit(10, 4, 2), fit(400, 4, 20), fit(10_000, 4, 50)) == (50, 100, 500)
    assert (fit(400, 4, 400), fit(400, 4, 150), fit(1500, 4, 1500)) == (400, 150, 500)


def test_waves_of_a_chain_are_at_work_one_at_a_time() -> None:
    """So the end of a fleet that is one zone is known after its second wave."""
    chain = list(cut([(ONE, 1500)], 500))
    assert (len(chain), width(chain, 4)) == (3, 1)
    assert width(cut([(ONE, 1500), (ONE, 20)], 500), 4) == 2
    assert width(cut([(ONE, 40)] * 9, 50), 4) == 4


def test_the_largest_zone() -> None:
    """Counted by those that one wave may have: of one source and choice of providers."""
    with database(*(f"h{at}.a.example" for at in range(5)), "b.example", "c.example") as found:
        assert found.largest() == 5
    with database() as found:
        assert found.largest() == 0


class Done:
    """A process that has ended as soon as it began."""

    def wait(self) -> int:
        return 0


def test_an_end_is_told_with_what_goes_on() -> None:
    """Between two waves of a chain nothing stands still: the next is under way at once."""
    supervisor = Supervisor(lambda _: cast("Process", Done()), SystemClock(), 4, 60.0)
    waves = cut([(ONE, 15)], 5)
    seen = [supervisor.under_way for ended in supervisor.run(waves) if ended]
    assert seen == [5, 5, 0]


def test_the_end_is_told_once_it_can_be_known() -> None:
    """Not before more waves have ended than run at once; then by the pace of the last ones."""
    pace = Pace(total=1000, jobs=2, begun=0.0)
    for now in (10.0, 11.0):
        pace.ended(now, 100)
        assert pace.left(now) is None
    pace.ended(20.0, 100)
    assert pace.left(20.0) == 700 * 20.0 / 300
    assert pace.left(25.0) == 700 * 20.0 / 300 - 5
    assert pace.rate(20.0) == 15.0
    for now in (30.0, 40.0, 50.0, 60.0, 70.0):
        pace.ended(now, 100)
    # The window of the last six waves: from 11 s and 200 certificates to 70 s and 800.
    assert pace.left(70.0) == 200 * 59.0 / 600
    pace.ended(80.0, 200)
    assert pace.left(80.0) is None


def test_no_end_is_told_of_what_does_not_move() -> None:
    """Waves may end and leave all that they had, for another process has it."""
    pace = Pace(total=10, jobs=1, begun=0.0)
    pace.ended(1.0, 0)
    pace.ended(2.0, 0)
    assert pace.left(2.0) is None
    pace.ended(3.0, 5)
    assert pace.left(3.0) == 3.0


def test_durations_are_spoken() -> None:
    """As roughly as they are known."""
    assert [*map(rounded, (0.2, 30.4, 600, 9000))] == ["1 s", "30 s", "10 min", "2.5 h"]


def report(*lines: OrderLine, exit_code: int = 0) -> dict[str, object]:
    """Return the report of a wave."""
    found = parsed(to_json(Report("ready", exit_code, lines, receipt="r.json")))
    assert found
    return dict(found)


def database(*names: str) -> Database:
    """Return a database with the certificates *names*."""
    found = Database()
    inventory = [Certificate(name, f"f:{at}") for at, name in enumerate(names, 1)]
    twice = found.fill(inventory, "rcl", lambda name: zone_of(name, {}))
    assert len(twice) == len(names) - len({*names})
    return found


def test_a_report_of_all() -> None:
    """Each certificate is in it once, whichever wave, or none, had it."""
    with database("a.example", "b.example", "c.example", "a.example") as found:
        [wave] = found.waves(10)
        ended = OrderLine("a.example", "rcl", "u", "pending")
        busy = OrderLine("b.example", "rcl", "", "", 75, problem="busy")
        killed = OrderLine("c.example", "rcl", "", "", 143, problem="interrupted")
        assert keep(found, wave, report(ended, busy, killed, exit_code=75), 1.0, again=True) == 1
        [rest] = found.waves(10)
        assert found.names(rest) == ["b.example", "c.example"]
        ready = OrderLine("b.example", "rcl", "v", "pending")
        assert keep(found, rest, report(ready, killed, exit_code=143), 2.0, again=False) == 2
        whole = json.loads("\n".join(document(found, {"exit": exit_of(found)})))
        assert [each["name"] for each in whole["orders"]] == ["a.example", "b.example", "c.example"]
        assert whole["exit"] == 75
        assert headline(found.tally(), 60.0) == "2 of 3 certificates ready, 1 failed in 60 s"
        assert [each.code for each in problems(found)] == ["interrupted"]


def test_a_wave_that_ended_before_its_orders() -> None:
    """Each of its certificates ends as it did."""
    with database("a.example", "b.example") as found:
        [wave] = found.waves(10)
        assert keep(found, wave, report(exit_code=78), 0.0, again=True) == 2
        assert {line.exit for line in told_lines(found)} == {78}
        assert keep_rest(found, End(130)) == 0


def test_each_certificate_has_its_reason() -> None:
    """Its own, whether its wave has told it, has ended before its orders, or has left no report."""
    with database("a.example", "b.example") as found:
        [wave] = found.waves(10)
        late = OrderLine("a.example", "rcl", "u", "pending", 75, problem="not-ready", reason="late")
        busy = OrderLine("b.example", "rcl", "", "", 75, problem="busy", reason="elsewhere")
        keep(found, wave, report(late, busy, exit_code=75), 0.0, again=True)
        keep_rest(found, End(75, code="worker", reason="killed"))
        reasons = {line.name: (line.problem, line.reason) for line in told_lines(found)}
        assert reasons == {"a.example": ("not-ready", "late"), "b.example": ("worker", "killed")}
    for of_wave in ((), (OrderLine("a.example", "rcl", "", "", 78),)):
        with database("a.example") as found:
            [wave] = found.waves(10)
            problem = problem_out(Problem("provider", "none"))
            ended = report(*of_wave, exit_code=78) | {"problems": [problem]}
            keep(found, wave, ended, 0.0, again=True)
            [line] = told_lines(found)
            assert (line.problem, line.reason) == ("provider", "none")


def test_no_report() -> None:
    """What a process leaves that was killed is none."""
    assert parsed("") is None
    assert parsed('{"schema": 1, "orders": [') is None
    assert parsed("[]") is None


def test_times_count_from_the_beginning_of_all() -> None:
    """And nothing else of a record changes."""
    record = {"confirmed_at_s": 1.5, "attempts": 2, "since_s": None, "history": [{"at_s": 0.5}]}
    assert later(record, 10.0) == {
        "confirmed_at_s": 11.5,
        "attempts": 2,
        "since_s": None,
        "history": [{"at_s": 10.5}],
    }


def test_what_is_ahead_and_how_far_it_is() -> None:
    """A pace is told once it is one, and not before the end of the rest can be known."""
    assert beginning(0, 0, 4) == "nothing to do"
    assert beginning(2, 1, 4).startswith("2 certificates in 1 wave;")
    assert beginning(9000, 18, 4).startswith("9,000 certificates in 18 waves, 4 at once;")
    pace = Pace(total=40, jobs=1, begun=0.0)
    pace.ended(5.0, 10)
    assert progress(Tally(10, pending=30), 10, pace, 5.0) == (
        "10 of 40 certificates done, 10 under way"
    )
    pace.ended(10.0, 10)
    assert progress(Tally(20, pending=20), 0, pace, 10.0) == (
        "20 of 40 certificates done, 2.0 a second, about 10 s left"
    )


def test_several_reasons_are_not_told_as_one() -> None:
    """Of problems with one code the first is an example, unless there is no other."""
    with database("a.example", "b.example") as found:
        keep_rest(found, End(65, "", "order"))
        found.tell("order", "error", told("first"))
        [one] = problems(found)
        assert one.message == "2 certificates (a.example, b.example): first"
        found.tell("order", "error", told("second"))
        [one] = problems(found)
        assert one.message == "2 certificates (a.example, b.example): for example: first"


def told(message: str) -> str:
    """Return a problem as a report has it."""
    return json.dumps({"code": "order", "severity": "error", "message": message, "hint": ""})


def test_what_a_signal_leaves() -> None:
    """That nothing is left is said only if every process has said so, and nobody was ready."""
    with database("a.example", "b.example") as found:
        [wave] = found.waves(10)
        killed = OrderLine("a.example", "rcl", "u", "pending", 130)
        ready = OrderLine("b.example", "rcl", "v", "pending")
        assert interrupted(found, 2, is_heard=True).message == (
            "SIGINT: nothing of this run is left in DNS"
        )
        assert "receipts list" in interrupted(found, 2, is_heard=False).message
        assert keep(found, wave, report(killed, ready, exit_code=130), 0.0, again=False) == 2
        assert "what is ready stays in DNS" in interrupted(found, 2, is_heard=True).message
        left = Problem("records-left", "", "", Severity.WARNING)
        found.tell(left.code, left.severity, json.dumps(problem_out(left)))
        assert "receipts list" in interrupted(found, 2, is_heard=True).message
