"""`dns01 providers` tells what is there and what is set, and never a value."""

import json
from pathlib import Path

import pytest

from pipeline.configuration import inventory, registry
from pipeline.configuration.environment import Environment
from pipeline.configuration.inventory import ProviderLine, SettingLine
from pipeline.configuration.settings import Account
from tests.standins.third_party import install

SECRET = "do-not-show-this"
OURS = {"cloudflare", "exec", "lexicon", "rfc2136", "route53"}


def taken(**variables: str) -> dict[str, ProviderLine]:
    return {line.name: line for line in inventory.take(Environment(variables))}


def present(line: ProviderLine) -> set[str]:
    return {setting.name for setting in line.settings if setting.present}


def test_everything_installed_is_listed() -> None:
    """All adapters with all they declare, secrets marked, nothing set."""
    found = taken()
    assert set(found) >= OURS
    for name, line in found.items():
        declared = registry.load(name).settings
        assert [(s.name, s.meaning, s.secret) for s in line.settings] == [
            (setting.name, setting.meaning, setting.secret) for setting in declared
        ]
        assert (present(line), line.credentials, line.problem) == (set(), False, "")


@pytest.mark.parametrize(
    ("variables", "complete"),
    [
        ({"CLOUDFLARE_API_TOKEN": SECRET}, {"cloudflare"}),
        ({"CF_ZONE_API_TOKEN": SECRET}, set()),
        ({"AWS_ACCESS_KEY_ID": SECRET}, set()),
        ({"AWS_ACCESS_KEY_ID": SECRET, "AWS_SECRET_ACCESS_KEY": ""}, set()),
        ({"AWS_PROFILE": SECRET, "RFC2136_NAMESERVER": "192.0.2.1"}, {"route53", "rfc2136"}),
    ],
)
def test_what_is_set_is_marked(variables: dict[str, str], complete: set[str]) -> None:
    """Empty is not set; credentials are present when a whole group of them is."""
    found = taken(**variables)
    assert {line.name for line in found.values() if line.credentials} == complete
    everything = set().union(*map(present, found.values()))
    assert everything == {name for name, value in variables.items() if value}


def test_a_secret_in_a_file_counts(tmp_path: Path) -> None:
    """As _FILE, for secrets only."""
    path = tmp_path / "token"
    path.write_text(SECRET)
    found = taken(CLOUDFLARE_API_TOKEN_FILE=str(path), AWS_PROFILE_FILE=str(path))
    assert present(found["cloudflare"]) == {"CLOUDFLARE_API_TOKEN"}
    assert found["cloudflare"].credentials
    assert present(found["route53"]) == set()


def test_a_secrets_file_that_is_missing_is_the_problem() -> None:
    """The list is what people look at to find out; the other providers stay usable."""
    found = taken(CLOUDFLARE_API_TOKEN_FILE="/nonexistent", AWS_PROFILE="p")
    problem = 'CLOUDFLARE_API_TOKEN_FILE names "/nonexistent": no such file or directory'
    assert found["cloudflare"] == ProviderLine("cloudflare", problem=problem)
    assert found["route53"].credentials


def test_accounts_are_listed_after_adapters(tmp_path: Path) -> None:
    """Each with its adapter and what its table gives it; one that cannot be used says why."""
    path = tmp_path / "token"
    path.write_text(SECRET)
    accounts = {
        "team": Account("cloudflare", {"CLOUDFLARE_API_TOKEN_FILE": str(path)}),
        "shop": Account("cloudflare", {"CLOUDFLARE_API_TOKEN_ENV": "SHOP"}),
    }
    lines = inventory.take(Environment({"CF_DNS_API_TOKEN": SECRET}), accounts)
    assert [line.name for line in lines][-2:] == ["team", "shop"]
    [team, shop] = lines[-2:]
    assert (team.adapter, team.credentials, team.problem) == ("cloudflare", True, "")
    assert present(team) == {"CLOUDFLARE_API_TOKEN"}
    assert (shop.adapter, shop.credentials) == ("cloudflare", False)
    assert 'names "SHOP": that variable is not set' in shop.problem
    assert SECRET not in inventory.to_json(lines) + inventory.human(lines) + repr(lines)


def test_a_broken_adapter_is_listed_with_its_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not end the list."""
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, "third_party_broken", "raise RuntimeError('no licence')")
    found = taken()
    assert found["acmedns"].problem == (
        "provider acmedns cannot be loaded from third_party_broken:ADAPTER: "
        "RuntimeError: no licence"
    )
    assert found["cloudflare"].problem == ""


SETTINGS = (
    SettingLine("A", "the key", secret=True, present=True),
    SettingLine("B", "b", secret=False, present=False),
)
LINES = [
    ProviderLine("one", SETTINGS, credentials=True),
    ProviderLine("two", SETTINGS, credentials=True, adapter="one"),
    ProviderLine("three", problem="provider three cannot be loaded"),
]


def test_json() -> None:
    """One document, versioned as the reports are."""
    assert json.loads(inventory.to_json(LINES)) == {
        "schema": 1,
        "providers": [
            {
                "name": "one",
                "adapter": None,
                "credentials_present": True,
                "problem": None,
                "named_only": False,
                "settings": [
                    {"name": "A", "meaning": "the key", "secret": True, "present": True},
                    {"name": "B", "meaning": "b", "secret": False, "present": False},
                ],
            },
            {
                "name": "two",
                "adapter": "one",
                "credentials_present": True,
                "problem": None,
                "named_only": False,
                "settings": [
                    {"name": "A", "meaning": "the key", "secret": True, "present": True},
                    {"name": "B", "meaning": "b", "secret": False, "present": False},
                ],
            },
            {
                "name": "three",
                "adapter": None,
                "credentials_present": False,
                "problem": "provider three cannot be loaded",
                "named_only": False,
                "settings": [],
            },
        ],
    }


def test_lines_for_a_person() -> None:
    """What is set stands out, with the _FILE form where there is one; an account shows no more."""
    assert inventory.human(LINES).splitlines() == [
        "one: credentials in the environment",
        "  set   A (secret; also as _FILE): the key",
        "  unset B: b",
        "two (an account at one): credentials in the configuration",
        "  set   A: the key",
        "three: provider three cannot be loaded",
    ]


def test_no_value_is_shown(tmp_path: Path) -> None:
    """Not of secrets, not of anything, in either form."""
    path = tmp_path / "token"
    path.write_text(SECRET)
    names = {setting.name for name in OURS for setting in registry.load(name).settings}
    variables = dict.fromkeys(names - {"RFC2136_TSIG_SECRET"}, SECRET)
    variables["RFC2136_TSIG_SECRET_FILE"] = str(path)
    strange = [inventory.line(name, Environment(variables), {}) for name in ("exec", "lexicon")]
    assert all(line.problem for line in strange)
    assert SECRET not in repr(strange)
    variables |= {"LEXICON_PROVIDER": "powerdns", "EXEC_ENV": "INHOUSE_TOKEN"}
    found = inventory.take(Environment(variables))
    assert all(line.credentials for line in found if line.name in OURS)
    assert SECRET not in inventory.to_json(found) + inventory.human(found) + repr(found)


def test_who_must_be_named_says_so() -> None:
    """Of an installed one; an account is named wherever it is used."""
    found = taken(EXEC_PATH="/bin/true", EXEC_ZONES="example.com")
    assert [name for name, line in found.items() if line.named_only] == ["exec"]
    assert inventory.human([found["exec"]]).startswith(
        "exec: credentials in the environment; taken only if it is named\n"
    )
    account = Account("exec", {"EXEC_PATH": "/bin/true", "EXEC_ZONES": "example.com"})
    line = inventory.line("mine", Environment({}), {"mine": account})
    assert (line.credentials, line.problem, line.named_only) == (True, "", False)
