"""The walk through a page notices what is wrong with it."""

import subprocess
from pathlib import Path

import pytest

from .walkthrough import programs
from .walkthrough.script import fenced, missing, outputs, script, steps


def page(folder: Path, *blocks: str) -> Path:
    """Write a page of *blocks*, each without its fences."""
    path = folder / "page.md"
    path.write_text("\n".join(blocks))
    return path


def console(*lines: str) -> str:
    return "\n".join(["```console", *lines, "```"])


def walked(path: Path, **variables: str) -> tuple[int, list[str], list[list[str]]]:
    """Return the status, and of each step its output and the lines that lack in it."""
    walk = steps(path)
    owned = {name.removeprefix("OWN_") for name in variables}
    text = script(walk, owned, path.parent / "root", {"192.0.2.1:53": "127.0.0.1:5353"})
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=path.parent,
        env={"PATH": f"{path.parent / 'bin'}:/usr/bin:/bin"} | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    found = outputs(done.stdout)
    return done.returncode, [*found.values()], [missing(walk[at], found[at]) for at in found]


def test_the_first_failure_ends_the_walk(tmp_path: Path) -> None:
    """
    A command that ends otherwise than the page says; one that says how it ends passes.
    """
    path = page(tmp_path, console("$ true", "$ sh -c 'exit 3'   # exit 3", "$ false", "$ true"))
    status, found, _ = walked(path)
    assert status
    assert len(found) == 3


def test_output_that_does_not_come_is_told(tmp_path: Path) -> None:
    """
    Lines that are shown must come, numbers and blanks aside, in any order, among others.
    """
    path = page(
        tmp_path,
        console("$ printf 'b 7\\na  1.25 s\\nc\\n'", "a 3.5 s", "...", "b 2"),
        console("$ echo other", "another"),
    )
    status, _, absent = walked(path)
    assert status == 0
    assert absent == [[], ["another"]]


def test_blocks_share_a_shell(tmp_path: Path) -> None:
    """
    What one sets holds for the next, scripts and continued lines among them.
    """
    path = page(
        tmp_path,
        "```sh\nexport A=1\n```",
        console("$ B=$A \\", ">   sh -c 'echo \"B is $B\"'", "B is 9"),
        "```sh script.sh\nexit 1\n```",
    )
    assert walked(path)[::2] == (0, [[], []])


def test_what_the_reader_fills_in_is_ours(tmp_path: Path) -> None:
    """
    `NAME=...` becomes a value of the test's; a name that nobody has one for is a mistake.
    """
    path = page(tmp_path, console("$ export TOKEN=... OTHER=x", "$ echo $TOKEN $OTHER", "mine x"))
    assert walked(path, OWN_TOKEN="mine")[::2] == (0, [[], []])
    with pytest.raises(AssertionError, match="TOKEN"):
        walked(path)


def test_the_system_is_left_alone(tmp_path: Path) -> None:
    """
    `/etc` and its like are in a folder of the test's, with sudo too; addresses are others.
    """
    programs.install(tmp_path / "bin")
    (tmp_path / "root" / "etc").mkdir(parents=True)
    path = page(
        tmp_path,
        console(
            "$ echo 192.0.2.1:53 > /etc/x", "$ sudo -u me cp /etc/x /etc/y", "$ chown a:b /etc/y"
        ),
    )
    assert walked(path)[0] == 0
    assert (tmp_path / "root" / "etc" / "y").read_text() == "127.0.0.1:5353\n"


def test_programs_that_are_played_mind_their_arguments(tmp_path: Path) -> None:
    """
    An option that does not exist fails.
    """
    programs.install(tmp_path / "bin")
    assert walked(page(tmp_path, console("$ pipx install .")))[0] == 0
    for wrong in ("pipx instal .", "make nothing", "certbot certonly --magic", "lego run"):
        assert walked(page(tmp_path, console(f"$ {wrong}")))[0], wrong


def test_a_server_runs_on_beside_the_page(tmp_path: Path) -> None:
    """
    The next command comes once it has said something.
    """
    server = "$ sh -c 'echo listening; exec sleep 60'   # runs on"
    path = page(tmp_path, console(server, "listening"), console("$ echo next; kill %1", "next"))
    assert walked(path)[::2] == (0, [[], []])


def test_a_block_with_a_reason_is_not_run(tmp_path: Path) -> None:
    """
    The reason stands right above the fence.
    """
    path = page(tmp_path, "<!-- not run: it burns -->\n" + console("$ false"))
    assert [block.reason for block in fenced(path)] == ["it burns"]
    assert not steps(path)
