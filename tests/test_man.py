"""The manual page, and what else is generated: as the code declares, and without a fault."""

import re
import subprocess
import tomllib

import pytest

from pipeline.command.arguments import EXITS, VERBS
from pipeline.configuration.keys import DECIDED

from .documents import DOCS, ROOT
from .generated import FILES

PAGE = DOCS / "dns01.1"


@pytest.mark.parametrize("path", FILES)
def test_what_is_generated_is_as_its_generator_makes_it(path: str) -> None:
    """
    Schema, sample and manual page cannot say anything but what the code declares.
    """
    written = (ROOT / path).read_text(encoding="utf-8")
    assert written == FILES[path](), "write it again: python -m tests.generated"


def shown() -> str:
    """Return the page as a reader sees it."""
    done = subprocess.run(
        ["man", "--warnings", "-E", "ascii", "-l", str(PAGE)],
        env={"MANWIDTH": "300", "PATH": "/usr/bin:/bin", "MAN_KEEP_FORMATTING": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return re.sub(r".\x08", "", done.stdout)


def test_the_page_is_read_without_a_warning() -> None:
    """
    groff has nothing to complain of, and what is shown has every verb, variable and exit code.
    """
    page = shown()
    for verb, summary, _ in VERBS:
        assert re.search(rf"(?m)^ +{verb}\s+{re.escape(summary)}$", page)
    for key in DECIDED.values():
        assert not key.variable or re.search(rf"(?m)^ +{key.variable}$", page)
    for code in re.findall(r"(?m)^ +(\d+) ", EXITS):
        assert re.search(rf"(?m)^ +{code} +\w", page)


def test_no_character_is_lost_in_roff() -> None:
    """
    Hyphens, quotes and dollars come out as they went in, so that commands can be copied.
    """
    page = shown()
    assert "dns01 run example.com -- ./finalize.sh" in page
    assert "$XDG_CONFIG_HOME/dns01/config.toml" in page
    assert "~/.local/state/dns01" in page
    assert re.search(r"(?m)^ +--state-dir DIR$", page)


def test_the_wheel_brings_the_page() -> None:
    """
    `pip install` puts the page where man looks for it below the environment's folder.
    """
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["shared-data"]["docs/dns01.1"] == "share/man/man1/dns01.1"
