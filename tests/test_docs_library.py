"""The page about the library, and the program that embeds it."""

import ast
import asyncio
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator
from inspect import signature
from itertools import chain
from pathlib import Path
from threading import Barrier

import pytest

import pipeline
from pipeline import Choices
from pipeline.library import calls

from .bridge import COVERAGE, Site, leaf, opened, until
from .documents import DOCS, ROOT, blocks, quoted, rows

PAGE = DOCS / "library.md"
PROGRAM = DOCS / "examples" / "embed.py"
HOSTS = ("one.example.com", "two.example.com,*.two.example.com", "three.example.com")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path) as site:
        yield site


def start(site: Site, *words: str) -> subprocess.Popen[str]:
    environment = site.environment | {"PYTHONPATH": f"{site.folder / 'packages'}:{ROOT}"}
    return subprocess.Popen(
        [sys.executable, *words],
        env=environment | {"PYTHONUNBUFFERED": "1"} | COVERAGE,
        cwd=site.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_program_gets_all_its_names(site: Site) -> None:
    """
    Each is finalized while its values are in DNS; none is left behind.
    """
    with start(site, str(PROGRAM), *HOSTS) as program:
        output, _ = program.communicate(timeout=30)
    assert program.returncode == 0, output
    assert output.count("finalizing https://") == len(HOSTS)
    assert not any(site.dns.values(leaf(host.partition(",")[0])) for host in HOSTS)
    assert site.orders.requests == len(HOSTS)


def test_the_program_does_all_names_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    However many: none waits for another to be finalized, and a run's time is not its place in a
    queue. Nobody gets past the barrier alone.
    """
    many = 40
    barrier = Barrier(many, timeout=20)
    program = runpy.run_path(str(PROGRAM))
    monkeypatch.setitem(program["main"].__globals__, "obtain", lambda *_: barrier.wait() * 0)
    assert asyncio.run(program["main"]([f"{each}.example.com" for each in range(many)])) == 0


def test_the_program_ends_clean(site: Site) -> None:
    """
    On SIGTERM it removes what it has written, for every name, and ends with 130.
    """
    site.hide()
    with start(site, str(PROGRAM), *HOSTS) as program:
        until(lambda: all(site.dns.values(leaf(host.partition(",")[0])) for host in HOSTS))
        os.kill(program.pid, signal.SIGTERM)
        output, _ = program.communicate(timeout=30)
    assert program.returncode == 130, output
    assert not any(site.dns.values(leaf(host.partition(",")[0])) for host in HOSTS)


def test_the_lines_shown_run(site: Site) -> None:
    """
    Each Python block of the page, and of the README, is a program that ends with 0.
    """
    found = [blocks(page, "python") for page in (PAGE, ROOT / "README.md")]
    assert all(found)
    for block in chain.from_iterable(found):
        with start(site, "-c", block.text) as program:
            output, _ = program.communicate(timeout=30)
        assert program.returncode == 0, f"{block.text}\n{output}"


def test_every_choice_and_every_name_is_on_the_page() -> None:
    """
    The tables have the choices, and what can be imported; and no other.
    """
    choices = [word for cells in rows(PAGE, "choice") for word in quoted(cells[0])]
    assert choices == list(Choices.__annotations__)
    documented = {word for cells in rows(PAGE, "name") for word in quoted(cells[0])}
    assert documented == set(pipeline.__all__)


@pytest.mark.parametrize("name", ["ready", "plan", "published", "clean", "wait", "check"])
def test_the_signatures_shown_are_those_of_the_code(name: str) -> None:
    """
    As the page writes them, types and all.
    """
    shown = {cells[0].partition("(")[0].strip("`"): cells[0] for cells in rows(PAGE, "call")}
    written = ast.parse(f"def {shown[name].strip('`')}: ...").body[0]
    assert isinstance(written, ast.FunctionDef)
    parameters = signature(getattr(calls, name)).parameters
    given = [*written.args.args, written.args.vararg, *written.args.kwonlyargs, written.args.kwarg]
    assert [each.arg for each in given if each] == list(parameters)
