"""What a start imports: nothing that the run does not use."""

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.cli import main

from .bridge import DNS01
from .services.gate import Gate
from .services.scene import Scene, cloudflare, order_api, route53
from .services.updates import rfc2136
from .standins.ministack import Ministack

HOST = "www.example.com"
MODE = "PYTHONPROFILEIMPORTTIME"

SDKS = {"acme", "boto3", "cloudflare", "httpx", "lexicon"}
"""Each costs more than the rest of a run for one name."""

SELDOM = {
    "asyncio", "difflib", "html", "http.client", "pipeline.asking.encrypted.https",
    "pipeline.asking.encrypted.tls", "pipeline.command.actions", "pipeline.command.attended",
    "pipeline.configuration.acme", "pipeline.configuration.inventory", "pipeline.demo",
    "pipeline.hooks", "pipeline.library", "pipeline.picture", "pipeline.serving",
    "prometheus_client", "rich", "shtab", "subprocess", "uuid", "waitress",
}  # fmt: skip
"""For what few runs ask for: a page, a command, a hook, a watcher."""

Opened = Callable[[Path], AbstractContextManager[tuple[Scene, object]]]


@contextmanager
def emulated(folder: Path) -> Iterator[tuple[Scene, object]]:
    with Ministack() as endpoint, route53(folder, HOST, Gate, endpoint) as found:
        yield found


HOSTS: dict[str, tuple[Opened, set[str]]] = {
    "rfc2136": (partial(rfc2136, host=HOST), {"dns"}),
    "cloudflare": (partial(cloudflare, host=HOST, behind=Gate), {"cloudflare", "httpx"}),
    "route53": (emulated, {"boto3"}),
    "rcl": (partial(order_api, host=HOST, behind=Gate), {"httpx"}),
}


def imported(log: str) -> set[str]:
    """Return the modules that the lines of ``-X importtime`` name."""
    lines = [line for line in log.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines[1:]}


def within(names: set[str], roots: set[str]) -> set[str]:
    """Return which of *roots* one of *names* is, or is below."""
    return {root for root in roots if any(f"{name}.".startswith(f"{root}.") for name in names)}


def started(*command: str | Path) -> set[str]:
    """Return what *command* imports."""
    environment = os.environ | {MODE: "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return imported(done.stderr)


def test_the_lists_name_what_there_is() -> None:
    """
    What has been renamed would never be missed.
    """
    assert all(map(find_spec, SDKS | SELDOM))


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_takes_what_the_interpreter_takes(word: str) -> None:
    """
    And the two modules that say it.
    """
    bare = started(sys.executable, "-c", "pass")
    assert started(DNS01, word) - bare == {"pipeline", "pipeline.cli"}


@pytest.mark.parametrize("name", HOSTS)
def test_a_run_imports_what_it_uses(tmp_path: Path, name: str) -> None:
    """
    Of the vendors' libraries that of its own host, and none of what this run has no use for.
    """
    opened, used = HOSTS[name]
    with opened(tmp_path) as (scene, _):
        scene.variables[MODE] = "1"
        ended = scene.ready(60)
        assert ended.exit == 0, ended.said
    found = imported((tmp_path / "run-0.err").read_text())
    assert used == within(found, SDKS | used)
    # What a library brings along is its own affair.
    assert not within(found, {each for each in SELDOM if "pipeline" in each or not used & SDKS})


def test_garbage_is_collected_while_it_runs() -> None:
    """
    Only what is imported is never looked at; also after a mistake, for who calls us twice.
    """
    try:
        with pytest.raises(SystemExit):
            main(["nonsense"])
        assert gc.isenabled()
    finally:
        gc.unfreeze()
