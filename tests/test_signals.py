"""A signal is an exception, once, soon, and never lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import dns.message
import dns.rrset
import pytest
from dns.rdtypes.txtbase import TXTBase

from pipeline.case import Interrupted
from pipeline.command.child import run_child
from pipeline.command.early_signals import SIGNALS
from pipeline.command.signals import be_patient, finish, let_go, listen, postponed


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    every = (*SIGNALS, signal.SIGALRM)
    before = {signum: signal.getsignal(signum) for signum in every}
    listen()
    yield
    for signum, handler in before.items():
        signal.signal(signum, handler)


def come(*signums: signal.Signals, wait: float = 0.01) -> None:
    """Have signals come, then wait some seconds."""
    for signum in signums:
        os.kill(os.getpid(), signum)
    time.sleep(wait)


@pytest.mark.parametrize("signum", SIGNALS)
def test_a_signal_is_an_exception(signum: signal.Signals) -> None:
    """
    Whatever the main thread waits for, a signal ends the waiting at once.
    """
    with pytest.raises(Interrupted) as caught:
        come(signum, wait=5)
    assert caught.value.signum == signum


def test_a_signal_is_not_taken_for_a_broken_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    dnspython turns every exception in its parser into its own: a signal waits until it is done.
    """
    parse = TXTBase.from_wire_parser

    def hurried(*arguments: Any, **options: Any) -> Any:
        come(signal.SIGTERM)
        return parse(*arguments, **options)

    query = dns.message.make_query("example.com.", "TXT")
    response = dns.message.make_response(query)
    response.answer.append(dns.rrset.from_text("example.com.", 60, "IN", "TXT", "v"))
    wire = response.to_wire()
    monkeypatch.setattr(TXTBase, "from_wire_parser", hurried)
    read: list[object] = []

    def receive() -> None:
        read.append(dns.message.from_wire(wire).answer)
        time.sleep(5)

    with pytest.raises(Interrupted) as caught:
        receive()
    assert read == [response.answer]
    assert caught.value.signum == signal.SIGTERM


def test_postponed_is_not_lost() -> None:
    """
    In a block that must be whole signals wait for its end; the first one is raised there.
    """
    done: list[str] = []

    def work() -> None:
        with postponed():
            come(signal.SIGINT, signal.SIGTERM)
            done.append("all of it")

    with pytest.raises(Interrupted) as caught:
        work()
    assert (done, caught.value.signum) == (["all of it"], signal.SIGINT)


def run(script: str, *words: str) -> dict[str, Any]:
    """Run *script* with *words*, and return its report, whose exit is the process's."""
    done = subprocess.run(
        [sys.executable, "-c", script, *words, "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == report["exit"], done
    assert "Traceback" not in done.stderr
    return report


STARTING = """
import os, signal, sys
from pipeline import cli
from pipeline.command import arguments

parse = arguments.parse

def interrupted(words):
    os.kill(os.getpid(), signal.SIGTERM)
    return parse(words)

arguments.parse = interrupted
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("words", [["a.example"], ["--inventory", "-"]])
def test_a_signal_while_we_start_has_a_report(words: list[str]) -> None:
    """
    One that comes before anything could be told is held back until it can: the exit is the
    signal's, and ``--json`` keeps its word.
    """
    report = run(STARTING, "ready", *words)
    assert report["exit"] == 143
    assert [problem["code"] for problem in report["problems"]] == ["interrupted"]


INSISTING = STARTING.replace(
    "sys.exit",
    """
from pipeline.command.session import Session

stopped = Session._stopped

def once_more(session, signum):
    Session._stopped = stopped
    for _ in range(2):  # the first of which is only told that records are being removed
        os.kill(os.getpid(), signal.SIGINT)
    return stopped(session, signum)

Session._stopped = once_more
sys.exit""",
)


def test_a_signal_before_the_last_words_has_a_report() -> None:
    """
    One that comes when the one before it is about to be told ends nothing but that.
    """
    assert run(INSISTING, "clean", "--all")["exit"] == 130


def test_after_the_block_signals_are_heard() -> None:
    """
    Nothing came, nothing is raised; what comes later is.
    """
    with postponed():
        pass
    with pytest.raises(Interrupted):
        come(signal.SIGTERM)


def test_what_nohup_ignores_stays_ignored() -> None:
    """
    A hang-up that the caller ignores is none of ours, before, during and after.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    listen()
    with postponed():
        come(signal.SIGHUP)
    let_go()
    come(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_a_command_that_starts_is_no_orphan(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A signal between the fork and our knowing the process ends that process too.
    """
    started: list[subprocess.Popen[bytes]] = []

    class Hurried(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(subprocess, "Popen", Hurried)
    assert run_child(["sleep", "60"], os.environ) == 143
    assert [process.returncode for process in started] == [-signal.SIGTERM]


def test_the_second_is_told_and_the_third_is_an_exception() -> None:
    """
    After the first exception records are being removed: one signal more is told that, and stops
    nothing; each after that is an exception again.
    """
    told: list[str] = []
    listen(lambda: told.append("removing"))
    with pytest.raises(Interrupted):
        come(signal.SIGTERM)
    come(signal.SIGINT)
    assert told == ["removing"]
    for _ in range(2):
        with pytest.raises(Interrupted):
            come(signal.SIGHUP)
    assert told == ["removing"]


def test_what_comes_while_postponed_is_told_in_its_turn() -> None:
    """
    A block that must be whole leaves the patience of signals as it was.
    """
    told: list[str] = []
    be_patient(lambda: told.append("removing"))
    with postponed():
        come(signal.SIGTERM)
    assert told == ["removing"]


def test_last_words_are_said() -> None:
    """
    While the report goes out one signal does nothing, for it says what is in DNS; the next one ends
    the process, as it would have.
    """
    finish()
    come(signal.SIGTERM)
    assert {signal.getsignal(signum) for signum in SIGNALS} == {signal.SIG_DFL}
