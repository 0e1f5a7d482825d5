"""Progress: few lines in a log, a table on a terminal, nothing that could break either."""

import errno
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import dns.message
import dns.query
import pytest
from dns.name import from_text
from rich.console import Console

from pipeline.command.console import HEARTBEAT, Plain, Quiet, Terminal, first_culprit, table
from pipeline.explaining.witness import Witness
from pipeline.propagation.evidence import Evidence
from pipeline.questions import Answer, Goal, Observation, Perspective, Question, Role, Silence

from .bridge import DNS01, Site, finish, leaf, opened
from .fakes import goal

NAME = "www.example.com"
SERVERS = tuple(
    Perspective(f"192.0.2.{i}", 53, Role.AUTHORITATIVE, f"ns{i}.example.com.") for i in (1, 2)
)
RESOLVER = Perspective("1.1.1.1", 53, Role.RECURSIVE, "Cloudflare")
SEEN = Answer(frozenset({"v"}), 60.0, "holds 1 TXT value")
ABSENT = Answer(frozenset(), 900.0, "NXDOMAIN")


class Moment:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def today(self) -> datetime:
        return datetime(2026, 11, 23, 12, tzinfo=UTC)

    def time_of(self, moment: float) -> datetime:
        return self.today()

    def pause(self, seconds: float) -> None:
        raise AssertionError("nothing here waits by itself")


class Gone(io.StringIO):
    """A stream whose other end is gone: a pipe's, or a terminal's."""

    def __init__(self, error: int) -> None:
        super().__init__()
        self._error = error

    def write(self, _text: str) -> int:
        raise OSError(self._error, os.strerror(self._error))


def goals_at(count: int, via: Sequence[Perspective] = (*SERVERS, RESOLVER)) -> list[Goal]:
    zone = from_text("example.com.")
    names = [from_text(f"_acme-challenge.h{i}", zone) for i in range(count)]
    return [goal(name, zone, ["v"], via) for name in names]


def note(evidence: Evidence, question: Question, outcome: Answer | Silence, at: float) -> None:
    evidence.sent(question)
    evidence.note(Observation(question, at, outcome))


def test_a_log_has_a_line_for_a_change_not_for_a_poll() -> None:
    """
    A thousand polls of a hundred names by three servers make a handful of lines.
    """
    clock, stream, goals = Moment(), io.StringIO(), goals_at(100)
    evidence = Evidence(goals)
    watch = Plain(clock, stream).watching(goals, 1)
    for index, each in enumerate(goals):
        for question in each.authoritative:
            clock.at = index / 10
            note(evidence, question, SEEN, clock.at)
            watch(evidence, clock.at)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].endswith(
        "0 of 2 authoritative servers confirmed, 0 of 1 recursive server confirmed"
    )
    assert lines[2].startswith("[   9.9 s] 2 of 2 authoritative servers")


def test_a_silent_log_explains_itself() -> None:
    """
    While nothing changes a line now and then names a server that stands in the way.
    """
    clock, stream, goals = Moment(), io.StringIO(), goals_at(1)
    evidence = Evidence(goals)
    watch = Plain(clock, stream).watching(goals, 2)
    note(evidence, goals[0].authoritative[1], ABSENT, 0.0)
    for clock.at in (0.0, 10.0, HEARTBEAT - 0.1, HEARTBEAT, HEARTBEAT + 1, 2 * HEARTBEAT):
        watch(evidence, clock.at)
    _, first, second = stream.getvalue().splitlines()
    assert "still waiting: ns2.example.com. 192.0.2.2 [absent]" in first
    assert second.startswith("[  60.0 s] still waiting")
    assert first.endswith("NXDOMAIN (asked 1 time)"), "no cause is named that may be patience"


def test_a_silent_log_names_a_cause_that_shows() -> None:
    """
    What the answers alone tell is said during the wait, and how many servers more there are.
    """
    clock, stream, goals = Moment(), io.StringIO(), goals_at(1)
    evidence = Evidence(goals)
    watch = Plain(clock, stream).watching(goals, 2)
    for question in goals[0].authoritative:
        note(evidence, question, Silence("REFUSED"), 0.0)
    for clock.at in (0.0, HEARTBEAT):
        watch(evidence, clock.at)
    line = stream.getvalue().splitlines()[-1]
    assert "REFUSED (asked 1 time): lame delegation" in line
    assert line.endswith("; and 1 more server")


def test_the_last_round_is_nobodys_fault() -> None:
    """
    When everyone has confirmed, what is waited for is the round that proves it still holds.
    """
    goals = goals_at(1, SERVERS)
    evidence = Evidence(goals)
    for question in goals[0].authoritative:
        note(evidence, question, SEEN, 0.0)
    witness = Witness(evidence, 1, 0.0, Moment().time_of)
    assert first_culprit(goals, evidence, witness) == "for a last round of answers"


def test_a_reader_that_goes_away_stops_nothing() -> None:
    """
    A closed pipe, or a terminal that is gone, ends no run.
    """
    goals = goals_at(1)
    for console in (Plain(Moment(), Gone(errno.EPIPE)), Terminal(Moment(), Gone(errno.EIO))):
        console.say("x")
        console.watching(goals, 2)(Evidence(goals), 0.0)
        console.close()


def test_quiet_takes_everything() -> None:
    """
    Quiet has the same face as the others.
    """
    quiet, goals = Quiet(), goals_at(1)
    quiet.say("x")
    quiet.watching(goals, 2)(Evidence(goals), 0.0)
    quiet.close()


def shown(goals: Sequence[Goal], evidence: Evidence, rows: int = 20, width: int = 160) -> str:
    stream = io.StringIO()
    witness = Witness(evidence, 2, 1.0, Moment().time_of)
    Console(file=stream, width=width).print(table(goals, evidence, witness, rows))
    return stream.getvalue()


def test_the_table_shows_what_is_wrong_with_each_server() -> None:
    """
    One row per server: how many names it has confirmed, and what it said of the first it has not.
    """
    goals = goals_at(3)
    evidence = Evidence(goals)
    for each in goals:
        note(evidence, each.authoritative[0], SEEN, 0.0)
        note(evidence, each.authoritative[0], SEEN, 0.5)
        note(evidence, each.authoritative[1], SEEN, 0.5)
    note(evidence, goals[1].authoritative[1], Silence("timeout"), 0.9)
    _, one, two, resolver = shown(goals, evidence).splitlines()
    assert re.split(r"\s{2,}", one.strip()) == [
        "ns1.example.com.", "192.0.2.1", "authoritative", "3/3", "confirmed", "holds 1 TXT value",
    ]  # fmt: skip
    assert re.split(r"\s{2,}", two.strip())[3:] == [
        "0/3", "stale",
        "holds 1 TXT value, every value seen, but not yet twice in a row (asked 1 time)",
    ]  # fmt: skip
    assert "not-asked" in resolver


def test_the_table_tells_how_long_a_no_will_last() -> None:
    """
    A cached negative answer is shown with the time it runs out, and how long that is.
    """
    goals = goals_at(1)
    evidence = Evidence(goals)
    note(evidence, goals[0].recursive[0], ABSENT, 1.0)
    *_, row = shown(goals, evidence).splitlines()
    assert re.split(r"\s{2,}", row.strip())[4:] == [
        "absent", "poisoned",
        "NXDOMAIN, will repeat that until 12:00:00 UTC (in 0:15:00) (asked 1 time)",
    ]  # fmt: skip


def test_the_table_tells_how_often_and_since_when() -> None:
    """
    Whoever says the same for long is shown with how often it was asked, since when, and why.
    """
    goals = goals_at(1)
    evidence = Evidence(goals)
    for at in (0.2, 0.4, 0.8):
        note(evidence, goals[0].authoritative[0], Silence("REFUSED"), at)
        note(evidence, goals[0].authoritative[1], ABSENT, at)
    _, lame, late, _ = shown(goals, evidence).splitlines()
    assert re.split(r"\s{2,}", lame.strip())[4:] == [
        "silent", "lame", "REFUSED (asked 3 times, the same since 12:00:00 UTC)",
    ]  # fmt: skip
    assert re.split(r"\s{2,}", late.strip())[4:] == [
        "absent", "NXDOMAIN (asked 3 times, the same since 12:00:00 UTC)",
    ]  # fmt: skip


def test_a_row_is_a_line() -> None:
    """
    On a narrow screen words are cut, so that the table stays as high as it may be.
    """
    goals = goals_at(1)
    evidence = Evidence(goals)
    note(evidence, goals[0].recursive[0], ABSENT, 1.0)
    lines = shown(goals, evidence, width=100).splitlines()
    assert len(lines) == 4
    assert "1.1.1.1    recursive      0/1    absent     poisoned  NXDOMAIN, will" in lines[3]


def test_the_table_is_not_markup() -> None:
    """
    Square brackets in what a server said are shown, not obeyed: "[/]" would end the program.
    """
    goals = goals_at(1)
    evidence = Evidence(goals)
    note(evidence, goals[0].authoritative[0], Silence("SERVFAIL [/] [red]x"), 1.0)
    assert "SERVFAIL [/] [red]x" in shown(goals, evidence)


def test_the_table_fits_the_screen() -> None:
    """
    However many servers there are, the table has no more rows than were asked for.
    """
    via = [Perspective(f"192.0.2.{i}", 53, Role.AUTHORITATIVE, f"ns{i}") for i in range(50)]
    goals = goals_at(1, via)
    assert len(shown(goals, Evidence(goals), 7).splitlines()) == 8


class Screen(io.StringIO):
    """A terminal, as far as Rich can tell."""

    def isatty(self) -> bool:
        return True


def test_a_line_takes_the_table_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Lines and table do not write into each other; closing twice is no error.
    """
    monkeypatch.setenv("TERM", "xterm")
    stream, goals = Screen(), goals_at(1)
    terminal = Terminal(Moment(), stream)
    terminal.watching(goals, 2)(Evidence(goals), 0.0)
    terminal.say("done")
    terminal.close()
    table_part, line = stream.getvalue().rsplit("\x1b", 1)
    assert "ns1.example.com." in table_part
    assert line.endswith("[   0.0 s] done\n")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path) as site:
        yield site


def on_a_terminal(site: Site, *words: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the command with standard error on a terminal; return also what that showed."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 160, 0, 0))
    screen: list[bytes] = []

    def look() -> None:
        while True:
            try:
                screen.append(os.read(ours, 65536))
            except OSError:  # the terminal's other end is closed
                return

    watcher = Thread(target=look)
    watcher.start()
    process = subprocess.Popen(
        [DNS01, *words],
        env=site.environment | {"TERM": "xterm-256color"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    out, _ = process.communicate(timeout=90)
    watcher.join()
    os.close(ours)
    result = subprocess.CompletedProcess(process.args, process.returncode, out)
    return result, b"".join(screen).decode()


def test_a_terminal_sees_the_servers_and_the_caches(site: Site) -> None:
    """
    On a terminal a table is redrawn while waiting: every server, and for how long a resolver that
    was asked too early will go on saying no. It is gone when the verdict comes.
    """
    host, port = site.resolver.address
    early = dns.message.make_query(leaf(NAME), "TXT")

    def too_early(verb: str, _content: object) -> None:
        if verb == "append":
            dns.query.udp(early, host, port=port, timeout=5)

    site.bridge.before = too_early
    result, screen = on_a_terminal(site, "ready", NAME)
    assert result.returncode == 0
    assert result.stdout.startswith("ready: 1 value")
    for server in site.dns.addresses:
        assert f"{server[0]}:{server[1]}" in screen
    assert re.search(r"NXDOMAIN, will repeat that until \d\d:\d\d:\d\d UTC \(in 0:00:0\d\)", screen)
    assert screen.count("\x1b[?25l") == screen.count("\x1b[?25h") > 0, "the cursor comes back"
    assert "Traceback" not in screen


def test_no_table_in_a_log(site: Site) -> None:
    """
    Where standard error is no terminal there are lines, few, and no control sequences.
    """
    result = finish(site.start("ready", NAME))
    assert "\x1b" not in result.stderr
    assert 4 <= len(result.stderr.splitlines()) <= 8
