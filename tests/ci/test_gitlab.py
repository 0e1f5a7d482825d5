"""The GitLab component and job template: valid, run as the runner would, handed on by artifact."""

import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from ruamel.yaml import YAML

from tests.bridge import CANARY, DNS01, Site, leaf, opened
from tests.documents import DOCS, ROOT, blocks, quoted, rows

from .composite import faults, loaded
from .pipeline import Done, hand_over, interpolated, run

NAME = "www.example.com"
COMPONENT = ROOT / "templates" / "dns01.yml"
TEMPLATE = ROOT / "contrib" / "gitlab" / "dns01.gitlab-ci.yml"
Jobs = Mapping[str, Mapping[str, Any]]


def component() -> tuple[Mapping[str, Any], Jobs]:
    """Return the component's header and its jobs, before interpolation."""
    header, jobs = YAML(typ="safe", pure=True).load_all(COMPONENT.read_text())
    return header, jobs


def jobs(**given: str) -> Jobs:
    """Return the component's jobs with the inputs *given*."""
    header, every = component()
    inputs = {name: each["default"] for name, each in header["spec"]["inputs"].items()}
    given = {name.replace("_", "-"): value for name, value in given.items()}
    assert set(given) <= set(inputs)
    return interpolated(every, inputs | given)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("site"), lags=[0.0]) as site:
        yield site


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "group" / "pro ject"
    folder.mkdir(parents=True)
    return folder


def done(site: Site, job: Mapping[str, Any], project: Path, shell: str = "dash") -> Done:
    """Run *job* where dns01 is in the image; secrets are CI/CD variables."""
    environment = {k: v for k, v in site.environment.items() if k != "DNS01_STATE_DIR"}
    environment["PATH"] = f"{DNS01.parent}:{environment['PATH']}"
    done = run(job, project, environment, (shell,))
    assert CANARY not in done.log
    assert "Traceback" not in done.log
    return done


def test_header_and_jobs_are_valid(tmp_path: Path) -> None:
    """
    By GitLab's own schema: the header for itself, the jobs with their inputs; the template as well.
    """
    header, _ = component()
    for name, document in {"header.json": header, "jobs.json": jobs(names=NAME)}.items():
        (tmp_path / name).write_text(json.dumps(document))
        assert faults("vendor.gitlab-ci", tmp_path / name) == ""
    assert faults("vendor.gitlab-ci", TEMPLATE) == ""


def test_the_pipelines_shown_are_valid(tmp_path: Path) -> None:
    """
    By the same schema, and with inputs that exist.
    """
    header, _ = component()
    shown = blocks(DOCS / "gitlab.md", "yaml")
    assert len(shown) >= 2
    for number, block in enumerate(shown):
        path = tmp_path / f"{number}.yml"
        path.write_text(block.text)
        assert faults("vendor.gitlab-ci", path) == ""
        for each in loaded(block.text).get("include", []):
            assert set(each.get("inputs", {})) <= set(header["spec"]["inputs"])


def test_inputs_are_documented() -> None:
    """
    The page has every input with its default.
    """
    header, _ = component()
    page = rows(DOCS / "gitlab.md", "input")
    inputs = {quoted(c[0])[0]: quoted(c[1])[0] if quoted(c[1]) else "" for c in page}
    assert inputs == {name: each["default"] for name, each in header["spec"]["inputs"].items()}
    assert all(each["description"] for each in header["spec"]["inputs"].values())


def test_no_input_stands_in_a_script() -> None:
    """
    They are variables, which a shell does not read as its own words; and the scripts are sound.
    """
    shellcheck = shutil.which("shellcheck")
    if shellcheck is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no shellcheck here")
    every = [*component()[1].values(), *loaded(TEMPLATE.read_text()).values()]
    for job in every:
        before = job["before_script"]
        for script in ([*before, *job.get("script", [])], job.get("after_script", [])):
            text = "\n".join(script)
            assert "$[[" not in text
            words = [str(shellcheck), "--shell=sh", "-"]
            sound = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
            assert sound.stdout == ""


@pytest.mark.parametrize(("shell", "mode"), [("dash", 0o644), ("bash", 0o666)])
def test_from_job_to_job(site: Site, project: Path, tmp_path: Path, shell: str, mode: int) -> None:
    """
    `ready` publishes and tells later jobs what they need; its folder goes to `clean` as an
    artifact, whose modes are what the runner makes them, and the values go.
    """
    ready, clean = jobs(names=f"\n{NAME}\n", timeout="20s", args="--ttl=61\n--verbose").values()
    first = done(site, ready, project, shell)
    assert first.status == 0, first.log
    told = first.variables
    assert (told["DNS01_READY"], told["DNS01_EXIT"]) == ("true", "0")
    assert told["DNS01_ORDER_URI"].startswith("https://")
    suite = ET.parse(project / "dns01.xml").getroot()[0]
    assert [case.get("name") for case in suite] == [f"order {NAME}", f"_acme-challenge.{NAME}."]
    assert (project / "dns01.html").exists()
    assert site.dns.values(leaf(NAME))
    other = tmp_path / "other"
    hand_over(ready, project, other, mode)
    last = done(site, clean, other, shell)
    assert last.status == 0, last.log
    assert "cleaned: 1 value" in last.log
    assert not site.dns.values(leaf(NAME))


def test_paths_hold_in_the_next_job(site: Site, project: Path) -> None:
    """
    In a folder that needs no quotes, report and receipt are told, seen from the project's folder.
    """
    plain = project.parent
    ready, clean = jobs(names=NAME).values()
    told = done(site, ready, plain).variables
    assert json.loads((plain / told["DNS01_REPORT"]).read_text())["status"] == "ready"
    assert told["DNS01_REPORT"].startswith("dns01-state/")
    assert told["DNS01_RECEIPT"].startswith("dns01-state/")
    assert done(site, clean, plain).status == 0


def test_not_ready_leaves_nothing(site: Site, project: Path) -> None:
    """
    Nobody will finalize: the job removes its values itself, and its outcome is in the report.
    """
    site.hide()
    try:
        ready, _ = jobs(names=NAME, timeout="8s").values()
        ended = done(site, ready, project)
    finally:
        site.show()
    assert ended.status == 75
    assert ended.variables["DNS01_STATUS"] == "not-ready"
    assert ET.parse(project / "dns01.xml").getroot().get("failures") != "0"
    assert "cleaned: 1 value" in ended.log
    assert not site.dns.values(leaf(NAME))


def test_a_document(site: Site, project: Path) -> None:
    """
    A file of the repository, or an artifact of an earlier job, is an order as well.
    """
    shutil.copy(site.document("a.example.com"), project / "order 1.json")
    ready, clean = jobs(document="order 1.json", provider="bridge").values()
    assert done(site, ready, project).status == 0
    assert site.dns.values(leaf("a.example.com"))
    assert done(site, clean, project).status == 0


HOSTILE = ("$(touch {0})", "`touch {0}`", "'; touch {0}; '", '"; touch {0}; "', "END\ntouch {0}")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_input_is_a_script(site: Site, project: Path, tmp_path: Path, text: str) -> None:
    """
    Whatever an input holds: it is an argument, and no more.
    """
    hit = tmp_path / "hit"
    names = set(component()[0]["spec"]["inputs"]) - {"image", "stage", "clean-stage", "prefix"}
    ready, _ = jobs(**dict.fromkeys(names, text.format(hit))).values()
    assert done(site, ready, project).status == 64
    assert not hit.exists()


def test_a_name_is_no_option(site: Site, project: Path) -> None:
    """
    A name that begins with a hyphen would choose another configuration, and so other servers.
    """
    ready, _ = jobs(names="--config=evil.toml").values()
    ended = done(site, ready, project)
    assert ended.status == 64
    assert "names hold an option" in ended.log


@pytest.mark.parametrize("path", [COMPONENT, TEMPLATE], ids=["component", "template"])
def test_what_is_installed(project: Path, tmp_path: Path, path: Path) -> None:
    """
    Where the image has no dns01: the package, into an environment of the job's own; nothing by
    default, for the name alone could be somebody else's package.
    """
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("dash", "sh", "chmod"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    (tools / "python3").write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/log"\nexit 9\n')
    (tools / "python3").chmod(0o755)
    job = next(iter(jobs().values())) if path == COMPONENT else loaded(path.read_text())[".dns01"]
    job = {**job, "script": [], "after_script": []}
    ended = run(job, project, {"PATH": str(tools)})
    assert ended.status == 9
    assert (tmp_path / "log").read_text() == "-m venv /tmp/dns01-1\n"
    (tools / "python3").write_text("#!/bin/sh\n")
    ended = run(job, project, {"PATH": str(tools)})
    assert ended.status == 2
    assert "DNS01_PACKAGE" in ended.log


@pytest.mark.parametrize("path", [COMPONENT, TEMPLATE], ids=["component", "template"])
def test_secrets_of_type_file(site: Site, project: Path, path: Path) -> None:
    """
    They lie beside the project, open to all: that is mended before dns01 refuses them.
    """
    folder = project.with_name(f"{project.name}.tmp")
    folder.mkdir()
    secret = folder / "RCL_API_KEY_FILE"
    secret.touch()
    secret.chmod(0o666)
    job = next(iter(jobs().values())) if path == COMPONENT else loaded(path.read_text())[".dns01"]
    ended = done(site, {**job, "script": ["true"], "after_script": []}, project)
    assert ended.status == 0, ended.log
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_a_job_that_extends_the_template(site: Site, project: Path) -> None:
    """
    The page's own job: it publishes, finalizes and cleans up by one command.
    """
    template = loaded(TEMPLATE.read_text())[".dns01"]
    [mine] = [
        job
        for block in blocks(DOCS / "gitlab.md", "yaml")
        for job in loaded(block.text).values()
        if isinstance(job, dict) and job.get("extends") == ".dns01"
    ]
    (project / "finalize.sh").write_text('#!/bin/sh\necho "finalized $1"\n')
    (project / "finalize.sh").chmod(0o755)
    own = {k: v for k, v in mine.get("variables", {}).items() if k != "DNS01_PACKAGE"}
    job = {**template, **mine, "variables": {**template["variables"], **own}}
    ended = done(site, job, project)
    assert ended.status == 0, ended.log
    assert "finalized https://" in ended.log
    assert not site.dns.values(leaf("example.com"))
    assert (project / "dns01.xml").exists()
