"""Accounts under names of their own: one namespace with adapters, and no secret in the file."""

import re
from argparse import Namespace
from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.command.arguments import parse
from pipeline.configuration.accounts import provider_settings
from pipeline.configuration.config import settings
from pipeline.configuration.environment import Environment
from pipeline.configuration.settings import Account
from pipeline.model import Exit, Failed
from providers import route53
from providers.contract import Adapter
from tests.standins.cloudflare import CloudflareStandIn

SECRET = "do-not-show-this"

TEAM = """
[providers.dns-team]
adapter = "cloudflare"
CLOUDFLARE_API_TOKEN_FILE = "~/token"
CLOUDFLARE_BASE_URL = "http://127.0.0.1:1/client/v4"
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "token").write_text(f"{SECRET}\n")
    return tmp_path


def ready(path: Path) -> Namespace:
    return parse(["ready", "a.example", "--config", str(path)])


def accounts(home: Path, text: str) -> dict[str, Account]:
    (home / "c.toml").write_text(text, encoding="utf-8")
    return dict(settings(ready(home / "c.toml"), Environment({"HOME": str(home)})).accounts)


def found(home: Path, text: str, name: str, **variables: str) -> tuple[Adapter, dict[str, str]]:
    return provider_settings(name, accounts(home, text), Environment(variables))


def complaint(home: Path, text: str, name: str = "", **variables: str) -> str:
    """Return message and hint of what is wrong with *text*, or with opening *name* from it."""
    with pytest.raises(Failed) as caught:
        found(home, text, name, **variables)
    assert caught.value.exit is Exit.CONFIG
    said = f"{caught.value} [{caught.value.problem.hint}]"
    assert said.isprintable()
    assert SECRET not in said
    return said


def test_an_account_has_what_its_table_says(home: Path) -> None:
    """
    Plain settings literally, a secret from the file; of the environment nothing.
    """
    process = {
        "CLOUDFLARE_API_TOKEN": "process",
        "CF_DNS_API_TOKEN": "process",
        "CF_ZONE_API_TOKEN_FILE": "/nonexistent",
        "AWS_PROFILE": "process",
    }
    adapter, given = found(home, TEAM, "dns-team", **process)
    assert given == {
        "CLOUDFLARE_API_TOKEN": SECRET,
        "CLOUDFLARE_BASE_URL": "http://127.0.0.1:1/client/v4",
    }
    assert adapter.open(given).api_calls == 0


def test_a_secret_may_be_in_a_variable(home: Path) -> None:
    """
    The table names the variable; the variable may name a file, as any secret's.
    """
    text = '[providers.a]\nadapter = "cloudflare"\nCLOUDFLARE_API_TOKEN_ENV = "TEAM_TOKEN"'
    assert found(home, text, "a", TEAM_TOKEN="t")[1] == {"CLOUDFLARE_API_TOKEN": "t"}
    in_file = {"TEAM_TOKEN_FILE": str(home / "token")}
    assert found(home, text, "a", **in_file)[1] == {"CLOUDFLARE_API_TOKEN": SECRET}
    said = complaint(home, text, "a", CLOUDFLARE_API_TOKEN="t")
    assert said.startswith(
        'providers.a CLOUDFLARE_API_TOKEN_ENV names "TEAM_TOKEN": that variable is not set'
    )


def test_a_secret_in_place_of_its_variable(home: Path) -> None:
    """
    A table that has the secret itself where a variable's name belongs is told so, not quoted.
    """
    text = '[providers.a]\nadapter = "cloudflare"\nCLOUDFLARE_API_TOKEN_ENV = "cfut_Secret-0123"'
    said = complaint(home, text, "a")
    assert "names what cannot be one: that variable is not set" in said
    assert "cfut_Secret" not in said


def test_adapters_keep_their_names(home: Path) -> None:
    """
    Beside accounts, an installed adapter goes on taking its settings from the environment.
    """
    adapter, given = found(home, TEAM, "cloudflare", CLOUDFLARE_API_TOKEN="process")
    assert given == {"CLOUDFLARE_API_TOKEN": "process"}
    assert adapter.open(given).api_calls == 0


def test_an_account_is_opened_apart(home: Path) -> None:
    """
    Where the SDK would look around in the process, an account gets the other way to open.
    """
    text = '[providers.shop]\nadapter = "route53"\nAWS_PROFILE = "shop"'
    assert found(home, text, "shop")[0].open is route53.ADAPTER.open_apart
    assert found(home, text, "route53")[0].open is route53.ADAPTER.open


def test_two_accounts_of_one_host(home: Path) -> None:
    """
    Opened side by side, each sees the zones of its own token; the process's sees its own.
    """
    apexes = ["one.example", "two.example", "process.example"]
    names = [from_text(f"_acme-challenge.{apex}.") for apex in apexes]
    with CloudflareStandIn(zones=apexes) as api:
        one, two, process = (api.grant(zones=frozenset({apex})) for apex in apexes)
        (home / "token").write_text(one)
        base = f'adapter = "cloudflare"\nCLOUDFLARE_BASE_URL = "{api.url}"\n'
        text = (
            f'[providers.one]\n{base}CLOUDFLARE_API_TOKEN_FILE = "~/token"\n'
            f'[providers.two]\n{base}CLOUDFLARE_API_TOKEN_ENV = "TWO"\n'
        )
        variables = {"TWO": two, "CLOUDFLARE_API_TOKEN": process, "CLOUDFLARE_BASE_URL": api.url}
        opened = [found(home, text, name, **variables) for name in ("one", "two", "cloudflare")]
        providers = [adapter.open(given) for adapter, given in opened]
        seen = [[str(zone.apex) for zone in each.zones(names)] for each in providers]
    assert seen == [["one.example."], ["two.example."], ["process.example."]]


def test_no_repr_holds_a_secret(home: Path) -> None:
    """
    What is read of the file knows places only.
    """
    assert SECRET not in repr(accounts(home, TEAM))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            '[providers.x]\nadapter = "cloudflare"\nCLOUDFLARE_API_TOKEN = "do-not-show-this"',
            "this file is no place for it [write CLOUDFLARE_API_TOKEN_FILE = PATH, or CLOUDFLARE_",
        ),
        (
            '[providers.x]\nadapter = "cloudflare"\nCLOUDFLARE_API_TOKEN_FIL = "/x"',
            'providers.x: unknown key "CLOUDFLARE_API_TOKEN_FIL" [did you mean CLOUDFLARE_API_TOKE',
        ),
        (
            '[providers.x]\nadapter = "cloudflare"\nCLOUDFLARE_BASE_URL_FILE = "/x"',
            'unknown key "CLOUDFLARE_BASE_URL_FILE" [did you mean CLOUDFLARE_BASE_URL?]',
        ),
        (
            '[providers.x]\nadapter = "cloudflare"\nAWS_PROFILE = "p"',
            'providers.x: unknown key "AWS_PROFILE" [',
        ),
        (
            '[providers.x]\nadapter="cloudflare"\nCF_DNS_API_TOKEN_FILE="/x"\nCF_DNS_API_TOKEN_ENV="X"',
            "CF_DNS_API_TOKEN_FILE and CF_DNS_API_TOKEN_ENV exclude each other",
        ),
        (
            '[providers.x]\nadapter = "route53"\nAWS_PROFILE = 5',
            'providers.x AWS_PROFILE: "5" is not valid: text is wanted',
        ),
        (
            '[providers.x]\nadapter = "cloudflare"\nCLOUDFLARE_API_TOKEN_FILE = "~nobody-at-all/x"',
            'CLOUDFLARE_API_TOKEN_FILE: "~nobody-at-all/x" is not valid: it begins with a home',
        ),
        (
            "[providers.x]",
            "providers.x: adapter is missing [one of the installed providers: ",
        ),
        ("[providers.x]\nadapter = 5", 'providers.x adapter: "5" is not valid: text is wanted'),
        (
            '[providers.x]\nadapter = "cloudfare"',
            "providers.x: no provider is called 'cloudfare' [did you mean cloudflare?]",
        ),
        (
            '[providers.x]\nadapter = "y"\n[providers.y]\nadapter = "cloudflare"',
            "providers.x: no provider is called 'y' [installed: ",
        ),
        (
            '[providers.cloudflare]\nadapter = "cloudflare"',
            'providers: "cloudflare" is not valid: an installed provider has this name; choose an',
        ),
        ('[providers."a,b"]', 'providers: "a,b" is not valid: a name of letters, digits, dots'),
        ('[providers."-a"]', 'providers: "-a" is not valid'),
        ('[providers.""]', 'providers: "" is not valid'),
        ('providers = ["a"]', '"providers" holds tables: [providers.NAME] [to choose providers, '),
        ("[providers]\na = 5", '"providers" holds tables: [providers.NAME]'),
    ],
)
def test_a_mistake_in_a_table_is_answered(home: Path, table: str, words: str) -> None:
    """
    Exit 78 with place and next step, whether or not anybody uses the account.
    """
    assert words in complaint(home, table, "cloudflare")


def test_what_a_table_names_must_be_there(home: Path) -> None:
    """
    A secret's file, read when the account is used, and a complete set of credentials.
    """
    (home / "token").unlink()
    said = complaint(home, TEAM, "dns-team", CLOUDFLARE_API_TOKEN="process")
    assert re.match(
        r'providers\.dns-team CLOUDFLARE_API_TOKEN_FILE names ".*/token": no such file', said
    )
    text = '[providers.x]\nadapter = "route53"\nAWS_ACCESS_KEY_ID = "A"'
    said = complaint(home, text, "x", AWS_SECRET_ACCESS_KEY="process", AWS_PROFILE="process")
    assert said.startswith("providers.x has no credentials [its table needs AWS_ACCESS_KEY_ID with")
    assert ", or AWS_PROFILE, or " in said


def test_an_unknown_provider_is_answered_with_accounts_too(home: Path) -> None:
    """
    One namespace: the nearest name may be an account's.
    """
    assert "did you mean dns-team?" in complaint(home, TEAM, "dnsteam")
    said = complaint(home, TEAM, "zzz")
    assert "installed: " in said
    assert ", route53; configured: dns-team" in said
