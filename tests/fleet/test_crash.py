"""Whatever dies, nothing is lost, and nothing is ordered twice: the receipts are the ledger."""

import json
import os
import signal
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.bridge import Site, finish, until

from .fleets import children, dawdle, ends, hosts, inventory, is_alive, left

NAMES = hosts(6)
READY: tuple[int, str | None] = (0, None)

LATE = """
import os, signal
if "LATE" in os.environ:
    from pipeline.command.fleet import Fleet

    supervise = Fleet._supervise

    def late(self):
        supervise(self)
        return signal.SIGTERM

    Fleet._supervise = late
"""


def test_a_process_that_is_killed_is_replaced(site: Site) -> None:
    """Its certificates are ready by the second process, without a second order."""
    run = site.start("ready", "--inventory", inventory(site, *NAMES), "--jobs", "1", "--json")
    killed = Event()

    def once(verb: str, _content: dict[str, Any]) -> None:
        if verb == "append" and not killed.is_set():
            killed.set()
            for child in children(run.pid):
                os.kill(child, signal.SIGKILL)

    site.bridge.before = once
    result = finish(run)
    report = json.loads(result.stdout)
    assert killed.is_set()
    assert "tried once more" in result.stderr
    assert ends(report) == dict.fromkeys(NAMES, READY)
    assert all(each["resumed"] for each in report["orders"])
    assert site.orders.requests == len(NAMES)
    assert site.dns01("clean", "--all").returncode == 0
    assert left(site) == []


def test_those_who_come_after_one_that_was_killed_do_not_stop_each_other(site: Site) -> None:
    """Several processes take over what one had, whose receipt only one can hold at a time."""
    names = hosts(12)  # one wave, then three
    hurry = dawdle(site.orders, 0.3)
    run = site.start("ready", "--inventory", inventory(site, *names), "--jobs", "3", "--json")
    until(lambda: site.orders.requests >= 2, 60)
    [worker] = children(run.pid)
    os.kill(worker, signal.SIGKILL)
    report = json.loads(finish(run).stdout)
    hurry()
    assert ends(report) == dict.fromkeys(names, READY)
    assert site.orders.requests <= len(names) + 1


def test_a_process_that_is_killed_twice_takes_only_its_certificates(site: Site) -> None:
    """They end with 75, `worker`; those of the other processes are ready."""
    names = [*hosts(2), "poison.zone2.example"]  # the second time each is by itself
    run = site.start("ready", "--inventory", inventory(site, *names), "--jobs", "1", "--json")

    def kill(verb: str, content: dict[str, Any]) -> None:
        if verb == "append" and any("poison" in name for name, *_ in content["records"]):
            for child in children(run.pid):
                os.kill(child, signal.SIGKILL)

    site.bridge.before = kill
    report = json.loads(finish(run).stdout)
    assert report["exit"] == 75
    assert ends(report)["poison.zone2.example"] == (75, "worker")
    [problem] = [each for each in report["problems"] if each["code"] == "worker"]
    assert "signal 9" in problem["message"]
    assert site.orders.requests == len(names)


@pytest.mark.parametrize("moment", ["orders", "append", "ready"])
def test_the_whole_run_is_killed(site: Site, moment: str) -> None:
    """Whenever: its processes end by themselves; run again it orders nothing twice."""
    run = site.start("ready", "--inventory", inventory(site, *NAMES), "--jobs", "2", "--json")
    workers = list[int]()
    struck = Event()

    def strike(verb: str = "append", _content: object = None) -> None:
        if verb == "append" and not struck.is_set():
            workers[:] = children(run.pid)
            run.kill()
            struck.set()

    if moment == "append":
        site.bridge.before = strike
        until(struck.is_set, 60)
    elif moment == "orders":
        until(lambda: site.orders.requests >= 3, 60)
        strike()
    else:
        until(lambda: "ready" in [each["state"] for each in site.receipts()], 60)
        strike()
    run.communicate()
    site.bridge.before = lambda _verb, _content: None
    until(lambda: not any(map(is_alive, workers)))
    ordered = site.orders.requests
    report = site.report("ready", "--inventory", inventory(site, *NAMES))
    assert ends(report) == dict.fromkeys(NAMES, READY)
    assert ordered <= len(NAMES)
    assert site.orders.requests == len(NAMES)
    assert site.dns01("clean", "--all").returncode == 0
    assert left(site) == []


def test_nobody_works_on_for_a_run_that_is_gone(site: Site) -> None:
    """Its processes would wait for minutes: they end, and keep the orders, not the records."""
    site.hide()
    run = site.start("ready", "--inventory", inventory(site, *NAMES), "--jobs", "1")
    until(lambda: left(site), 60)
    workers = children(run.pid)
    run.kill()
    run.communicate()
    assert workers
    until(lambda: not any(map(is_alive, workers)), 30)
    assert {each["state"] for each in site.receipts()} <= {"planned", "writing"}


def test_what_was_ready_is_confirmed_again(site: Site) -> None:
    """A fleet that was ready is ready again by the same orders; a single run makes a new one."""
    path = inventory(site, *NAMES)
    briefly = ("--ttl", "1")  # for resolvers repeat it to the single run
    before = site.report("ready", "--inventory", path, *briefly)
    after = site.report("ready", "--inventory", path, *briefly)
    uris = [{each["name"]: each["order_uri"] for each in r["orders"]} for r in (before, after)]
    assert uris[0] == uris[1]
    assert site.orders.requests == len(NAMES)
    single = site.report("ready", NAMES[0])
    assert single["orders"][0]["order_uri"] != uris[0][NAMES[0]]


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all(site: Site, signum: signal.Signals) -> None:
    """
    The processes remove their records, or say which are left; the report has everybody, with order
    and receipt.
    """
    site.hide()
    run = site.start("ready", "--inventory", inventory(site, *NAMES), "--jobs", "2", "--json")
    until(lambda: left(site), 60)
    workers = children(run.pid)
    run.send_signal(signum)
    result = finish(run)
    report = json.loads(result.stdout)
    assert (result.returncode, report["exit"], report["status"]) == (
        128 + signum,
        128 + signum,
        "failed",
    )
    assert {(each["exit"], each["problem"]) for each in report["orders"]} == {
        (128 + signum, "interrupted")
    }
    assert all(each["order_uri"] and Path(each["receipt"]).exists() for each in report["orders"])
    [why] = [each for each in report["problems"] if each["code"] == "interrupted"]
    told = f"{signum.name}: {'receipts list' if left(site) else 'nothing of this run is left in'}"
    assert why["message"].startswith(told)
    assert told in result.stderr
    assert {each["name"] for each in report["orders"]} == {*NAMES}
    assert not left(site) or "records-left" in {each["code"] for each in report["problems"]}
    assert not any(map(is_alive, workers))
    site.show()
    again = site.report("ready", "--inventory", inventory(site, *NAMES))
    assert ends(again) == dict.fromkeys(NAMES, READY)
    assert site.orders.requests == len(NAMES)


def test_a_signal_when_all_is_done_changes_nothing(site: Site) -> None:
    """What came after the last certificate had ended has ended none of them: the exit is theirs."""
    (site.folder / "packages" / "sitecustomize.py").write_text(LATE)
    run = site.start("ready", "--inventory", inventory(site, *NAMES), "--json", LATE="1")
    result = finish(run)
    report = json.loads(result.stdout)
    assert (result.returncode, report["exit"], report["status"]) == (0, 0, "ready")
    assert ends(report) == dict.fromkeys(NAMES, READY)
    assert report["problems"] == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGKILL])
def test_a_request_under_way_has_its_answer(site: Site, signum: signal.Signals) -> None:
    """Whatever ends the run: the order that is being made is kept, and is not asked for again."""
    hurry = dawdle(site.orders, 1)
    run = site.start("ready", "--inventory", inventory(site, *NAMES), "--jobs", "2", "--json")
    until(lambda: site.orders.requests >= 2, 60)
    workers = children(run.pid)
    run.send_signal(signum)
    run.communicate()
    until(lambda: not any(map(is_alive, workers)))
    hurry()
    report = site.report("ready", "--inventory", inventory(site, *NAMES))
    assert ends(report) == dict.fromkeys(NAMES, READY)
    assert site.orders.requests == len(NAMES)


def test_what_the_account_does_not_take_is_later(site: Site) -> None:
    """By the user's limit: so many are ready, the others are 75 without having been asked for."""
    path = inventory(site, *NAMES)
    report = site.report("ready", "--inventory", path, DNS01_ORDER_LIMIT="4/1h")
    found = ends(report)
    assert report["exit"] == 75
    assert sorted(found.values(), key=str) == [READY] * 4 + [(75, "order-later")] * 2
    assert site.orders.requests == 4
    again = site.report("ready", "--inventory", path)
    assert ends(again) == dict.fromkeys(NAMES, READY)
    assert site.orders.requests == len(NAMES)
