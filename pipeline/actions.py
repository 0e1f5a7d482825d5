"""Speak to GitHub Actions: step outputs and a short summary, through the files it names."""

import secrets
from pathlib import Path

from .report import RecordLine, Report, headline, problem_lines
from .text import printable


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
    """Add *text* to the file at *path*."""
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)


def outputs(report: Report, report_path: Path | None) -> str:
    """Return the step's outputs; a random delimiter keeps values from ending early."""
    values = {
        "ready": "true" if report.status == "ready" else "false",
        "receipt": report.receipt or "",
        "report": str(report_path or ""),
    }
    delimiter = f"dns01_{secrets.token_hex(8)}"
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())


def markdown(report: Report) -> str:
    """Return a summary: verdict, one row per record, problems."""
    lines = [f"### dns01: {escaped(headline(report))}", ""]
    if report.records:
        lines += ["| record | value | provider | servers |", "|---|---|---|---|"]
        lines += [row(record) for record in report.records[:100]]
        lines.append("")
    lines += [f"- {escaped(line)}" for line in problem_lines(report.problems)[:50]]
    return "\n".join(lines) + "\n\n"


def row(record: RecordLine) -> str:
    """Return *record* as a row of the table."""
    states = [line.state for line in record.perspectives]
    seen = f"{states.count('confirmed')} of {len(states)}" if states else ""
    cells = (record.name, record.value, record.provider, seen)
    return "| " + " | ".join(map(escaped, cells)) + " |"


def escaped(text: str) -> str:
    """Return *text* with nothing that Markdown or HTML would act on."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+!|~@" else c for c in printable(text, 600))
