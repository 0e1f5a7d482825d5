"""Several steps of one job: which dns01 each gets, and what the page's later steps go by."""

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.bridge import Site, opened
from tests.documents import DOCS, ROOT, blocks

from .composite import Composite, loaded
from .test_action import Job


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path / "site", lags=[0.0]) as site:
        yield site


def workflows() -> list[Mapping[str, Any]]:
    """Return the jobs of each workflow that the page shows."""
    return [loaded(block.text)["jobs"] for block in blocks(DOCS / "github.md", "yaml")]


def test_each_version_of_the_action_is_itself(site: Site, tmp_path: Path) -> None:
    """
    A step with another version of the action gets that version, not what an earlier step installed.
    """
    job = Job(site, tmp_path / "job")
    newer = tmp_path / "actions" / "v2"
    newer.mkdir(parents=True)
    shutil.copy(ROOT / "action.yml", newer)
    for root in (ROOT, newer, ROOT):
        job.composite = Composite(root, job.temp, job.workspace)
        assert job.use(verb="clean").failed == 0
    assert sorted(job.installed()) == sorted([str(ROOT), str(newer)])


def test_nothing_is_finalized_that_was_not_ready() -> None:
    """
    A certificate that is not due lets the step succeed without an order; so whatever the page gives
    an order to asks first whether there is one, of the step or of the job before.
    """
    finalizing = [
        (job, step)
        for jobs in workflows()
        for job in jobs.values()
        for step in job["steps"]
        if "order-uri" in str(step.get("env"))
    ]
    assert len(finalizing) == 2
    for job, step in finalizing:
        asked = step.get("if") or job.get("if")
        assert asked in {
            "steps.dns01.outputs.ready == 'true'",
            "needs.ready.outputs.ready == 'true'",
        }


def test_what_a_job_is_told_the_other_tells() -> None:
    """
    Each output of a job that another goes by is one that it has: else it would be empty, silently.
    """
    for jobs in workflows():
        told = {
            f"needs.{name}.outputs.{output}"
            for name, job in jobs.items()
            for output in job.get("outputs", {})
        }
        assert set(re.findall(r"needs\.\w+\.outputs\.[\w-]+", str(jobs))) == told
