"""Where a report goes: files that are whole or not there, and a verdict that nothing changes."""

import json
import os
import stat
import subprocess
import sys
from argparse import Namespace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from pipeline.command.deliveries import obstacle
from pipeline.command.output import Output
from pipeline.configuration.environment import Environment
from pipeline.model import Problem, Severity
from pipeline.report import Report

from .picture.samples import poisoned, ready


class Noon:
    """A clock that has stopped."""

    def now(self) -> float:
        return 0.0

    def today(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC)

    def time_of(self, moment: float) -> datetime:
        raise LookupError("this clock cannot tell")

    def pause(self, seconds: float) -> None:
        raise AssertionError("nothing here waits by itself")


class Broken(Noon):
    """A clock that cannot tell."""

    def today(self) -> datetime:
        raise LookupError("no idea what time it is")


def output(
    picture: Path | None, stderr: StringIO, clock: Noon | None = None, **environment: str
) -> Output:
    options = Namespace(verb="wait", json=False, quiet=False, verbose=False, report=picture)
    return Output(options, Environment(environment), StringIO(), stderr, clock)


def test_the_page_is_written_where_it_was_asked_for(tmp_path: Path) -> None:
    """
    Whole, over an older one, with nothing left beside it; and readable as the umask lets it.
    """
    picture, stderr = tmp_path / "report.html", StringIO()
    picture.write_text("old")
    before = os.umask(0o027)
    try:
        output(picture, stderr, Noon()).keep(poisoned(), None)
    finally:
        os.umask(before)
    text = picture.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>\n")
    assert "2026-03-01 11:54:59 to 12:00:00 UTC" in text
    assert list(tmp_path.iterdir()) == [picture]
    assert stat.S_IMODE(picture.stat().st_mode) == 0o640
    assert stderr.getvalue() == ""


def test_without_the_option_there_is_no_page(tmp_path: Path) -> None:
    """
    Verbs that know no --report write none.
    """
    stderr = StringIO()
    Output(
        Namespace(verb="demo", json=False, quiet=False, verbose=False),
        Environment({}),
        StringIO(),
        stderr,
    ).keep(ready(), tmp_path / "x.report.json")
    assert [each.name for each in tmp_path.iterdir()] == ["x.report.json"]


@pytest.mark.parametrize("name", ["no/report.html", ".", "x" * 300])
def test_a_page_that_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    """
    Once, by its name; the report and the job's summary are written all the same.
    """
    picture, stderr = tmp_path / name, StringIO()
    summary, kept = tmp_path / "summary", tmp_path / "x.report.json"
    output(picture, stderr, GITHUB_STEP_SUMMARY=str(summary)).keep(ready(), kept)
    assert stderr.getvalue().startswith(f"dns01: cannot write {picture}: ")
    assert stderr.getvalue().count("\n") == 1
    assert "### dns01: ready" in summary.read_text()
    assert '"schema": 1' in kept.read_text()


def test_a_report_that_cannot_be_kept_is_not_announced(tmp_path: Path) -> None:
    """
    The next step of a job is not sent to a file that is not there; the page is drawn.
    """
    told, picture, stderr = tmp_path / "output", tmp_path / "report.html", StringIO()
    output(picture, stderr, GITHUB_OUTPUT=str(told)).keep(ready(), tmp_path / "no" / "x.json")
    assert "x.json" not in told.read_text()
    assert "ready<<" in told.read_text()
    assert "cannot keep receipts" in stderr.getvalue()
    assert picture.exists()


def test_our_own_fault_costs_no_verdict(tmp_path: Path) -> None:
    """
    If drawing breaks, that is said as a bug, and the rest goes on.
    """
    stderr, summary = StringIO(), tmp_path / "summary"
    there = output(tmp_path / "a.html", stderr, Broken(), GITHUB_STEP_SUMMARY=str(summary))
    there.keep(ready(), None)
    assert "bug: LookupError" in stderr.getvalue()
    assert summary.exists()
    assert not (tmp_path / "a.html").exists()


def test_links_and_devices(tmp_path: Path) -> None:
    """
    A link stays a link, and its target is replaced; a device or pipe is written to, not replaced.
    """
    target, link, stderr = tmp_path / "target.html", tmp_path / "link.html", StringIO()
    link.symlink_to(target)
    output(link, stderr).keep(ready(), None)
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    reader, writer = os.pipe()
    output(Path(f"/dev/fd/{writer}"), stderr).keep(ready(1), None)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read().startswith(b"<!doctype html>")
    assert stderr.getvalue() == ""


def dns01(*words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "pipeline", *words]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


WAIT = ("wait", "_acme-challenge.example.com=x", "--resolver", "127.0.0.1:1", "--timeout", "2")


def test_the_command_draws_a_failure_too(tmp_path: Path) -> None:
    """
    `wait` that ends with 69 leaves a page that says so.
    """
    picture = tmp_path / "report.html"
    assert dns01(*WAIT, "--report", str(picture)).returncode == 69
    assert "Failed" in picture.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["no/report.html", ".", "x" * 300])
def test_a_page_that_could_not_be_written_stops_the_command(tmp_path: Path, name: str) -> None:
    """
    With 64, said once and in the report, and before anything is asked: not at the end of a run
    whose evidence would be lost.
    """
    done = dns01(*WAIT[:-1], "60", "--json", "--report", str(tmp_path / name))
    report = json.loads(done.stdout)
    assert (done.returncode, report["exit"], report["dns_queries"]) == (64, 64, 0)
    assert [problem["code"] for problem in report["problems"]] == ["report"]
    assert done.stderr.count("cannot write") == 1
    assert report["elapsed_s"] < 30


FILES = {"--report": "<!doctype html>", "--junit": "<?xml", "--dotenv": "DNS01_READY=false"}


@pytest.mark.parametrize("option", [*FILES, "--metrics"])
def test_any_file_that_could_not_be_written_stops_the_command(tmp_path: Path, option: str) -> None:
    """
    It is named with its option; the others are written, and tell of that mistake.
    """
    words = [*WAIT, option, str(tmp_path / "no" / "file")]
    others = [each for each in FILES if each != option]
    for each in others:
        words += [each, str(tmp_path / each)]
    done = dns01(*words)
    assert done.returncode == 64
    assert f'cannot write {option} "' in done.stderr
    for each in others:
        assert (tmp_path / each).read_text().startswith(FILES[each])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


@pytest.mark.parametrize("quiet", [False, True])
def test_a_file_that_fails_later_costs_nothing_else(*, quiet: bool) -> None:
    """
    A full disk, say: that is said by the file's name, also in quiet, for nothing else would tell;
    and the other files are written.
    """
    stdout, stderr = StringIO(), StringIO()
    paths = {"junit": Path("/dev/full"), "dotenv": Path("/dev/full"), "metrics": Path("/dev/full")}
    options = Namespace(verb="wait", json=False, quiet=quiet, verbose=False, **paths)
    output = Output(options, Environment({}), stdout, stderr, Noon())
    output.keep(ready(), None)
    output.end(0)
    assert stderr.getvalue() == "dns01: cannot write /dev/full: no space left on device\n" * 3


@pytest.mark.parametrize("writable", [True, False])
def test_what_keeps_a_page_from_being_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    writable: bool,  # noqa: FBT001 - a column
) -> None:
    """
    A folder that this user may not write to, or a device; to look leaves nothing behind.
    """
    monkeypatch.setattr(os, "access", lambda _path, _mode: writable)
    no = "its folder cannot be written to"
    assert obstacle(tmp_path / "a.html") == ("" if writable else no)
    assert obstacle(Path("/dev/null")) == ("" if writable else "permission denied")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.chdir(tmp_path)
    assert obstacle(Path("a.html")) == ("" if writable else no)


def test_a_folder_that_takes_no_files() -> None:
    """
    Whatever rights it shows: that is known before anything is done.
    """
    assert obstacle(Path("/proc/dns01.prom")) == "no such file or directory"


def test_a_cause_is_told_once() -> None:
    """
    The failure names it; the same as a warning of its own is for machines, and who asks for more.
    """
    problems = (
        Problem("not-ready", "not ready: stale secondary: ns2.", "look there"),
        Problem("stale-secondary", "stale secondary: ns2.", "look there", Severity.WARNING),
        Problem("private-nameserver", "ns2. is private", severity=Severity.WARNING),
    )
    report = Report("not-ready", 75, problems=problems)
    for verbose in (False, True):
        stderr = StringIO()
        options = Namespace(json=False, quiet=False, verbose=verbose, verb="ready", report=None)
        Output(options, Environment({}), StringIO(), stderr).problems(report)
        assert ("warning: stale-secondary" in stderr.getvalue()) is verbose
        assert "warning: private-nameserver" in stderr.getvalue()


@pytest.mark.parametrize(
    ("code", "weight", "is_told"),
    [
        ("host-not-asked", Severity.WARNING, True),
        ("host-not-asked", Severity.NOTICE, False),
        ("zones-unread", Severity.NOTICE, False),
        ("secret-readable", Severity.WARNING, False),
    ],
)
def test_quiet_keeps_silent_of_what_was_done(code: str, weight: Severity, *, is_told: bool) -> None:
    """
    On success only what was not done is told: `check` needs no host, `clean --stale` does.
    """
    report = Report("cleaned", 0, problems=(Problem(code, "so", severity=weight),))
    stdout, stderr = StringIO(), StringIO()
    options = Namespace(json=False, quiet=True, verb="clean", report=None)
    assert Output(options, Environment({}), stdout, stderr).result(report)
    assert stdout.getvalue() == ""
    assert stderr.getvalue() == (f"dns01: warning: {code}: so\n" if is_told else "")
