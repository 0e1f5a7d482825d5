"""The chart for a job's summary: valid Mermaid, whatever servers are called."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.picture.lanes import lanes
from pipeline.picture.mermaid import MOST_LANES, gantt
from pipeline.report import PerspectiveLine, Report

from .samples import SAMPLES, many, poisoned, ready, record

GRAMMAR = re.compile(
    r"""\ {4}(?:accTitle:\ [\w ]+ | dateFormat\ x | axisFormat\ %s(?:\.%L)?\ s
          | tickInterval\ [1-9]\d*millisecond | todayMarker\ off
          | section\ [A-Za-z0-9\ .\-_/()\u2236]+
          | [^:;\#\n]+\ :(?:(?:crit|done|active|milestone),\ )?\d+,\ \d+)""",
    re.VERBOSE,
)
"""A line of the diagram as Mermaid's own lexer takes it: no colon, semicolon or hash in a text."""

CONFIG = re.compile(
    r" +(?:config|gantt|themeVariables|[a-zA-Z]+): ?(?:compact|\d+|'#[0-9a-f]{6}')?"
)


def spelled(text: str) -> str:
    """Return *text* with colons as they are in the chart."""
    return text.replace(":", "\N{RATIO}")


def diagram(chart: str) -> list[str]:
    """Return the lines of *chart* below its configuration, having looked at that."""
    nothing, config, lines = f"\n{chart}".split("\n---\n", 2)
    assert nothing == ""
    first, *rest = config.splitlines()
    assert first == "config:"
    assert all(CONFIG.fullmatch(each) for each in rest)
    head, *body = lines.splitlines()
    assert head == "gantt"
    return body


@pytest.mark.parametrize("name", ["ready", "poisoned", "many", "thousand", "hostile"])
def test_valid(name: str) -> None:
    """
    Every line is one of the grammar, whatever texts the servers have sent.
    """
    lines = diagram(gantt(SAMPLES[name]))
    assert [each for each in lines if not GRAMMAR.fullmatch(each)] == []
    assert sum("section" in each for each in lines) > 3


@given(st.text(), st.text(), st.text())
def test_valid_whatever_the_names(server: str, address: str, until: str) -> None:
    """
    No name, address or time breaks out of its line.
    """
    line = PerspectiveLine(
        address, "recursive", server, "absent", None, 1, "", 1.0, until, ((1.0, "absent"),)
    )
    report = replace(ready(), records=(record("a.", (line,)),))
    lines = diagram(gantt(report))
    assert [each for each in lines if not GRAMMAR.fullmatch(each)] == []
    assert sum(each.startswith("    section ") for each in lines) == 2


def test_what_it_shows() -> None:
    """
    Start and end of the run, a section for each server, a bar for each state, in milliseconds.
    """
    lines = diagram(gantt(poisoned()))
    assert "    start :milestone, 0, 0" in lines
    assert "    not ready 300 s :milestone, 300200, 300200" in lines
    at = lines.index("    section ns2.example.org. 198.51.100.2")
    assert lines[at + 1 : at + 4] == [
        "    ? :crit, 200, 12000",  # too narrow for its word
        "    absent :crit, 12000, 131000",
        "    stale :crit, 131000, 300200",
    ]
    assert f"    section ns1.example.net. {spelled('2001:db8:7:42::53')}" in lines
    assert f"    absent until {spelled('20:20:34')} UTC :crit, 6200, 300200" in lines
    assert "    tickInterval 60000millisecond" in lines


def test_short_runs_have_a_finer_axis() -> None:
    """
    Marks less than a second apart are told apart.
    """
    assert "    axisFormat %s s" in diagram(gantt(ready()))
    early = PerspectiveLine(
        "a", "recursive", "b", "absent", None, 1, "", history=((0.1, "absent"),)
    )
    report = Report("ready", 0, records=(record("a.", (early,)),), elapsed_s=0.9)
    assert "    axisFormat %s.%L s" in diagram(gantt(report))


def test_bounded() -> None:
    """
    GitHub draws 50,000 characters: of very many servers those in trouble are shown.
    """
    good = many(3).records[0].perspectives
    flaps = tuple((i * 0.5, "absent" if i % 3 else "stale") for i in range(80))
    lines = tuple(
        replace(each, address=f"{each.address}.{i}", server="x" * 255, history=flaps)
        for i in range(40)
        for each in good
    )
    report = replace(many(1), records=(record("a.", lines),))
    found = lanes(report)
    assert len(found) == 280
    chart = gantt(report)
    assert len(chart) < 50_000
    body = diagram(chart)
    assert sum(each.startswith("    section ") for each in body) == MOST_LANES + 1
    assert len(body) < MOST_LANES * 14


@pytest.mark.parametrize("name", ["failed", "planned", "empty", "checked"])
def test_nothing_heard_is_no_chart(name: str) -> None:
    """
    Where no server was heard there is nothing to draw.
    """
    assert gantt(SAMPLES[name]) == ""
