"""A server's way through a run: one lane, whatever the number of names."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.picture.lanes import SLOTS, Segment, clock_time, lanes, seconds, segments, worst
from pipeline.picture.states import LOOKS, look, overall
from pipeline.report import PerspectiveLine, RecordLine, Report

from .samples import asked, hostile, poisoned, ready, record

History = tuple[tuple[float, str], ...]


def line(*history: tuple[float, str], state: str = "", at: float | None = None) -> PerspectiveLine:
    last = state or (history[-1][1] if history else "not-asked")
    return PerspectiveLine("192.0.2.1", "authoritative", "ns1.", last, at, 1, "", history=history)


def spans(*lines: PerspectiveLine, until: float = 100.0) -> list[tuple[float, float, str]]:
    return [(each.start, each.end, each.state) for each in segments(lines, until)]


def test_one_name() -> None:
    """
    A segment begins at each change of state and ends at the next one, the last with the run.
    """
    assert spans(line((1.0, "absent"), (4.0, "confirmed"))) == [
        (1.0, 4.0, "absent"),
        (4.0, 100.0, "confirmed"),
    ]
    assert spans(line()) == []


def test_the_worst_of_several_names_is_shown() -> None:
    """
    A server has turned when its last name has: before that the worst that it says is shown.
    """
    quick = line((1.0, "absent"), (10.0, "confirmed"))
    slow = line((1.0, "absent"), (20.0, "stale"), (60.0, "confirmed"))
    assert spans(quick, slow) == [
        (1.0, 20.0, "absent"),
        (20.0, 60.0, "stale"),
        (60.0, 100.0, "confirmed"),
    ]


def test_names_still_to_be_asked() -> None:
    """
    Some names confirmed and others not asked yet is a state of its own, unless it is a blink.
    """
    first, second = line((1.0, "confirmed")), line((40.0, "confirmed"))
    assert spans(first, second) == [(1.0, 40.0, "partly"), (40.0, 100.0, "confirmed")]
    assert spans(first, line((1.4, "confirmed"))) == [(1.0, 100.0, "confirmed")]
    assert spans(first, line((1.4, "absent"))) == [(1.0, 100.0, "absent")]
    assert spans(first, line()) == [(1.0, 100.0, "partly")]
    one_by_one = [line((1.0 + i / 10, "confirmed")) for i in range(404)]
    assert spans(*one_by_one) == [(1.0, 41.3, "partly"), (41.3, 100.0, "confirmed")]


def test_a_server_that_flaps() -> None:
    """
    One that turns more often than can be drawn is drawn as what it is, where it is.
    """
    calm = [(0.0, "absent"), (202.0, "confirmed")]
    flaps = [(100.0 + i * 0.5, "absent" if i % 2 else "confirmed") for i in range(100)]
    found = spans(line(*sorted([*calm, *flaps])), until=300.0)
    assert len(found) <= SLOTS
    assert {state for *_, state in found} == {"absent", "unsteady", "confirmed"}
    (unsteady,) = [each for each in found if each[2] == "unsteady"]
    assert unsteady[:2] == pytest.approx((100.0, 150.0), abs=300 / SLOTS)
    assert (202.0, 300.0, "confirmed") in found


@given(
    st.lists(
        st.lists(
            st.tuples(st.floats(0, 50), st.sampled_from([each.state for each in LOOKS])),
            max_size=90,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_segments_follow_one_another(histories: list[list[tuple[float, str]]]) -> None:
    """
    Without a gap, without an overlap, never two alike in a row, from the first word to the end.
    """
    found = segments([line(*sorted(each)) for each in histories], 60.0)
    for before, after in pairwise(found):
        assert before.end == pytest.approx(after.start)
        assert before.state != after.state
    if found:
        assert found[-1].end == 60.0
        first = min(at for each in histories for at, _ in each)
        assert found[0].start == pytest.approx(first)
    assert len(found) <= 2 * SLOTS


def test_lanes_of_a_report() -> None:
    """
    One for each server however many names and values, authoritative ones first; the host's none.
    """
    report = poisoned()
    others = tuple(
        replace(each, value="another", perspectives=each.perspectives[::-1])
        for each in report.records
    )
    found = lanes(replace(report, records=(*report.records, *others)))
    assert [lane.role for lane in found] == ["authoritative"] * 4 + ["recursive"] * 3
    assert {lane.names for lane in found} == {2}
    assert found == lanes(report)
    assert lanes(replace(report, records=others))[0].role == "authoritative"


def test_when_a_server_was_confirmed() -> None:
    """
    When the last of its names was; never while one of them is not.
    """
    two = tuple(replace(ready(), records=(record("a.", asked(0)), record("b.", asked(5)))).records)
    (first, *_) = lanes(Report("ready", 0, records=two))
    assert first.confirmed_at_s == pytest.approx(6.1)
    assert (first.state, first.confirmed, first.names) == ("confirmed", 2, 2)
    silent = replace(two[1].perspectives[0], state="silent", confirmed_at_s=None)
    worse = replace(two[1], perspectives=(silent, *two[1].perspectives[1:]))
    (first, *_) = lanes(Report("ready", 0, records=(two[0], worse)))
    assert first.confirmed_at_s is None
    assert (first.state, first.confirmed) == ("silent", 1)


def test_what_a_lane_remembers_of_its_names() -> None:
    """
    The latest moment until which an old answer will be repeated, and a likely cause.
    """
    late, early = (
        replace(line((1.0, "absent")), repeats_until=f"2026-03-01T20:2{i}:34+00:00", cause=cause)
        for i, cause in ((5, None), (0, "poisoned"))
    )
    records = (RecordLine("a.", "v", "", "", (late,)), RecordLine("b.", "v", "", "", (early,)))
    (lane,) = lanes(Report("not-ready", 75, records=records))
    assert lane.repeats_until == late.repeats_until
    assert lane.cause == "poisoned"


def test_where_there_is_no_room_the_confirmed_are_left_out() -> None:
    """
    Those in trouble stay, and all stay in their order.
    """
    found = lanes(poisoned())
    kept = worst(found, 4)
    assert [lane.state for lane in kept] == ["stale", "not-observable", "absent", "not-asked"]
    assert worst(found, 100) == list(found)


def test_states_of_several_names() -> None:
    """
    The worst asked about stands for all; a word nobody knows is no good news.
    """
    assert overall(["confirmed", "confirmed"]) == "confirmed"
    assert overall(["confirmed", "not-asked"]) == "partly"
    assert overall(["not-asked"]) == overall([]) == "not-asked"
    assert overall(["absent", "not-asked", "confirmed"]) == "absent"
    assert look(overall(["confirmed", "word of tomorrow"])).state == "silent"


def test_times_for_people() -> None:
    """
    Tenths as long as they matter; a time of day in UTC; what is no time as it is.
    """
    shown = [seconds(each) for each in (0.04, 1.25, 99.9, 300.2)]
    assert shown == ["0.0 s", "1.2 s", "99.9 s", "300 s"]
    assert clock_time("2026-03-01T20:20:34+00:00") == "20:20:34 UTC"
    assert clock_time("<b>") == "<b>"


def test_a_run_of_no_time() -> None:
    """
    Nothing is divided by a run that took no time, or by one nobody asked anything in.
    """
    report = Report(
        "failed", 69, records=(RecordLine("a.", "v", "", "", (line((0.0, "absent")),)),)
    )
    assert lanes(report)[0].segments == (Segment(0.0, 0.0, "absent"),)
    assert lanes(Report("failed", 69)) == ()
    assert lanes(hostile())
