"""A GitLab job as its runner would do it, as far as ours need: variables, scripts, artifacts."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INPUT = re.compile(r"\$\[\[\s*inputs\.([\w-]+)\s*\]\]")
VARIABLE = re.compile(r"\$(\w+)")

Job = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a job."""

    status: int
    log: str
    variables: Mapping[str, str]


def interpolated(value: Any, inputs: Mapping[str, str]) -> Any:
    """Return *value*, of a component, with the *inputs* in it."""
    match value:
        case dict():
            return {interpolated(k, inputs): interpolated(v, inputs) for k, v in value.items()}
        case list():
            return [interpolated(each, inputs) for each in value]
        case str():
            return INPUT.sub(lambda match: inputs[match[1]], value)
        case _:
            return value


def run(
    job: Job, project: Path, environment: Mapping[str, str], shell: Sequence[str] = ("dash",)
) -> Done:
    """Run *job* in the folder *project*: before_script and script in one shell, then the last."""
    predefined = {"CI_PROJECT_DIR": str(project), "CI_JOB_ID": "1", "GITLAB_CI": "true"}
    own = {
        name: VARIABLE.sub(lambda match: predefined.get(match[1], match[0]), value)
        for name, value in job.get("variables", {}).items()
    }
    variables = {**predefined, **environment, **own}
    lines = [*job.get("before_script", []), *job["script"]]
    done = shelled(lines, project, variables, shell)
    status = "success" if done.returncode == 0 else "failed"
    after = shelled(
        job.get("after_script", []), project, variables | {"CI_JOB_STATUS": status}, shell
    )
    told = project / "dns01.env"
    pairs = [line.split("=", 1) for line in told.read_text().splitlines()] if told.exists() else []
    return Done(
        done.returncode, done.stdout + done.stderr + after.stdout + after.stderr,
        dict(pairs),
    )  # fmt: skip


def shelled(
    lines: Sequence[str], folder: Path, variables: Mapping[str, str], shell: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    """Run *lines* as one script that ends at the first that fails."""
    return subprocess.run(
        [*shell, "-c", "set -e\n" + "\n".join(lines)],
        cwd=folder,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def hand_over(job: Job, here: Path, there: Path, mode: int) -> None:
    """Copy the artifacts of *job* from *here* to *there*, where files have *mode*."""
    there.mkdir()
    for path in job["artifacts"]["paths"]:
        source = here / path
        if source.is_dir():
            shutil.copytree(source, there / path)
        elif source.exists():
            shutil.copy(source, there / path)
    for each in there.rglob("*"):
        each.chmod(0o777 if each.is_dir() else mode)
