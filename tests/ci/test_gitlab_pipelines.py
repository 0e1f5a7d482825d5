"""The GitLab pipelines that the jobs are in: each makes an order, so not one at every push."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.documents import DOCS, blocks

from .composite import loaded
from .pipeline import run
from .test_gitlab import TEMPLATE, component, jobs

SOURCE = re.compile(r'\$CI_PIPELINE_SOURCE == "(\w+)"')


def shown() -> Mapping[str, Mapping[str, Any]]:
    """Return the jobs that the page shows."""
    every = [loaded(block.text) for block in blocks(DOCS / "gitlab.md", "yaml")]
    return {name: job for each in every for name, job in each.items() if name != "include"}


def sources(job: Mapping[str, Any]) -> set[str | None]:
    """Return the pipelines that *job* is in, by what began them; None: and others."""
    matches = [SOURCE.fullmatch(each) for rule in job["rules"] for each in rule["if"].split(" || ")]
    return {match and match[1] for match in matches}


def test_no_push_makes_an_order() -> None:
    """
    Component, template, and what needs them: in the pipelines of a schedule, and in those begun by
    hand. All are in the same ones, for a pipeline that lacks a job that another needs is invalid.
    """
    page = shown()
    every = [*jobs().values(), loaded(TEMPLATE.read_text())[".dns01"], page["finalize"]]
    assert [sources(job) for job in every] == [{"schedule", "web"}] * 4
    assert page["finalize"]["needs"] == [next(iter(jobs()))]
    assert "rules" not in page["certificate"]  # which would replace those of the template


def test_the_pipelines_are_an_input() -> None:
    """
    Others are named once, for both jobs, by an expression; when the clean-up runs stays as it is.
    """
    ready, clean = jobs(**{"if": "$MINE"}).values()
    assert ready["rules"] == clean["rules"] == [{"if": "$MINE"}]
    assert clean["when"] == "always"


def test_one_at_a_time() -> None:
    """
    Two pipelines at once do not both ask; components that differ in their prefix may.
    """
    ready, clean = jobs(prefix="mine").values()
    assert ready["resource_group"] == "mine"
    assert "resource_group" not in clean
    assert loaded(TEMPLATE.read_text())[".dns01"]["resource_group"] == "dns01"


def test_the_header_is_one_that_every_gitlab_takes() -> None:
    """
    Inputs, and nothing that came later: a server refuses a header with a key that it does not know,
    and with it the configuration of whoever includes the component.
    """
    header, _ = component()
    assert set(header) == {"spec"}
    assert set(header["spec"]) == {"inputs"}
    assert {key for each in header["spec"]["inputs"].values() for key in each} == {
        "default",
        "description",
    }


@pytest.mark.parametrize(("is_ready", "finalized"), [("true", ["https://ca/1"]), ("false", [])])
def test_what_is_not_due_is_not_finalized(
    tmp_path: Path, is_ready: str, finalized: list[str]
) -> None:
    """
    The page's job succeeds without an order, for `ready` does so, and finalizes the one there is.
    """
    program, log = tmp_path / "finalize.sh", tmp_path / "log"
    program.write_text(f'#!/bin/sh\necho "$1" >> "{log}"\n')
    program.chmod(0o755)
    log.touch()
    order = {"DNS01_ORDER_URI": "https://ca/1"} if is_ready == "true" else {}
    job = {**shown()["finalize"], "script": [shown()["finalize"]["script"]]}
    ended = run(job, tmp_path, {"PATH": "/usr/bin:/bin", "DNS01_READY": is_ready} | order)
    assert ended.status == 0, ended.log
    assert log.read_text().splitlines() == finalized
