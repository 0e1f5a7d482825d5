"""`dns01 config`: a file to begin with, and everything that is wrong with one, at once."""

import json
import re
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.command.arguments import parse
from pipeline.command.configuring import configuring
from pipeline.command.output import Output
from pipeline.configuration import registry
from pipeline.configuration.config import settings
from pipeline.configuration.environment import Environment
from pipeline.configuration.keys import DECIDED
from pipeline.configuration.tables import Reader
from pipeline.configuration.variables import OF_SCRIPTS, RCL, known, unread
from pipeline.model import Exit, Failed
from tests.standins.third_party import ADAPTER, install

from .bridge import DNS01
from .documents import ROOT
from .test_docs import variables_of_code

MODULE = "somebodys_acmedns"
SECRET = "do-not-show-this"


@dataclass
class Said:
    status: int
    out: str
    err: str


def config(home: Path, words: str, **variables: str) -> Said:
    """Return what `dns01 config` does with *words*, *home* being the user's."""
    options, environment = (
        parse(["config", *words.split()]),
        Environment({"HOME": str(home)} | variables),
    )
    out, err = StringIO(), StringIO()
    status = configuring(options, environment, Output(options, environment, out, err))
    for secret in (SECRET, "nor-this-do-show"):
        assert secret not in out.getvalue() + err.getvalue()
    return Said(status, out.getvalue(), err.getvalue())


def checked(home: Path, text: str, words: str = "", **variables: str) -> Said:
    """Return what `config check` says of *text* in the user's own file."""
    write(home, text)
    return config(home, f"check {words}", **variables)


def write(home: Path, text: str) -> Path:
    path = home / ".config/dns01/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# check


WRONG = """
provider = "cloudfare"
timeout = "soon"
requre = "all"
[zones."a..b"]
[zones."example.com"]
nameserver = ["192.0.2.1"]
provider = "mine"
[zones."Example.COM."]
[providers.mine]
adapter = "cloudflare"
CLOUDFLARE_API_TOKEN_FILE = "/etc/dns01-no-such-file"
[providers.bare]
adapter = "cloudflare"
[providers.loud]
adapter = "cloudflare"
CLOUDFLARE_API_TOKEN = "do-not-show-this"
CF_DNS_API_TOKEN = ["nor-this-do-show"]
CLOUDFLARE_API_TOKN = "do-not-show-this"
[acme]
directory = "x"
"""


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """
    Each with its place and what was meant: keys at every depth, types, names, providers, secrets.
    """
    said = checked(tmp_path, WRONG)
    assert said.status == Exit.CONFIG
    told = re.sub(r"(?m)^dns01: ", "", said.err)
    for words in (
        'config.toml: unknown key "requre"\n  hint: did you mean require?',
        'timeout: "soon" is not valid: a duration is',
        'acme: unknown key "directory"\n  hint: did you mean directory_url?',
        'zones: "a..b" is not valid: a domain name is wanted',
        'zones."example.com": unknown key "nameserver"\n  hint: did you mean nameservers?',
        'zones."Example.COM.": another table is for this zone, too',
        "providers.loud: CLOUDFLARE_API_TOKEN is a secret, and this file is no place for it",
        'providers.loud: unknown key "CLOUDFLARE_API_TOKN"\n  hint: did you mean CLOUDFLARE_API',
        'providers.mine CLOUDFLARE_API_TOKEN_FILE names "/etc/dns01-no-such-file": no such file',
        "providers.bare has no credentials\n  hint: its table needs CLOUDFLARE_API_TOKEN, or ",
        "no provider is called 'cloudfare'\n  hint: did you mean cloudflare?",
    ):
        pattern = r"\s+".join(map(re.escape, words.split()))
        assert re.search(pattern, told), words


def test_an_account_that_is_refused_is_not_listed(tmp_path: Path) -> None:
    """
    Neither one without credentials, nor one whose secret is not there.
    """
    assert "account " not in checked(tmp_path, WRONG).out


def test_a_run_tells_the_first_mistake_and_how_many_there_are(tmp_path: Path) -> None:
    """
    Exit 78 as ever, and the way to see the others.
    """
    path = write(tmp_path, 'timeout = "soon"\nrequire = "most"\nx = 1')
    options = parse(["ready", "a.example", "--config", str(path)])
    with pytest.raises(Failed, match='unknown key "x"') as caught:
        settings(options, Environment({"HOME": str(tmp_path)}))
    assert caught.value.problem.hint.endswith("; 2 more mistakes: `dns01 config check` names all")


def test_what_is_in_force_is_shown(tmp_path: Path) -> None:
    """
    Which file, each value with whatever decided it, where zones go; of accounts no secret.
    """
    (tmp_path / "token").write_text(SECRET)
    (tmp_path / "token").chmod(0o600)
    text = """
    provider = "mine"
    resolvers = ["192.0.2.1"]
    timeout = "7m"
    [zones."example.com"]
    provider = ["rfc2136", "mine"]
    [zones."other.example"]
    [providers.mine]
    adapter = "cloudflare"
    CLOUDFLARE_API_TOKEN_FILE = "~/token"
    """
    text = text.replace("~", str(tmp_path))
    given = {"DNS01_TIMEOUT": "90", "RFC2136_NAMESERVER": "192.0.2.1"}
    said = checked(tmp_path, text, CLOUDFLARE_API_TOKEN=SECRET, **given)
    assert (said.status, said.err) == (0, "")
    lines = [line.strip() for line in said.out.splitlines()]
    assert lines[0] == f"valid: {tmp_path}/.config/dns01/config.toml"
    for line in (
        "provider = mine (the file)",
        'resolvers = ["192.0.2.1"] (the file)',
        "timeout = 90 (DNS01_TIMEOUT)",
        "require = quorum (default)",
        "zone example.com.: rfc2136, mine",
        "zone other.example.: provider as for any other",
        "account mine: at cloudflare",
    ):
        assert line in lines
    found = json.loads(checked(tmp_path, text, "--json", **given).out)
    assert (found["valid"], found["mistakes"]) == (True, [])
    assert {"key": "timeout", "value": "90", "from": "DNS01_TIMEOUT"} in found["settings"]
    assert {"zone": "example.com.", "providers": ["rfc2136", "mine"]} in found["zones"]
    assert found["accounts"] == [{"name": "mine", "adapter": "cloudflare"}]


def test_a_secret_that_others_can_read_is_a_warning(tmp_path: Path, open_folder: Path) -> None:
    """
    Exit 0, with the file and the mode that it should have.
    """
    token = open_folder / "token"
    token.write_text(SECRET)
    token.chmod(0o644)
    text = f'[providers.mine]\nadapter = "cloudflare"\nCLOUDFLARE_API_TOKEN_FILE = "{token}"'
    found = json.loads(checked(tmp_path, text, "--json").out)
    assert (found["valid"], [each["code"] for each in found["warnings"]]) == (
        True,
        ["secret-readable"],
    )


def test_settings_that_others_bring_are_known_in_accounts(tmp_path: Path) -> None:
    """
    Of dns-lexicon's providers each has its own: secrets in files, and typos answered.
    """
    text = """
    [providers.power]
    adapter = "lexicon"
    LEXICON_PROVIDER = "powerdns"
    LEXICON_ZONES = "example.com"
    {} = "{}"
    """
    (tmp_path / "token").write_text(SECRET)
    (tmp_path / "token").chmod(0o600)
    right = text.format("LEXICON_POWERDNS_AUTH_TOKEN_FILE", tmp_path / "token")
    assert checked(tmp_path, right).err == ""
    said = checked(tmp_path, text.format("LEXICON_POWERDNS_TOKEN_FILE", "x"))
    assert 'unknown key "LEXICON_POWERDNS_TOKEN_FILE"' in said.err
    assert "did you mean LEXICON_POWERDNS_AUTH_TOKEN_FILE?" in said.err
    said = checked(tmp_path, text.format("LEXICON_POWERDNS_AUTH_TOKEN", SECRET))
    assert "is a secret, and this file is no place for it" in said.err


@given(
    st.dictionaries(
        st.text(max_size=9),
        st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=2),
        max_size=3,
    ),
    st.sampled_from(["zones", "providers", "acme"]),
)
def test_whatever_the_keys_are_messages_are_one_line(
    tables: dict[str, dict[str, str]], place: str
) -> None:
    """
    What a stranger has put there makes no line, and no command, of its own.
    """
    reader = Reader()
    reader.document({place: tables}, "file")
    for mistake in reader.mistakes:
        assert f"{mistake}{mistake.problem.hint}".isprintable()


def test_variables_are_checked_as_well(tmp_path: Path) -> None:
    """
    One with a wrong value is a mistake; one that is nearly ours is a warning, as for any run.
    """
    said = config(tmp_path, "check --json", DNS01_TIMEOUT="soon", DNS01_RESOLVER="192.0.2.1")
    found = json.loads(said.out)
    assert (said.status, found["exists"]) == (Exit.CONFIG, False)
    assert found["file"] == str(tmp_path / ".config/dns01/config.toml")
    assert [each["message"][:22] for each in found["mistakes"]] == ['DNS01_TIMEOUT: "soon" ']
    assert found["warnings"] == [
        {
            "code": "variable-unknown",
            "message": 'the variable "DNS01_RESOLVER" is not read',
            "hint": "did you mean DNS01_RESOLVERS?",
        }
    ]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("DNS01_RESOLVER", "did you mean DNS01_RESOLVERS?"),
        ("DNS01_STATEDIR", "did you mean DNS01_STATE_DIR?"),
        ("DNS01_STATE", "did you mean DNS01_STATE_DIR?"),
        ("DNS01_TTL", "it is an option: --ttl"),
        ("DNS01_QUIET", "it is an option: --quiet"),
        ("DNS01_", "`dns01 config init -` names those that are"),
        ("DNS01_ZZZ", "`dns01 config init -` names those that are"),
        ("DNS01_STATE_DIR", ""),
        ("DNS01_REQUIRE", ""),
        ("DNS01_ORDER", ""),
        ("DNS01_PING_URL_FILE", ""),
        ("DNS01_COMMAND", ""),
        ("DNS02_RESOLVER", ""),
        ("TIMEOUTS", ""),
        ("RCL_APIKEY", "did you mean RCL_API_KEY?"),
        ("RCL_SUBSCRIPTION", "did you mean RCL_SUBSCRIPTION_ID?"),
        ("RCL_API_KEY_FILE", ""),
        ("RCL_API", ""),
        ("RCL_LOGGING_IMPLEMENTATION", ""),
    ],
)
def test_a_variable_of_our_prefix_that_nobody_reads_is_told(name: str, hint: str) -> None:
    """
    With what was meant, never what is only set for others. Variables without that prefix are the
    user's own; those that look like one of the order API's are most likely that.
    """
    assert [each.hint for each in Environment({name: "x"}).remarks] == ([hint] if hint else [])


def test_each_variable_of_ours_is_known() -> None:
    """
    Otherwise somebody would be told that it is not read. If this fails, name it in `BESIDE`, or
    give its key in `keys` the variable.
    """
    ours = {name for name in variables_of_code() if name.startswith("DNS01_")}
    assert ours <= known()
    assert {key.variable for key in DECIDED.values() if key.variable} <= variables_of_code()
    assert {name for name in variables_of_code() if name.startswith("RCL_")} == {*RCL}


def test_what_ships_for_ci_sets_no_variable_that_is_complained_of() -> None:
    """
    The action, the job templates and what is in contrib have variables of their own.
    """
    paths = [ROOT / "action.yml", *(ROOT / "templates").rglob("*"), *(ROOT / "contrib").rglob("*")]
    text = "".join(path.read_text() for path in paths if path.is_file())
    names = set(re.findall(r"DNS01_[A-Z_]+", text))
    assert {name.removeprefix("DNS01_") for name in names - known()} == {*OF_SCRIPTS}
    assert unread(names) == []


def test_mistakes_of_all_variables_are_told(tmp_path: Path) -> None:
    """
    Whoever reads them at a run: order sources, providers with credentials, watcher, serve. Each
    is read by the code that a run reads it with, and nobody is asked.
    """
    said = config(
        tmp_path,
        "check",
        RCL_BASE_URL="http://example.com",
        RCL_API="v9",
        RCL_API_KEY_FILE="/nope/key",
        CLOUDFLARE_BASE_URL="ftp://x",
        CLOUDFLARE_API_TOKEN=SECRET,
        RFC2136_NAMESERVER="[::",
        EXEC_PATH="rel",
        EXEC_ZONES="example.com",
        HTTPREQ_ENDPOINT="http://example.com",
        HTTPREQ_ZONES="example.com",
        DNS01_PING_URL="http://x.example",
        DNS01_SERVE_NAMES=";",
        DNS01_SERVE_USERNAME="somebody",
        DNS01_ORDER="rlc",
        ACME_ACCEPT_TOS="ja",
        ACME_DIRECTORY_URL="http://example.com/directory",
        ACME_ACCOUNT_KEY=SECRET,
        ACME_EAB_HMAC_KEY_FILE="/nope/hmac",
    )
    assert said.status == Exit.CONFIG
    for words in (
        "RCL_BASE_URL is neither",
        'RCL_API "v9" is no edition',
        "RCL_API_KEY_FILE names",
        "cloudflare: CLOUDFLARE_BASE_URL",
        "rfc2136: RFC2136_NAMESERVER",
        "exec: EXEC_PATH",
        "httpreq: HTTPREQ_ENDPOINT",
        "DNS01_PING_URL is neither",
        'DNS01_SERVE_NAMES: ";"',
        "DNS01_SERVE_PASSWORD is missing",
        'DNS01_ORDER: "rlc"',
        'ACME_ACCEPT_TOS: "ja"',
        "ACME_EAB_HMAC_KEY_FILE names",
    ):
        assert said.err.count(words) == 1, words
    said = config(
        tmp_path,
        "check",
        RFC2136_NAMESERVER="192.0.2.1",
        RFC2136_TSIG_KEY="key.",
        RFC2136_TSIG_SECRET="c2VjcmV0",
        RFC2136_TSIG_ALGORITHM="md55",
        ACME_DIRECTORY_URL="http://example.com/directory",
        ACME_ACCOUNT_KEY=SECRET,
    )
    assert said.status == Exit.CONFIG
    assert "RFC2136_TSIG_ALGORITHM" in said.err
    assert "ACME_DIRECTORY_URL is neither" in said.err


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ('provider = "cloudflare"', {}),
        ("", {"DNS01_PROVIDER": "cloudflare"}),
        ("", {"CLOUDFLARE_BASE_URL": "https://api.cloudflare.com/client/v4"}),
        ('[zones."example.com"]\nprovider = "cloudflare"', {}),
    ],
)
def test_a_provider_without_credentials_is_a_warning(
    text: str, variables: dict[str, str], tmp_path: Path
) -> None:
    """
    Named in the file or by variable, or set up in part. They may be where the run will be.
    """
    said = checked(tmp_path, text, "--json", **variables)
    [warning] = json.loads(said.out)["warnings"]
    assert (said.status, warning["code"]) == (0, "provider-unarmed")
    assert "no credentials for cloudflare" in warning["message"]
    assert "set CLOUDFLARE_API_TOKEN, or CF_DNS_API_TOKEN" in warning["hint"]
    armed = checked(tmp_path, text, "--json", CLOUDFLARE_API_TOKEN=SECRET, **variables)
    assert json.loads(armed.out)["warnings"] == []


def test_syntax_is_told_with_its_line(tmp_path: Path) -> None:
    """
    TOML's own complaint has it.
    """
    said = checked(tmp_path, 'provider = "cloudflare"\ntimeout = 5m\n')
    assert (said.status, "line 2" in said.err) == (Exit.CONFIG, True)


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    """
    By FILE, by --config and by the variable alike; the user's own need not be.
    """
    there = tmp_path / "there.toml"
    there.write_text("timeout = '1m'")
    for words, variables in (
        ("check {}", {}),
        ("check --config {}", {}),
        ("check", {"DNS01_CONFIG": "{}"}),
    ):
        for path, status in ((there, 0), (tmp_path / "gone.toml", Exit.CONFIG)):
            filled = {name: value.format(path) for name, value in variables.items()}
            said = config(tmp_path, words.format(path), **filled)
            assert said.status == status
            assert ("timeout = 1m (the file)" in said.out) is (status == 0)
    assert config(tmp_path, "check").status == 0


def test_quiet_is_silent_unless_something_is_wrong(tmp_path: Path) -> None:
    """
    For cron and for CI.
    """
    said = checked(tmp_path, "timeout = '1m'", "--quiet")
    assert (said.status, said.out, said.err) == (0, "", "")
    said = checked(tmp_path, "timeout = 'x'", "--quiet")
    assert (said.status, said.out, "timeout" in said.err) == (Exit.CONFIG, "", True)


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return what installs somebody's adapter ``acmedns``, declared with more words."""
    site = tmp_path / "site"

    def put(words: str) -> None:
        site.mkdir()
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, MODULE, raising=False)
        install(site, MODULE, ADAPTER.replace("open=", f"{words}open="))

    return put


# What counts only in a file that was named


@pytest.mark.parametrize(
    "text",
    [
        'provider = "acmedns"',
        'provider = ["cloudflare", "acmedns"]',
        '[zones."example.com"]\nprovider = "acmedns"',
        '[providers.mine]\nadapter = "acmedns"\nACME_DNS_PASSWORD_ENV = "X"',
    ],
)
def test_a_picked_up_file_cannot_choose_what_must_be_named(
    text: str, tmp_path: Path, stranger: Callable[[str], None]
) -> None:
    """
    A provider such as one that runs programs: a file that merely lies there is refused, the same
    file named by flag or variable is not.
    """
    stranger("named_only=True, ")
    assert "acmedns" in registry.installed()
    path, home = write(tmp_path, text), {"HOME": str(tmp_path)}
    with pytest.raises(Failed, match="counts only in a file that you name") as caught:
        settings(parse(["ready", "a.example"]), Environment(home))
    assert (caught.value.exit, "--config" in caught.value.problem.hint) == (Exit.CONFIG, True)
    options = parse(["ready", "a.example", "--config", str(path)])
    by_flag = settings(options, Environment(home))
    named = Environment(home | {"DNS01_CONFIG": str(path)})
    by_variable = settings(parse(["ready", "a.example"]), named)
    assert by_flag == by_variable
    assert {*by_flag.accounts, *by_flag.zones, *by_flag.fallback}


def test_exec_is_such_a_provider(tmp_path: Path) -> None:
    """
    The one that runs a program of this machine.
    """
    text = '[providers.mine]\nadapter = "exec"\nEXEC_PATH = "/bin/true"\nEXEC_ZONES = "a.example"'
    path = write(tmp_path, text)
    said = config(tmp_path, "check")
    assert (said.status, "counts only in a file that you name" in said.err) == (Exit.CONFIG, True)
    assert config(tmp_path, f"check {path}").status == 0


# init


def test_a_file_is_begun_in_the_users_own_folder(tmp_path: Path) -> None:
    """
    For nobody else to read, in a folder likewise; valid, and with nothing in force.
    """
    said = config(tmp_path, "init")
    path = tmp_path / ".config/dns01/config.toml"
    assert (said.status, said.out.strip()) == (0, f'wrote "{path}"')
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert tomllib.loads(path.read_text()) == {}
    assert config(tmp_path, "check").status == 0
    [schema] = re.findall(r"^#:schema file://(\S+)", path.read_text())
    assert json.loads(Path(schema).read_text())["title"] == "dns01 configuration"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """
    A file, a link to nothing, a folder: left as it is, exit 64.
    """
    path = write(tmp_path, "timeout = '1m'")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for words in ("init", f"init {tmp_path / 'link'}", f"init {tmp_path}"):
        with pytest.raises(Failed, match="it exists") as caught:
            config(tmp_path, words)
        assert caught.value.exit is Exit.USAGE
    assert path.read_text() == "timeout = '1m'"
    assert not (tmp_path / "nowhere").exists()


def test_a_file_is_begun_where_it_would_be_read(tmp_path: Path) -> None:
    """
    The one named by FILE, --config or the variable; no folder is made for those.
    """
    for number, (words, variables) in enumerate(
        [("init {}", {}), ("init --config {}", {}), ("init", {"DNS01_CONFIG": "{}"})]
    ):
        path = tmp_path / f"{number}.toml"
        filled = {name: value.format(path) for name, value in variables.items()}
        said = config(tmp_path, f"{words} --json".format(path), **filled)
        assert json.loads(said.out) == {"schema": 1, "file": str(path)}
        assert path.exists()
    with pytest.raises(Failed, match="no such file"):
        config(tmp_path, f"init {tmp_path}/none/c.toml")
    assert not (tmp_path / "none").exists()


def test_the_sample_goes_to_standard_output_for_a_hyphen(tmp_path: Path) -> None:
    """
    And nowhere else.
    """
    said = config(tmp_path, "init -")
    assert said.out.startswith("#:schema file:///")
    assert list(tmp_path.iterdir()) == []


def test_the_schema_describes_what_is_installed(
    tmp_path: Path, stranger: Callable[[str], None]
) -> None:
    """
    Third parties' providers included.
    """
    stranger("")
    found = json.loads(config(tmp_path, "schema").out)
    adapters = found["properties"]["providers"]["additionalProperties"]["properties"]["adapter"]
    assert {"acmedns", "cloudflare"} <= set(adapters["enum"])


@pytest.mark.parametrize("words", ["", "chek", "schema x.toml", "check a --config b", "init a b"])
def test_misuse_is_answered(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """
    Exit 64.
    """
    with pytest.raises(SystemExit) as caught:
        parse(["config", *words.split()])
    assert caught.value.code == Exit.USAGE
    assert capsys.readouterr().err.startswith("dns01: ")


def test_the_command_itself(tmp_path: Path) -> None:
    """
    As a person runs it: a sample is checked with exit 0, a typo in it with 78 and one document.
    """
    env = {"HOME": str(tmp_path)}
    path = tmp_path / "c.toml"
    for word in ("init", "check"):
        subprocess.run([DNS01, "config", word, path], env=env, check=True, capture_output=True)
    path.write_text(path.read_text().replace("# timeout", "timeuot"))
    done = subprocess.run(
        [DNS01, "config", "check", "--json", path], env=env, check=False, capture_output=True
    )
    assert (done.returncode, json.loads(done.stdout)["valid"]) == (Exit.CONFIG, False)
    assert b"did you mean timeout?" in done.stderr


# What a run complains of first


def first(home: Path, words: str, **variables: str) -> str:
    """Return what `dns01` says, without any account for orders."""
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", **variables}
    done = subprocess.run(
        [DNS01, *words.split()], env=environment, capture_output=True, text=True, check=False
    )
    return done.stderr


@pytest.mark.parametrize(
    ("words", "variables", "complaint"),
    [
        ("ready a.example", {"DNS01_CONFIG": "/nope"}, "cannot read /nope"),
        ("ready a.example --config {}/bad.toml", {}, "is not TOML"),
        ("ready a.example --provider cloudfare", {"DNS01_TIMEOUT": "5x"}, 'DNS01_TIMEOUT: "5x"'),
        ("run a.example --provider cloudfare -- ./none.sh", {}, "no provider is called"),
        ("run a.example -- ./none.sh", {"RCL_API": "v9"}, 'command "./none.sh" does not exist'),
        ("run a.example -- true", {"RCL_API": "v9"}, 'RCL_API "v9"'),
        ("ready a.example", {"RCL_BASE_URL": "http://a.example"}, "RCL_BASE_URL is neither"),
        ("ready a.example --respond", {}, "--respond needs --order acme"),
        ("ready a.example", {}, "RCL_API_KEY and RCL_SUBSCRIPTION_ID not set"),
        ("ready a.example", {"DNS01_ORDER": "acme"}, "ACME_DIRECTORY_URL not set"),
        ("ready a.example --order rcl", {"DNS01_ORDER": "acme"}, "RCL_API_KEY and"),
    ],
)
def test_what_is_wrong_is_told_from_the_outside_in(
    words: str, variables: dict[str, str], complaint: str, tmp_path: Path
) -> None:
    """
    File and settings, the provider named, the command, and what is missing of the account for
    orders last; there the other sources are named.
    """
    (tmp_path / "bad.toml").write_text("timeout = 5m")
    said = first(tmp_path, words.format(tmp_path), **variables)
    assert complaint in said
    assert said.count("dns01: ") <= 2
    if "RCL_API_KEY and" in said:
        assert "--order acme" in said
        assert "--from FILE" in said
