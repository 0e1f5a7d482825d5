"""The schema of the report is what the code puts out, and is what the page shows."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from pipeline.checks.signatures import Chain
from pipeline.model import Severity
from pipeline.report import to_json

from .bridge import Site, opened
from .documents import DOCS, blocks
from .test_docs_report import full_report, key_paths

SCHEMA = json.loads((DOCS / "report.schema.json").read_text())


def closed(schema: Any) -> Any:
    """Return *schema* so that it takes no key that it does not list."""
    match schema:
        case dict():
            more = {"additionalProperties": False} if "properties" in schema else {}
            return {key: closed(value) for key, value in schema.items()} | more
        case list():
            return [closed(each) for each in schema]
        case _:
            return schema


STRICT = Draft202012Validator(closed(SCHEMA), format_checker=Draft202012Validator.FORMAT_CHECKER)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with opened(tmp_path_factory.mktemp("site")) as site:
        yield site


def test_the_schema_is_one() -> None:
    """
    By the rules of JSON Schema, draft 2020-12; and it takes keys that are added later.
    """
    Draft202012Validator.check_schema(SCHEMA)
    report = json.loads(to_json(full_report()))
    Draft202012Validator(SCHEMA).validate(report | {"later": True})


def test_the_schema_has_every_field_of_the_code() -> None:
    """
    And no other: a report with everything in it is valid, and without any of its keys is not.
    """
    report = json.loads(to_json(full_report()))
    STRICT.validate(report)
    for path in key_paths(report):
        poorer = copy.deepcopy(report)
        *above, key = path.replace("[]", "").split(".")
        place: Any = poorer
        for step in above:
            place = place[step][0] if isinstance(place[step], list) else place[step]
        del place[key]
        assert not STRICT.is_valid(poorer), path


def test_the_words_of_the_schema_are_those_of_the_code() -> None:
    """
    Where it lists words: severities, states of DNSSEC.
    """
    kinds = SCHEMA["$defs"]
    assert kinds["problem"]["properties"]["severity"]["enum"] == [each.value for each in Severity]
    assert kinds["check"]["properties"]["dnssec"]["enum"] == [each.value for each in Chain]


def test_the_report_shown_is_valid() -> None:
    """
    The example of the page about the report.
    """
    [shown, *_] = blocks(DOCS / "report.md", "json")
    STRICT.validate(json.loads(shown.text))


def test_real_reports_are_valid(site: Site) -> None:
    """
    Of every verb that has one, of success and of failure.
    """
    document = site.document()
    site.hide()
    late = site.report("ready", "--from", document, "--timeout", "5s")
    site.show()
    reports = [
        late,
        site.report("plan", "--from", document),
        site.report("ready", "example.com,*.example.com"),
        site.report("check", "example.com"),
        site.report("check", "no-such.example.invalid"),
        site.report("wait", "_acme-challenge.nowhere.example.com=v", "--timeout", "3s"),
        site.report("clean", "--all"),
        site.report("ready", "example.com", BRIDGE_TOKEN="wrong"),
        site.report("ready", "example.com", RCL_API_KEY=""),
        site.report("demo"),
    ]
    for report in reports:
        STRICT.validate(report)
    statuses = {report["status"] for report in reports}
    assert statuses == {*SCHEMA["properties"]["status"]["enum"]} - {"not-due"}
