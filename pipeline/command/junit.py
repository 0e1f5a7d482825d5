"""A report as JUnit XML, in the subset that GitLab, Jenkins and the like read. Pure.

A suite for each order, in it a case for the order and one for each record. Of a
run without orders (`wait`, `check`, `clean`, a failure before) the verb is the
suite, and the case.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pipeline.model import SIGNALLED, Exit, Problem, Severity
from pipeline.report import LONGEST, PerspectiveLine, RecordLine, Report, headline, problem_lines
from pipeline.text import counted, printable

MOST = 20
"""Errors that a case tells, if it is that of no order by itself."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a case failed; *is_open*: nothing was found out, which JUnit calls an error."""

    kind: str
    message: str
    text: str = ""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What was tried, by whom, how long it took in seconds, and what went wrong."""

    name: str
    by: str
    time: float
    fault: Fault | None = None
    said: str = ""


def junit(report: Report, verb: str) -> bytes:
    """Return *report*, that of *verb*, as a document: every text of it printable on one line."""
    root = Element("testsuites", name="dns01", time=f"{report.elapsed_s:.3f}")
    for name, cases in suites(report, verb):
        suite = SubElement(root, "testsuite", name=text(name), time=f"{report.elapsed_s:.3f}")
        for case in cases:
            add(suite, case)
        count(suite)
    count(root)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def suites(report: Report, verb: str) -> Iterator[tuple[str, list[Case]]]:
    """Yield each suite's name and its cases; every record is in one of them."""
    if not report.orders:
        yield f"dns01 {verb}", [whole(report, verb), *records(report.records, report.exit)]
        return
    belonging = by_order(report)
    is_of_all = not any(order.exit for order in report.orders)
    ends = [report.exit if is_of_all else order.exit for order in report.orders]
    known = {(each.code, each.message): each for each in errors(report)}
    for order, ended, mine in zip(report.orders, ends, belonging, strict=True):
        own = Problem(order.problem, order.reason or order.problem)
        problem = known.get((own.code, own.message), own)
        found = [problem] if order.problem else errors(report)
        fault = fault_of(report, ended, found) if ended else None
        case = Case(f"order {order.name}", order.source, report.elapsed_s, fault, order.uri)
        yield order.name, [case, *records(mine, ended)]


def by_order(report: Report) -> list[list[RecordLine]]:
    """Return the records of each order, in place: the first that names its domain, or the last."""
    places: dict[str, int] = {}
    for place, order in enumerate(report.orders):
        for domain in domains(order.name):
            places.setdefault(domain, place)
    found: list[list[RecordLine]] = [[] for _ in report.orders]
    for record in report.records:
        found[places.get(domain_of(record.name), -1)].append(record)
    return found


def domains(certificate: str) -> set[str]:
    """Return the domains of *certificate*, a wildcard as what it stands below."""
    return {each.strip().lower().removeprefix("*.") for each in certificate.split(",")}


def domain_of(record: str) -> str:
    """Return what the challenge named *record* is of."""
    return record.lower().rstrip(".").partition(".")[2]


def whole(report: Report, verb: str) -> Case:
    """Return the run as one case."""
    fault = fault_of(report, report.exit, errors(report)) if report.exit else None
    return Case(verb, "dns01", report.elapsed_s, fault, headline(report))


def errors(report: Report) -> list[Problem]:
    """Return what went wrong, anywhere in the run."""
    return [each for each in report.problems if each.severity is Severity.ERROR]


def fault_of(report: Report, exit_code: int, found: Sequence[Problem]) -> Fault:
    """Return why an order, or the run, ended with *exit_code*: for the errors *found*."""
    lines = [text(line) for line in problem_lines(found[:MOST])]
    if len(found) > MOST:
        lines.append(f"and {counted(len(found) - MOST, 'more error')}, in the report")
    is_open = exit_code == Exit.BUG or exit_code >= SIGNALLED
    first = found[0] if found else None
    kind, message = (first.code, first.message) if first else ("failed", headline(report))
    return Fault(kind, message, "\n".join(lines), is_open)


def records(lines: Sequence[RecordLine], exit_code: int) -> Iterator[Case]:
    """Yield a case for each of *lines*, numbered where a name has several values.

    Where the order did not fail, who was not confirmed did not count.
    """
    seen: dict[str, int] = {}
    for line in lines:
        seen[line.name] = number = seen.get(line.name, 0) + 1
        name = line.name if number == 1 else f"{line.name} ({number})"
        confirmed = [each.confirmed_at_s or 0.0 for each in line.perspectives]
        late = [each for each in line.perspectives if is_late(each)] if exit_code else []
        fault = late_fault(late) if late else None
        yield Case(name, line.provider or "dns01", max(confirmed, default=0.0), fault, line.value)


def is_late(line: PerspectiveLine) -> bool:
    """Whether a server stood, or may have stood, in the way."""
    return line.role != "provider" and line.state not in {"confirmed", "not-observable"}


def late_fault(late: Sequence[PerspectiveLine]) -> Fault:
    """Return what the servers *late* said; the cause of the first that has one is the kind."""
    lines = [f"{each.server} {each.address} [{each.state}] {each.detail}" for each in late]
    kind = next((each.cause for each in late if each.cause), "not-ready")
    return Fault(kind, lines[0], "\n".join(map(text, lines)))


def add(suite: Element, case: Case) -> None:
    """Put *case* into *suite*."""
    where = {"classname": text(case.by), "name": text(case.name), "time": f"{case.time:.3f}"}
    element = SubElement(suite, "testcase", where)
    if fault := case.fault:
        what = {"type": text(fault.kind), "message": text(fault.message)}
        SubElement(element, "error" if fault.is_open else "failure", what).text = fault.text
    if case.said:
        SubElement(element, "system-out").text = text(case.said)


def count(element: Element) -> None:
    """Note in *element* how many cases are below it, and how many of them failed."""
    totals = {"tests": "testcase", "failures": "failure", "errors": "error"}
    for name, tag in totals.items():
        element.set(name, str(sum(1 for _ in element.iter(tag))))
    element.set("skipped", "0")


def text(foreign: str) -> str:
    """Return *foreign* without what XML 1.0 cannot hold."""
    return printable(foreign, LONGEST)
