"""What the documentation has its reader type is typed here, and what it shows comes out.

Every block in a shell's language is run, a page at a time (`tests.walkthrough`). A block
that cannot be has one of a few reasons written above it.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from .documents import ROOT, pages
from .walkthrough.scene import scene
from .walkthrough.script import SHELL, fenced, missing, outputs, steps

REASONS = {
    "needs a certificate issued before": 1,
    "needs a server of yours": 3,
    "needs an ACME CA": 1,
    "takes minutes": 1,
    "is part of a package that another test installs": 1,
}
"""Why a block may be left out, and how many may for that reason."""

ALIASES = {"shell", "zsh", "shell-session", "shellsession", "terminal"}
walked = [page for page in pages() if steps(page)]


@pytest.mark.parametrize("page", walked, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_the_page_has_its_reader_type_works(page: Path, tmp_path: Path) -> None:
    """
    From the top, each command ends as the page says, and puts out the lines that it shows.
    """
    walk = steps(page)
    with scene(tmp_path, page) as place:
        done = place.walk(walk)
    found = outputs(done.output)
    last = walk[max(found)]
    assert not done.status, f"{page.name}:{last.line}: {last.command}\n{found[max(found)]}"
    for number, step in enumerate(walk):
        absent = missing(step, found[number])
        assert not absent, f"{page.name}:{step.line}: {absent} not in\n{found[number]}"


def test_what_is_not_run_has_a_reason_of_a_few() -> None:
    """
    The reasons are those listed, each for no more blocks than that.
    """
    count = Counter(b.reason for page in pages() for b in fenced(page) if b.reason)
    assert not set(count) - set(REASONS)
    assert not {reason: n for reason, n in count.items() if n > REASONS[reason]}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_no_command_hides(page: Path) -> None:
    """
    Blocks stand at the margin, a shell's is called so, and a reason stands above one.
    """
    text = page.read_text()
    assert not re.findall(r"(?m)^[ \t]+```", text), "a fence that is indented is not found"
    assert not {block.language for block in fenced(page)} & ALIASES, f"say one of {SHELL}"
    unlabelled = re.findall(r"(?ms)^```\n(.*?)^```$", re.sub(r"(?ms)^```\S.*?^```$", "", text))
    assert not [each for each in unlabelled if re.search(r"(?m)^\$ ", each)]
    assert len(re.findall(r"(?m)^<!-- not run:", text)) == sum(
        bool(block.reason) for block in fenced(page)
    )
