"""The client's process is found past whatever stands between it and its hook."""

import os
from pathlib import Path

import pytest

from pipeline.hooks.caller import run_of

CERTBOT = {"CERTBOT_ALL_DOMAINS": "a.example,b.example"}


def process(
    root: Path, pid: int, parent: int, command: str, *variables: str, started: int = 5
) -> None:
    folder = root / str(pid)
    folder.mkdir()
    fields = ["S", str(parent), *["0"] * 17, str(started), "0"]
    (folder / "stat").write_text(f"{pid} (we ird) {' '.join(fields)}\n")
    (folder / "cmdline").write_bytes(command.encode().replace(b" ", b"\0") + b"\0")
    (folder / "environ").write_bytes("\0".join(["HOME=/", *variables]).encode() + b"\0")


def certbots(root: Path, *, between: int = 0, pid: int = 50, started: int = 5) -> str:
    """Return the run of a hook below certbot *pid*, with so many shells *between*."""
    root.mkdir(exist_ok=True)
    told = "CERTBOT_VALIDATION=v"
    process(root, 1, 0, "init")
    process(root, pid, 1, "certbot", "NOT_CERTBOT_VALIDATION=v", started=started)
    for at in range(between):
        process(root, 100 + at, 100 + at - 1 if at else pid, "sh -c hook", told)
    process(root, os.getpid(), 100 + between - 1 if between else pid, "dns01 hook", told)
    return run_of("certbot", CERTBOT, root)


def test_wrappers_do_not_matter(tmp_path: Path) -> None:
    """
    The calls of one certbot belong together, however many shells each is wrapped in.
    """
    runs = {certbots(tmp_path / str(count), between=count) for count in range(3)}
    assert len(runs) == 1
    assert "" not in runs


@pytest.mark.parametrize("other", [{"pid": 51}, {"started": 6}])
def test_other_processes_are_other_runs(tmp_path: Path, other: dict[str, int]) -> None:
    """
    Another certbot is another run, also one that has a dead one's number.
    """
    assert certbots(tmp_path / "a") != certbots(tmp_path / "b", **other)


def test_other_names_are_another_run(tmp_path: Path) -> None:
    """
    What one certbot does for one certificate is apart from what it does for the next.
    """
    first = certbots(tmp_path / "a")
    assert run_of("certbot", {"CERTBOT_ALL_DOMAINS": "c.example"}, tmp_path / "a") != first


def test_a_fork_of_the_shell_is_the_shell(tmp_path: Path) -> None:
    """
    dehydrated calls its exit hook from a fork of itself: that is the same run.
    """
    runs = set()
    for folder, forks in (("a", 0), ("b", 2)):
        root = tmp_path / folder
        root.mkdir()
        process(root, 1, 0, "init")
        process(root, 40, 1, "sh dehydrated.cron")
        for pid in range(50, 51 + forks):
            process(root, pid, 40 if pid == 50 else pid - 1, "bash dehydrated -c")
        process(root, os.getpid(), 50 + forks, "dns01 hook", "BASEDIR=/etc")
        runs.add(run_of("dehydrated", {}, root))
    assert len(runs) == 1
    assert "" not in runs


def test_what_cannot_be_seen(tmp_path: Path) -> None:
    """
    Without a process to go by certbot's names must do; dehydrated has none, so nothing is said.
    """
    assert run_of("certbot", CERTBOT, tmp_path) == run_of("certbot", CERTBOT, tmp_path) != ""
    assert run_of("dehydrated", {}, tmp_path) == ""


@pytest.mark.parametrize("client", ["lego", "acme.sh"])
def test_single_calls(client: str) -> None:
    """
    The calls of other clients are each by itself.
    """
    assert run_of(client, {}) == ""
