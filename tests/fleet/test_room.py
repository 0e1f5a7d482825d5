"""Without room for its files a fleet begins nothing that it could not tell of."""

import json
import resource
import subprocess
from typing import Any

import pytest

from pipeline.fleet.no_report import no_report
from tests.bridge import DNS01, Site, finish

from .fleets import ends, hosts, inventory

NAMES = hosts(4)


def test_nothing_is_begun_without_room(site: Site) -> None:
    """78, the folder is named, and nothing was ordered."""
    path = inventory(site, *NAMES)
    done = subprocess.run(
        ["sh", "-c", f"ulimit -f 64; exec {DNS01} ready --inventory {path} --json"],
        env=dict(site.environment) | {"TMPDIR": str(site.folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    report = json.loads(done.stdout)
    assert done.returncode == report["exit"] == 78, done
    assert ends(report) == dict.fromkeys(NAMES, (78, "temporary-dir"))
    [problem] = report["problems"]
    assert f"in {site.folder}:" in problem["message"]
    assert "TMPDIR" in problem["hint"]
    assert "once more" not in done.stderr
    assert site.orders.requests == 0


def test_room_that_is_gone_costs_what_was_not_begun(site: Site) -> None:
    """The wave at work goes on to its end; of those after it nothing is ordered."""
    path = site.folder / "fleet.csv"
    path.write_text("name,provider\na.zone0.example,\nb.zone1.example,bridge\n")
    run = site.start("ready", "--inventory", str(path), "--jobs", "1", "--json")

    def fill(_verb: str, _content: dict[str, Any]) -> None:
        resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (2**15, 2**15))

    site.bridge.before = fill
    report = json.loads(finish(run).stdout)
    assert ends(report) == {
        "a.zone0.example": (0, None),
        "b.zone1.example": (78, "temporary-dir"),
    }
    assert site.orders.requests == 1


@pytest.mark.parametrize(
    ("status", "cut", "exit_", "code"),
    [
        (-9, "", 75, "worker"),
        (-9, '{"schema"', 75, "worker"),
        (1, "", 70, "worker"),
        (78, '{"schema"', 78, "temporary-dir"),
    ],
)
def test_silence(status: int, cut: str, exit_: int, code: str) -> None:
    """A killed process is 75, one that broke 70; a report that is cut off tells of no room."""
    problem, end = no_report(3, status, cut, "words\nlast words")
    assert (end.exit, end.code, problem.code) == (exit_, code, code)
    assert "3 certificates" in problem.message
    assert "receipts list what is in DNS" in problem.hint
    assert ("last words" in problem.message) == (code == "worker")
