"""Blocks of the documentation that are no commands: each is what its language says."""

import ast
import configparser
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import dns.zone
import pytest
from ruamel.yaml import YAML

from pipeline.command.arguments import parse
from pipeline.configuration.config import settings
from pipeline.configuration.environment import Environment
from pipeline.fleet.forms import Form
from pipeline.fleet.inventory import read

from .documents import ROOT, pages
from .walkthrough.script import SHELL, Fenced, fenced

ELSEWHERE = {"bind", "cron", "dockerfile", "json", "knot", *SHELL}
"""Languages whose blocks other tests read, run, or give to the server that they are for."""


LINES = "text"
"""What a command says at times that no test waits for."""


def is_toml(text: str, folder: Path) -> None:
    """A configuration that is accepted, or a package's project file."""
    if {"build-system", "project"} & tomllib.loads(text).keys():
        return
    (folder / "config.toml").write_text(text)
    options = parse(["ready", "example.com", "--config", str(folder / "config.toml")])
    settings(options, Environment({"HOME": str(folder)}))


def is_yaml(text: str, _folder: Path) -> None:
    assert YAML(typ="safe").load(text)


def is_ini(text: str, _folder: Path) -> None:
    """Sections of a unit, in which a key may come again."""
    unit = configparser.RawConfigParser(strict=False)
    unit.read_string(text)
    assert set(unit.sections()) <= {"Unit", "Service", "Timer", "Install"}


def is_env(text: str, _folder: Path) -> None:
    """Variables, one a line."""
    assert all(re.fullmatch(r"(#.*|[A-Z][A-Z0-9_]*=\S.*)?", line) for line in text.splitlines())


def is_zone(text: str, _folder: Path) -> None:
    """Records, with absolute names."""
    dns.zone.from_text(f"$TTL 60\n{text}", ".", relativize=False, check_origin=False)


def is_python(text: str, _folder: Path) -> None:
    assert ast.parse(text).body


def is_csv(text: str, _folder: Path) -> None:
    """An inventory of some certificates."""
    assert list(read(text.splitlines(), Form.CSV, "page"))


KINDS: dict[str, Callable[[str, Path], None]] = {
    "csv": is_csv,
    "env": is_env,
    "ini": is_ini,
    "python": is_python,
    "toml": is_toml,
    "yaml": is_yaml,
    "zone": is_zone,
}


def found() -> list[tuple[Path, Fenced]]:
    return [(page, block) for page in pages() for block in fenced(page)]


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=f"{page.relative_to(ROOT)}:{block.line}")
        for page, block in found()
        if block.language in KINDS
    ],
)
def test_a_block_is_what_its_language_says(block: Fenced, tmp_path: Path) -> None:
    """
    It parses, and the configuration is taken by the code.
    """
    KINDS[block.language](block.text, tmp_path)


def test_no_language_is_unknown_here() -> None:
    """
    A block in a further language needs somebody who reads it.
    """
    assert {block.language for _, block in found()} <= KINDS.keys() | ELSEWHERE | {LINES}
