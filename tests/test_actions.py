"""What a GitHub job is told: outputs that cannot be forged, a summary that is only text."""

import json
import re
from argparse import Namespace
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from pipeline.command.actions import annotations, announce, escaped, markdown, outputs
from pipeline.command.output import Output
from pipeline.configuration.environment import Environment
from pipeline.model import Problem, Severity
from pipeline.picture.mermaid import gantt
from pipeline.report import PerspectiveLine, RecordLine, Report

from .picture.samples import HOSTILE, hostile, many

CONFIRMED = PerspectiveLine("192.0.2.1", "authoritative", "ns1", "confirmed", 1.0, 2, "")
ABSENT = PerspectiveLine("1.1.1.1", "recursive", "Cloudflare", "absent", None, 1, "")
RECORD = RecordLine(
    "_acme-challenge.example.com.", "v_1", "example.com.", "route53", (CONFIRMED, ABSENT)
)
REPORT = Report("ready", 0, records=(RECORD,), elapsed_s=3.14, receipt="/state/x.json")


def parsed(text: str) -> dict[str, str]:
    """Read step outputs as the runner does: multi-line values up to their delimiter."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, delimiter = line.split("<<")
        value = iter(lambda: next(lines), delimiter)
        found[name] = "\n".join(value)
    return found


@pytest.mark.parametrize("status", ["ready", "not-ready", "failed", "planned", "cleaned"])
def test_outputs(status: str) -> None:
    """
    `ready` is a condition for the next step; receipt and report are paths, or empty.
    """
    report = Report(status, 0, receipt="/state/x.json")
    assert parsed(outputs(report, Path("/state/x.report.json"))) == {
        "ready": "true" if status == "ready" else "false",
        "receipt": "/state/x.json",
        "report": "/state/x.report.json",
        "status": status,
        "exit": "0",
        "order-uri": "",
    }
    assert parsed(outputs(Report(status, 0), None)) == {
        "ready": "true" if status == "ready" else "false", "receipt": "", "report": "",
        "status": status, "exit": "0", "order-uri": "",
    }  # fmt: skip


def test_outputs_cannot_be_forged() -> None:
    """
    A path with line breaks in it sets no output of its own: the delimiter is random each time.
    """
    report = Report("failed", 1, receipt="/a\ndns01_0\nready<<x\ntrue\nx")
    assert parsed(outputs(report, None))["ready"] == "false"
    assert parsed(outputs(report, None))["receipt"] == report.receipt
    assert outputs(REPORT, None) != outputs(REPORT, None)


def test_the_summary() -> None:
    """
    Verdict, problems with their next step, names by servers, a row for each record.
    """
    problem = Problem("http-token", "token 2 validates by HTTP", "serve its file")
    report = Report("ready", 0, records=(RECORD,), problems=(problem,), elapsed_s=3.14)
    assert markdown(report).splitlines() == [
        "### dns01: ready: 1 value at 1 name confirmed in 3.1 s",
        "",
        "- http-token: token 2 validates by HTTP",
        "- hint: serve its file",
        "",
        "| name | ns1 192.0.2.1 | Cloudflare 1.1.1.1 |",
        "|---|---|---|",
        r"| \_acme-challenge.example.com. | ✓ 1.0 s | ✗ absent |",
        "",
        "| record | value | provider | servers |",
        "|---|---|---|---|",
        r"| \_acme-challenge.example.com. | v\_1 | route53 | 1 of 2 |",
        "",
    ]


def test_the_summary_has_the_timeline() -> None:
    """
    Where servers have turned, GitHub draws when: a chart in a fence of its own.
    """
    turned = replace(CONFIRMED, history=((0.2, "absent"), (0.9, "confirmed")))
    report = replace(REPORT, records=(replace(RECORD, perspectives=(turned, ABSENT)),))
    before, chart, after = markdown(report).split("\n```")
    assert "| record |" not in before
    assert chart == f"mermaid\n{gantt(report)}"
    assert "gantt" in chart
    assert "| record |" in after
    assert "```" not in markdown(REPORT)


def test_the_summary_of_hostile_texts_is_bounded_and_keeps_its_fence() -> None:
    """
    Whatever servers say, there is one fence, and nothing in it is Markdown or a workflow command.
    """
    text = markdown(hostile())
    assert text.count("```") == 2
    assert "::error" not in text
    assert not re.search(r"(?<!\\)<", text)


@pytest.mark.parametrize("names", [51, 1000])
def test_the_summary_of_many_names_says_what_it_leaves_out(names: int) -> None:
    """
    Those in trouble are shown, and how many more there are; the whole is short.
    """
    text = markdown(many(names))
    assert text.count("✗ absent") == min(50, len(range(3, names, 17)))
    assert f"... and {names - 50} more name" in text.replace("\\", "")
    assert len(text) < 60_000


def test_a_summary_without_records_has_no_table() -> None:
    """
    A failure before anything was planned is its reason alone.
    """
    problem = Problem("order", "not JSON")
    assert "|" not in markdown(Report("failed", 65, problems=(problem,)))


def test_the_summary_is_bounded() -> None:
    """
    The job's page stays readable, and below the runner's limit of 1 MiB a step.
    """
    problems = tuple(Problem("order", f"{i} " + "x" * 5000) for i in range(500))
    text = markdown(Report("failed", 65, records=(RECORD,) * 500, problems=problems))
    assert len(text) < 100_000


def test_a_summary_fits_whatever_it_is_about() -> None:
    """
    The runner drops a summary that is too long: then tables are left out, whole, and that is said.
    """
    name = "\U0001f512*" * 300
    lines = tuple(replace(CONFIRMED, server=f"{i}{name}", address=name) for i in range(12))
    record = replace(RECORD, provider=name, value=name, perspectives=lines)
    records = tuple(replace(record, name=f"{i}{name}") for i in range(400))
    problems = tuple(Problem("order", f"{i}{name}") for i in range(400))
    text = markdown(Report("failed", 65, records=records, problems=problems))
    assert len(text.encode()) < 2**20
    assert text.endswith("\n... and more, which is in the report\n\n")
    assert text.startswith("### dns01: failed: exit 65")
    assert "which is in the report" not in markdown(many(1000))


@pytest.mark.parametrize(
    "foreign",
    ["[a](http://x)", "<img src=x>", "**b**", "`c`", "| cell |", "::error::x", "# h", "a\n\n# h"],
)
def test_foreign_text_is_only_text(foreign: str) -> None:
    """
    Nothing an API or a name server says is markup, a link, a cell, a heading or a command.
    """
    text = escaped(foreign)
    assert "\n" not in text
    assert "::" not in text
    for character in "*`|#[]()<>":
        assert text.count(character) == text.count(f"\\{character}")


def test_announce_appends(tmp_path: Path) -> None:
    """
    Other steps' outputs and summaries stay; where no file is named none is written.
    """
    output, summary = tmp_path / "output", tmp_path / "summary"
    output.write_text("mine=1\n")
    announce(REPORT, None, str(output), None)
    assert output.read_text().startswith("mine=1\nready<<")
    assert not summary.exists()
    announce(REPORT, None, None, str(summary))
    announce(REPORT, None, None, str(summary))
    assert summary.read_text().count("### dns01: ready") == 2


def test_annotations() -> None:
    """
    Each problem is a line of its own with its hint below; the worst come first.
    """
    problems = (
        Problem("hosted", "by route53", severity=Severity.NOTICE),
        Problem("secret-readable", "100% a, b: c", "chmod 600", Severity.WARNING),
        Problem("no-zone", "no zone", "one\ntwo"),
    )
    assert annotations(problems) == [
        "::error title=dns01%3A no-zone::no zone%0Ahint: one%0Ahint: two",
        "::warning title=dns01%3A secret-readable::100%25 a, b: c%0Ahint: chmod 600",
        "::notice title=dns01%3A hosted::by route53",
    ]


def test_annotations_are_few() -> None:
    """
    The runner shows ten of each kind in a step: of more, the first ten are told, in their order.
    """
    problems = [Problem(f"code-{i}", "", severity=weight) for i in range(12) for weight in Severity]
    lines = annotations(problems)
    assert len(lines) == 30
    for weight in Severity:
        mine = [line for line in lines if line.startswith(f"::{weight.value} ")]
        assert mine == [f"::{weight.value} title=dns01%3A code-{i}::" for i in range(10)]


@pytest.mark.parametrize(
    "foreign", [*HOSTILE, "::add-mask::x", "\n::error::x", "##[error]x", "%0A"]
)
def test_foreign_words_are_no_workflow_command(foreign: str) -> None:
    """
    One line, whose only command is ours: no code, message or hint ends it or begins another.
    """
    [line] = annotations([Problem(foreign, foreign, foreign)])
    assert len(line.splitlines()) == 1
    command, text = re.fullmatch(r"::error (title=[^,:]*)::(.*)", line).groups()  # type: ignore[union-attr]
    assert not re.search(r"::[a-z-]+(?: |::)|##\[", f"{command} {text}")
    assert not re.search(r"%(?!25|0A|0D|3A|2C)", line)
    assert "\x1b" not in line


def test_problems_are_annotations_in_a_job_only() -> None:
    """
    On standard error, and what is told there: not what only `check` tells, nor elsewhere.
    """
    problems = (Problem("no-zone", "no"), Problem("hosted", "x", severity=Severity.NOTICE))
    report = Report("failed", 78, problems=problems)
    for job, verb, quiet, told in (
        ("true", "ready", False, ["::error"]),
        ("true", "check", False, ["::error", "::notice"]),
        ("true", "ready", True, ["::error"]),
        ("false", "check", False, []),
        ("", "check", False, []),
    ):
        stdout, stderr = StringIO(), StringIO()
        options = Namespace(json=True, quiet=quiet, verbose=False, verb=verb)
        Output(options, Environment({"GITHUB_ACTIONS": job}), stdout, stderr).result(report)
        assert re.findall("(?m)^::[a-z]+", stderr.getvalue()) == told
        assert json.loads(stdout.getvalue())["exit"] == 78
