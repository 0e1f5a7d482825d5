"""A fault in what shows the progress costs the display, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.command.console import Quiet
from pipeline.command.unfailing import Unfailing
from pipeline.model import Problem, Severity
from pipeline.propagation.confirm import Watch
from pipeline.propagation.evidence import Evidence

from .bridge import Site, opened

NAME = "www.example.com"

BREAK = """
import pipeline.command.console as console

def broken(*_):
    raise ZeroDivisionError("in the table")

console.tallies = broken
"""
"""What a `sitecustomize` does to break the display of a real run."""


class Broken(Quiet):
    """Breaks at the call given, and notes all of them."""

    def __init__(self, where: str) -> None:
        self._where = where
        self.calls: list[str] = []

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name == self._where:
            raise ZeroDivisionError

    def say(self, line: str) -> None:
        self._call("say")

    def watching(self, *_: object) -> Watch:
        self._call("watching")
        return lambda _evidence, _now: self._call("watch")

    def close(self) -> None:
        self._call("close")


def use(display: Broken) -> list[Problem]:
    """Use *display* as a run does; return what it warned of."""
    warned: list[Problem] = []
    progress = Unfailing(display, warned.append)
    progress.say("published")
    watch = progress.watching((), 2)
    for now in (1.0, 2.0):
        watch(Evidence(()), now)
    progress.close()
    return warned


@pytest.mark.parametrize("where", ["say", "watching", "watch", "close"])
def test_a_fault_is_one_warning(where: str) -> None:
    """
    Wherever the display breaks, that is said once; it is closed, and not used again.
    """
    display = Broken(where)
    [warning] = use(display)
    assert (warning.code, warning.severity) == ("bug", Severity.WARNING)
    assert "the run goes on" in warning.message
    assert "ZeroDivisionError in test_unfailing.py" in warning.message
    assert display.calls.count(where) == (2 if where == "close" else 1)
    assert display.calls[-1] == "close"


def test_what_works_is_passed_on() -> None:
    """
    A display that works sees everything.
    """
    display = Broken("nowhere")
    assert use(display) == []
    assert display.calls == ["say", "watching", "watch", "watch", "close"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0]) as site:
        yield site


@pytest.mark.parametrize("words", [("ready", NAME), ("run", NAME, "--", "true")])
def test_a_run_goes_on(site: Site, words: tuple[str, ...]) -> None:
    """
    The display breaks during the wait: the run is ready all the same, and warns of it.
    """
    (site.folder / "packages" / "sitecustomize.py").write_text(BREAK)
    result = site.dns01(*words)
    assert result.returncode == 0
    assert "warning: bug: progress is shown no further" in result.stderr
