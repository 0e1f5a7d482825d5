"""Runs and removals at the same moment, as processes: nothing lost, no litter, no double deletes.

The host counts every value that it is asked to delete and does not have.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from threading import Event, Lock
from time import sleep
from typing import Any

import pytest
from dns.name import from_text

from tests.bridge import Site, finish, leaf, opened, until

ROUNDS = 20 if os.environ.get("DNS01_CRASH") == "all" else 3
NAME = "www.example.com"
HOSTS = [f"host-{number}.example.com" for number in range(4)]


@dataclass
class Ledger:
    """What the host was asked to do with each value, in order."""

    site: Site
    deletes: Counter[str] = field(default_factory=Counter)
    needless: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self.site.bridge.before = self._note

    def _note(self, verb: str, content: dict[str, Any]) -> None:
        if verb != "delete":
            return
        with self.lock:
            for name, value, _ in content["records"]:
                self.deletes[value] += 1
                if value not in self.site.dns.values(from_text(name)):
                    self.needless.append(value)


@dataclass
class States:
    """The states of receipts other than *old* ones, when a value was last to be removed."""

    site: Site
    old: set[str]
    at_delete: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site.bridge.before = self._note

    def _note(self, verb: str, _content: dict[str, Any]) -> None:
        if verb == "delete":
            receipts = self.site.receipts()
            self.at_delete = [each["state"] for each in receipts if each["id"] not in self.old]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


def together(site: Site, *lines: Sequence[str]) -> list[CompletedProcess[str]]:
    """Run command *lines* at the same time."""
    processes = [site.start(*words) for words in lines]
    return [finish(process, timeout=120) for process in processes]


def listed(site: Site) -> list[str]:
    return [each["value"] for receipt in site.receipts() for each in receipt["records"]]


def values(site: Site) -> set[str]:
    hosts = (NAME, *HOSTS)
    return {value for host in hosts for value in site.dns.values(leaf(host))}


def documents(site: Site, *hosts: str) -> list[Sequence[str]]:
    """Return command lines of runs of *hosts*, each with a value of its own."""
    paths = [site.document(host, f"value-{n:02}".ljust(43, "x")) for n, host in enumerate(hosts)]
    return [("ready", "--from", path) for path in paths]


CLEAN = ("clean", "--all")


@pytest.mark.parametrize("cleans", [2, 5])
def test_removals_at_once(site: Site, cleans: int) -> None:
    """
    Of several `clean --all` one has each receipt, and removes its value once; the others say 75
    for what is being worked on, or 0, and between them everything is gone.
    """
    for _ in range(ROUNDS):
        assert {each.returncode for each in together(site, *documents(site, *HOSTS[:3]))} == {0}
        assert len(values(site)) == 3
        ledger = Ledger(site)
        ends = [each.returncode for each in together(site, *[CLEAN] * cleans)]
        assert set(ends) <= {0, 75}
        assert 0 in ends
        assert (values(site), listed(site)) == (set(), [])
        assert set(ledger.deletes.values()) == {1}
        assert ledger.needless == []


def test_removals_beside_runs(site: Site) -> None:
    """
    A run at work keeps its record whoever cleans: it is ready with its value in DNS; what earlier
    runs left goes; at the end one `clean` removes all the rest.
    """
    for _ in range(ROUNDS):
        old, *new = documents(site, *HOSTS)
        assert together(site, old)[0].returncode == 0
        ledger = Ledger(site)
        ends = together(site, *new, CLEAN, CLEAN)
        assert [each.returncode for each in ends[:3]] == [0, 0, 0]
        assert {each.returncode for each in ends[3:]} <= {0, 75}
        assert sorted(values(site)) == sorted(listed(site))
        assert site.dns01(*CLEAN).returncode == 0
        assert (values(site), listed(site)) == (set(), [])
        assert ledger.needless == []


def test_a_rerun_during_a_removal(site: Site) -> None:
    """
    A name whose receipt is being cleaned is busy (75), or cleaned before the rerun, or taken over
    by it: each is whole. Nothing is in DNS that no receipt lists, and a ready run has its value.
    """
    for _ in range(ROUNDS):
        assert site.dns01("ready", NAME).returncode == 0
        Ledger(site)
        clean, rerun = together(site, CLEAN, ("ready", NAME))
        assert clean.returncode in {0, 75}, clean
        assert rerun.returncode in {0, 75}, rerun
        assert sorted(values(site)) == sorted(set(listed(site)))
        if rerun.returncode == 0:
            assert len(values(site)) == 1
        assert site.dns01(*CLEAN).returncode == 0
        assert (values(site), listed(site)) == (set(), [])


def test_runs_with_a_value_in_common(site: Site) -> None:
    """
    Two documents with the same value: it is there until the last of their receipts is cleaned, and
    removals of both at once remove it once.
    """
    line = documents(site, NAME)[0]
    for _ in range(ROUNDS):
        assert {each.returncode for each in together(site, line, line, line)} == {0}
        assert len(values(site)) == 1
        assert len(listed(site)) == 3
        ledger = Ledger(site)
        ends = together(site, CLEAN, CLEAN, CLEAN)
        assert {each.returncode for each in ends} <= {0, 75}
        assert site.dns01(*CLEAN).returncode == 0
        assert (values(site), listed(site)) == (set(), [])
        assert set(ledger.deletes.values()) == {1}
        assert ledger.needless == []


def test_a_run_that_shares_a_value_with_one_being_removed(site: Site) -> None:
    """
    A run of a value that another's `clean` is just removing never ends as ready without it. If the
    `clean` comes late, it removes the value of that run as well, which was ready by then.
    """
    line = documents(site, NAME)[0]
    for _ in range(ROUNDS):
        assert site.dns01(*line).returncode == 0
        old = {receipt["id"] for receipt in site.receipts()}
        states = States(site, old)
        clean, run = together(site, CLEAN, line)
        assert clean.returncode in {0, 75}, clean
        assert run.returncode == 0, run
        assert sorted(values(site)) == listed(site), (clean, run)
        assert values(site) or states.at_delete == ["ready"], (clean, run)
        assert site.dns01(*CLEAN).returncode == 0
        assert (values(site), listed(site)) == (set(), [])


def test_a_value_on_its_way_out_is_waited_for(site: Site) -> None:
    """
    A removal is slow, and a run of the same value begins meanwhile: the run writes it when it is
    gone, not before; so it is there when the run says ready.
    """
    line = documents(site, NAME)[0]
    assert site.dns01(*line).returncode == 0
    removing, go = Event(), Event()

    def hold(verb: str, _content: object) -> None:
        if verb == "delete":
            removing.set()
            assert go.wait(80)

    site.bridge.before = hold
    clean = site.start(*CLEAN)
    assert removing.wait(60)
    run = site.start(*line)
    until(lambda: "writing" in [receipt["state"] for receipt in site.receipts()])
    calls = list(site.bridge.calls)
    assert run.poll() is None
    sleep(0.5)  # in which it would have written
    assert site.bridge.calls == calls
    go.set()
    assert (finish(clean).returncode, finish(run).returncode) == (0, 0)
    assert len(values(site)) == len(listed(site)) == 1
