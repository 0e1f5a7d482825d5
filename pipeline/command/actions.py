"""Speak to GitHub Actions: outputs and a summary through files, annotations in the log."""

import re
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.files import pour
from pipeline.model import Problem, Severity
from pipeline.picture.matrix import Matrix, matrices
from pipeline.picture.mermaid import gantt
from pipeline.picture.tables import short
from pipeline.report import LONGEST, RecordLine, Report, headline, hints, problem_lines
from pipeline.text import counted, printable

MOST = 100
MOST_TABLES, MOST_NAMES, MOST_SERVERS = 5, 50, 12
"""What still is a summary."""

LARGEST = 500_000
"""Octets of a summary: half of what a step may have, which may run us twice."""

ANNOTATIONS = 10
"""Of each kind, the runner shows no more of a step."""

ACTIVE = re.compile(
    r"[\\`*_{}\[\]()#+!|~@&$]|:(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\.", re.IGNORECASE
)
"""What Markdown acts on; what GitHub makes a link of, which a stranger's text is not to be."""


def announce(
    report: Report, report_path: Path | None, output: str | None, summary: str | None
) -> None:
    """Append to the files that ``GITHUB_OUTPUT`` and ``GITHUB_STEP_SUMMARY`` name.

    Raises:
        OSError: If a file cannot be written.
    """
    if output:
        append(output, outputs(report, report_path))
    if summary:
        append(summary, markdown(report))


def append(path: str, text: str) -> None:
    """Add *text* to the file at *path*, or write it to the pipe or device that is there.

    Raises:
        OSError: With the name of the file.
    """
    target, octets = Path(path), text.encode("utf-8", "surrogateescape")
    if target.exists() and not target.is_file():
        pour(target, octets)
        return
    try:
        with target.open("ab") as file:
            file.write(octets)
    except OSError as error:
        raise OSError(error.errno, error.strerror, target) from error


def outputs(report: Report, report_path: Path | None) -> str:
    """Return the step's outputs; a random delimiter keeps values from ending early."""
    values = {
        "ready": "true" if report.status == "ready" else "false",
        "receipt": report.receipt or "",
        "report": str(report_path or ""),
        "status": report.status,
        "exit": str(int(report.exit)),
        "order-uri": " ".join(order.uri for order in report.orders if order.uri),
    }
    delimiter = f"dns01_{secrets.token_hex(8)}"
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())


def annotations(problems: Iterable[Problem]) -> list[str]:
    """Return *problems* as workflow commands, the worst first; each is one line and no other's."""
    weights = list(Severity)
    lines = list[str]()
    told = dict.fromkeys(weights, 0)
    for problem in sorted(problems, key=lambda each: weights.index(each.severity)):
        told[problem.severity] += 1
        if told[problem.severity] <= ANNOTATIONS:
            told_of = [printable(problem.message, LONGEST)]
            told_of += [f"hint: {hint}" for hint in hints(problem)]
            title = property_of(f"dns01: {printable(problem.code)}")
            message = "%0A".join(map(escaped_data, told_of))
            lines.append(f"::{problem.severity.value} title={title}::{message}")
    return lines


def escaped_data(text: str) -> str:
    """Return *text* as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def property_of(text: str) -> str:
    """Return *text* as a property of a workflow command."""
    return escaped_data(text).replace(":", "%3A").replace(",", "%2C")


def markdown(report: Report) -> str:
    """Return a summary: verdict, problems, the timeline, names by servers, a row per record.

    What does not fit any more is left out: a summary that is too long the runner drops as a whole.
    """
    text = f"### dns01: {escaped(headline(report))}\n\n"
    for lines in parts(report):
        part = "".join(f"{line}\n" for line in lines)
        if len((text + part).encode()) > LARGEST:
            return f"{text}\n... and more, which is in the report\n\n"
        text += part
    return f"{text}\n"


def parts(report: Report) -> Iterator[list[str]]:
    """Yield the parts of the summary of *report*, the most important first, by their lines."""
    yield [f"- {escaped(line)}" for line in problem_lines(report.problems)[:50]]
    if chart := gantt(report):
        yield ["", "```mermaid", chart, "```"]
    yield from (table(matrix) for matrix in matrices(report)[:MOST_TABLES])
    if report.records:
        lines = ["", "| record | value | provider | servers |", "|---|---|---|---|"]
        lines += [row(record) for record in report.records[:MOST]]
        yield lines + left_out("record", len(report.records) - MOST)


def table(matrix: Matrix) -> list[str]:
    """Return the evidence of *matrix*, names in trouble first."""
    servers = matrix.servers[:MOST_SERVERS]
    heads = (f"{host} {address}" if host != address else host for _, host, address in servers)
    rows = (
        (row.record.name, *map(short, row.cells[:MOST_SERVERS])) for row in matrix.rows[:MOST_NAMES]
    )
    return [
        "",
        cells("name", *(printable(head, 80) for head in heads)),
        "|---" * (len(servers) + 1) + "|",
        *(cells(*each) for each in rows),
        *left_out("name", len(matrix.rows) - MOST_NAMES),
        *left_out("server", len(matrix.servers) - MOST_SERVERS),
    ]


def left_out(noun: str, count: int) -> list[str]:
    """Return a line that says how many are not shown, if any."""
    return ["", f"... and {counted(count, f'more {noun}')}"] if count > 0 else []


def row(record: RecordLine) -> str:
    """Return *record* as a row of the table."""
    states = [line.state for line in record.perspectives]
    seen = f"{states.count('confirmed')} of {len(states)}" if states else ""
    return cells(record.name, record.value, record.provider, seen)


def cells(*texts: str) -> str:
    """Return *texts* as a row of a table."""
    return "| " + " | ".join(map(escaped, texts)) + " |"


def escaped(text: str) -> str:
    """Return *text* with nothing that Markdown or HTML would act on, or make a link of."""
    return ACTIVE.sub(r"\\\g<0>", printable(text, 600))
