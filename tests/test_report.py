"""The report: one document for machines, a few lines for people."""

import json

import pytest

from pipeline.checks.lines import CheckLine
from pipeline.command.actions import markdown
from pipeline.insync import host_lines
from pipeline.model import Exit, Problem, Severity
from pipeline.report import (
    OrderLine,
    PerspectiveLine,
    RecordLine,
    Report,
    details,
    finished,
    headline,
    problem_lines,
    to_json,
)

SEEN = PerspectiveLine(
    *("192.0.2.1", "authoritative", "ns1.", "confirmed", 0.123456, 2, ""),
    since_s=0.1,
    history=((0.1, "confirmed"),),
)
RECORD = RecordLine("_acme-challenge.example.com.", "v", "example.com.", "route53", (SEEN,))


def test_the_document() -> None:
    """
    Schema 1, key by key: what callers parse does not change by accident.
    """
    order = OrderLine("example.com", "rcl", "https://ca.example/1", "pending")
    problem = Problem("code", "message", "hint", Severity.WARNING)
    report = Report("ready", 0, (order,), (RECORD,), (problem,), 1.23456, 7, 2, "/state/x.json")
    assert json.loads(to_json(report)) == {
        "schema": 1,
        "status": "ready",
        "exit": 0,
        "orders": [
            {
                "name": "example.com",
                "source": "rcl",
                "order_uri": "https://ca.example/1",
                "status": "pending",
                "exit": 0,
                "resumed": False,
                "expires_at": None,
                "problem": None,
                "reason": None,
            }
        ],
        "records": [
            {
                "name": "_acme-challenge.example.com.",
                "target": None,
                "value": "v",
                "zone": "example.com.",
                "provider": "route53",
                "perspectives": [
                    {
                        "address": "192.0.2.1",
                        "role": "authoritative",
                        "server": "ns1.",
                        "state": "confirmed",
                        "confirmed_at_s": 0.123456,
                        "attempts": 2,
                        "detail": "",
                        "since_s": 0.1,
                        "repeats_until": None,
                        "cause": None,
                        "history": [{"at_s": 0.1, "state": "confirmed"}],
                    }
                ],
            }
        ],
        "checks": [],
        "elapsed_s": 1.235,
        "dns_queries": 7,
        "api_calls": 2,
        "receipt": "/state/x.json",
        "problems": [{"code": "code", "severity": "warning", "message": "message", "hint": "hint"}],
    }


def test_what_is_not_there_is_null() -> None:
    """
    Nobody's record has no zone and no provider; an order that did not come has no URI.
    """
    record = RecordLine("a.", "v", "", "")
    document = json.loads(
        to_json(Report("failed", 69, (OrderLine("a", "rcl", "", ""),), (record,)))
    )
    assert (document["records"][0]["zone"], document["records"][0]["provider"]) == (None, None)
    assert (document["orders"][0]["order_uri"], document["orders"][0]["status"]) == (None, None)
    assert document["receipt"] is None


def test_the_document_is_ascii() -> None:
    """
    Whatever the terminal or log takes, the document gets through it.
    """
    assert to_json(Report("failed", 65, problems=(Problem("a", "bücher\x1b\u202e"),))).isascii()


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (Report("ready", 0), "ready: nothing to publish, the order needs no validation"),
        (
            Report("planned", 0, records=(RECORD,)),
            "planned: 1 value at 1 name; nothing was written",
        ),
        (Report("cleaned", 0, records=(RECORD,) * 2), "cleaned: 2 values at 1 name removed"),
        (Report("cleaned", 0), "cleaned: nothing to clean"),
        (Report("not-ready", 75, elapsed_s=300.04), "not-ready: exit 75 after 300.0 s"),
    ],
)
def test_headlines(report: Report, line: str) -> None:
    """
    The verdict is one line that begins with the status word of the document.
    """
    assert headline(report) == line
    assert line.startswith(report.status)


def test_many_records_are_cut_short() -> None:
    """
    A hundred records do not scroll the verdict away; how many are left out is said.
    """
    lines = details(Report("ready", 0, records=(RECORD,) * 100))
    assert len(lines) == 21
    assert lines[-1] == "  ... and 80 more"


def test_hints_stand_below_their_problem() -> None:
    """
    Each line of a hint is marked as one.
    """
    problems = [Problem("a", "one", "do this\n\nor that"), Problem("b", "two")]
    assert problem_lines(problems) == ["a: one", "hint: do this", "hint: or that", "b: two"]


def test_a_hint_is_given_once() -> None:
    """
    What a problem says to do is not said again by the next; the document has it at both.
    """
    verdict = Problem("not-ready", "two causes", "mend it\nor wait")
    why = [Problem("lame", "one", "mend it"), Problem("late", "other", "then wait")]
    lines = problem_lines([verdict, *why])
    assert lines == [
        *("not-ready: two causes", "hint: mend it", "hint: or wait"),
        *("lame: one", "late: other", "hint: then wait"),
    ]
    problems = json.loads(to_json(Report("not-ready", 75, problems=(verdict, *why))))["problems"]
    assert [each["hint"] for each in problems] == ["mend it\nor wait", "mend it", "then wait"]


PWNED = "##[error]pwned.::set-output name=x::y.\x1b[31m\u202e<b>.test."
"""What may be the text of a domain name; only dots, quotes and the like are escaped in one."""


def is_harmless(text: str) -> bool:
    """Whether *text* is a line in which neither a terminal nor a CI job finds a command."""
    return not any(mark in text for mark in ("##", "::set", "\x1b", "\u202e", "<b>", "\n"))


def test_names_from_dns_are_no_commands_on_standard_error() -> None:
    """
    Whatever a stranger calls an alias's target, what is printed of it is text, each hint a line.
    """
    problem = Problem("alias-loop", f"leads to {PWNED}\nhere", f"remove {PWNED}\n\nor {PWNED}")
    lines = problem_lines([problem])
    assert [line.split()[0] for line in lines] == ["alias-loop:", "hint:", "hint:"]
    assert all("pwned" in line for line in lines)
    assert all(map(is_harmless, lines))


def test_what_is_said_at_length_is_not_cut() -> None:
    """
    Eight servers in one sentence come out whole, for people and for machines.
    """
    long = "a" * 3000 + " end"
    assert problem_lines([Problem("a", long, long)]) == [f"a: {long}", f"hint: {long}"]
    [problem] = json.loads(to_json(Report("failed", 69, problems=(Problem("a", long, long),))))[
        "problems"
    ]
    assert (problem["message"], problem["hint"]) == (long, long)


def test_names_from_dns_are_no_commands_in_the_document() -> None:
    """
    A runner obeys a command anywhere in a line, hence in JSON that is printed, too: every text
    of problems, records and servers; a hint keeps its lines.
    """
    line = PerspectiveLine(PWNED, "authoritative", PWNED, "absent", None, 1, PWNED)
    record = RecordLine(PWNED, "v", PWNED, PWNED, (line,), PWNED)
    problem = Problem("alias-loop", PWNED, f"remove {PWNED}\nor {PWNED}")
    order = OrderLine(PWNED, "rcl", "", PWNED)
    text = to_json(Report("failed", 65, (order,), (record,), (problem,)))
    document = json.loads(text)
    [shown] = document["records"]
    [seen] = shown["perspectives"]
    texts = [
        *(shown[key] for key in ("name", "target", "zone", "provider")),
        *(seen[key] for key in ("address", "server", "detail")),
        *(document["orders"][0][key] for key in ("name", "status")),
        document["problems"][0]["message"],
        *document["problems"][0]["hint"].split("\n"),
    ]
    assert len(texts) == 12
    assert all("pwned" in each for each in texts)
    assert all(map(is_harmless, texts))
    assert "##" not in text
    assert "::" not in text


def test_names_from_dns_are_no_commands_in_lines_for_people() -> None:
    """
    A record's line says its name, zone and provider, harmless.
    """
    [text] = details(Report("ready", 0, records=(RecordLine(PWNED, "v", PWNED, PWNED),)))
    assert text.count("pwned") == 3
    assert is_harmless(text)


def test_names_from_dns_are_no_commands_in_a_jobs_summary() -> None:
    """
    The summary says what stands in the way, as text.
    """
    problem = Problem("alias-loop", f"leads to {PWNED}", f"remove {PWNED}")
    text = markdown(Report("failed", 65, records=(RECORD,), problems=(problem,)))
    assert text.count("pwned") == 2
    lines = [line for line in text.splitlines() if "pwned" in line]
    assert all(is_harmless(line) for line in lines)


def test_a_hosts_word_stands_with_its_own_records() -> None:
    """
    What a host says is added where it wrote, and nowhere else.
    """
    other = RecordLine("_acme-challenge.example.org.", "v", "example.org.", "route53")
    ours, theirs = host_lines([RECORD, other], {("route53", "example.com."): False})
    assert [line.role for line in ours.perspectives] == ["authoritative", "provider"]
    assert (ours.perspectives[1].state, theirs) == ("absent", other)


@pytest.mark.parametrize(
    ("code", "word"), [(Exit.DONE, "ready"), (Exit.NOT_READY, "not-ready"), (Exit.DATA, "failed")]
)
def test_the_status_follows_the_exit(code: Exit, word: str) -> None:
    """
    Status and exit never contradict each other.
    """
    assert finished(code, "ready") == word


def test_a_check_with_warnings_is_not_called_clear() -> None:
    """
    "nothing stands in the way" is said where neither error nor warning is; else how many there are.
    """
    notice, warning = (
        Problem("x", "x", "", severity) for severity in (Severity.NOTICE, Severity.WARNING)
    )
    lines = (CheckLine("a.example"), CheckLine("b.example"))
    for problems, words in (
        ((), "nothing stands in the way"),
        ((notice,), "nothing stands in the way"),
        ((notice, warning), "0 errors, 1 warning"),
        ((warning, warning, warning), "0 errors, 3 warnings"),
    ):
        report = Report("checked", 0, checks=lines, problems=problems)
        assert headline(report) == f"checked: 2 domains; {words}"
