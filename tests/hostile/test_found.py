"""Each input that once broke a promise, found by fuzzing or by reading."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from dns.name import from_text

from pipeline.command.arguments import parse
from pipeline.configuration.config import settings
from pipeline.configuration.environment import Environment
from pipeline.model import Exit, Failed
from pipeline.receipts.receipt import from_json
from providers.cloudflare.api import Api, Line
from providers.cloudflare.wire import stored_record
from providers.errors import Unavailable
from providers.names import domain_name

from .targets import RECEIPT, RECORD

ROW = {"id": "1", "name": "a.example", "type": "TXT", "content": "v"}


@pytest.mark.parametrize("text", [r"\999", "a..b", "\ud800.example", "a" * 64, None, [], [""], 5])
def test_what_spells_no_name(text: object) -> None:
    """
    One kind of error for all: dnspython takes null for the root, and breaks at a list.
    """
    for field in ("name", "zone", "target"):
        if field == "target" and text is None:
            continue  # there is none
        record = {**RECORD, field: text}
        with pytest.raises(Failed) as caught:
            from_json(json.dumps(RECEIPT | {"records": [record]}).encode(), "x")
        assert caught.value.exit is Exit.DATA
    with pytest.raises(ValueError, match="domain name"):
        domain_name(text)
    with pytest.raises(Unavailable):
        stored_record(ROW | {"name": text})


@pytest.mark.parametrize("ttl", [float("inf"), float("nan"), -1, 1e300, 2**40, None, "60", []])
def test_a_ttl_that_is_none(ttl: object) -> None:
    """
    JSON knows numbers that no integer can be made of; the record is read all the same.
    """
    assert stored_record(ROW | {"ttl": ttl}).ttl == 0
    assert stored_record(ROW | {"ttl": 60.0}).name == from_text("a.example.")


@pytest.mark.parametrize("pages", [2**31, 10**30])
def test_pages_without_end(pages: int) -> None:
    """
    A listing of two thousand million pages is not asked for page by page.
    """
    asked = []

    class Client:
        def get(self, path: str, **_: object) -> httpx.Response:
            asked.append(path)
            body = {"success": True, "result": [], "result_info": {"total_pages": pages}}
            return httpx.Response(200, json=body, request=httpx.Request("GET", f"https://h{path}"))

    client: Any = Client()
    line = Line(lambda _: None, lambda: 1.0, lambda: 0.0)
    with pytest.raises(Unavailable, match="number of pages"):
        Api(client, line, "").rows("/zones", {})
    assert len(asked) == 1


def test_a_configuration_that_is_a_nest(tmp_path: Path) -> None:
    """
    What no parser bears is no TOML (78), and no fault of ours (70).
    """
    path = tmp_path / "dns01.toml"
    path.write_text("provider = " + "[" * 50_000)
    with pytest.raises(Failed, match="is not TOML") as caught:
        settings(parse(["ready", "a.example", "--config", str(path)]), Environment({"HOME": "/x"}))
    assert caught.value.exit is Exit.CONFIG


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    """
    A NUL in a path is refused where it is read, and not where the first receipt is written.
    """
    path = tmp_path / "dns01.toml"
    path.write_text('state_dir = "/a\\u0000b"')
    with pytest.raises(Failed, match="state_dir") as caught:
        settings(parse(["ready", "a.example", "--config", str(path)]), Environment({"HOME": "/x"}))
    assert caught.value.exit is Exit.CONFIG


@pytest.mark.parametrize(
    "words",
    [
        ["ready", "a.example", "--ttl", "\n::error::x"],
        ["ready", "a.example", "--\x1b[2J\r\n::add-mask::x"],
        ["wait", "a\n##vso[task.complete]"],
        ["clean", "--all", "a\r\n::stop-commands::x"],
    ],
)
def test_a_mistake_in_the_arguments_is_told_in_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """
    Names may come from a form that anybody fills in: they start no line, and no command.
    """
    with suppress(SystemExit):
        parse(words)
    lines = capsys.readouterr().err.split("\n")
    assert [line[:7] for line in lines] == ["dns01: ", "dns01: ", ""]
    assert all(line.isprintable() for line in lines)
    assert not any("##" in line or "::" in line for line in lines)
