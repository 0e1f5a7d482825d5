"""dns01 run: ready, then the command, then clean, whatever happens."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from pipeline.command.child import PATIENCE, stop
from pipeline.withdrawing import GRACE
from providers.errors import Unavailable

from .bridge import Site, finish, leaf, opened, until

NAME = "www.example.com"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


def clean(site: Site) -> bool:
    """Whether nothing is left: no record, and no receipt that lists one."""
    listed = [record for receipt in site.receipts() for record in receipt["records"]]
    return not site.dns.values(leaf(NAME)) and not listed


def running(site: Site, script: str) -> subprocess.Popen[str]:
    """Start a run of *script*, which makes the file ``up``, and wait until it has."""
    process = site.start("run", NAME, "--", "sh", "-c", script)
    until((site.folder / "up").exists)
    return process


def test_standard_output_is_the_commands(site: Site) -> None:
    """
    What the command prints is all there is on standard output; ours goes to standard error.
    """
    result = site.dns01("run", NAME, "--", "sh", "-c", "echo mine; echo yours >&2")
    assert (result.returncode, result.stdout) == (0, "mine\n")
    assert "ready: 1 value at 1 name confirmed" in result.stderr
    assert "yours" in result.stderr
    assert clean(site)


def test_what_the_command_is_told(site: Site) -> None:
    """
    While the command runs the records are in place, and its environment names report, receipt and
    order beside everything it would have had anyway.
    """
    script = 'cat "$DNS01_REPORT"; cat "$DNS01_RECEIPT" >&2; echo "$DNS01_ORDER_URI $MINE" > told'
    result = site.dns01("run", NAME, "--quiet", "--", "sh", "-c", script, MINE="yours")
    report, receipt = json.loads(result.stdout), json.loads(result.stderr)
    assert (report["status"], report["exit"], receipt["state"]) == ("ready", 0, "ready")
    assert report["records"][0]["value"] == receipt["records"][0]["value"]
    [order] = report["orders"]
    assert (site.folder / "told").read_text() == f"{order['order_uri']} yours\n"


@pytest.mark.parametrize(
    ("script", "status", "how", "order"),
    [
        ("exit 0", 0, "", ""),
        ("exit 7", 7, "7", "asks for a new order"),
        ("exit 75", 75, "75", "within the hour uses the same order"),
        ("kill -9 $$", 137, "137 (SIGKILL)", "asks for a new order"),
        ("exit 255", 255, "255", "asks for a new order"),
    ],
)
def test_the_exit_status_is_the_commands(
    site: Site, script: str, status: int, how: str, order: str
) -> None:
    """
    The command's status is ours, 128 + N if a signal ended it, and the records go in any case;
    a failure is said, even to cron: of which certificate, by what, and what a further run does.
    It does so.
    """
    result = site.dns01("run", NAME, "--quiet", "--", "sh", "-c", script)
    told = f"dns01: {NAME}: sh ended with {how}; 1 value removed; the next run {order}\n"
    assert (result.returncode, result.stdout, result.stderr) == (status, "", told if status else "")
    assert clean(site)
    if status:
        assert site.dns01("run", NAME, "--", "true").returncode == 0
        assert site.orders.requests == (1 if status == 75 else 2)


def test_a_document_is_no_order_that_is_kept(site: Site) -> None:
    """
    Whoever wrote it knows what is to become of it.
    """
    document = site.document(NAME)
    result = site.dns01("run", "--quiet", "--from", document, "--", "sh", "-c", "exit 75")
    assert result.stderr == f"dns01: {NAME}: sh ended with 75; 1 value removed\n"


def test_words_of_the_command_are_its_own(site: Site) -> None:
    """
    Whatever follows ``--`` is passed on as it is, options and further dashes included.
    """
    result = site.dns01("run", NAME, "--", "printf", "%s|", "--json", "--", "-x")
    assert result.stdout == "--json|--|-x|"


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_command_and_cleans(site: Site, signum: signal.Signals) -> None:
    """
    The command is ended, then its records are removed, within five seconds.
    """
    process = running(site, "touch up; exec sleep 60")
    before = time.monotonic()
    process.send_signal(signum)
    assert finish(process).returncode == 128 + signum
    assert time.monotonic() - before < 5
    assert clean(site)


def test_a_command_may_end_in_its_own_way(site: Site) -> None:
    """
    SIGTERM is passed on, and the command has a moment to put its things away before the records go.
    """
    script = 'trap "touch away; exit 3" TERM; touch up; while :; do sleep 0.05; done'
    process = running(site, script)
    process.terminate()
    assert finish(process).returncode == 143
    assert (site.folder / "away").exists()
    assert clean(site)


def test_a_second_signal_ends_a_stubborn_command(site: Site) -> None:
    """
    A command that ignores Ctrl-C is killed at the second one; the records still go.
    """
    process = running(site, 'trap "" INT TERM; touch up; while :; do sleep 0.1; done')
    before = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(1.0)  # by then it has been heard: two that come at once are one
    process.send_signal(signal.SIGINT)
    assert finish(process).returncode == 130
    assert time.monotonic() - before < PATIENCE
    assert clean(site)


def test_a_signal_to_the_whole_group(site: Site) -> None:
    """
    Ctrl-C reaches the command and us at once, as from a terminal: one exit status, nothing left.
    """
    process = running(site, "touch up; exec sleep 60")
    os.killpg(process.pid, signal.SIGINT)
    assert finish(process).returncode == 130
    assert clean(site)


def test_no_such_command_costs_no_order(site: Site) -> None:
    """
    A command that cannot be found is usage, noticed before anything is asked for or written.
    """
    result = site.dns01("run", NAME, "--", "no-such-command")
    assert result.returncode == 64
    assert 'the command "no-such-command" does not exist' in result.stderr
    assert (site.orders.requests, site.bridge.calls) == (0, [])


def test_a_command_that_cannot_start(site: Site) -> None:
    """
    A file that the kernel refuses to execute is usage too; by then records are there, and go.
    """
    broken = site.folder / "broken"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    result = site.dns01("run", NAME, "--", str(broken))
    assert result.returncode == 64
    assert "cannot start" in result.stderr
    assert clean(site)


def test_not_ready_runs_nothing(site: Site) -> None:
    """
    Unless ready the command is not run; our code, our reasons, and the records are removed.
    """
    site.mute()
    result = site.dns01("run", NAME, "--timeout", "6s", "--", "touch", "ran")
    assert (result.returncode, result.stdout) == (69, "")
    assert "dns-unreachable" in result.stderr
    assert "cleaned" not in result.stderr  # for nothing was written
    assert not (site.folder / "ran").exists()
    assert clean(site)


def test_what_a_time_out_removes_is_said(tmp_path: Path) -> None:
    """
    Not ready: `run` says how many values it has taken back, which `ready` would have left.
    """
    with opened(tmp_path, lags=[60.0]) as site:
        result = site.dns01("run", NAME, "--timeout", "6s", "--", "touch", "ran")
        assert result.returncode == 75
        assert "cleaned: 1 value removed\n" in result.stderr
        assert not (site.folder / "ran").exists()
        assert clean(site)


def test_one_of_two_names_is_not_enough(site: Site) -> None:
    """
    The command runs only when every name is ready; what was written for the other goes.
    """
    result = site.dns01("run", NAME, "www.example.net", "--", "touch", "ran")
    assert result.returncode == 78
    assert not (site.folder / "ran").exists()
    assert clean(site)


def test_json_is_for_failures(site: Site) -> None:
    """
    Standard output is the command's when it runs; when it does not, --json prints the document.
    """
    result = site.dns01("run", "www.example.net", "--json", "--", "echo", "mine")
    report = json.loads(result.stdout)
    assert (report["status"], report["exit"], result.returncode) == ("failed", 78, 78)
    assert site.dns01("run", NAME, "--json", "--", "echo", "mine").stdout == "mine\n"


def failing(site: Site) -> None:
    def fail(verb: str, _content: object) -> None:
        if verb == "delete":
            raise Unavailable("down")

    site.bridge.before = fail


@pytest.mark.parametrize(("script", "status"), [("exit 0", 69), ("exit 7", 7)])
def test_failing_to_clean(site: Site, script: str, status: int) -> None:
    """
    Records that cannot be removed turn a success into 69, never hide the command's own failure,
    stay in the receipt, and are told even with --quiet.
    """
    failing(site)
    result = site.dns01("run", NAME, "--quiet", "--", "sh", "-c", script)
    assert result.returncode == status
    assert "records-left" in result.stderr
    assert "hint: dns01 clean --all" in result.stderr
    assert not clean(site)
    site.bridge.before = lambda _verb, _content: None
    assert site.dns01("clean", NAME).returncode == 0
    assert clean(site)


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0], renews=True) as site:  # each order has values of its own
        yield site


def test_what_could_not_be_removed_is_not_tried_again(keeping: Site) -> None:
    """
    A host that neither writes nor removes is asked to remove once; it is told once, and costs the
    removal's seconds beyond the timeout once.
    """

    def fail(verb: str, _content: object) -> None:
        if verb in {"append", "delete"}:
            raise Unavailable("down")

    keeping.bridge.before = fail
    result = keeping.dns01("run", NAME, "--timeout", "8s", "--", "touch", "ran")
    assert result.returncode == 69
    assert [verb for verb, _ in keeping.bridge.calls].count("delete") == 1
    assert result.stderr.count("records-left") == 1
    assert "cleaned" not in result.stderr


def test_a_host_that_hangs_costs_the_grace_once(keeping: Site) -> None:
    """
    The timeout, and five seconds for the removal, half of which the write has to end.
    """
    gate, removing = Event(), list[float]()

    def hang(verb: str, _content: object) -> None:
        if verb == "delete":
            removing.append(time.monotonic())
        if verb in {"append", "delete"}:
            gate.wait(60)

    keeping.bridge.before = hang
    result = keeping.dns01("run", NAME, "--timeout", "6s", "--", "touch", "ran")
    took = time.monotonic() - removing[0]
    gate.set()
    assert result.returncode == 69
    assert took < GRACE
    assert result.stderr.count("records-left") == 1


def test_a_command_that_asks_to_be_run_again(keeping: Site) -> None:
    """
    75 is the command's as it is ours: try again. The records go, and the next run within the hour
    goes on with the same order; any other status is the order's end.
    """
    command = ("--", "sh", "-c", 'echo "$DNS01_ORDER_URI" >> uris; exit 75')
    for _ in range(2):
        assert keeping.dns01("run", NAME, *command).returncode == 75
        assert clean(keeping)
    assert keeping.orders.requests == 1
    assert len(set((keeping.folder / "uris").read_text().split())) == 1
    assert keeping.dns01("run", NAME, "--", "false").returncode == 1
    assert keeping.orders.requests == 1
    assert {receipt["state"] for receipt in keeping.receipts()} == {"cleaned"}


def test_a_command_that_ignores_everything_is_killed() -> None:
    """
    A command has its time after a signal, sent again halfway; then it is killed.
    """
    script = 'trap "echo again" TERM; echo up; while :; do sleep 0.02; done'
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        stop(process, signal.SIGTERM, patience=0.4)
        assert process.stdout.read() == b"again\nagain\n"
    assert process.returncode == -signal.SIGKILL


class Removal:
    """Holds the removal back, and says when it is asked for."""

    def __init__(self, site: Site) -> None:
        self.begun, self._go = Event(), Event()
        site.bridge.before = self._before

    def _before(self, verb: str, _content: object) -> None:
        if verb == "delete":
            self.begun.set()
            assert self._go.wait(60)

    def go_on(self) -> None:
        self._go.set()


VERBS = {"ready": ("ready", NAME), "run": ("run", NAME, "--", "sleep", "60")}
"""Command lines that have their record in DNS until they are stopped."""


def published(site: Site, verb: str) -> subprocess.Popen[str]:
    """Start *verb*, and wait until its record is in DNS."""
    if verb == "ready":
        site.hide()
    process = site.start(*VERBS[verb])
    state = "waiting" if verb == "ready" else "ready"
    until(lambda: [receipt["state"] for receipt in site.receipts()] == [state])
    until(lambda: verb == "ready" or sleeping(process.pid))
    return process


def sleeping(parent: int) -> bool:
    """Whether the command of the process *parent* is at work."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return any("sleep" in Path(f"/proc/{child}/cmdline").read_text() for child in children)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_does_not_stop_the_removal(
    site: Site, verb: str, first: signal.Signals
) -> None:
    """
    Who presses Ctrl-C twice has not asked for litter: the second signal, whichever, is told that
    the removal takes seconds; the records go, and the first signal is the exit status.
    """
    removal = Removal(site)
    process = published(site, verb)
    process.send_signal(first)
    assert removal.begun.wait(60)
    process.send_signal(signal.SIGINT)
    told = read_until(process, "once more leaves it")
    assert "removing 1 record" in told
    removal.go_on()
    assert finish(process).returncode == 128 + first
    assert clean(site)


@pytest.mark.parametrize("verb", VERBS)
def test_a_third_signal_leaves_the_records_and_says_so(site: Site, verb: str) -> None:
    """
    A host that hangs must not keep a person waiting: the third signal ends the removal; what is
    left is named, its receipt lists it, and `clean` removes it.
    """
    removal = Removal(site)
    process = published(site, verb)
    before = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert removal.begun.wait(60)
    process.send_signal(signal.SIGINT)
    read_until(process, "once more leaves it")
    process.send_signal(signal.SIGINT)
    result = finish(process)
    assert time.monotonic() - before < GRACE  # which is what a hanging host costs without it
    assert result.returncode == 143
    assert "records-left" in result.stderr
    assert "dns01 clean" in result.stderr
    assert not clean(site)
    removal.go_on()
    assert site.dns01("clean", "--all").returncode == 0
    assert clean(site)


def test_a_signal_after_the_command_does_not_stop_the_removal(site: Site) -> None:
    """
    The command has ended by itself, and its records are on their way out: Ctrl-C is told so, and
    changes neither that nor the command's exit status.
    """
    removal = Removal(site)
    process = site.start("run", NAME, "--", "sh", "-c", "exit 7")
    assert removal.begun.wait(60)
    process.send_signal(signal.SIGINT)
    read_until(process, "once more leaves it")
    removal.go_on()
    assert finish(process).returncode == 7
    assert clean(site)


def read_until(process: subprocess.Popen[str], words: str) -> str:
    """Return what *process* says on standard error, up to the line with *words*."""
    assert process.stderr
    told = ""
    for line in process.stderr:
        told += line
        if words in line:
            return told
    raise AssertionError(told)


@pytest.mark.parametrize("verb", VERBS)
def test_nobody_listens_any_more(site: Site, verb: str) -> None:
    """
    The terminal is gone with the hang-up, and with it standard output and error: the records go.
    """
    process = site.start(*VERBS[verb])
    state = "waiting" if verb == "ready" else "ready"
    if verb == "ready":
        site.hide()
    until(lambda: [receipt["state"] for receipt in site.receipts()] == [state])
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    process.stderr.close()
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 129
    assert clean(site)


def test_killed_while_the_command_runs(site: Site) -> None:
    """
    SIGKILL leaves the command running and the records in place; `clean --all` removes them.
    """
    process = running(site, "echo $$ > pid; touch up; exec sleep 60 >/dev/null 2>&1")
    process.kill()
    finish(process)
    try:
        assert site.dns.values(leaf(NAME))
        assert site.dns01("clean", "--all").returncode == 0
        assert clean(site)
    finally:
        os.kill(int((site.folder / "pid").read_text()), signal.SIGKILL)


def test_a_command_that_goes_to_the_background(site: Site) -> None:
    """
    A command ends when its process does: what it has left in the background is none of ours.
    """
    script = "sleep 60 >/dev/null 2>&1 & echo $! > pid"
    result = site.dns01("run", NAME, "--", "sh", "-c", script)
    try:
        assert result.returncode == 0
        assert clean(site)
    finally:
        os.kill(int((site.folder / "pid").read_text()), signal.SIGKILL)


def test_without_a_signal_removing_may_take_its_time(site: Site) -> None:
    """
    A host that is slow, or an account that is crowded, costs a success nothing: the 5 s are for
    those who have asked us to end.
    """
    site.bridge.before = lambda verb, _content: time.sleep(6.0) if verb == "delete" else None
    result = site.dns01("run", NAME, "--", "true")
    assert result.returncode == 0
    assert "1 value removed" in result.stderr
    assert clean(site)
