"""The program that the documentation has for who submits an inventory."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.bridge import Site, leaf, opened, until
from tests.documents import DOCS, blocks

from .workers import environment, working

HOST = "a.example.com"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site with the program of the page, and an inventory."""
    [program] = [each for each in blocks(DOCS / "distributed.md") if each.file == "submit.py"]
    with opened(tmp_path_factory.mktemp("site"), lags=[0.0]) as site:
        hurried = program.text.replace("timeout=15", "timeout=1")
        assert hurried != program.text
        (site.folder / "submit.py").write_text(hurried)
        (site.folder / "fleet.csv").write_text(f"name,provider\n{HOST},bridge\n")
        yield site


def started(site: Site, *words: str) -> "subprocess.Popen[str]":
    """Start the program."""
    command = [sys.executable, "submit.py", *words]
    pipe = subprocess.PIPE
    variables = environment(site)
    return subprocess.Popen(
        command, cwd=site.folder, env=variables, stdout=pipe, stderr=pipe, text=True
    )


def test_it_submits_and_cleans(site: Site) -> None:
    """
    While nobody serves the queue it says so; values stay until it is told to clean.
    """
    waiting = started(site, "ready", "fleet.csv")
    assert waiting.stderr
    assert "nobody has begun it" in waiting.stderr.readline()
    with working(site, {}):
        said, _ = waiting.communicate(timeout=60)
        assert (waiting.returncode, said) == (0, f"{HOST} ready\nready\n")
        assert site.dns.values(leaf(HOST))
        cleaning = started(site, "clean", "fleet.csv")
        said, _ = cleaning.communicate(timeout=60)
        assert (cleaning.returncode, said.splitlines()[-1]) == (0, "cleaned")
        until(lambda: not site.dns.values(leaf(HOST)))


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [("name\nb_ad.example\n", 65, "wrong.csv:2: "), (None, 64, "cannot read the inventory")],
)
def test_its_mistakes(site: Site, text: str | None, status: int, said: str) -> None:
    """
    End with the status of the command and with its words, not with a traceback.
    """
    path = site.folder / "wrong.csv"
    path.unlink(missing_ok=True)
    if text:
        path.write_text(text)
    process = started(site, "ready", "wrong.csv")
    _, error = process.communicate(timeout=60)
    assert process.returncode == status
    assert said in error
    assert "Traceback" not in error
