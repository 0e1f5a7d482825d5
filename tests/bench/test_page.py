"""The page, its plot, and the verdicts."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import promises, tables
from bench.clients import ISSUES
from bench.page import PAGE, PLOT, drawn
from bench.plot import LEAST, LEFT, MOST, RIGHT, WIDTH, place, svg
from bench.results import RESULTS, load, save
from bench.summary import groups
from bench.table import TOLD, Target

from .examples import example, late, results

SVG = "{http://www.w3.org/2000/svg}"


def named(targets: list[Target], word: str) -> Target:
    (target,) = [each for each in targets if word in each.name]
    return target


def test_results_come_back_as_they_were(tmp_path: Path) -> None:
    """
    What is saved is what is drawn later; figures are kept to a tenth of a millisecond.
    """
    saved = results()
    save(saved, tmp_path / "results.json")
    assert load(tmp_path / "results.json") == saved
    assert len(json.loads((tmp_path / "results.json").read_text())["runs"]) == 7


@pytest.mark.parametrize("path", [PAGE, PLOT], ids=lambda path: path.name)
def test_the_page_says_what_was_measured(path: Path) -> None:
    """
    The page and its plot are those of the results that are kept beside the benchmarks.
    """
    assert path.read_text() == drawn(load(RESULTS))[path]


def test_every_kind_of_run_has_its_line() -> None:
    """
    A line for each client, with its ratio to the dns01 that does the same work, and its failures.
    """
    page = drawn(results())[PAGE]
    lines = {row.name: row.figures for row in tables.comparison(results(), 0)}
    assert lines["1 name: certbot:1"]["ratio"] == 2.5
    assert lines["1 name: certbot:1"]["ready s"] == "2.00 (1.60-2.40)"
    assert lines["1 name: lego:0, one round"]["ratio"] == 0.25
    assert lines["1 name: dns01 ready, one round"]["ratio"] is None
    assert "| 1 name: certbot:7, one round | 0/1 | - |" in page
    assert "| dns01 --version | 2.50 |" in page
    assert "$" not in page


def test_questions_are_told_by_type() -> None:
    """
    Authoritative and recursive questions of each type, those never asked as none.
    """
    row = tables.kinds(results())[0]
    assert (row.figures["TXT"], row.figures["SOA"], row.figures["CAA"]) == (
        *("10 / 3", "6 / 0", "0 / 0"),
    )


def test_verdicts() -> None:
    """
    Each promise is met or missed by the medians of this run, and what is not measured is not said.
    """
    runs = [
        example(ready=0.15, wait=0.03), example(ready=0.65, case="100"),
        example("certbot:1", 3.0, case="100"),
        late(5.9, 5.0, 0.6, case="100"), late(1.2, 1.0, 0.1, delay=1.0),
    ]  # fmt: skip
    found = promises.targets(runs)
    assert named(found, "less the wait").met
    assert not named(found, "100 names, no delay: `dns01 ready`, one round, whole").met
    assert named(found, "of certbot's").met
    assert not named(found, "ready after the last server").met
    assert not named(found, "100 names, 5 s late: `dns01 ready`, one round, lag").met
    assert named(found, "1 name, 1 s late: `dns01 ready`, one round, lag").met
    assert named(found, "peak memory").met
    assert not promises.targets([])
    assert not named(promises.targets([example(peak=61.0)]), "peak memory").met
    slow = [example(ready=0.65, case="100"), example("certbot:1", 1.9, case="100")]
    assert not named(promises.targets(slow), "of certbot's").met
    assert named(found, "that failed").met
    assert not named(promises.targets([example(ISSUES, None)]), "that failed").met
    many = {"TXT": 1101}
    assert not named(
        promises.targets([example(case="100", authoritative=many, recursive={})]), "questions"
    ).met


def test_like_is_compared_with_like() -> None:
    """
    Of certbot's time two parts are judged by the same bound: that of `dns01 ready`, which has no
    CA, and is said so; and that of `dns01 run`, which has the same work.
    """
    base = example("certbot:1", 3.0, case="100")
    runs = [example(ready=0.65, case="100"), example(ISSUES, 1.5, case="100"), base]
    found = promises.targets(runs)
    assert named(found, "without a CA").met
    same = named(found, "the same work")
    assert (same.value, same.most, same.met) == (0.5, 1 / 3, False)
    assert "`dns01 run`" in same.name
    assert not [each for each in promises.targets(runs[:2]) if "certbot" in each.name]


def test_the_start_of_one_name_is_judged_without_the_wait() -> None:
    """
    Process time less the time that secondaries took is judged; the whole is told beside it.
    """
    found = promises.targets([example(ready=0.65, wait=0.5), example(ready=0.75, wait=0.25)])
    own, whole = named(found, "less the wait"), named(found, "wait included")
    assert own.value == pytest.approx((0.4 + 0.75) / 2)
    assert not own.met
    assert whole.value == pytest.approx(0.95)
    assert whole.most == TOLD
    assert named(promises.targets([example(ready=0.65, wait=0.5)]), "less the wait").met


def test_when_run_hands_over_is_told() -> None:
    """
    How long after the last server `dns01 run` had handed over is seen, and is no promise.
    """
    fields = {"case": "100", "delay": 5.0, "wait": 5.0, "lag": 7.5}
    found = promises.targets([example(ISSUES, 13.0, **fields)])
    told = named(found, "last challenge handed over")
    assert (told.value, told.most, told.met) == (7.5, TOLD, True)
    assert not [each for each in found if "part of the wait" in each.name]
    (line,) = tables.verdicts([told])
    assert list(line.figures.values()) == ["7.50 s", None, "no promise"]


def test_what_is_of_an_earlier_run_says_so() -> None:
    """
    A row of an earlier run bears its date, and has no ratio to runs that it was not among.
    """
    today = {"begun": "2026-03-02 10:00"}
    earlier = example("lego:0", 80.0, begun="2026-03-01 09:00")
    found = results(example(ISSUES, 2.0, **today), example(ISSUES, 4.0, **today), earlier)
    ours, lego = tables.comparison(found, 0)
    assert ours.name == "1 name: dns01 run"
    assert lego.name == "1 name: lego:0, one round, of 2026-03-01"
    assert lego.figures["ratio"] is None
    assert "lego:0: 80.0 s, one round, of 2026-03-01" in svg(groups(found.runs))
    missed = replace(late(7.0, 5.0, 2.0), begun="2026-03-01 09:00")
    assert named(promises.targets([missed]), "lag").met is False
    assert not [t for t in promises.targets([missed, *found.runs]) if "lag" in t.name]


def test_a_missed_target_is_seen() -> None:
    """
    The page says so, also of the other benchmarks' targets.
    """
    assert "**missed**" not in drawn(results())[PAGE]
    assert "| start | 5 | 4 | **missed** |" in drawn(results(missed=True))[PAGE]


def test_the_plot_is_told_in_words() -> None:
    """
    An image with a title, a description that has every figure, and colours for dark pages.
    """
    found = groups(results().runs)
    root = ET.fromstring(svg(found))
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text
    assert desc is not None
    assert desc.text
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert "1 name, no delay, certbot:1: 2.00 s (\N{MULTIPLICATION SIGN} 2.50)" in desc.text
    assert "prefers-color-scheme:dark" in svg(found)
    assert len(root.findall(f"{SVG}rect")) == 5  # one was never ready


def test_no_ratio_without_a_base() -> None:
    """
    Where dns01 did not do the same work, a peer's bar says its time alone.
    """
    assert "1 name, no delay, lego:0: 1.00 s, one round<" in svg(groups([example("lego:0", 1.0)]))


def test_bars_are_as_long_as_their_time() -> None:
    """
    Tenfold is the same way anywhere on the scale, and what is off the scale ends at its end.
    """
    assert place(LEAST) == LEFT
    assert place(MOST) == place(5 * MOST) == WIDTH - RIGHT
    assert place(10) - place(1) == pytest.approx(place(100) - place(10))
    root = ET.fromstring(svg(groups([example("lego:0", 1.0), example(ISSUES, 10.0)])))
    widths = [float(bar.get("width", "")) for bar in root.findall(f"{SVG}rect")]
    assert widths == [pytest.approx(place(t) - LEFT, abs=0.1) for t in (1.0, 10.0)]
