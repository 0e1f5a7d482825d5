"""Killed by SIGKILL at every step, not at random ones: `clean` removes all of ours, and no more."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from queue import SimpleQueue

import pytest

from pipeline.files import Busy, lock
from tests.standins.ministack import Ministack

from .forge import ARCHITECTURES
from .scene import FOREIGN, Forge, Outcome, Scene, staged

WIDTH = 4
"""Commands that run at a time."""

TOGETHER = 12
"""Commands that are killed, each at another step, before one `clean --all` follows on them."""

STRIDE = 1 if os.environ.get("DNS01_CRASH") == "all" else 5
"""Of so many steps one is tried; each is by `make crash`."""

pytestmark = pytest.mark.skipif(
    os.uname().machine not in ARCHITECTURES, reason="system calls have other numbers here"
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("crash")
    with Ministack() as endpoint, staged(folder, endpoint) as scene:
        yield scene


class Sweep:
    """Kills a command at its first step, its second, and so on, until it gets to its end.

    Attributes:
        killed_at: The steps at which it was killed, and what each was about to do.
        ended_at: Those that it never came to; runs that are asked to wait take a few more.
        losses: What was wrong afterwards.
    """

    def __init__(self, scene: Scene, verb: str, words: Sequence[str]) -> None:
        self._scene = scene
        self._verb = verb
        self._words = words
        self._forges: SimpleQueue[Forge] = SimpleQueue()
        self.killed_at: dict[int, str] = {}
        self.ended_at: set[int] = set()
        self.losses: list[str] = []

    def run(self) -> None:
        """Go through all steps."""
        with ExitStack() as stack, ThreadPoolExecutor(WIDTH) as pool:
            for _ in range(WIDTH):
                self._forges.put(stack.enter_context(Forge(self._scene.environment)))
            for first in count(1, STRIDE * TOGETHER):
                state = self._scene.site.folder / f"{self._verb}-{first}"
                steps = range(first, first + STRIDE * TOGETHER, STRIDE)
                ends = list(pool.map(lambda step: self._kill(step, state), steps))  # noqa: B023
                self._judge(steps, state)
                if not all(ends):
                    return

    def _kill(self, step: int, state: Path) -> bool:
        """Kill the command at *step*; return whether it came to that."""
        names = self._scene.names(f"{self._verb}{step}")
        words = [*names, "--timeout", "60", *self._words]
        if self._verb == "clean":
            assert self._command(state, "ready", *words).status == 0
            words = names
        outcome = self._command(state, self._verb, *words, kill_at=step)
        if outcome.status is None:
            self.killed_at[step] = outcome.steps[-1]
        else:
            assert outcome.status == 0, outcome
            self.ended_at.add(step)
        return outcome.status is None

    def _judge(self, steps: Sequence[int], state: Path) -> None:
        """Clean up after the killed, and note what is lost or left."""
        end = self._command(state, "clean", "--all")
        wrong = [f"clean: {end}"] if end.status else unsound(state)
        for step in steps:
            left = self._scene.values(f"{self._verb}{step}")
            wrong += [f"{owner} {have}" for owner, have in left.items() if have != {FOREIGN}]
        self.losses += wrong

    def _command(self, state: Path, *words: str, kill_at: int = 0) -> Outcome:
        forge = self._forges.get()
        try:
            environment = self._scene.environment | {"DNS01_STATE_DIR": str(state)}
            return forge.run(environment, *words, kill_at=kill_at)
        finally:
            self._forges.put(forge)


def unsound(state: Path) -> list[str]:
    """Return what is wrong with the receipts in *state*: all of them are whole, free and empty."""
    found = []
    for path in state.rglob("*.json"):
        try:
            os.close(lock(path))
            document = json.loads(path.read_text())
            if not path.name.endswith(".report.json") and document["records"]:
                found.append(f"{path.name} lists {document['records']}")
        except (Busy, ValueError) as error:
            found.append(f"{path.name}: {error!r}")
    return found


@pytest.mark.parametrize(
    ("verb", "words", "at_least"),
    [("ready", (), 100), ("run", ("--", "true"), 110), ("clean", (), 15)],
)
def test_nothing_is_lost_at_any_step(
    scene: Scene, verb: str, words: Sequence[str], at_least: int
) -> None:
    """
    Whichever step a run, or a removal, was killed at: one `clean --all` later all its values are
    gone at both hosts and behind the alias, other people's are there, and no receipt lists one.
    """
    sweep = Sweep(scene, verb, words)
    sweep.run()
    assert sweep.losses == []
    assert min(sweep.ended_at) >= at_least
    sys.stderr.write(f"{verb}: killed at {len(sweep.killed_at)} of {min(sweep.ended_at)} steps\n")
