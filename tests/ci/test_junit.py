"""JUnit XML: a suite for each order, a case for each value, and no character that XML forbids."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import pytest

from pipeline.command.junit import domain_of, domains, junit
from pipeline.model import Exit, Problem, Severity
from pipeline.report import OrderLine, RecordLine, Report
from tests.picture.samples import HOSTILE, asked, hostile, poisoned, ready

FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 §2.2 does not allow."""


def parsed(report: Report, verb: str = "ready") -> Element:
    document = junit(report, verb)
    assert not FORBIDDEN.search(document.decode())
    return ET.fromstring(document)


def timed_out() -> Report:
    """Return a run that was not ready, with its order's end in it."""
    report = poisoned()
    return replace(report, orders=tuple(replace(o, exit=75) for o in report.orders))


def test_a_suite_for_each_order_and_a_case_for_each_value() -> None:
    """
    The case is named after the record, classed by the DNS host, and took as long as its last
    server did; the value and the order's URI are said.
    """
    root = parsed(ready())
    [suite] = root
    assert suite.attrib == {
        "name": "example.com,*.example.com", "time": "6.600",
        "tests": "3", "failures": "0", "errors": "0", "skipped": "0",
    }  # fmt: skip
    order, *records = suite
    assert order.attrib == {
        "classname": "rcl", "name": "order example.com,*.example.com", "time": "6.600",
    }  # fmt: skip
    assert order.findtext("system-out") == "https://ca.example/order/1"
    assert [case.get("name") for case in records] == [
        "_acme-challenge.example.com.", "_acme-challenge.www1.example.com.",
    ]  # fmt: skip
    assert {case.get("classname") for case in records} == {"route53"}
    assert records[0].get("time") == "6.322"
    assert records[0].findtext("system-out") == ready().records[0].value
    assert not list(root.iter("failure"))


def test_a_value_that_was_not_confirmed_failed() -> None:
    """
    Its type is the likely cause, its message the first server in the way, its text all of them;
    a server without a route did not stand in the way, nor does the DNS host's own word count.
    """
    root = parsed(timed_out())
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "3", "0")
    order, *records = root[0]
    failure = order.find("failure")
    assert failure is not None
    assert failure.get("type") == "not-ready"
    for case in records:
        failure = case.find("failure")
        assert failure is not None
        assert failure.get("type") == "stale-secondary"
        assert failure.get("message", "").startswith("ns2.example.org. 198.51.100.2 [stale] holds")
        lines = (failure.text or "").splitlines()
        assert [re.findall(r"\[(\S+)\]", line) for line in lines] == [
            ["stale"], ["absent"], ["not-asked"],
        ]  # fmt: skip


def test_each_order_that_failed_has_its_own_reason() -> None:
    """
    Its type and message are its own, and its text has the hint of that; of no other order's.
    """
    orders = (
        OrderLine("a.example", "rcl", "", "", 65, problem="order-refused", reason="HTTP 400"),
        OrderLine("b.example", "rcl", "", "", 69, problem="order-api", reason="HTTP 500"),
        OrderLine("c.example", "rcl", "", "", 69, problem="order-api", reason="no answer"),
        OrderLine("d.example", "rcl", "", "pending"),
        OrderLine("e.example", "rcl", "", "", 130, problem="interrupted"),
    )
    problems = (
        Problem("order-api", "no answer", "check the network"),
        Problem("order-refused", "HTTP 400", "look at the name"),
        Problem("order-api", "HTTP 500", "run again"),
    )
    faults = {
        suite.get("name"): (fault.get("type"), fault.get("message"), fault.text)
        for suite in parsed(Report("failed", 69, orders, problems=problems))
        for case in suite
        for fault in case
    }
    assert faults == {
        "a.example": (
            "order-refused", "HTTP 400", "order-refused: HTTP 400\nhint: look at the name",
        ),
        "b.example": ("order-api", "HTTP 500", "order-api: HTTP 500\nhint: run again"),
        "c.example": ("order-api", "no answer", "order-api: no answer\nhint: check the network"),
        "e.example": ("interrupted", "interrupted", "interrupted: interrupted"),
    }  # fmt: skip


def test_who_was_late_does_not_count_where_the_order_is_ready() -> None:
    """
    A server that was set aside fails nothing: the cases say what the exit says.
    """
    root = parsed(replace(poisoned(), exit=0, status="ready"))
    assert not list(root.iter("failure"))


@pytest.mark.parametrize(
    ("exit_code", "tag"),
    [(65, "failure"), (75, "failure"), (78, "failure"), (70, "error"), (130, "error")],
)
def test_a_failure_before_any_order(exit_code: int, tag: str) -> None:
    """
    The verb is the case; a fault of ours and a signal say nothing of DNS: errors.
    """
    problems = (
        Problem("secret-readable", "a warning", severity=Severity.WARNING),
        Problem("configuration", "no key", "set it"),
    )
    root = parsed(Report("failed", exit_code, problems=problems, elapsed_s=0.5), "run")
    [[case]] = root
    assert (root[0].get("name"), case.get("classname")) == ("dns01 run", "dns01")
    assert (case.get("name"), case.get("time")) == ("run", "0.500")
    fault = case.find(tag)
    assert fault is not None
    assert (fault.get("type"), fault.get("message")) == ("configuration", "no key")
    assert fault.text == "configuration: no key\nhint: set it"
    assert root.get(f"{tag}s") == "1"


def test_a_failure_without_a_word_is_one() -> None:
    """
    An exit that no problem explains fails the case all the same.
    """
    failure = parsed(Report("failed", 1)).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "failed: exit 1 after 0.0 s"


def test_values_go_with_their_orders() -> None:
    """
    Each value is in one suite: that of the order which names its domain, whatever the case, with
    a wildcard or without; what none names is in the last. Several values of a name are numbered.
    """
    names = ["Example.com, *.example.com", "www.example.net"]
    orders = tuple(
        OrderLine(name, "rcl", "", "pending", exit_)
        for name, exit_ in zip(names, (0, 75), strict=True)
    )
    owners = ("example.com", "example.com", "www.example.net", "alias.example.org")
    records = tuple(
        RecordLine(f"_acme-challenge.{owner}.", "v", "z.", "route53", asked()) for owner in owners
    )
    first, second = parsed(Report("not-ready", 75, orders, records))
    assert [case.get("name") for case in first][1:] == [
        "_acme-challenge.example.com.", "_acme-challenge.example.com. (2)",
    ]  # fmt: skip
    assert len(second) == 3
    assert (first.get("failures"), second.get("failures")) == ("0", "1")


def test_no_order_is_blamed_and_yet_the_run_failed() -> None:
    """
    No report that failed is a document without a failure.
    """
    assert parsed(replace(ready(), exit=Exit.CONFIG)).get("failures") == "1"


@pytest.mark.parametrize(
    ("certificate", "record", "is_covered"),
    [
        ("*.example.com", "_acme-challenge.example.com.", True),
        ("example.com", "_acme-challenge.www.example.com.", False),
        ("a.example, EXAMPLE.com", "_acme-challenge.Example.com.", True),
        ("", "_acme-challenge.example.com.", False),
    ],
)
def test_whose_record_it_is(certificate: str, record: str, *, is_covered: bool) -> None:
    """
    The name below the challenge's label is one of the certificate's.
    """
    assert (domain_of(record) in domains(certificate)) is is_covered


def test_a_value_of_two_orders_goes_with_the_first() -> None:
    """
    Whatever order comes later names the domain as well.
    """
    orders = tuple(OrderLine(name, "rcl", "", "") for name in ("a.example", "*.a.example", "b."))
    record = RecordLine("_acme-challenge.a.example.", "v", "z.", "route53", asked())
    suites = parsed(Report("ready", 0, orders, (record,)))
    assert [len(suite) for suite in suites] == [2, 1, 1]


def many(orders: int) -> Report:
    """Return a run that was not ready, with an error for each of many *orders*."""
    [record, *_] = poisoned().records
    names = [f"d{number}.example" for number in range(orders)]
    return replace(
        poisoned(),
        orders=tuple(OrderLine(name, "rcl", "", "pending", 75) for name in names),
        records=tuple(replace(record, name=f"_acme-challenge.{name}.") for name in names),
        problems=tuple(Problem("not-ready", f"{name} is not ready") for name in names),
    )


def test_a_large_run_makes_a_document_in_proportion() -> None:
    """
    Ten times the orders, values and errors are ten times the document; what a case does not tell it
    counts. No record is looked for in all the others.
    """
    small, large = (junit(many(number), "ready") for number in (30, 300))
    assert len(large) < 11 * len(small)
    failure = parsed(many(30)).find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.splitlines()[-1] == "and 10 more errors, in the report"


def test_hostile_words_are_text() -> None:
    """
    Whatever servers, hosts and APIs say: the document parses, and says nothing to a CI log.
    """
    document = junit(hostile(), "ready").decode()
    assert not FORBIDDEN.search(document)
    assert "::error" not in document
    ET.fromstring(document)
    for text in HOSTILE:
        report = Report("failed", 65, problems=(Problem("order", text, text),))
        parsed(report, "ready")


def test_every_control_character_is_gone() -> None:
    """
    XML 1.0 can hold no control character, no surrogate, no noncharacter: not even escaped.
    """
    text = "".join(map(chr, [*range(32), 0x7F, 0x85, 0xD800, 0xFFFE, 0xFFFF, 0x10FFFF]))
    problem = Problem("order", f"a{text}b", f"c{text[:9]}d")
    root = parsed(Report("failed", 65, problems=(problem,)))
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "a b"
    assert failure.text == "order: a b\nhint: c d"
