"""The page as text: what it says, and that no text in it becomes anything else."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checks.lines import CheckLine, NameserverLine
from pipeline.model import Exit, Problem, Severity
from pipeline.picture.axis import Scale, marks
from pipeline.picture.markup import VOID
from pipeline.picture.matrix import matrices, shown
from pipeline.picture.page import MOST, POLICY, page
from pipeline.report import OrderLine, PerspectiveLine, RecordLine, Report

from .samples import HOSTILE, SAMPLES, hostile, many, poisoned, ready, record

ELEMENTS = """
    html head meta title style body main header footer section h1 h2 p dl dt dd ul li b strong code
    span div table caption thead tbody tr th td wbr details summary
    svg defs pattern path line rect text
"""
ATTRIBUTES = """
    lang charset http-equiv content name class id title scope colspan rowspan role tabindex open
    aria-label aria-hidden x y x1 x2 y1 y2 width height d text-anchor overflow
    patternunits patterntransform
"""
"""All that a page is made of."""


class Tree(HTMLParser):
    """A document as a browser reads it, with what each element and each title says.

    Raises:
        AssertionError: If an element is closed that is not open.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: Counter[str] = Counter()
        self.texts: list[str] = []
        self.titles: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes.update(name for name, _ in attrs)
        self.titles += [value or "" for name, value in attrs if name == "title"]
        if tag not in {*VOID, "wbr"}:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))


@pytest.mark.parametrize("name", SAMPLES)
def test_sound(name: str) -> None:
    """
    Well-formed, of few elements and attributes, none of which runs, fetches or leads away.
    """
    tree = Tree(page(SAMPLES[name]))
    assert set(tree.tags) <= set(ELEMENTS.split())
    assert set(tree.attributes) <= set(ATTRIBUTES.split())
    for once in ("main", "h1", "style", "header", "footer"):
        assert tree.tags[once] == 1


def of(text: str) -> Report:
    """Return a report in which every text that can come from elsewhere is *text*."""
    line = PerspectiveLine(
        address=text,
        role="recursive",
        server=f"{text}.",
        state="absent",
        confirmed_at_s=None,
        attempts=1,
        detail=text,
        since_s=1.0,
        repeats_until=text,
        history=((1.0, "absent"),),
        cause=text,
    )
    return Report(
        "not-ready",
        75,
        (OrderLine(text, text, text, text),),
        (RecordLine(text, text, text, text, (line,), f"{text}."),),
        tuple(Problem(text, text, f"{text}.", severity) for severity in Severity),
        3.0,
        receipt=f"{text}.",
        checks=(CheckLine(text, text, text, text, (NameserverLine(text, (text,), text),)),),
    )


@given(st.one_of(st.text(), st.sampled_from(HOSTILE), st.text(alphabet="<>&\"'/=!-;#x ")))
def test_text_stays_text(text: str) -> None:
    """
    Whatever the texts are, the document has the elements and attributes that it has with "x".
    """
    plain, strange = Tree(page(of("x"))), Tree(page(of(text)))
    for tree in (plain, strange):
        del tree.tags["wbr"]  # one for each dot
    assert set(strange.tags) <= set(plain.tags)
    assert set(strange.attributes) == set(plain.attributes)
    assert strange.tags["section"] == plain.tags["section"]
    page(of(text)).encode("utf-8")


def test_hostile_text_is_shown_as_it_came() -> None:
    """
    A reader sees the attack, but for what would hide or reorder it.
    """
    text = Tree(page(hostile())).text
    assert "<script>document.title='owned'</script>" in text
    assert '"><img src=x onerror=' in text
    assert "&lt;b&gt; &#x3c;" in text
    for hidden in "\u202e\u2066\u200b\x00\x1b":
        assert hidden not in page(hostile())
    assert "\ufffdgpj.exe" in text


def test_the_policy_comes_first() -> None:
    """
    Nothing of the document comes before the policy, but its encoding.
    """
    head = page(ready()).partition("<style>")[0]
    assert POLICY.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert re.match(
        r'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        r'<meta http-equiv="Content-Security-Policy" content="default-src &#x27;none&#x27;; ',
        head,
    )


@pytest.mark.parametrize("code", [*Exit, 129, 130, 143, 3])
def test_every_exit_has_a_meaning(code: int) -> None:
    """
    The page says the exit, and in words what it means.
    """
    status = {0: "ready", 75: "not-ready"}.get(code, "failed")
    text = Tree(page(Report(status, code))).text
    assert f"exit{int(code)}" in text
    assert {
        0: "a CA may validate now",
        64: "The command line cannot be understood",
        65: "The order cannot be served",
        69: "A service failed, or could not be reached",
        70: "Our own fault",
        75: "Not ready in time",
        77: "Credentials were refused",
        78: "The configuration does not suffice",
        129: "Stopped by signal 1",
        130: "Stopped by signal 2",
        143: "Stopped by signal 15",
        3: "See what stands in the way",
    }[int(code)] in text


def test_when_it_was() -> None:
    """
    Start and end as time of day, if that is known.
    """
    ended = datetime(2026, 3, 1, 20, 9, 34, tzinfo=UTC)
    assert "when2026-03-01 20:09:27 to 20:09:34 UTC" in Tree(page(ready(), ended)).text
    assert "when" not in Tree(page(Report("failed", 69))).text


def test_problems() -> None:
    """
    The worst first, severity in a word, each line of a hint, each culprit on its own line.
    """
    problems = (
        Problem("c", "third", "", Severity.NOTICE),
        Problem("b", "second", "do this\nthen that", Severity.WARNING),
        Problem("a", "first: one; two", "", Severity.ERROR),
    )
    text = page(Report("failed", 69, problems=problems))
    assert re.findall(r"<strong>(.*?)</strong> <code>(.*?)</code>", text) == [
        ("✗ error", "a"),
        ("! warning", "b"),
        ("i notice", "c"),
    ]
    assert "first: one;\ntwo" in text
    assert "<b>Hint: </b>do this\nthen that" in text
    many_ = tuple(Problem("a", f"{i}") for i in range(MOST + 7))
    assert "and 7 more" in Tree(page(Report("failed", 69, problems=many_))).text


def test_problems_of_one_kind_share_a_block() -> None:
    """
    Equal code, severity and next step are said once, above every message; whatever differs in one
    of them has a block of its own.
    """
    problems = (
        Problem("lame", "ns1 is lame", "mend it", Severity.WARNING),
        Problem("caa", "nobody may issue", "", Severity.WARNING),
        Problem("lame", "ns2 is lame", "mend it", Severity.WARNING),
        Problem("lame", "ns3 is lame", "remove it", Severity.WARNING),
        Problem("lame", "ns4 is lame", "mend it", Severity.ERROR),
    )
    blocks = re.findall(
        r'<li class="(\w+)">(.*?)</li>', page(Report("failed", 69, problems=problems))
    )
    assert [(weight, re.findall(r"ns\d|nobody", block)) for weight, block in blocks] == [
        ("error", ["ns4"]),
        ("warning", ["ns1", "ns2"]),
        ("warning", ["nobody"]),
        ("warning", ["ns3"]),
    ]
    assert [block.count("Hint: ") for _, block in blocks] == [1, 1, 0, 1]


def test_errors_above_the_chart_warnings_below() -> None:
    """
    What stands in the way comes first, then when each server turned, then what else to know.
    """
    heads = re.findall("<h2>(.*?)</h2>", page(poisoned()))
    assert heads[:4] == [
        "What stands in the way",
        "When each server turned",
        "What to know",
        "Who confirmed which name",
    ]
    assert "What stands in the way" not in page(ready())


def test_the_page_names_what_it_is_about() -> None:
    """
    Title and header name the certificates, else the domains of a check, else the names that were
    waited for; a few of them, and how many more.
    """
    waited = replace(ready(), orders=())
    for report, about in (
        (ready(), "Ready: example.com,*.example.com"),
        (SAMPLES["checked"], "Checked: example.com, *.example.com"),
        (waited, "Ready: _acme-challenge.example.com., _acme-challenge.www1.example.com."),
    ):
        text = page(report)
        assert f"<title>dns01: {about}</title>" in text
        assert f'<p class="about">{about.partition(": ")[2]}</p>' in text
    assert " and 96 more</title>" in page(replace(many(100), orders=()))
    assert "<title>dns01: Failed</title>" in page(SAMPLES["failed"])
    assert 'class="about"' not in page(SAMPLES["failed"])


def test_a_time_out_says_the_next_step() -> None:
    """
    Not ready leads on to what the first error asks for, never to waiting where waiting is in vain.
    """
    mend = Problem("not-ready", "stale", "look at the zone transfers\nand so on")
    aside = Problem("server-silent", "silent", "start it", Severity.WARNING)
    report = Report("not-ready", 75, problems=(aside, mend))
    lead = '<p class="lead">Not ready in time: {}</p>'
    assert lead.format("look at the zone transfers") in page(report)
    silent = replace(report, problems=(aside, replace(mend, hint="")))
    assert lead.format("see what stands in the way") in page(silent)


def test_what_a_check_calls_a_refusal() -> None:
    """
    Where there is no order, none is said to fail; other exits mean what they always do.
    """
    refused = replace(SAMPLES["checked"], status="failed", exit=65)
    assert '<p class="lead">A CA would refuse</p>' in page(refused)
    assert "A CA would refuse" not in page(replace(refused, exit=69))
    assert "A CA would refuse" not in page(Report("failed", 65))


def test_who_may_issue_is_not_guessed() -> None:
    """
    "any CA" is said only where CAA could be asked: a zone was found, and answered.
    """
    line = SAMPLES["checked"].checks[1]
    for seen, words in (
        (line, "any CA"),
        (replace(line, zone=""), "not known"),
        (replace(line, dnssec="unknown"), "not known"),
        (replace(line, issuers=()), "no CA"),
        (replace(line, issuers=("a.example",), dnssec="unknown"), "a.example"),
    ):
        text = page(replace(SAMPLES["checked"], checks=(seen,)))
        cells = re.findall("<td>(.*?)</td>", text.partition("What the domains look like")[2])
        assert cells[3] == words


def test_the_matrix() -> None:
    """
    A row for each name, a column for each server, in each cell symbol and word, or the time.
    """
    text = page(poisoned())
    cells = re.findall(r'<td class="([a-z-]+)" title="[^"]+">([^<]+)</td>', text)
    assert cells[:8] == cells[8:] == [
        ("confirmed", "✓ 1.1 s"),
        ("confirmed", "✓ 2.4 s"),
        ("stale", "≠ stale"),
        ("not-observable", "⊘ no route"),
        ("confirmed", "✓ 6.1 s"),
        ("absent", "✗ absent"),
        ("not-asked", "· not asked"),
        ("absent", "✗ absent"),
    ]  # fmt: skip
    titles = Tree(text).titles
    said = "holds 1 TXT value, but 1 wanted value not among them"
    assert f"ns2.example.org. 198.51.100.2: stale: {said}, since 3.6 s, asked 7 times" in titles
    assert "is an alias for _acme-challenge.elsewhere.example." in Tree(text).text


def test_names_at_other_servers_have_a_table_of_their_own() -> None:
    """
    One table for each set of servers, those with trouble first; within, names in trouble first.
    """
    good, bad = ready(3).records, poisoned().records
    other = replace(record("b.example.", good[0].perspectives[:2]), zone="b.example.")
    mixed = (other, good[0], replace(bad[0], perspectives=bad[0].perspectives[:7], name="t."))
    found = matrices(replace(ready(), records=mixed))
    assert [[row.record.name for row in matrix.rows] for matrix in found] == [
        ["t.", good[0].name],
        ["_acme-challenge.b.example."],
    ]
    assert found[1].zones == ("b.example.",)
    assert shown(found, 1) == {"t."}
    worse = replace(other, name="w.", perspectives=(bad[0].perspectives[2],))
    assert shown(matrices(replace(ready(), records=(*mixed, worse))), 2) == {"t.", "w."}


def test_an_alias_seen_twice_at_one_server() -> None:
    """
    A server of two zones on the way is one column; the worse of its answers counts.
    """
    good = ready().records[0].perspectives[0]
    worse = replace(good, state="silent", confirmed_at_s=None, detail="SERVFAIL")
    report = replace(ready(), records=(record("a.", (worse, good)),))
    (matrix,) = matrices(report)
    assert len(matrix.servers) == 1
    assert ">? silent</td>" in page(report)
    assert "SERVFAIL" in page(report)


def test_the_lane_of_a_poisoned_resolver() -> None:
    """
    It is hatched from its answer on, past the end of the run, until the time that is said.
    """
    lane = re.findall(r"<tr><th[^>]*>Google.*?</tr>", page(poisoned()))
    assert 'class="hatch"' in lane[0]
    assert "✗ absent, will repeat that until 20:20:34 UTC" in lane[0]
    assert "poisoned" in lane[0]
    left, width = (
        float(each) for each in re.findall(r'(?:x|y="8" width)="([\d.]+)%"', lane[0])[-2:]
    )
    assert left + width == pytest.approx(100, abs=0.01)
    scale = Scale(300.2, afterwards=True)
    assert left == pytest.approx(scale.at(6.2), abs=0.01)
    assert scale.at(300.2) == 88
    assert 'class="hatch"' not in page(ready())


def test_the_lane_in_words() -> None:
    """
    Who cannot see the bar is told when the server turned.
    """
    text = page(ready())
    assert 'role="img" aria-label="absent at 0.2 s, confirmed at 1.0 s"' in text
    assert "Authoritative servers: 4 of 4 confirmed" in text


@pytest.mark.parametrize("until", [0.0, 0.003, 0.9, 6.6, 59.0, 300.0, 3_600.0, 86_400.0, 1e7])
def test_the_axis(until: float) -> None:
    """
    Has two to seven marks, evenly spaced from zero on, and none past the end.
    """
    found = marks(until)
    assert found[0] == 0
    assert found[-1] <= max(until, 0.001)
    assert 1 <= len(found) <= 7
    gaps = {round(after - before, 3) for before, after in pairwise(found)}
    assert len(gaps) <= 1


def test_a_hundred_names() -> None:
    """
    Every one has its row, and the page is light.
    """
    text = page(many(100))
    assert len(text.encode()) < 500_000
    assert text.count("✗ absent</td>") == len(range(3, 100, 17))
    for number in (1, 50, 99):
        assert f"www{number}.<wbr>example.<wbr>com.<wbr></th>" in text
    assert "94 of 100 ✓" in text


def test_a_thousand_names() -> None:
    """
    All in trouble are shown, others as far as there is room, and how many are left out is said.
    """
    text = page(many(1000))
    assert len(text.encode()) < 1_000_000
    assert text.count("✗ absent</td>") == len(range(3, 1000, 17))
    assert "and 800 more names, 800 of them confirmed everywhere" in text
    assert "941 of 1000 ✓" in text
    assert "and 800 more" in text


def test_a_plan_shows_what_would_be_written() -> None:
    """
    Without evidence there are the values and their places, and nothing empty.
    """
    text = Tree(page(SAMPLES["planned"])).text
    assert "Values" in text
    assert "route53" in text
    assert "When each server turned" not in text
    assert "Who confirmed" not in text


def test_a_check_shows_what_it_saw() -> None:
    """
    Zone, name servers, who may issue, DNSSEC and negative TTL of each domain.
    """
    text = Tree(page(SAMPLES["checked"])).text
    for each in ("2 domains", "letsencrypt.org", "any CA", "1800 s", "ns1.example.net. 192.0.2.1"):
        assert each in text
    assert "an alias for _acme-challenge.elsewhere.example." in text
