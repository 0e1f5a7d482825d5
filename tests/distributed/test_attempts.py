"""What is tried again, and what a result tells in the end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.distributed.attempts import (
    FIRST_PAUSE,
    TRIES,
    failures,
    pause,
    together,
    unfinished,
)
from pipeline.distributed.tasks import LONGEST, SETTINGS, TIME_LIMIT, TIMEOUT
from pipeline.receipts.receipt import RESUMABLE_FOR


def report(exit_code: int, status: str = "failed", **exits: int) -> dict[str, Any]:
    """Return the report of a run over the certificates named, with how each ended."""
    orders = [
        {"name": name, "exit": code, "problem": f"p{code}" if code else None}
        for name, code in exits.items()
    ]
    codes = {*exits.values(), exit_code} - {0}
    problems = [{"code": f"p{code}", "message": "", "hint": ""} for code in sorted(codes)]
    return {
        "schema": 1, "status": status, "exit": exit_code, "orders": orders,
        "records": [{"name": name} for name, code in exits.items() if code in {0, 75}],
        "checks": [], "problems": problems, "elapsed_s": 2.0, "dns_queries": 10, "api_calls": 3,
        "receipt": "x.json",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("found", "again"),
    [
        (report(0, "ready", a=0, b=0), []),
        (report(65, a=0, b=65), []),
        (report(78, a=78, b=77), []),
        (report(70, a=70, b=0), []),
        (report(75, "not-ready", a=0, b=75), ["a", "B"]),
        (report(69, a=69, b=75), ["a", "B"]),
        (report(65, a=65, b=75), ["B"]),
        (report(75), ["a", "B"]),
        (report(78), []),
    ],
)
def test_who_is_tried_again(found: dict[str, Any], again: list[str]) -> None:
    """
    Whoever ended with 75 or 69, and with them what is ready; never what was refused.
    """
    assert unfinished(["a", "B"], found) == again


def test_a_refusal_is_in_the_result() -> None:
    """
    What the first try told of certificates that cannot be served stands beside what the last told
    of the others, once; its other problems are forgotten.
    """
    first = report(65, a=65, b=75, c=0)
    told = failures(unfinished(["a", "b", "c"], first), first)
    last = together(told, report(0, "ready", b=0, c=0))
    assert [(order["name"], order["exit"]) for order in last["orders"]] == [
        ("a", 65), ("b", 0), ("c", 0),
    ]  # fmt: skip
    assert [record["name"] for record in last["records"]] == ["b", "c"]
    assert [problem["code"] for problem in last["problems"]] == ["p65"]
    assert (last["status"], last["exit"], last["dns_queries"]) == ("failed", 65, 20)


def test_without_a_refusal_the_last_report_counts() -> None:
    """
    With what all tries cost.
    """
    first, last = report(75, "not-ready", a=75), report(0, "ready", a=0)
    told = together(failures(unfinished(["a"], first), first), last)
    costs = {"elapsed_s": 4.0, "dns_queries": 20, "api_calls": 6}
    assert told == last | costs
    assert together(None, last) is last


@given(st.floats(0, LONGEST), st.integers(1, 600))
def test_all_tries_are_within_the_hour_of_an_order(each: float, first: int) -> None:
    """
    However long each takes: the next would order anew, and nobody asked for that.
    """
    now, number = each, 0
    while number < 20 and (left := pause(first, number, each * (number + 1))) is not None:
        now, number = now + left, number + 1
        assert now < RESUMABLE_FOR.total_seconds()  # then it begins
        now += each
    assert number < 20


def test_tries_that_take_all_their_time() -> None:
    """
    There are two by the time that a wave has by default; quick ones are all made.
    """
    assert pause(FIRST_PAUSE, 0, TIMEOUT) == FIRST_PAUSE
    assert pause(FIRST_PAUSE, 1, 2 * TIMEOUT) is None
    assert pause(FIRST_PAUSE, TRIES - 1, 60.0 * TRIES) == 480


def test_no_message_is_delivered_again_in_time() -> None:
    """
    No message lies unacknowledged so long that Redis would deliver it again: not a task at work,
    and not one that pauses.
    """
    pauses = [FIRST_PAUSE * 2**number for number in range(TRIES)]
    visible_after = SETTINGS["broker_transport_options"]["visibility_timeout"]
    assert LONGEST < TIME_LIMIT < visible_after
    assert max(pauses) < visible_after
