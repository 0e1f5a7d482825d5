"""A write that was on its way when its process was killed, and takes effect while `clean` looks."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from providers.contract import LINGERS_S, TXT, Zone
from tests.bridge import APEX, Site, finish, leaf, opened, until

NAME = "www.example.com"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


class SlowHost:
    """Takes a write, and does it when it is let; meanwhile it answers everything else."""

    def __init__(self, site: Site) -> None:
        self.asked, self.done = threading.Event(), threading.Event()
        self._site = site
        self._go = threading.Event()
        site.bridge.before = self._before

    def _before(self, verb: str, content: dict[str, Any]) -> None:
        if verb == "append":
            self.asked.set()
            assert self._go.wait(90)
            [[_, value, ttl]] = content["records"]
            self._site.dns.append(Zone(APEX, ""), [TXT(leaf(NAME), value, ttl)], "")
            self.done.set()

    def let(self) -> None:
        self._go.set()


def killed(site: Site, host: SlowHost) -> None:
    """Kill a run whose write the host has taken and not yet done."""
    process = site.start("ready", NAME)
    assert host.asked.wait(60)
    process.kill()
    finish(process)
    assert [receipt["state"] for receipt in site.receipts()] == ["writing"]


def test_what_takes_effect_late_is_removed(site: Site) -> None:
    """
    The run died while it was writing: `clean` lets the host come to an end before it removes, so a
    value that appears seconds after it has begun goes, too.
    """
    host = SlowHost(site)
    killed(site, host)
    clean = site.start("clean", "--all")
    threading.Timer(LINGERS_S / 2, host.let).start()
    assert finish(clean).returncode == 0
    assert host.done.is_set()
    assert site.dns.values(leaf(NAME)) == set()
    assert [receipt["records"] for receipt in site.receipts()] == [[]]


def test_the_wait_can_be_stopped(site: Site) -> None:
    """
    Ctrl-C during that wait leaves everything listed, for the next `clean`.
    """
    host = SlowHost(site)
    killed(site, host)
    clean = site.start("clean", "--all", "--verbose")
    until(lambda: holds(clean.pid, list(site.state.glob("*.json"))))
    clean.terminate()
    result = finish(clean)
    assert result.returncode == 143
    host.let()
    assert [len(receipt["records"]) for receipt in site.receipts()] == [1]
    assert site.dns01("clean", "--all").returncode == 0
    assert site.dns.values(leaf(NAME)) == set()


def test_what_was_given_up_is_removed_once_it_can_land_no_more(site: Site) -> None:
    """
    A run gives up on a host that is too slow. Cleaning up in a hurry removes what is there, and
    keeps the receipt; with time it lets the write come, and then nothing is left.
    """
    host = SlowHost(site)
    value, fqdn = "v" * 43, f"{leaf(NAME)}"
    hurried = ["hook", "lego", "--timeout", "4"]
    assert site.dns01(*hurried, "present", fqdn, value).returncode == 69
    result = site.dns01(*hurried, "cleanup", fqdn, value)
    assert (result.returncode, "may yet take effect" in result.stderr) == (75, True)
    assert [len(receipt["records"]) for receipt in site.receipts()] == [1]
    clean = site.start("clean", "--all")
    threading.Timer(2 * LINGERS_S, host.let).start()
    assert finish(clean, 60).returncode == 0
    assert host.done.is_set()
    assert site.dns.values(leaf(NAME)) == set()
    assert [receipt["records"] for receipt in site.receipts()] == [[]]


def holds(process: int, receipts: list[Path]) -> bool:
    """Whether *process* has one of *receipts* open, as it does while it removes what they list."""
    opened = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):
            opened.add(link.readlink())
    return bool(opened & set(receipts))
