"""The demo is the whole pipeline, in seconds, for anybody, and leaves no trace."""

import json
import subprocess
import time
from pathlib import Path

from .bridge import COVERAGE, DNS01, finish


def demo(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start the demo as someone who has nothing: no settings, a folder of their own."""
    folder.mkdir()
    return subprocess.Popen(
        [DNS01, "demo", *words],
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder)} | COVERAGE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_the_demo(tmp_path: Path) -> None:
    """
    Exit 0 in seconds, several at once; it shows the trap that asking early is, and what to type
    next. --json and --quiet hold for it too. Nothing is left on disk.
    """
    started = time.monotonic()
    process = demo(tmp_path / "one")
    silent = finish(demo(tmp_path / "two", "--json", "--quiet"))
    result = finish(process)
    assert time.monotonic() - started < 30
    assert (result.returncode, silent.returncode) == (0, 0)
    assert result.stdout.startswith("ready: 2 values at 1 name confirmed in ")
    assert "dns01 ready 'example.com,*.example.com'" in result.stdout
    assert "no such record, for another 300 s (asked too early" in result.stderr
    assert "3 of 3 authoritative servers confirmed" in result.stderr
    assert "cleaned: 2 values removed, 0 left" in result.stderr
    report = json.loads(silent.stdout)
    assert (report["status"], report["exit"], report["receipt"]) == ("ready", 0, None)
    roles = [line["role"] for line in report["records"][0]["perspectives"]]
    assert roles == ["authoritative"] * 3 + ["recursive"] * 2
    assert silent.stderr == ""
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
