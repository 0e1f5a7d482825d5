"""The JSON schema: it refuses nothing that is read, and what it lets pass no schema could tell."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from pipeline.configuration import schema
from pipeline.configuration.keys import SECTIONS, TOP, ZONE, Key
from pipeline.configuration.kinds import ISSUERS, NAMES
from pipeline.configuration.tables import Reader

from .documents import ROOT
from .generated import SCHEMA, ours

ADAPTERS = ours()
SETTLED = [name for name, adapter in ADAPTERS.items() if adapter.further is None]
"""Those all of whose settings are declared: what others bring, no schema knows."""
VALIDATOR = Draft202012Validator(schema.schema(ADAPTERS))

BEYOND = re.compile(
    "a domain name is wanted|a domain name below the root|must be an IP address|is not a port"
    r'|"[1-9]\d{3,}[\d.]*[smh]?" is not valid: a duration|a home folder that nobody has'
    "|another table is for this zone"
)
"""Rules that no schema can tell: what is a name or an address, sums, who lives here."""

WORDS = [
    *("a", "a,b", " a , b ", "a,", ",", "", " ", "a b", "letsencrypt.org", "a.example,b-c.example"),
    *("-a", "a..b", "https://a.example", "5m", "1.5h", "300", "0", "0s", ".5", "5.", "5M", "1e3"),
    *("192.0.2.1", "[2001:db8::1]:5353", "tls://192.0.2.1", "192.0.2.1:99999", "dns.example"),
    *("quorum", "all", "most", "~/x", "/x", "~nobody-at-all/x", "/x\0y", "x.example.", ".", "ü.de"),
]
TEXT = st.sampled_from(WORDS) | st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=6
)
NUMBER = st.integers(-2, 40_000_000) | st.floats(0.01, 1e6) | st.booleans()
VALUE = st.one_of(
    TEXT,
    NUMBER,
    st.lists(TEXT, max_size=3),
    st.lists(NUMBER, max_size=1),
    st.dictionaries(TEXT, TEXT, max_size=1),
)
KEYS = [
    pytest.param(key, table.name, id=f"{table.name or 'top'} {key.name}")
    for table in (TOP, *SECTIONS, ZONE)
    for key in table.keys
]


def read(document: dict[str, Any]) -> list[str]:
    """Return what our own reader finds wrong with *document*."""
    reader = Reader()
    reader.document(document, "file")
    return [str(mistake) for mistake in reader.mistakes]


def agree(document: dict[str, Any]) -> bool:
    """Return whether *document* is read; the schema must say the same, as far as it can."""
    mistakes = read(document)
    if VALIDATOR.is_valid(document):
        assert [each for each in mistakes if not BEYOND.search(each)] == []
    else:
        assert mistakes
    return not mistakes


def placed(key: Key, table: str, value: object) -> dict[str, Any]:
    """Return a document with *value* at the *key* of *table*."""
    if table == ZONE.name:
        return {"zones": {"example.com": {key.name: value}}}
    return {table: {key.name: value}} if table else {key.name: value}


def test_the_schema_is_one() -> None:
    """
    It is valid by its own dialect.
    """
    Draft202012Validator.check_schema(schema.schema(ADAPTERS))


@pytest.mark.parametrize(("key", "table"), KEYS)
@settings(max_examples=50)
@given(value=VALUE)
def test_each_key_takes_the_same_values(key: Key, table: str, value: object) -> None:
    """
    Whatever is written at a key: reader and schema agree.
    """
    agree(placed(key, table, value))


@pytest.mark.parametrize(("key", "table"), KEYS)
def test_what_is_shown_is_accepted(key: Key, table: str) -> None:
    """
    The default or example of a key is read, and its schema tells it; so the law above is of
    something.
    """
    assert key.shown is not None
    assert agree(placed(key, table, key.shown))
    assert not agree(placed(key, table, {"a": "b"}))


@given(
    st.dictionaries(
        st.sampled_from(["provider", "provder", "timeout", "zones", "providers", "acme", "x"]),
        VALUE | st.dictionaries(TEXT, st.dictionaries(st.sampled_from(["provider", "x"]), TEXT)),
        max_size=3,
    )
)
def test_whole_documents_are_judged_alike(document: dict[str, Any]) -> None:
    """
    Unknown keys, tables in place of values and values in place of tables, names of zones.
    """
    agree(document)


PLAIN = {
    name: {setting.name for setting in adapter.settings if not setting.secret}
    for name, adapter in ADAPTERS.items()
}
SETTINGS = sorted(
    {
        f"{setting.name}{suffix}"
        for adapter in ADAPTERS.values()
        for setting in adapter.settings
        for suffix in ("", "_FILE", "_ENV")
    }
)


@given(
    st.sampled_from(["mine", "a.b", "a b", "", "cloudflare"]),
    st.sampled_from([*SETTLED, "cloudfare", ""]),
    st.dictionaries(st.sampled_from(SETTINGS), TEXT, max_size=3),
)
def test_accounts_are_judged_alike(name: str, adapter: str, given: dict[str, str]) -> None:
    """
    Names, adapters, their settings, secrets in their place or not.
    """
    agree({"providers": {name: {"adapter": adapter} | given}})


@pytest.mark.parametrize("adapter", SETTLED)
def test_each_setting_has_its_place_in_an_account(adapter: str) -> None:
    """
    Plain ones literally; a secret in a file or in a variable, never both, never itself.
    """
    for setting in ADAPTERS[adapter].settings:
        kinds = ("_FILE", "_ENV") if setting.secret else ("",)
        for kind in ("", "_FILE", "_ENV"):
            table = {"adapter": adapter, f"{setting.name}{kind}": "/x"}
            right = kind in kinds or f"{setting.name}{kind}" in PLAIN[adapter]
            assert agree({"providers": {"mine": table}}) is right
        if setting.secret:
            both = {f"{setting.name}{kind}": "X" for kind in kinds}
            assert not agree({"providers": {"mine": {"adapter": adapter} | both}})


def test_a_text_with_commas_is_a_list() -> None:
    """
    Both spellings mean the same, for providers and for issuers.
    """
    for kind in (NAMES, ISSUERS):
        assert kind.read("a.b, c.d") == kind.read(["a.b", "c.d"]) == ("a.b", "c.d")


def uncommented(text: str) -> str:
    """Return the sample *text* with every key in force."""
    return re.sub(r"(?m)^# (?=[A-Za-z\[])(?!Configuration|Flags|`)", "", text)


def test_the_sample_is_valid_as_it_is_and_with_every_key_in_force(tmp_path: Path) -> None:
    """
    A checker by others finds the same: check-jsonschema, with the file that ships.
    """
    sample = (ROOT / "docs/dns01.toml").read_text()
    assert tomllib.loads(sample) == {}
    whole = tomllib.loads(uncommented(sample))
    assert {key.name for key in TOP.keys} <= set(whole)
    assert set(whole["providers"]) == {f"my-{name}" for name in ADAPTERS}
    whole["providers"]["my-lexicon"]["LEXICON_PROVIDER"] = "powerdns"
    whole["providers"]["my-exec"]["EXEC_ENV"] = "INHOUSE_TOKEN"
    assert agree(whole)
    (tmp_path / "right.toml").write_text(uncommented(sample))
    (tmp_path / "wrong.toml").write_text("timout = 5\n")
    for name, status in (("right.toml", 0), ("wrong.toml", 1)):
        done = subprocess.run(
            [sys.executable, "-m", "check_jsonschema", "--schemafile", ROOT / SCHEMA, name],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert status == 0 or "timout" in done.stdout


def test_what_ships_is_json_in_lines() -> None:
    """
    A person can read it, and a diff of it.
    """
    text = (ROOT / SCHEMA).read_text()
    assert json.loads(text)["$schema"] == schema.DIALECT
    assert max(map(len, text.splitlines())) < 200
