"""action.yml: valid, run step by step as the runner would, and no input is ever a script."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bridge import CANARY, DNS01, Site, leaf, opened
from tests.documents import DOCS, ROOT, blocks, quoted, rows

from .composite import Composite, Done, faults, loaded

NAME = "www.example.com"
PYTHON = f"""#!/bin/sh
# Stands for an interpreter: its environment has this dns01, and a pip that notes what it is told.
[ "$1 $2" = "-m venv" ] || exit 1
mkdir -p "$3/bin" && cat > "$3/bin/pip" <<END
#!/bin/sh
echo "\\$@" >> "$3/pip.log"
ln -sf "{DNS01}" "$3/bin/dns01"
END
chmod +x "$3/bin/pip"
"""


class Job:
    """A job in which the action is used."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site = site
        self.temp, self.workspace = folder / "temp", folder / "work space"
        for each in (self.temp, self.workspace):
            each.mkdir(parents=True)
        python = folder / "python3"
        python.write_text(PYTHON)
        python.chmod(0o755)
        self.python = str(python)
        self.composite = Composite(ROOT, self.temp, self.workspace)

    def use(self, **inputs: str) -> Done:
        """Use the action; secrets are in the job's environment."""
        ours = {k: v for k, v in self.site.environment.items() if k != "DNS01_STATE_DIR"}
        done = self.composite.start(ours, python=self.python, **inputs)
        assert CANARY not in done.log + done.summary
        assert "Traceback" not in done.log
        return done

    def installed(self) -> list[str]:
        """Return what has been installed, into each environment the first first."""
        logs = self.temp.rglob("pip.log")
        return [line.split()[-1] for log in logs for line in log.read_text().splitlines()]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("site"), lags=[0.0]) as site:
        yield site


@pytest.fixture
def job(site: Site, tmp_path: Path) -> Job:
    return Job(site, tmp_path)


def test_the_action_is_valid() -> None:
    """
    By the schema that GitHub's own tools go by.
    """
    assert faults("vendor.github-actions", ROOT / "action.yml") == ""


def test_the_scripts_are_sound() -> None:
    """
    Shellcheck has nothing to say; no expression stands in a script, where it would be one.
    """
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no shellcheck here")
    for step in loaded((ROOT / "action.yml").read_text())["runs"]["steps"]:
        assert "${{" not in step["run"]
        words = [str(shellcheck), "--shell=bash", "-"]
        done = subprocess.run(words, input=step["run"], capture_output=True, text=True, check=False)
        assert done.stdout == ""


def test_inputs_and_outputs_are_documented() -> None:
    """
    The page has every input with its default, and every output; each has a description.
    """
    action = loaded((ROOT / "action.yml").read_text())
    page = DOCS / "github.md"
    inputs = {quoted(c[0])[0]: quoted(c[1])[0] if quoted(c[1]) else "" for c in rows(page, "input")}
    assert inputs == {name: each["default"] for name, each in action["inputs"].items()}
    assert [quoted(c[0])[0] for c in rows(page, "output")] == list(action["outputs"])
    for each in (*action["inputs"].values(), *action["outputs"].values()):
        assert each["description"]


def test_ready_then_clean(job: Job) -> None:
    """
    The outputs tell what the next step needs; what `ready` published `clean` finds, in the same
    job without a word on where. It is installed once, from the action's own checkout.
    """
    done = job.use(names=f"{NAME}\n")
    assert done.failed == 0, done.log
    assert (done.outputs["ready"], done.outputs["status"], done.outputs["exit"]) == (
        "true", "ready", "0",
    )  # fmt: skip
    assert done.outputs["order-uri"].startswith("https://")
    report = json.loads(Path(done.outputs["report"]).read_text())
    assert report["receipt"] == done.outputs["receipt"]
    assert Path(done.outputs["receipt"]).parent == Path(done.outputs["state-dir"])
    assert Path(done.outputs["state-dir"]) == job.temp / "dns01-state"
    assert "### dns01: ready" in done.summary
    assert job.site.dns.values(leaf(NAME))
    done = job.use(verb="clean")
    assert (done.failed, done.outputs["status"]) == (0, "cleaned")
    assert not job.site.dns.values(leaf(NAME))
    assert job.installed() == [str(ROOT)]


def test_a_failure_fails_the_step_and_tells_why(job: Job) -> None:
    """
    With dns01's own exit status; outputs and annotations are there all the same.
    """
    done = job.use(names="www.example.net")
    assert done.failed == 78
    assert (done.outputs["ready"], done.outputs["exit"]) == ("false", "78")
    assert "\n::error title=dns01%3A no-zone::" in done.log
    assert "### dns01: failed" in done.summary


def test_not_ready(job: Job) -> None:
    """
    75, and the values stay until the step that cleans.
    """
    job.site.hide()
    try:
        done = job.use(names=NAME, timeout="8s")
    finally:
        job.site.show()
    assert (done.failed, done.outputs["status"]) == (75, "not-ready")
    assert job.site.dns.values(leaf(NAME))
    assert job.use(verb="clean", names=NAME).failed == 0
    assert not job.site.dns.values(leaf(NAME))


def test_run_with_a_command_of_several_lines(job: Job) -> None:
    """
    `run` hands the command to bash as it is, with the records in place; it ends at its first
    failure, and its exit is the step's.
    """
    command = 'test -s "$DNS01_REPORT"\necho "mine: $DNS01_ORDER_URI"\nfalse | cat\ntouch after\n'
    done = job.use(verb="run", names=NAME, command=command)
    assert done.failed == 1
    assert "mine: https://" in done.log
    assert not (job.workspace / "after").exists()
    assert not job.site.dns.values(leaf(NAME))


def test_every_option_arrives(job: Job) -> None:
    """
    Each input is an argument of its own, blanks and all; lines are told apart, empty ones left out.
    """
    document = job.workspace / "order 1.json"
    shutil.copy(job.site.document("a.example.com"), document)
    done = job.use(
        names="a.example.com",
        document="order 1.json",
        provider="bridge",
        timeout="20s",
        resolver=f"\n  {job.site.environment['DNS01_RESOLVERS']}\n",
        require="all",
        issuer="letsencrypt.org",
        page="evidence 1.html",
        junit="dns01.xml",
        args="--ttl=61\n\n--verbose\r\n",
        state_dir="state folder",
    )
    assert done.failed == 0, done.log
    assert done.outputs["state-dir"] == "state folder"
    assert Path(done.outputs["receipt"]).parent == Path("state folder")
    for name in ("evidence 1.html", "dns01.xml"):
        assert (job.workspace / name).exists()
    assert "provider bridge" in done.log
    assert [(job.workspace / done.outputs["receipt"]).exists()] == [True]
    assert job.use(verb="clean", state_dir="state folder").failed == 0


@pytest.mark.parametrize(
    ("inputs", "why"),
    [
        ({"verb": "run"}, "verb run needs the input command"),
        ({"verb": "run", "command": " \n\t"}, "verb run needs the input command"),
        ({"command": "./finalize.sh"}, "the input command is for verb run"),
        ({"verb": "clean", "command": "true"}, "the input command is for verb run"),
        ({"args": "--force\n--state-dir=x"}, "args hold --state-dir"),
        ({"args": "--state-dir\nx"}, "args hold --state-dir"),
        ({"names": "-x"}, "names hold an option"),
        ({"args": "--bogus"}, "has no option --bogus"),
    ],
)
def test_what_cannot_be_meant(job: Job, inputs: dict[str, str], why: str) -> None:
    """
    Is usage before anything is asked for: a job that goes on would order, and finalize nothing. The
    outputs are set and it is an annotation, as after every failure.
    """
    before = job.site.orders.requests
    done = job.use(**{"names": NAME} | inputs)
    assert done.failed == 64
    assert job.site.orders.requests == before
    told = (done.outputs["ready"], done.outputs["status"], done.outputs["exit"])
    assert told == ("false", "failed", "64")
    [line] = [line for line in done.log.splitlines() if line.startswith("::error")]
    assert why in line


def test_extras(job: Job) -> None:
    """
    They are installed with the package, also where an earlier step did without; once.
    """
    for extras in ("", "acme, lexicon", "acme,lexicon", ""):
        assert job.use(verb="clean", extras=extras).failed == 0
    assert job.installed() == [str(ROOT), f"{ROOT}[acme,lexicon]"]


@pytest.mark.parametrize("extras", ["acme] @ https://evil.example", "a;b", "$(id)", "../x"])
def test_extras_are_names(job: Job, extras: str) -> None:
    """
    No extra names another package: that is usage, and nothing is installed.
    """
    done = job.use(verb="clean", extras=extras)
    assert done.failed == 64
    assert "::error title=dns01::extras are names" in done.log
    assert not (job.temp / "dns01-venv").exists()


HOSTILE = ("$(touch {0})", "`touch {0}`", "'; touch {0}; '", '"; touch {0}; "', "\n& touch {0}")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_input_is_a_script(job: Job, text: str) -> None:
    """
    Whatever an input holds, of a pull request's title perhaps: it is an argument, and no more.
    """
    hit = job.temp / "hit"
    action = loaded((ROOT / "action.yml").read_text())
    inputs = dict.fromkeys(set(action["inputs"]) - {"python"}, text.format(hit))
    assert job.use(**inputs).failed == 64
    assert not hit.exists()
    assert job.use(**inputs | {"verb": "run"}).failed == 64
    assert not hit.exists()


def test_a_name_is_no_option(job: Job) -> None:
    """
    A name that begins with a hyphen would choose another configuration, and so other servers.
    """
    done = job.use(names=f"{NAME}\n--config=evil.toml")
    assert done.failed == 64
    assert "names hold an option" in done.log


def test_stale_is_not_all(job: Job) -> None:
    """
    `clean` without names takes every receipt, unless it was told to look at their age.
    """
    done = job.use(verb="clean", args="--stale=7d\n--provider=bridge")
    assert (done.failed, done.outputs["status"]) == (0, "cleaned"), done.log


@pytest.mark.parametrize("mode", [0o644, 0o666, 0o777])
def test_another_job_cleans(job: Job, tmp_path: Path, mode: int) -> None:
    """
    The folder with the receipt is handed over as an artifact, which loses modes and owners of
    folders: the action mends what dns01 would otherwise refuse, for others could have written it.
    """
    done = job.use(names=NAME, state_dir="dns01-state")
    assert done.failed == 0, done.log
    other = Job(job.site, tmp_path / "other")
    handed = other.workspace / "dns01-state"
    shutil.copytree(job.workspace / "dns01-state", handed)
    (handed / ".lock").unlink()  # hidden files are no part of an artifact, unless asked for
    handed.chmod(0o777)
    for each in handed.iterdir():
        each.chmod(mode)
    done = other.use(verb="clean", state_dir="dns01-state")
    assert (done.failed, done.outputs["status"]) == (0, "cleaned"), done.log
    assert not job.site.dns.values(leaf(NAME))


def test_the_workflows_shown_are_valid(tmp_path: Path) -> None:
    """
    Every workflow on the page and in the README is one by GitHub's schema; its `with` names inputs
    that exist, its expressions outputs that exist.
    """
    action = loaded((ROOT / "action.yml").read_text())
    shown = blocks(DOCS / "github.md", "yaml")
    assert len(shown) >= 3
    for number, block in enumerate(shown):
        path = tmp_path / f"workflow-{number}.yml"
        path.write_text(block.text)
        assert faults("vendor.github-workflows", path) == ""
        for job in loaded(block.text)["jobs"].values():
            steps = {step.get("id"): step for step in job["steps"]}
            for step in steps.values():
                if "dns01" in step.get("uses", ""):
                    assert set(step.get("with", {})) <= set(action["inputs"])
        named = {name for name in block.text.split() if name.startswith("steps.dns01.outputs.")}
        assert {name.rpartition(".")[2] for name in named} <= set(action["outputs"])
