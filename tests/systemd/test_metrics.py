"""The metrics file: whole, without timestamps, readable by the exporter, and true to the run."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.command.metrics import EXPIRY, GAUGES, SUCCESS, kept, metrics
from pipeline.model import Problem
from pipeline.report import NOT_DUE, OrderLine, Report
from providers.errors import Unavailable
from tests.bridge import Site, opened
from tests.documents import DOCS, quoted, rows
from tests.picture.samples import hostile, poisoned, ready

NAME = "www.example.com"
Samples = dict[tuple[str, ...], float]


def parsed(text: str) -> Samples:
    """Return each sample of *text* by its name and the values of the labels beside ours."""
    found = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            assert sample.timestamp is None
            more = [sample.labels[key] for key in GAUGES[sample.name][1]]
            assert set(sample.labels) == {"certificate", "verb", *GAUGES[sample.name][1]}
            found[sample.name, *more] = sample.value
    return found


def of(report: Report, ended: float = 1000.0, before: str = "") -> str:
    return metrics(report, [NAME], "ready", ended, before).decode()


def test_what_a_success_says() -> None:
    """
    When, how long, how much of everything; nothing of the records' values.
    """
    samples = parsed(of(ready()))
    assert samples == {
        ("dns01_last_run_timestamp_seconds",): 1000.0,
        (SUCCESS,): 1000.0,
        ("dns01_exit_status",): 0.0,
        ("dns01_ready",): 1.0,
        ("dns01_run_duration_seconds",): 6.6,
        ("dns01_certificates", "done"): 1.0,
        ("dns01_certificates", "not-due"): 0.0,
        ("dns01_certificates", "failed"): 0.0,
        ("dns01_records",): 2.0,
        ("dns01_servers", "authoritative", "confirmed"): 8.0,
        ("dns01_servers", "recursive", "confirmed"): 6.0,
        ("dns01_confirmed_seconds", "authoritative"): pytest.approx(5.01),
        ("dns01_confirmed_seconds", "recursive"): pytest.approx(6.332, abs=0.001),
        ("dns01_dns_queries",): 93.0,
        ("dns01_api_calls",): 2.0,
        ("dns01_problems", "http-token", "notice"): 1.0,
    }


def test_a_failure_keeps_the_last_success() -> None:
    """
    It is taken from the file of the run before, through any number of failures; before the first
    success it is 0, so that an alert on its age fires.
    """
    failed = of(poisoned(), 1000.0)
    assert parsed(failed)[SUCCESS,] == 0.0
    text = of(ready(), 2000.25, failed)
    for ended in (3000.0, 4000.0):
        text = of(poisoned(), ended, text)
        samples = parsed(text)
        assert samples[SUCCESS,] == 2000.25
        assert samples["dns01_last_run_timestamp_seconds",] == ended
        assert (samples["dns01_exit_status",], samples["dns01_ready",]) == (75.0, 0.0)
        assert samples["dns01_problems", "not-ready", "error"] == 1.0


def test_a_fleet_counts_its_certificates() -> None:
    """
    By outcome, and by the problem that ended each; of records nothing is said, for it has none.
    """
    ends = [(0, "ready", ""), (75, "", "not-ready"), (75, "", "not-ready"), (0, NOT_DUE, "")]
    orders = tuple(
        OrderLine(f"h{at}.example", "rcl", "", status, exit_, problem=code)
        for at, (exit_, status, code) in enumerate(ends)
    )
    told = (Problem("not-ready", "2 certificates: h1", ""), Problem("values-left", "", ""))
    summary = "1 of 4 certificates ready"
    samples = parsed(of(Report("not-ready", 75, orders, problems=told, summary=summary)))
    counts = {key[1:]: value for key, value in samples.items() if len(key) > 1}
    assert counts == {
        ("done",): 1.0,
        ("not-due",): 1.0,
        ("failed",): 2.0,
        ("not-ready", "error"): 2.0,
        ("values-left", "error"): 1.0,
    }
    assert ("dns01_records",) not in samples


def test_another_certificates_success_is_not_ours() -> None:
    """
    A file that was some other job's counts for nothing.
    """
    other = metrics(ready(), ["other.example"], "ready", 2000.0, "").decode()
    assert parsed(of(poisoned(), 3000.0, other))[SUCCESS,] == 0.0
    assert kept(of(ready(), 5.0), (NAME, "run"), SUCCESS) is None


@pytest.mark.parametrize("before", ["{", 'x{a="', f"{SUCCESS} x\n", "\0", f"{SUCCESS}{{}} 1 2 3 4"])
def test_a_file_that_is_none(before: str) -> None:
    """
    What is there already may be anything: it is replaced.
    """
    assert parsed(of(ready(), 1.0, before))[SUCCESS,] == 1.0
    assert parsed(of(poisoned(), 1.0, before))[SUCCESS,] == 0.0


def test_hostile_words() -> None:
    """
    Labels escape what the format needs escaped; a server's words are in none.
    """
    text = metrics(hostile(), ['a"b\\c\nd'], "ready", 1.0, "").decode()
    assert r'certificate="a\"b\\c d"' in text
    assert text.endswith("\n")
    assert "<" not in text
    assert len(text.splitlines()) < 200
    parsed(text)


def test_the_page_lists_every_metric() -> None:
    """
    The table has each metric of the code, and no other, with its labels beside the two of all.
    """
    table = {
        quoted(cells[0])[0]: tuple(quoted(cells[1]))
        for cells in rows(DOCS / "metrics.md", "metric")
    }
    assert table == {name: labels for name, (_, labels) in GAUGES.items()}


def test_the_alerts_shown_use_metrics_that_exist() -> None:
    """
    Every name that begins like ours, in prose and rules, is one of ours.
    """
    named = set(re.findall(r"\bdns01_[a-z_]+", (DOCS / "metrics.md").read_text()))
    assert named == set(GAUGES)


# The command


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("metrics"), lags=[0.0]) as site:
        yield site


def run(site: Site, *words: str, exit_: int = 0, **variables: str) -> Samples:
    path = site.folder / "dns01.prom"
    result = site.dns01(*words, **variables)
    assert result.returncode == exit_, result
    return parsed(path.read_text())


def test_the_command_measures_itself(site: Site) -> None:
    """
    `ready`, then a failure of configuration: each replaces the file, which the exporter can read
    whatever the umask; success is remembered, and nothing is left beside it.
    """
    path = site.folder / "dns01.prom"
    before = os.umask(0o077)
    try:
        good = run(site, "ready", NAME, "--metrics", str(path))
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        bad = run(site, "ready", NAME, "--metrics", "dns01.prom", exit_=78, RCL_API_KEY="")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert good["dns01_ready",] == 1.0
    assert good["dns01_run_duration_seconds",] > 0
    assert bad["dns01_exit_status",] == 78.0
    assert bad["dns01_problems", "configuration", "error"] == 1.0
    assert bad[SUCCESS,] == good[SUCCESS,] == good["dns01_last_run_timestamp_seconds",]
    assert bad["dns01_last_run_timestamp_seconds",] > good[SUCCESS,]
    assert not [each for each in site.folder.iterdir() if "dns01.prom." in each.name]


@pytest.mark.parametrize(("command", "exit_"), [("true", 0), ("false", 1)])
def test_run_tells_how_its_command_ended(site: Site, command: str, exit_: int) -> None:
    """
    The exit is the command's; that DNS was ready is told beside it. The time is that of the end.
    """
    words = ("run", NAME, "--quiet", "--metrics", str(site.folder / "dns01.prom"), "--", command)
    samples = run(site, *words, exit_=exit_)
    assert (samples["dns01_exit_status",], samples["dns01_ready",]) == (exit_, 1.0)


def test_records_that_run_left_are_measured(site: Site) -> None:
    """
    The command succeeded, the clean-up did not: that is 69, and a problem that an alert can name.
    """

    def fail(verb: str, _content: object) -> None:
        if verb == "delete":
            raise Unavailable("down")

    site.bridge.before = fail
    try:
        words = ("run", NAME, "--metrics", str(site.folder / "dns01.prom"), "--", "true")
        samples = run(site, *words, exit_=69, GITHUB_ACTIONS="true")
    finally:
        site.bridge.before = lambda _verb, _content: None
    assert samples["dns01_problems", "records-left", "warning"] == 1.0
    assert site.dns01("clean", NAME).returncode == 0


def test_the_label_is_what_the_user_wrote(site: Site) -> None:
    """
    So a job is one series, whether it fails early or late; `clean --all` is about nothing.
    """
    path = site.folder / "label.prom"
    for words, label in (
        (("wait", f"_acme-challenge.{NAME}=x", "--timeout", "1s"), f"_acme-challenge.{NAME}"),
        (("clean", "--all"), ""),
        (("clean", NAME), NAME),
    ):
        site.dns01(*words, "--metrics", str(path))
        assert f'certificate="{label}",verb="{words[0]}"' in path.read_text()


def test_a_device_is_written_to(site: Site) -> None:
    """
    As with the page: what is no file is not replaced, nor read.
    """
    result = site.dns01("clean", "--all", "--metrics", "/dev/null")
    assert (result.returncode, "cannot" in result.stderr) == (0, False)
    assert Path("/dev/null").is_char_device()


def test_when_certificates_end() -> None:
    """
    Of several the first; of none, where the source did not tell.
    """
    [order] = ready().orders
    ends = [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 1)]
    orders = (order, *(replace(order, expires=end) for end in ends))
    samples = parsed(of(replace(ready(), orders=orders)))
    assert samples[EXPIRY,] == ends[1].timestamp()
    assert (EXPIRY,) not in parsed(of(ready()))


def ending(*ends: datetime | None, status: str = "pending", exit_: int = 0) -> Report:
    """Return a run over certificates that end then; None: the source has not told."""
    [order] = ready().orders
    orders = tuple(replace(order, expires=end, status=status) for end in ends)
    return replace(ready(), orders=orders, exit=exit_)


SOON, LATE = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 6))


@pytest.mark.parametrize(
    ("report", "verb", "known"),
    [
        (Report("failed", 69), "run", SOON),
        (ending(None, exit_=69), "run", SOON),
        (ending(LATE, None, exit_=69), "run", SOON),
        (ending(LATE, exit_=75), "run", LATE),
        (ending(LATE, exit_=1), "run", LATE),
        (ending(None), "ready", SOON),
        (ending(SOON), "ready", SOON),
        (ending(SOON), "run", None),
        (ending(None), "run", None),
        (ending(LATE, status=NOT_DUE), "run", LATE),
    ],
)
def test_the_end_is_known_until_the_certificate_is_renewed(
    report: Report, verb: str, known: datetime | None
) -> None:
    """
    A run that fails, or does not ask, keeps what the file said: the alert on it must not fall
    silent just when renewal fails. What `run` has renewed ends later, and who knows when.
    """
    before = metrics(ending(SOON), [NAME], verb, 1.0, "").decode()
    if verb == "run":
        before = metrics(ending(SOON, exit_=69), [NAME], verb, 1.0, "").decode()
    text = metrics(report, [NAME], verb, 2.0, before).decode()
    assert parsed(text).get((EXPIRY,)) == (known.timestamp() if known else None)
    again = metrics(Report("failed", 69), [NAME], verb, 3.0, text).decode()
    assert parsed(again).get((EXPIRY,)) == (known.timestamp() if known else None)


def test_problems_are_counted_by_kind() -> None:
    """
    Two of a code are one sample: cardinality does not grow with the names.
    """
    report = replace(ready(), problems=(Problem("order", "a"), Problem("order", "b")))
    assert parsed(of(report))["dns01_problems", "order", "error"] == 2.0
