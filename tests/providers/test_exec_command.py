"""The command with a program of the user's: from `ready` to `clean`, and what a file must say."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import bridge
from tests.bridge import CANARY, Site, finish, leaf, until

from .test_exec import is_alive

PROGRAM = """#!/bin/sh
set -eu
case "$1" in present) verb=append ;; cleanup) verb=delete ;; esac
env > "$HERE/environment"
exec curl -fsS --noproxy '*' -H "Authorization: $INHOUSE_TOKEN" "$INHOUSE_URL/$verb" \\
    -d "{\\"zone\\": \\"example.com.\\", \\"records\\": [[\\"$2\\", \\"$3\\", 60]]}"
"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with bridge.opened(tmp_path) as site:
        program = tmp_path / "program"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        (tmp_path / "token").write_text(f"{CANARY}-inhouse")
        (tmp_path / "token").chmod(0o600)
        table = {
            "adapter": "exec",
            "EXEC_PATH": str(program),
            "EXEC_ZONES": "example.com",
            "EXEC_ENV": "INHOUSE_TOKEN, INHOUSE_URL, HERE",
            "INHOUSE_TOKEN_FILE": str(tmp_path / "token"),
            "INHOUSE_URL_ENV": "BRIDGE_URL",
            "HERE_ENV": "PWD",
            "PATH": os.environ["PATH"],
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        with (tmp_path / "dns01.toml").open("a") as file:
            file.write("\n".join(["[providers.inhouse]", *lines, ""]))
        yield site


def test_from_ready_to_clean(site: Site) -> None:
    """
    It publishes, waits until the name servers have it, and cleans up in another process; the
    program has seen none of our secrets, and its own is shown nowhere.
    """
    words = ("--from", site.document(), "--require", "authoritative", "--provider", "inhouse")
    report = site.report("ready", *words, PWD=str(site.folder))
    assert (report["status"], report["exit"], report["api_calls"]) == ("ready", 0, 1)
    assert [record["provider"] for record in report["records"]] == ["inhouse"]
    assert site.bridge.calls == [("append", "example.com.")]
    seen = (site.folder / "environment").read_text()
    assert f"INHOUSE_TOKEN={CANARY}-inhouse" in seen
    assert "RCL_API_KEY" not in seen
    assert "BRIDGE_TOKEN" not in seen
    cleaned = site.report("clean", "--all", PWD=str(site.folder))
    assert cleaned["status"] == "cleaned"
    assert [verb for verb, _ in site.bridge.calls] == ["append", "delete"]
    assert leaf("www.example.com").to_text() in {each["name"] for each in cleaned["records"]}


def test_a_program_that_fails_ends_the_run(site: Site) -> None:
    """
    69, with its last words; the secret in them is hidden.
    """
    (site.folder / "program").write_text('#!/bin/sh\necho "with $INHOUSE_TOKEN: no luck"; exit 3\n')
    words = ("ready", "--from", site.document(), "--provider", "inhouse")
    report = site.report(*words, PWD=str(site.folder))
    assert report["exit"] == 69
    told = [each["message"] for each in report["problems"]]
    assert told[0].startswith("inhouse: ")
    assert told[0].endswith("ended with exit status 3: with ***: no luck")


def test_what_was_refused_is_not_listed(site: Site) -> None:
    """
    A program that says no has written nothing: no record is left, nothing is to be removed.
    """
    (site.folder / "program").write_text('#!/bin/sh\n[ "$1" = present ] && exit 77; exit 1\n')
    words = ("ready", "--from", site.document(), "--provider", "inhouse")
    report = site.report(*words, PWD=str(site.folder))
    assert (report["exit"], report["api_calls"]) == (77, 1)
    assert "records-left" not in {each["code"] for each in report["problems"]}
    assert [receipt["records"] for receipt in site.receipts()] == [[]]
    assert site.report("clean", "--all", PWD=str(site.folder))["status"] == "cleaned"


def test_no_program_outlives_the_command(site: Site) -> None:
    """
    One that hangs when a signal ends the run is ended with it.
    """
    pid = site.folder / "pid"
    (site.folder / "program").write_text(f"#!/bin/sh\necho $$ > {pid}\nexec sleep 600\n")
    words = ("ready", "--from", site.document(), "--provider", "inhouse")
    process = site.start(*words, PWD=str(site.folder))
    until(lambda: pid.exists() and pid.read_text(), 30)
    process.send_signal(signal.SIGTERM)
    assert finish(process).returncode == 143
    until(lambda: not is_alive(int(pid.read_text())))


def test_only_a_file_that_is_named_may_choose_a_program(site: Site) -> None:
    """
    The user's own configuration, which counts without being named, cannot.
    """
    own = site.folder / ".config" / "dns01"
    own.mkdir(parents=True)
    (site.folder / "dns01.toml").rename(own / "config.toml")
    words = ("plan", "--from", site.document(), "--provider", "inhouse")
    report = site.report(*words, DNS01_CONFIG="", PWD=str(site.folder))
    assert report["exit"] == 78
    assert "counts only in a file that you name" in report["problems"][0]["message"]
    assert site.bridge.calls == []
