"""An inventory from end to end: the real command, its processes, and servers in the test's."""

import json
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.bridge import DNS01, Site

from .conftest import ZONES
from .fleets import inventory

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = Draft202012Validator(json.loads((DOCS / "report.schema.json").read_text()))


def test_one_failure_stops_no_other(site: Site) -> None:
    """Each certificate has its own end: the exit is the worst, the others are ready."""
    names = [f"h{at}.zone{at % 3}.example" for at in range(6)]
    path = inventory(site, *names, "elsewhere.example.net", "h0.zone0.example # again")
    report = site.report("ready", "--inventory", path)
    ends = {each["name"]: (each["exit"], each["problem"]) for each in report["orders"]}
    failed = ends.pop("elsewhere.example.net")
    assert failed[0] == report["exit"] != 0
    assert failed[1] in {each["code"] for each in report["problems"]}
    [reason] = {each["reason"] for each in report["orders"]} - {None}
    assert (failed[1], reason) in {(each["code"], each["message"]) for each in report["problems"]}
    assert ends == dict.fromkeys(names, (0, None))
    assert [each["exit"] for each in report["orders"]].count(0) == 6
    assert {each["name"] for each in report["records"]} == {f"_acme-challenge.{n}." for n in names}
    assert site.orders.requests == 7
    assert any("fleet.txt:8 repeats fleet.txt:1" in p["message"].replace(f"{site.folder}/", "")
               for p in report["problems"])  # fmt: skip
    assert site.dns01("clean", "--all").returncode == 0
    assert not [each for each in site.receipts() if each["records"]]


def test_a_zone_is_written_once(site: Site) -> None:
    """The values of a zone's certificates go there in one request."""
    path = inventory(site, *(f"h{at}.zone{at % 3}.example" for at in range(30)))
    report = site.report("ready", "--inventory", path, "--jobs", "2")
    assert report["exit"] == 0
    SCHEMA.validate(report)
    appended = [zone for verb, zone in site.bridge.calls if verb == "append"]
    assert sorted(appended) == [apex.to_text() for apex in ZONES]


def test_mistakes_come_before_orders(site: Site) -> None:
    """An inventory with a mistake, or with a provider that is none, orders nothing."""
    path = site.folder / "fleet.csv"
    path.write_text("name,provider\na.zone0.example,\nb_b.example,\n")
    wrong = site.report("ready", "--inventory", str(path))
    assert wrong["exit"] == 65
    assert "fleet.csv:3" in wrong["problems"][0]["message"]
    path.write_text("name,provider\na.zone0.example,brigde\n")
    unknown = site.report("ready", "--inventory", str(path))
    assert unknown["exit"] == 78
    assert "bridge" in unknown["problems"][0]["hint"]
    assert site.report("ready", "--inventory", str(site.folder / "none"))["exit"] == 64
    assert site.orders.requests == 0


def test_text_names_what_failed(site: Site) -> None:
    """Without --json: each reason to fail, with names and hint; quiet if all is well."""
    path = inventory(site, "a.zone0.example", "b.example.net", "c.example.net")
    told = site.dns01("ready", "--inventory", path, "--quiet")
    assert "failed: 1 of 3 certificates ready, 2 failed" in told.stderr
    assert "2 certificates (b.example.net, c.example.net)" in told.stderr
    assert "hint:" in told.stderr
    well = site.dns01("ready", "--inventory", inventory(site, "a.zone0.example"), "--quiet")
    assert (well.returncode, well.stdout, well.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("a.example",), "not both"),
        (("--from", "order.json"), "--from"),
        (("--report", "r.html"), "--report"),
        (("--dotenv", "v.env"), "--dotenv"),
        (("--jobs", "0"), "1 to 64"),
        (("--respond",), "--respond"),
    ],
)
def test_contradictions(site: Site, words: tuple[str, ...], told: str) -> None:
    """What makes no sense with an inventory is refused in words, before it is read."""
    result = site.dns01("ready", "--inventory", inventory(site, "a.zone0.example"), *words)
    assert result.returncode == 64
    assert told in result.stderr
    assert site.orders.requests == 0


def test_files_and_summaries_are_of_the_whole(site: Site) -> None:
    """JUnit has every certificate; metrics, GitHub's outputs and summary are told once."""
    path = inventory(site, "a.zone0.example", "b.zone1.example")
    files = {
        name: site.folder / name for name in ("junit.xml", "metrics.prom", "output", "summary")
    }
    result = site.dns01(
        *("ready", "--inventory", path, "--json", "--junit", str(files["junit.xml"])),
        *("--metrics", str(files["metrics.prom"])),
        GITHUB_ACTIONS="true",
        GITHUB_OUTPUT=str(files["output"]),
        GITHUB_STEP_SUMMARY=str(files["summary"]),
    )
    assert json.loads(result.stdout)["exit"] == 0
    texts = {name: file.read_text() for name, file in files.items()}
    assert texts["junit.xml"].count("<testsuite ") == 2
    assert f'certificate="{path}",verb="ready"' in texts["metrics.prom"]
    assert texts["output"].count("ready<<") == 1
    assert texts["summary"].count("### dns01") == 1
    assert "2 of 2 certificates" in texts["summary"]


def test_unknown_providers_are_told_with_their_places(site: Site) -> None:
    """All of them at once, each with the first line that names it; nothing is ordered."""
    path = site.folder / "fleet.csv"
    path.write_text(
        "name,provider\na.zone0.example,bridge\nb.zone0.example,nope\n"
        "c.zone0.example,bridge\nd.zone0.example,nope\ne.zone0.example,*.zone1.example\n"
    )
    report = site.report("ready", "--inventory", str(path))
    [problem] = report["problems"]
    assert (report["exit"], problem["code"]) == (78, "provider")
    assert problem["message"] == f"{path}:3: no provider is called 'nope'"
    assert f"{path}:6: no provider is called '*.zone1.example'" in problem["hint"]
    assert site.orders.requests == 0


def test_what_is_there_twice_is_counted(site: Site) -> None:
    """The first is named, and how many more there are."""
    path = inventory(site, "a.zone0.example", *["A.zone0.example."] * 3)
    report = site.report("ready", "--inventory", path)
    [notice] = [each for each in report["problems"] if each["code"] == "inventory"]
    told = f"{path}:2 repeats {path}:1, and is taken once; and 2 more"
    assert (report["exit"], notice["message"]) == (0, told)


def test_standard_input(site: Site) -> None:
    """An inventory may come from another program, in any form."""
    told = subprocess.run(
        [DNS01, "ready", "--inventory", "-", "--json"],
        input='[{"name": "a.zone0.example", "provider": "bridge"}, "b.zone1.example"]',
        capture_output=True,
        text=True,
        env=site.environment,
        timeout=90,
        check=True,
    )
    names = {each["name"] for each in json.loads(told.stdout)["orders"]}
    assert names == {"a.zone0.example", "b.zone1.example"}


def test_a_closed_standard_input(site: Site) -> None:
    """It is told as a file that cannot be read."""
    words = f"exec {DNS01} ready --inventory - <&-"
    told = subprocess.run(
        ["sh", "-c", words], capture_output=True, text=True, env=site.environment, check=False
    )
    assert told.returncode == 64
    assert "cannot read the inventory" in told.stderr


def test_a_report_that_cannot_be_written(site: Site) -> None:
    """That is told once, and how the fleet ended."""
    path = inventory(site, "a.zone0.example", "b.zone1.example")
    with Path("/dev/full").open("w") as full:
        told = subprocess.run(
            [DNS01, "ready", "--inventory", path, "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=site.environment,
            check=False,
        )
    assert told.returncode == 78
    assert told.stderr.count("cannot write the result") == 1
    assert "2 of 2 certificates ready" in told.stderr
