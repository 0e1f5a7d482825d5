"""A composite action as GitHub's runner would do it, as far as ours needs: steps, env, outputs."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from operator import ne
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.bridge import DNS01

EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an action: *failed* is the exit of the step that failed, or 0."""

    failed: int
    outputs: Mapping[str, str]
    log: str
    summary: str = ""


@dataclass
class Composite:
    """The action at *root*, in a job with *temp* as RUNNER_TEMP and *workspace* as folder."""

    root: Path
    temp: Path
    workspace: Path
    text: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.text = loaded((self.root / "action.yml").read_text())

    def start(self, environment: Mapping[str, str], **given: str) -> Done:
        """Run every step with the inputs *given*, ``-`` in their names spelled ``_``."""
        inputs = {name: str(each.get("default", "")) for name, each in self.text["inputs"].items()}
        for name, value in given.items():
            inputs[name.replace("_", "-")] = value
            assert inputs.keys() == self.text["inputs"].keys(), name
        known = {f"inputs.{name}": value for name, value in inputs.items()}
        known |= {"github.action_path": str(self.root), "runner.temp": str(self.temp)}
        log, summary, failed = "", self.temp / "summary", 0
        for number, step in enumerate(self.text["runs"]["steps"]):
            told = self.temp / f"output-{number}"
            told.write_text("")
            assert step["shell"] == "bash"
            assert "${{" not in step["run"], "an input would be part of the script"
            script = self.temp / f"step-{number}.sh"
            script.write_text(step["run"])
            own = {key: filled(value, known) for key, value in step.get("env", {}).items()}
            job = {
                "GITHUB_ACTIONS": "true", "RUNNER_TEMP": str(self.temp),
                "GITHUB_OUTPUT": str(told), "GITHUB_STEP_SUMMARY": str(summary),
            }  # fmt: skip
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script],
                cwd=self.workspace,
                env={**environment, **job, **own},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            log += done.stdout + done.stderr
            for name, value in outputs(told.read_text()).items():
                known[f"steps.{step['id']}.outputs.{name}"] = value
            if failed := done.returncode:
                break
        # An expression about a step that was not run, or set no such output, is empty.
        told_of = {
            name: filled(each["value"], known, missing="")
            for name, each in self.text["outputs"].items()
        }
        return Done(failed, told_of, log, summary.read_text() if summary.exists() else "")


def loaded(text: str) -> Any:
    """Return the YAML document in *text*."""
    return YAML(typ="safe", pure=True).load(text)


def faults(schema: str, path: Path) -> str:
    """Return what is wrong with the file at *path* by the *schema* that its vendor's tools use."""
    checker = str(DNS01.with_name("check-jsonschema"))
    words = [checker, "--builtin-schema", schema, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def filled(text: str, known: Mapping[str, str], missing: str | None = None) -> str:
    """Return *text* with its expressions, plain look-ups all, replaced."""

    def value(match: re.Match[str]) -> str:
        found = known.get(match[1], missing)
        assert found is not None, f"nothing is called {match[1]}"
        return found

    return EXPRESSION.sub(value, str(text))


def outputs(text: str) -> dict[str, str]:
    """Return the outputs in *text*: ``name=value``, or ``name<<END``, the value, and that end."""
    found, lines = dict[str, str](), iter(text.splitlines())
    for line in lines:
        match re.split("(=|<<)", line, maxsplit=1):
            case [name, "=", value]:
                found[name] = value
            case [name, "<<", delimiter]:
                found[name] = "\n".join(takewhile(partial(ne, delimiter), lines))
            case _:
                raise AssertionError(line)
    return found
