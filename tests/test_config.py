"""Flags beat environment beats file; whatever is wrong is exit 78 and named."""

import os
import pwd
import tempfile
from argparse import Namespace
from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.asking.endpoints import Endpoint
from pipeline.command.arguments import parse
from pipeline.configuration import registry
from pipeline.configuration.accounts import adapter_settings
from pipeline.configuration.config import settings
from pipeline.configuration.environment import Environment
from pipeline.configuration.settings import Authority, Settings, ZoneSettings
from pipeline.model import Exit, Failed
from pipeline.propagation.policy import Require
from providers.contract import Adapter, Setting

SECRET = "45ref546-67rf-65ytr"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def ready(*arguments: str) -> Namespace:
    return parse(["ready", "a.example", *arguments])


def configured(home: Path, text: str, *arguments: str, **variables: str) -> Settings:
    """Return the settings with *text* as the user's own configuration file."""
    folder = home / ".config" / "dns01"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return settings(ready(*arguments), Environment({"HOME": str(home)} | variables))


def complaint(home: Path, text: str, *arguments: str, **variables: str) -> tuple[str, str]:
    with pytest.raises(Failed) as caught:
        configured(home, text, *arguments, **variables)
    assert caught.value.exit is Exit.CONFIG
    assert str(caught.value).isprintable()
    return str(caught.value), caught.value.problem.hint


def test_nothing_said_means_the_defaults(home: Path) -> None:
    """Five minutes, 60 s of TTL, quorum, public resolvers, the provider to be detected.

    Requests are counted where all of this user's processes look, whatever their HOME.
    """
    found = settings(ready(), Environment({"HOME": str(home)}))
    ours = Path(tempfile.gettempdir()) / f"dns01-{os.getuid()}"
    state = home / ".local/state/dns01"
    assert found == Settings(state, 300.0, 60, Require.QUORUM, shared_dir=ours)


FILE = """
provider = "rfc2136"
resolvers = ["192.0.2.1", "[2001:db8::1]:5353"]
require = "all"
timeout = "7m"
state_dir = "/var/lib/of-file"
shared_dir = "/var/tmp/of-file"
"""


def test_the_file_beats_the_defaults(home: Path) -> None:
    """Each top-level key is taken."""
    assert configured(home, FILE) == Settings(
        Path("/var/lib/of-file"),
        420.0,
        60,
        Require.ALL,
        (Endpoint("192.0.2.1"), Endpoint("2001:db8::1", 5353)),
        fallback=("rfc2136",),
        shared_dir=Path("/var/tmp/of-file"),
    )


def test_the_environment_beats_the_file(home: Path) -> None:
    """Each variable is taken."""
    found = configured(
        home,
        FILE,
        DNS01_PROVIDER="route53",
        DNS01_RESOLVERS="192.0.2.2, 192.0.2.3:54",
        DNS01_TIMEOUT="90",
        DNS01_STATE_DIR="/var/lib/of-environment",
        DNS01_SHARED_DIR="/var/tmp/of-environment",
    )
    assert found == Settings(
        Path("/var/lib/of-environment"),
        90.0,
        60,
        Require.ALL,
        (Endpoint("192.0.2.2"), Endpoint("192.0.2.3", 54)),
        fallback=("route53",),
        shared_dir=Path("/var/tmp/of-environment"),
    )


def test_flags_beat_everything(home: Path) -> None:
    """A provider named by flag is for every zone, so it is kept apart from the fallback."""
    flags = (
        "--provider cloudflare --resolver 192.0.2.4 --resolver 192.0.2.5 --require authoritative"
    )
    found = configured(
        home,
        FILE,
        *flags.split(),
        *["--timeout", "1.5h", "--ttl", "5", "--state-dir", "/tmp/of-flag"],
        DNS01_PROVIDER="route53",
        DNS01_RESOLVERS="192.0.2.2",
        DNS01_TIMEOUT="90",
        DNS01_STATE_DIR="/var/lib/of-environment",
    )
    assert found == Settings(
        Path("/tmp/of-flag"),
        5400.0,
        5,
        Require.AUTHORITATIVE,
        (Endpoint("192.0.2.4"), Endpoint("192.0.2.5")),
        providers=("cloudflare",),
        fallback=("route53",),
        shared_dir=Path("/var/tmp/of-file"),
    )


AUTHORITY = """
root_hints = ["192.0.2.1", "[2001:db8::1]:5353"]
issuer = "letsencrypt.org, sectigo.com"
account_uri = "https://ca.example/acct/1"
"""


def test_where_the_walk_begins_and_who_issues(home: Path) -> None:
    """Root hints, issuers and account come from the file, beaten by variables and a flag."""
    found = configured(home, AUTHORITY)
    assert found.root_hints == (Endpoint("192.0.2.1"), Endpoint("2001:db8::1", 5353))
    issuers = ("letsencrypt.org", "sectigo.com")
    assert found.authority == Authority(issuers, "https://ca.example/acct/1")
    variables = {
        "DNS01_ROOT_HINTS": "192.0.2.2, ::1",
        "DNS01_ISSUER": "pki.goog",
        "DNS01_ACCOUNT_URI": "https://ca.example/acct/2",
    }
    found = configured(home, AUTHORITY, **variables)
    assert found.root_hints == (Endpoint("192.0.2.2"), Endpoint("::1"))
    assert found.authority == Authority(("pki.goog",), "https://ca.example/acct/2")
    found = configured(home, AUTHORITY, "--issuer", "a.example,b.example", **variables)
    assert found.authority.issuers == ("a.example", "b.example")
    assert configured(home, "").authority == Authority()


def test_providers_may_be_several(home: Path) -> None:
    """A list, or text with commas, keeps its order; a name counts once."""
    text = 'provider = ["a", "b"]\n[zones."example.com"]\nprovider = "b, a,b"'
    found = configured(home, text)
    assert found.fallback == ("a", "b")
    assert found.zones[from_text("example.com.")].providers == ("b", "a")
    found = configured(home, text, "--provider", "c,d", DNS01_PROVIDER="e,f")
    assert (found.providers, found.fallback) == (("c", "d"), ("e", "f"))


@pytest.mark.parametrize("name", ["DNS01_TIMEOUT", "DNS01_RESOLVERS", "DNS01_PROVIDER"])
def test_an_empty_variable_counts_as_unset(home: Path, name: str) -> None:
    """As CI systems pass them."""
    assert configured(home, FILE, **{name: ""}) == configured(home, FILE)


def test_a_verb_without_an_option_gets_the_rest(home: Path) -> None:
    """`clean` takes no --timeout, and the environment's holds for it."""
    environment = Environment({"HOME": str(home), "DNS01_TIMEOUT": "5s"})
    assert settings(parse(["clean", "--all"]), environment).timeout == 5.0


def test_a_named_file_replaces_the_users_own(home: Path, tmp_path: Path) -> None:
    """--config beats DNS01_CONFIG beats the user's folder; they are not merged."""
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text('provider = "first"')
    second.write_text('provider = "second"')
    named = {"DNS01_CONFIG": str(second)}
    assert configured(home, FILE, **named).fallback == ("second",)
    assert configured(home, FILE, **named).timeout == 300.0
    assert configured(home, FILE, "--config", str(first), **named).fallback == ("first",)


def test_the_folder_for_configuration_may_be_elsewhere(home: Path) -> None:
    """XDG_CONFIG_HOME is followed where it is absolute, as its specification says."""
    (home / "dns01").mkdir()
    (home / "dns01" / "config.toml").write_text('provider = "elsewhere"')
    assert configured(home, FILE, XDG_CONFIG_HOME=str(home)).fallback == ("elsewhere",)
    assert configured(home, FILE, XDG_CONFIG_HOME="relative").fallback == ("rfc2136",)


def test_the_working_directory_configures_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pull request could bring a file and redirect keys."""
    monkeypatch.chdir(home)
    for name in ("config.toml", "dns01.toml", ".dns01.toml", "pyproject.toml"):
        (home / name).write_text('provider = "theirs"\n[tool.dns01]\nprovider = "theirs"')
    assert settings(ready(), Environment({"HOME": str(home)})).fallback == ()


def test_a_named_file_must_be_there(home: Path) -> None:
    """What was asked for and is missing is said; what nobody asked for is not missed."""
    message, _ = complaint(home, "", "--config", "/nonexistent/c.toml")
    assert message == "cannot read /nonexistent/c.toml: no such file or directory"
    assert complaint(home, "", DNS01_CONFIG=str(home))[0].endswith("is a directory")
    for nowhere in ("/nonexistent", "/dev/null"):
        assert settings(ready(), Environment({"HOME": nowhere})).timeout == 300.0


def test_an_unreadable_file_is_said(home: Path) -> None:
    """Even the user's own, when it is there."""
    (home / ".config" / "dns01" / "config.toml").mkdir(parents=True)
    with pytest.raises(Failed, match="is a directory") as caught:
        settings(ready(), Environment({"HOME": str(home)}))
    assert caught.value.exit is Exit.CONFIG


@pytest.mark.parametrize(
    ("text", "words", "hint"),
    [
        ('provid = "x"', 'unknown key "provid"', "did you mean provider?"),
        ("time_out = 5", 'unknown key "time_out"', "did you mean timeout?"),
        ('statedir = "x"', 'unknown key "statedir"', "did you mean state_dir?"),
        ("xyzzy = 1", 'unknown key "xyzzy"', "keys: provider, resolvers, root_hints, require"),
        ('"\\u001b[31m" = 1', r'unknown key "\\x1b\[31m"', "keys: "),
        ("[zone.x]\n", 'unknown key "zone"', "did you mean zones?"),
        (
            '[zones."example.com"]\nzoneid = "Z"',
            'zones."example.com": unknown key "zoneid"',
            "did you mean zone_id?",
        ),
        ('[zones."e.com"]\nnameserver = []', "unknown key", "did you mean nameservers?"),
        ("provider = 5", 'provider: "5" is not valid: a name, or a list of names, is wanted', ""),
        ('provider = ""', 'provider: "" is not valid', ""),
        ('state_dir = ""', 'state_dir: "" is not valid: text is wanted', ""),
        ("state_dir = 5", 'state_dir: "5" is not valid', ""),
        ('state_dir = "~nobody-at-all/x"', "a home folder that nobody has", ""),
        ('resolvers = "192.0.2.1"', "resolvers: .* a list of addresses is wanted", ""),
        ("resolvers = [5]", "resolvers: .* text is wanted", ""),
        ('resolvers = ["dns.google"]', "resolvers: .*dns.google", ""),
        ('resolvers = ["192.0.2.1:0"]', "resolvers: .* 0", ""),
        ('root_hints = ["a.root-servers.net"]', "root_hints: .*a.root-servers.net", ""),
        ('root_hints = "192.0.2.1"', "root_hints: .* a list of addresses is wanted", ""),
        ("root_hint = []", 'unknown key "root_hint"', "did you mean root_hints?"),
        ("issuer = 5", 'issuer: "5" is not valid: a name, or a list of names, is wanted', ""),
        ("issuer = []", "issuer: .* a name, or a list of names, is wanted", ""),
        ('issuer = "https://a.example"', "issuer: .* must be a CA's domain name", ""),
        ('issuer = ["a.example", ""]', "issuer: .* text is wanted", ""),
        ("account_uri = 5", 'account_uri: "5" is not valid: text is wanted', ""),
        ('account_uri = ""', 'account_uri: "" is not valid: text is wanted', ""),
        ('require = "most"', "require: .* quorum, all or authoritative is wanted", ""),
        ("require = []", "require: .* quorum, all or authoritative is wanted", ""),
        ('timeout = "5 minutes"', 'timeout: "5 minutes" is not valid: a duration is', ""),
        ("timeout = true", 'timeout: "True" is not valid', ""),
        (f"timeout = 0x{'F' * 5000}", "too long to show.* a duration is", ""),
        (f"require = [0x{'F' * 5000}]", "too long to show.* quorum, all or", ""),
        ("zones = 5", '"zones" holds tables', ""),
        ("[zones]\na = 5", '"zones" holds tables', ""),
        ('[zones."a..b"]', 'zones: "a..b" is not valid: a domain name is wanted', ""),
        ('[zones.""]', "zones: .* below the root is wanted", ""),
        ('[zones."."]', "zones: .* below the root is wanted", ""),
        (f'[zones."{"a" * 64}"]', "zones: .* a domain name is wanted", ""),
        ('[zones."\\uD7FB.com"]', "zones: .* a domain name is wanted", ""),
        ('[zones."e.com"]\nzone_id = 5', 'zones."e.com" zone_id: "5" is not valid', ""),
        ('[zones."e.com"]\nnameservers = ["ns1.e.com"]', 'zones."e.com" nameservers: ', ""),
        ("provider = ", "config.toml is not TOML: Invalid value", ""),
        ("a = 1\na = 2", "is not TOML", ""),
    ],
)
def test_a_mistake_in_the_file_is_answered(home: Path, text: str, words: str, hint: str) -> None:
    """Exit 78 with the place, the value and the nearest key."""
    message, found = complaint(home, text)
    with pytest.raises(Failed, match=words):
        raise Failed(Exit.CONFIG, "", message)
    assert hint in found


def test_a_file_that_is_no_text_is_answered(home: Path) -> None:
    """TOML is UTF-8."""
    (home / "c.toml").write_bytes(b'provider = "\xff"')
    assert "is not TOML" in complaint(home, "", DNS01_CONFIG=str(home / "c.toml"))[0]


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"DNS01_TIMEOUT": "soon"}, 'DNS01_TIMEOUT: "soon" is not valid'),
        ({"DNS01_RESOLVERS": "192.0.2.1,dns.google"}, "DNS01_RESOLVERS: "),
        ({"DNS01_RESOLVERS": "192.0.2.1,"}, "DNS01_RESOLVERS: "),
        ({"DNS01_STATE_DIR": "~nobody-at-all/x"}, "DNS01_STATE_DIR: "),
        ({"DNS01_ROOT_HINTS": "a.root-servers.net"}, "DNS01_ROOT_HINTS: "),
        ({"DNS01_ISSUER": "a.example,,b.example"}, "DNS01_ISSUER: "),
        ({"DNS01_ISSUER": "a example"}, '"a example" must be a CA'),
        ({"DNS01_TIMEOUT": "0"}, "more than 0"),
    ],
)
def test_a_mistake_in_the_environment_is_answered(
    home: Path, variables: dict[str, str], words: str
) -> None:
    """Exit 78 with the name of the variable."""
    assert words in complaint(home, "", **variables)[0]


def test_a_list_is_shown_as_it_was_written(home: Path) -> None:
    """With commas, not as Python has it, whether a variable or the file holds it."""
    shown = '"192.0.2.1, dns.google" is not valid: must be an IP address, such as 8.8.8.8'
    for message, _ in (
        complaint(home, "", DNS01_RESOLVERS="192.0.2.1,dns.google"),
        complaint(home, 'resolvers = ["192.0.2.1", "dns.google"]'),
    ):
        assert shown in message


def test_zones_are_found_by_name(home: Path) -> None:
    """Case, a final dot and Unicode make no other zone; the closest one holds for a name."""
    text = """
    [zones."Example.COM."]
    provider = "rfc2136"
    zone_id = "Z1"
    nameservers = ["127.0.0.1:5353", "::1"]
    [zones."sub.example.com"]
    [zones."BÜCHER.example"]
    zone_id = "Z2"
    """
    found = configured(home, text)
    apex = from_text("example.com.")
    nameservers = (Endpoint("127.0.0.1", 5353), Endpoint("::1"))
    assert found.zone(from_text("www.EXAMPLE.com.")) == (
        apex,
        ZoneSettings(("rfc2136",), "Z1", nameservers),
    )
    below = found.zone(from_text("a.sub.example.com."))
    assert below == (from_text("sub.example.com."), ZoneSettings())
    assert found.zone(from_text("xn--bcher-kva.example.")) is not None
    assert found.zone(from_text("notexample.com.")) is None


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"DNS01_STATE_DIR": "/a", "STATE_DIRECTORY": "/b", "XDG_STATE_HOME": "/c"}, "/a"),
        ({"DNS01_STATE_DIR": "~/a"}, "~/a"),
        ({"STATE_DIRECTORY": "/b:/bb", "XDG_STATE_HOME": "/c"}, "/b"),
        ({"XDG_STATE_HOME": "/c"}, "/c/dns01"),
        ({"XDG_STATE_HOME": "c", "HOME": "/d"}, "/d/.local/state/dns01"),
        ({"HOME": "/d"}, "/d/.local/state/dns01"),
        ({}, "~/.local/state/dns01"),
    ],
)
def test_where_receipts_are_kept(variables: dict[str, str], folder: str) -> None:
    """Ours, systemd's, XDG's, the home folder's: the first that is set."""
    expected = Path(folder).expanduser()
    assert settings(ready(), Environment(variables)).state_dir == expected


def test_without_a_home_there_is_still_a_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without home folder, as in containers, needs to name the state folder only."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)  # an id that no account has
    assert settings(ready("--state-dir", "/s"), Environment({})).state_dir == Path("/s")
    with pytest.raises(Failed, match="no home folder") as caught:
        settings(ready(), Environment({}))
    assert "--state-dir" in caught.value.problem.hint


def test_an_empty_home_is_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """As without the variable, the account's own folder counts, and never the root folder."""
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "STATE_DIRECTORY", "DNS01_STATE_DIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", "")
    ours = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert ours.parts[1:]
    environment = Environment.of_process()
    assert settings(ready(), environment).state_dir == ours / ".local/state/dns01"
    named = environment.plus(DNS01_STATE_DIR="~/x")
    assert settings(ready(), Environment(named)).state_dir == ours / "x"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(f"{SECRET}\n")
    return path


def test_a_secret_may_be_in_a_file(key_file: Path) -> None:
    """NAME_FILE holds it, with or without a final newline; NAME itself comes first."""
    assert Environment({"K_FILE": str(key_file)}).secret("K") == SECRET
    assert Environment({"K": "v", "K_FILE": "/nonexistent"}).secret("K") == "v"
    assert Environment({"K": "", "K_FILE": str(key_file)}).secret("K") == SECRET
    assert Environment({"K_FILE": ""}).secret("K") is None
    assert Environment({}).secret("K") is None


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "no such file"), (b"", "it is empty"), (b" \n", "it is empty"), (b"\xff", "not text")],
)
def test_a_secrets_file_must_hold_one(tmp_path: Path, content: bytes | None, words: str) -> None:
    """What NAME_FILE promises is checked, and the variable and path are named."""
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Failed, match=f'^K_FILE names ".*": .*{words}') as caught:
        Environment({"K_FILE": str(path)}).secret("K")
    assert caught.value.exit is Exit.CONFIG


def test_an_adapter_gets_what_it_declares(key_file: Path) -> None:
    """Present settings only; files are for secrets only."""
    declared = (Setting("A", ""), Setting("B", ""), Setting("C", "", secret=True))
    adapter = Adapter(declared, (), open=lambda _: pytest.fail("not to be opened"))
    variables = {"A": "1", "B_FILE": str(key_file), "C_FILE": str(key_file), "D": "4"}
    assert adapter_settings(adapter, Environment(variables)) == {"A": "1", "C": SECRET}


def test_a_child_process_gets_the_environment_and_more() -> None:
    """Ours wins over what was there, and what was there is left as it was."""
    variables = {"A": "1", "B": "", "DNS01_REPORT": "old"}
    child = Environment(variables).plus(DNS01_REPORT="new")
    assert child == {"A": "1", "B": "", "DNS01_REPORT": "new"}
    assert variables["DNS01_REPORT"] == "old"


def test_the_process_has_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is read where it stands."""
    monkeypatch.setenv("DNS01_TEST", "x")
    assert Environment.of_process().get("DNS01_TEST") == "x"


def test_to_see_whether_a_variable_is_set_makes_it_no_secret() -> None:
    """
    A provider is found by variables some of which are no secrets, such as a server's name: those
    must stay readable, or nobody sees a typo in them.
    """
    environment = Environment({"RFC2136_NAMESERVER": "ns1.exmaple.com", "X_FILE": "/none"})
    able = [c.name for c in registry.candidates(environment.has) if c.has_credentials]
    assert able == ["rfc2136"]
    assert environment.has("X")
    assert not environment.has("Y")
    assert environment.secrets.hide("ns1.exmaple.com") == "ns1.exmaple.com"
