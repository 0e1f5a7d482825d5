"""Draw a report as one page that needs nothing else: no script, no font, no network. Pure."""

from datetime import datetime, timedelta

from pipeline.model import SIGNALLED, Exit, Severity
from pipeline.report import Report, headline
from pipeline.text import counted

from .lanes import lanes, seconds
from .listing import checks, orders, records
from .markup import Html, element, joined
from .matrix import matrices, shown
from .remarks import remarks
from .said import words
from .states import look
from .style import sheet
from .tables import clipped, legend, matrix_table
from .timeline import timeline

MOST = 200
"""Names shown one by one; past that those in trouble first, and the rest as a number."""

MOST_SUBJECTS = 4
"""Certificates or names that the title names."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What the page may do (CSP 3): nothing but look as it does, should anything slip through."""

MEANINGS: dict[int, str] = {
    Exit.DONE: "done",
    Exit.USAGE: "the command line cannot be understood",
    Exit.DATA: "the order cannot be served",
    Exit.UNAVAILABLE: "a service failed, or could not be reached",
    Exit.BUG: "our own fault: please report it",
    Exit.REFUSED: "credentials were refused",
    Exit.CONFIG: "the configuration does not suffice",
}

HATCH = Html(
    '<svg class="defs" aria-hidden="true"><defs><pattern id="hatch" width="7" height="7"'
    ' patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M1 0V7"/>'
    "</pattern></defs></svg>"
)


def page(report: Report, ended: datetime | None = None) -> str:
    """Return *report* as an HTML document; *ended* is the time of day at its end, aware."""
    title = ": ".join(filter(None, ("dns01", verdict(report), subject(report))))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", Html(sheet(tone(report)))),
    )
    grave = [each for each in report.problems if each.severity is Severity.ERROR]
    others = [each for each in report.problems if each.severity is not Severity.ERROR]
    parts = (
        element("header", *opening(report, ended)),
        section("What stands in the way", remarks(grave, MOST)),
        legend(states(report)),
        section("When each server turned", timeline(report)),
        section("What to know", remarks(others, MOST)),
        section("Who confirmed which name", evidence(report)),
        section("What the domains look like", checks(report, MOST)),
        section("Orders", orders(report)),
        section("Values", records(report, MOST)),
    )
    body = element("body", HATCH, element("main", *parts), footer())
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def section(title: str, content: Html) -> Html:
    """Return *content* under its title; without content nothing."""
    return element("section", element("h2", title), content) if content else content


def verdict(report: Report) -> str:
    """Return how it ended, in a word or two."""
    return report.status.replace("-", " ").capitalize()


def subject(report: Report) -> str:
    """Return what the run was about: certificates, or domains, or names; empty if not known."""
    found = (
        [order.name for order in report.orders]
        or [line.domain for line in report.checks]
        or [record.name for record in report.records]
    )
    names = list(dict.fromkeys(clipped(name) for name in found))
    more = len(names) - MOST_SUBJECTS
    return ", ".join(names[:MOST_SUBJECTS]) + (f" and {more} more" if more > 0 else "")


def tone(report: Report) -> str:
    """Return the colour of the verdict."""
    match report.exit:
        case Exit.DONE:
            return "good"
        case Exit.NOT_READY:
            return "wait"
        case _:
            return "bad"


def meaning(report: Report) -> str:
    """Return what the exit of *report* means."""
    code = int(report.exit)
    if code > SIGNALLED:
        return f"stopped by signal {code - SIGNALLED}"
    if report.status == "ready":
        return "a CA may validate now"
    if report.checks and code == Exit.DATA:
        return "a CA would refuse"
    if code == Exit.NOT_READY:
        return f"not ready in time: {next_step(report)}"
    return MEANINGS.get(code, "see what stands in the way")


def next_step(report: Report) -> str:
    """Return what the first error asks for: waiting alone may mend nothing."""
    hints = (each.hint for each in report.problems if each.severity is Severity.ERROR)
    return next(hints, "").strip().partition("\n")[0] or "see what stands in the way"


def opening(report: Report, ended: datetime | None) -> tuple[Html, ...]:
    """Return verdict, what it means, and the numbers of the run."""
    sentence = meaning(report) if report.exit else headline(report).partition(": ")[2]
    facts = {"exit": str(int(report.exit)) if report.exit else f"0: {meaning(report)}"}
    if ended:
        started = ended - timedelta(seconds=report.elapsed_s)
        facts["when"] = f"{started:%Y-%m-%d %H:%M:%S} to {ended:%H:%M:%S} {ended.tzname()}"
    facts["took"] = seconds(report.elapsed_s)
    facts["asked"] = counted(report.dns_queries, "DNS question")
    if report.api_calls:
        facts["asked"] += f", {counted(report.api_calls, 'call')} to the DNS host"
    if report.receipt:
        facts["receipt"] = report.receipt
    pairs = (each for k, v in facts.items() for each in (element("dt", k), element("dd", v)))
    return (
        element("h1", verdict(report)),
        element("p", about, class_="about") if (about := subject(report)) else Html(),
        element("p", sentence[:1].upper() + sentence[1:], class_="lead"),
        element("dl", *pairs),
    )


def states(report: Report) -> set[str]:
    """Return the states that the page shows."""
    said = {line.state for record in report.records for line in record.perspectives}
    drawn = {segment.state for lane in lanes(report) for segment in lane.segments}
    return {look(state).state for state in said | drawn}


def evidence(report: Report) -> Html:
    """Return the tables, and every server's words."""
    found = matrices(report)
    if not found:
        return Html()
    names = shown(found, MOST)
    tables = [
        matrix_table(matrix, names)
        for matrix in found
        if any(row.record.name in names for row in matrix.rows)
    ]
    return joined(*tables, words(found, names))


def footer() -> Html:
    """Return what this page is."""
    return element(
        "footer",
        "Drawn by dns01. Times ending in s count from process start. "
        "The same facts for machines: the JSON report.",
    )
