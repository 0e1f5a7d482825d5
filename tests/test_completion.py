"""`dns01 completion`: real shells complete what the command takes."""

import os
import pty
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.command.arguments import VERBS
from pipeline.command.completing import script
from pipeline.configuration import registry
from pipeline.policy import knows

from .bridge import DNS01

SHELLS = ("bash", "zsh", "fish")
VERB_NAMES = {verb for verb, *_ in VERBS}

Complete = Callable[[str], set[str]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file and a folder, and the script of each shell."""
    folder = tmp_path_factory.mktemp("completion")
    (folder / "order.json").write_text("{}")
    (folder / "orders").mkdir()
    for shell in SHELLS:
        if not shutil.which(shell):
            pytest.fail(f"{shell} is not installed: see .ci/packages")
        text = subprocess.run(
            [DNS01, "completion", shell], capture_output=True, text=True, check=True
        ).stdout
        (folder / f".script.{shell}").write_text(text)
    return folder


def run(words: list[str], folder: Path) -> str:
    env = {"HOME": str(folder), "PATH": os.environ["PATH"], "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


BASH = """
source .script.bash
COMP_WORDS=({line}) COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
compopt() {{ :; }}
_shtab_dns01
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def in_bash(folder: Path, line: str) -> set[str]:
    quoted_line = line + ("''" if line.endswith(" ") else "")
    out = run(["bash", "--norc", "-c", BASH.format(line=quoted_line)], folder)
    return {word.rstrip("/") for word in out.split()}


def in_fish(folder: Path, line: str) -> set[str]:
    out = run(["fish", "--no-config", "-c", f"source .script.fish; complete -C {line!r}"], folder)
    return {each.partition("\t")[0].rstrip("/") for each in out.splitlines()}


ZSH = """
fpath=($PWD/functions $fpath)
autoload -Uz compinit && compinit -D -u
zstyle ':completion:*' list-grouped false
zstyle ':completion:*' verbose false
zstyle ':completion:*' format ''
PROMPT='READY>' LISTMAX=10000
setopt no_auto_menu auto_list no_list_packed
compadd () {{
  local -a found
  builtin compadd -O found "$@"
  print -rl -- $found >> $PWD/.found
  builtin compadd "$@"
}}
"""


def in_zsh(folder: Path, line: str) -> set[str]:
    """Type *line* and a tab into an interactive zsh; return what its widgets were offered."""
    functions = folder / "functions"
    functions.mkdir(exist_ok=True)
    shutil.copy(folder / ".script.zsh", functions / "_dns01")
    (folder / ".zshrc").write_text(ZSH.format())
    found = folder / ".found"
    found.write_text("")
    env = {"HOME": str(folder), "ZDOTDIR": str(folder), "PATH": os.environ["PATH"], "TERM": "dumb"}
    child, near = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("zsh", ["zsh", "-d", "-i"], env)
    try:
        read_until(near, b"READY>")
        os.write(near, f"{line}\t".encode())
        deadline = time.monotonic() + 60
        while not found.read_text().strip() and time.monotonic() < deadline:
            read_some(near, 0.1)
        os.write(near, b"\x15exit\r")
        while read_some(near, 10):
            pass
    finally:
        os.close(near)
        os.waitpid(child, 0)
    return {word.rstrip("/") for word in found.read_text().split("\n") if word}


def read_until(near: int, mark: bytes) -> None:
    seen = b""
    while mark not in seen:
        more = read_some(near, 60)
        assert more, seen
        seen += more


def read_some(near: int, patience: float) -> bytes:
    """Return what the terminal shows; nothing after *patience* seconds, or at its end."""
    ready, _, _ = select.select([near], [], [], patience)
    try:
        return os.read(near, 65_536) if ready else b""
    except OSError:  # Linux says so when the other end is closed
        return b""


COMPLETERS = {"bash": in_bash, "zsh": in_zsh, "fish": in_fish}


@pytest.fixture(scope="module", params=SHELLS)
def complete(request: pytest.FixtureRequest, place: Path) -> Complete:
    """Return what says how the shell would go on with a line."""
    return lambda line: COMPLETERS[request.param](place, line)


def test_verbs_are_completed(complete: Complete) -> None:
    """
    All of them, and those that begin as typed.
    """
    assert complete("dns01 ") >= VERB_NAMES
    assert complete("dns01 pl") & VERB_NAMES == {"plan"}


def test_options_and_their_choices_are_completed(complete: Complete) -> None:
    """
    Those of the verb, and no other's.
    """
    options = complete("dns01 ready --re")
    assert {"--resolver", "--require", "--report"} <= options
    assert "--stale" not in complete("dns01 ready --st")
    assert {"quorum", "all", "authoritative"} <= complete("dns01 ready --require ")


def test_providers_are_completed(complete: Complete) -> None:
    """
    Those installed for the option; for `policy` those that have one.
    """
    installed = set(registry.installed())
    assert complete("dns01 ready --provider ") >= installed
    assert complete("dns01 policy ") & installed == {"cloudflare", "route53"}
    assert complete("dns01 policy clou") & installed == {"cloudflare"}


def test_files_and_folders_are_completed(complete: Complete) -> None:
    """
    Where an option takes a file: files; a folder: folders and no file.
    """
    assert "order.json" in complete("dns01 ready --from ord")
    folders = complete("dns01 ready --state-dir ord")
    assert ("orders" in folders, "order.json" in folders) == (True, False)


def test_arguments_that_are_choices_are_completed(complete: Complete) -> None:
    """
    What is to be done with the configuration, and the shells themselves.
    """
    assert complete("dns01 config ") >= {"init", "check", "schema"}
    assert complete("dns01 completion ") >= set(SHELLS)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_sound_in_its_shell(shell: str, place: Path) -> None:
    """
    The shell itself reads it without a complaint.
    """
    assert run([shell, "-n", f".script.{shell}"], place) == ""
    known = registry.installed()
    made = script(shell, known, filter(knows, known))
    assert (place / f".script.{shell}").read_text().strip() == made.strip()
