"""Medians, spreads and ratios."""

from itertools import groupby

from bench.clients import ISSUES, STAGE
from bench.plan import STEPS, Step, alternating, beside, steps
from bench.summary import chosen, groups, ratio, spread
from bench.table import Row, Target, markdown, shown, text

from .examples import example


def test_the_middle_and_the_ends() -> None:
    """
    A spread is median, least and most of what there is; of nothing there is none.
    """
    found = spread([3.0, None, 1.0, 2.0, 10.0])
    assert found
    assert (found.median, found.least, found.most) == (2.5, 1.0, 10.0)
    assert spread([None]) is None
    assert str(found) == "2.50 (1.00-10.0)"
    assert str(spread([2.0, 2.001])) == "2.00"


def test_runs_of_one_kind_are_together() -> None:
    """
    Client, names and delay make a kind; those that failed count as runs, not as times.
    """
    runs = [example("a:0", 1.0), example("b:0", 4.0), example("a:0", None), example("a:0", 3.0)]
    first, second = groups([*runs, example("a:0", 9.0, delay=5.0)])[:2]
    assert (first.client, first.ok, len(first.runs)) == ("a:0", "2/3", 3)
    assert str(first.of("ready")) == "2.00 (1.00-3.00)"
    assert second.client == "b:0"


def test_ratios_are_of_medians() -> None:
    """
    A ratio compares medians, and is none where either was never ready.
    """
    found = groups([example(ISSUES, 2.0), example("a:0", 3.0), example("a:0", 5.0)])
    assert ratio(found[1], found[0]) == 2.0
    assert ratio(found[1], None) is None
    never, base = groups([example("b:0", None), example(ISSUES, 2.0)])
    assert ratio(never, base) is ratio(base, never) is None
    assert chosen(found, "a:0", "1", 0) is found[1]
    assert chosen(found, "a:0", "20", 0) is None


def test_questions_by_type_are_medians_too() -> None:
    """
    A type that some runs did not ask counts there as none.
    """
    (group,) = groups([example(authoritative=each) for each in ({"TXT": 9}, {"TXT": 1}, {"A": 1})])
    assert group.kinds("authoritative") == {"A": 0, "TXT": 1}


def test_figures_as_people_read_them() -> None:
    """
    Two or three digits that count, thousands apart, and a dash for what does not apply.
    """
    assert [shown(each) for each in (None, "x", 12345, 0.0312, 1.234, 56.78, 1234.5)] == [
        *("-", "x", "12,345", "0.031", "1.23", "56.8", "1,234")
    ]


def test_tables() -> None:
    """
    Rows may have different columns; each figure stands below its heading.
    """
    rows = [Row("a", {"x": 1}), Row("bb", {"y": 2.0, "x": 30})]
    assert text(rows).splitlines() == ["     x     y", "a    1     -", "bb  30  2.00"]
    assert markdown(rows).splitlines() == [
        *("|  | x | y |", "| --- | ---: | ---: |", "| a | 1 | - |", "| bb | 30 | 2.00 |")
    ]


def test_a_target_is_met_up_to_its_bound() -> None:
    """
    What is promised as "at most" may be reached, not passed.
    """
    assert Target("x", 4.0, 4).met
    assert not Target("x", 4.01, 4).met


def test_clients_take_turns() -> None:
    """
    Of one kind of work each client has its first run before any has its second; kinds do not mix.
    """
    taken = [Step("a", "1", 0, 3), Step("b", "20", 0, 1), Step("c", "1", 0, 2)]
    order = [(step.client, step.case) for step in alternating(taken)]
    assert order == [*(("a", "1"), ("c", "1")) * 2, ("a", "1"), ("b", "20")]


def test_every_round_is_run() -> None:
    """
    Nothing is lost by taking turns, and only all of it has what takes longest.
    """
    assert len(alternating(steps(full=True))) == sum(step.rounds for step in STEPS)
    assert {step.full for step in steps()} == {False}
    short = steps(["1", "20"], 1)
    assert {(step.rounds, step.case) for step in short} == {(1, "1"), (1, "20")}


def test_verdicts_are_of_three_rounds() -> None:
    """
    What is judged is a median of three rounds at least, and so is the peer it is compared with.
    """
    judged = [step for step in STEPS if step.client == STAGE]
    judged += [step for step in STEPS if step.case == "100" and step.client == ISSUES]
    judged += [step for step in STEPS if step.case == "100" and step.client == "certbot:1"]
    assert len(judged) > 10
    assert min(step.rounds for step in judged) >= 3


def test_what_only_a_full_run_repeats_is_kept() -> None:
    """
    Of an earlier run those kinds stay that a short one leaves out, each beside its like; the rest
    goes, and a full run leaves nothing of it.
    """
    kinds = {(step.client, step.case, step.delay): step.full for step in STEPS}
    earlier = [
        example(client, case=case, delay=delay, begun="before") for client, case, delay in kinds
    ]
    new = [
        example(client, case=case, delay=delay, begun="now")
        for (client, case, delay), full in kinds.items()
        if not full
    ]
    found = beside(new, [*earlier, example("gone:0", case="1", begun="before")])
    assert len(found) == len(kinds)
    for run in found:
        full = kinds[run.client, run.case, run.delay]
        assert run.begun == ("before" if full else "now")
    places = [(run.case, run.delay) for run in found]
    assert len(list(groupby(places))) == len(set(places))
    assert [run.begun for run in beside(earlier, new)] == ["before"] * len(kinds)
