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
from pipeline.configuration.variables import known, misspelt
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
    provider = ["route53", "mine"]
    [zones."other.example"]
    [providers.mine]
    adapter = "cloudflare"
    CLOUDFLARE_API_TOKEN_FILE = "~/token"
    """
    text = text.replace("~", str(tmp_path))
    said = checked(tmp_path, text, DNS01_TIMEOUT="90", CLOUDFLARE_API_TOKEN=SECRET)
    assert (said.status, said.err) == (0, "")
    lines = [line.strip() for line in said.out.splitlines()]
    assert lines[0].endswith("/.config/dns01/config.toml")
    for line in (
        "provider = mine (the file)",
        'resolvers = ["192.0.2.1"] (the file)',
        "timeout = 90 (DNS01_TIMEOUT)",
        "require = quorum (default)",
        "zone example.com.: route53, mine",
        "zone other.example.: provider as for any other",
        "account mine: at cloudflare",
    ):
        assert line in lines
    found = json.loads(checked(tmp_path, text, "--json", DNS01_TIMEOUT="90").out)
    assert (found["valid"], found["mistakes"]) == (True, [])
    assert {"key": "timeout", "value": "90", "from": "DNS01_TIMEOUT"} in found["settings"]
    assert {"zone": "example.com.", "providers": ["route53", "mine"]} in found["zones"]
    assert found["accounts"] == [{"name": "mine", "adapter": "cloudflare"}]


def test_a_secret_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    """
    Exit 0, with the file and the mode that it should have.
    """
    token = tmp_path / "token"
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
    ("name", "meant"),
    [
        ("DNS01_RESOLVER", "DNS01_RESOLVERS"),
        ("DNS01_STATEDIR", "DNS01_STATE_DIR"),
        ("DNS01_STATE_DIR", ""),
        ("DNS01_SITE", ""),
        ("DNS01_", ""),
        ("DNS02_RESOLVER", ""),
        ("TIMEOUTS", ""),
    ],
)
def test_which_variables_are_taken_for_typos(name: str, meant: str) -> None:
    """
    Those of our prefix that are none of ours and like one of them; others are the user's own.
    """
    hints = [each.hint for each in Environment({name: "x"}).remarks]
    assert hints == ([f"did you mean {meant}?"] if meant else [])


def test_each_variable_of_ours_is_known() -> None:
    """
    Otherwise somebody would be told that it is not read. If this fails, name it in `BESIDE`, or
    give its key in `keys` the variable.
    """
    ours = {name for name in variables_of_code() if name.startswith("DNS01_")}
    assert ours <= known()
    assert {key.variable for key in DECIDED.values() if key.variable} <= variables_of_code()


def test_what_ships_for_ci_sets_no_variable_that_looks_like_a_typo() -> None:
    """
    The action, the job templates and what is in contrib have variables of their own.
    """
    paths = [ROOT / "action.yml", *(ROOT / "templates").rglob("*"), *(ROOT / "contrib").rglob("*")]
    text = "".join(path.read_text() for path in paths if path.is_file())
    names = set(re.findall(r"DNS01_[A-Z_]+", text))
    assert names - known()
    assert misspelt(names) == []


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
