"""The command line: options follow the verb, and every misuse is exit 64."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import __version__
from pipeline.asking.endpoints import Endpoint
from pipeline.command.arguments import WITH_EXITS, parse

VERBS = ["plan", "ready", "clean", "run", "wait", "providers", "demo"]


def usage_error(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    assert caught.value.code == 64
    out, err = capsys.readouterr()
    assert out == ""
    first, second, *rest = err.splitlines()
    assert first.startswith("dns01: ")
    assert second.startswith("dns01: hint: dns01")
    assert second.endswith("--help")
    assert rest == []
    return first.removeprefix("dns01: ")


@pytest.mark.parametrize("verb", ["plan", "ready"])
def test_names_and_options_come_in_any_order(verb: str) -> None:
    """Options follow the verb, before or after the names."""
    for words in (["--json", "a", "b"], ["a", "b", "--json"]):
        options = parse([verb, *words])
        assert (options.verb, options.names, options.json) == (verb, ["a", "b"], True)


def test_nothing_is_chosen_unasked() -> None:
    """Defaults are for the configuration to decide."""
    options = vars(parse(["ready", "a"]))
    unset = {"names", "verb", "all", "json", "quiet", "verbose", "force", "respond"}
    assert {value for name, value in options.items() if name not in unset} == {None}


def test_options_are_read() -> None:
    """Each with its type, resolvers as often as wanted."""
    words = (
        "ready a --order rcl --provider cloudflare --ttl 30 --resolver 192.0.2.1 "
        "--resolver [2001:db8::1]:5353 --require all --timeout 5m --config c.toml --state-dir s "
        "--verbose"
    )
    options = parse(words.split())
    assert (options.order, options.provider, options.ttl) == ("rcl", "cloudflare", 30)
    assert options.resolver == [Endpoint("192.0.2.1"), Endpoint("2001:db8::1", 5353)]
    assert (options.require, options.timeout) == ("all", 300.0)
    assert (options.config, options.state_dir) == (Path("c.toml"), Path("s"))
    assert (options.quiet, options.verbose, options.json) == (False, True, False)


def test_ttl_is_at_most_a_day() -> None:
    """The bounds themselves are within."""
    assert [parse(["ready", "a", "--ttl", ttl]).ttl for ttl in ("1", "86400")] == [1, 86_400]


def test_from_implies_document() -> None:
    """A name is optional then; a hyphen is standard input."""
    assert parse(["ready", "--from", "order.json"]).document == "order.json"
    options = parse(["plan", "a", "--order", "document", "--from", "-"])
    assert (options.names, options.document) == (["a"], "-")


def test_run_takes_a_command_after_two_hyphens() -> None:
    """The first -- ends our words; everything after it is the command's, further -- too."""
    options = parse(["run", "a", "--json", "--", "cmd"])
    assert (options.names, options.json, options.command) == (["a"], True, ["cmd"])
    words = ["run", "a", "--", "cmd", "--json", "--", "--help", ""]
    options = parse(words)
    assert (options.json, options.command) == (False, ["cmd", "--json", "--", "--help", ""])


def test_elsewhere_two_hyphens_end_the_options() -> None:
    """As everywhere; only `run` has a command."""
    options = parse(["clean", "--json", "--", "-odd-name"])
    assert (options.names, options.command) == (["-odd-name"], None)


def test_wait_takes_pairs() -> None:
    """Split at the first =, a name may repeat, the value is literal."""
    words = ["wait", "_acme-challenge.a.=x=y==", "_acme-challenge.a.=-", "a=x y"]
    assert parse(words).pairs == [
        ("_acme-challenge.a.", "x=y=="),
        ("_acme-challenge.a.", "-"),
        ("a", "x y"),
    ]


@pytest.mark.parametrize("text", ["a= b", "a=b ", " a=b", "a =b", "a= ", "a=b\n", "a=b\t"])
def test_blanks_around_a_pair_are_a_slip_of_the_pen(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They would be waited for in vain: no digest has any."""
    assert "without blanks around name or value" in usage_error(capsys, "wait", text)


def test_clean_takes_names_or_all() -> None:
    """One or the other."""
    assert parse(["clean", "a", "b"]).names == ["a", "b"]
    assert parse(["clean", "--all", "--json"]).names == []


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("5400", timedelta(seconds=5400)),
        ("90s", timedelta(seconds=90)),
        ("45m", timedelta(minutes=45)),
        ("24h", timedelta(hours=24)),
        ("7d", timedelta(days=7)),
        ("1.5d", timedelta(hours=36)),
    ],
)
def test_an_age_is_a_duration_that_may_be_in_days(text: str, passed: timedelta) -> None:
    """As `--timeout`, and days, for which there would be no use there."""
    assert parse(["clean", "--stale", text]).stale == passed


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("", "the following arguments are required: VERB"),
        ("redy a", "no verb is called 'redy'; did you mean ready?"),
        ("--json ready a", "options follow the verb: dns01 ready ... --json"),
        ("ready", "ready needs the NAME of a certificate, or --from FILE"),
        ("plan --json", "plan needs the NAME"),
        ("run -- cmd", "run needs the NAME"),
        ("ready a --order rcl --from f", "--from is a document, --order says rcl"),
        ("ready a --order document", "--order document needs --from FILE"),
        ("ready a --order acmee", "did you mean acme?"),
        ("hook certbt", "did you mean certbot?"),
        ("config chek", "did you mean check?"),
        ("ready a --require quorm", "did you mean quorum?"),
        ("completion", "required: bash|zsh|fish"),
        ("config", "required: init|check|schema"),
        ("-v", "did you mean --version?"),
        ("version", "did you mean --version?"),
        ("ready a --order rcl --respond", "--respond needs --order acme"),
        ("ready --from f --respond", "--respond needs --order acme"),
        ("run a --order rcl --respond -- true", "--respond needs --order acme"),
        ("plan a --order acme --respond", "plan has no option --respond"),
        ("ready --order acme", "ready needs the NAME"),
        ("ready a --order acme --from f", "--from is a document, --order says acme"),
        ("run a", "run needs a command after --: dns01 run NAME... -- CMD..."),
        ("run a --", "run needs a command"),
        ("run a cmd --timeout -- 5", "argument --timeout: expected one argument"),
        ("clean", "clean needs NAMEs, --all, or --stale AGE"),
        ("clean a --all", "clean takes NAMEs or --all, not both"),
        ("clean a --stale 7d", "clean takes --stale AGE alone"),
        ("clean --all --stale 7d", "clean takes --stale AGE alone"),
        ("clean a --provider x", "clean takes --provider with --stale only"),
        ("clean --all --provider x", "clean takes --provider with --stale only"),
        ("clean --stale", "argument --stale: expected one argument"),
        ("clean --stale 7", "'7': has no unit: say 7d, 7h, 7m or 7s"),
        ("clean --stale 0d", "'0d': must be a number with s, m, h or d"),
        ("clean --stale -1d", "argument --stale: expected one argument"),
        ("clean --stale 7w", "'7w': must be"),
        ("clean --stale 7D", "'7D': must be"),
        ("clean --stale 3650d", "'3650d': must be"),
        ("clean --stale 999999999999d", "'999999999999d': must be"),
        ("policy", "the following arguments are required: PROVIDER, DOMAIN"),
        ("policy route53", "the following arguments are required: DOMAIN"),
        ("policy route53 a --stale 7d", "policy has no option --stale"),
        ("clean a --timeout 5m", "clean has no option --timeout"),
        ("clean a --from f", "clean has no option --from"),
        ("wait", "the following arguments are required: FQDN=VALUE"),
        ("wait a", "'a': must be FQDN=VALUE"),
        ("wait a=", "'a=': must be FQDN=VALUE"),
        ("wait =b", "'=b': must be FQDN=VALUE"),
        ("wait a=b --provider x", "wait has no option --provider"),
        ("wait a=b --ttl 5", "wait has no option --ttl"),
        ("providers a", "unrecognized arguments: a"),
        ("demo --timeout 5", "demo has no option --timeout"),
        ("ready a --ttl 0", "'0': must be a whole number of seconds, 1 to 86400"),
        ("ready a --ttl 86401", "'86401': must be"),
        ("ready a --ttl 1.5", "'1.5': must be"),
        ("ready a --ttl \u0665", "must be a whole number of seconds"),
        ("ready a --ttl -5", "argument --ttl: '-5': must be"),
        (f"ready a --ttl {'9' * 5000}", "argument --ttl: "),
        ("ready a --timeout 5x", "'5x': a duration is a number with s, m or h"),
        ("ready a --timeout 0", "'0': a duration"),
        ("ready a --timeout", "expected one argument"),
        ("ready a --require most", "argument --require: invalid choice: 'most'"),
        (
            "ready a --resolver dns.google",
            "argument --resolver: 'dns.google': must be an IP address, such as 8.8.8.8",
        ),
        ("ready a --resolver 192.0.2.1:0", "argument --resolver: '192.0.2.1:0': "),
        ("ready a --resolver [::1", "argument --resolver: '[::1': "),
        ("ready a --quiet --verbose", "not allowed with argument --quiet"),
        ("ready a --time 5m", "ready has no option --time; did you mean --timeout?"),
        ("ready a --api-key k", "ready has no option --api-key"),
        ("ready a --tiemout=5m", "ready has no option --tiemout; did you mean --timeout?"),
        ("wait --tiemout 5m a=b", "wait has no option --tiemout; did you mean --timeout?"),
        ("check a -timeout 5m", "check has no option -timeout; did you mean --timeout?"),
        ("ready --from a --from b", "--from is given twice"),
        ("ready a --report -", "argument --report: '-': must be the path of a file"),
        ("ready a --resolver 8.8.8", "must be an IP address, such as 8.8.8.8, or ADDR:PORT"),
        ("ready a --timeout 0", "more than 0"),
        ("check a --issuer https://letsencrypt.org", "must be a CA's domain name, such as"),
        ("check a --issuer a.example,b/c", '"b/c" must be a CA\'s domain name'),
        ("check a --issuer a.example,", "text is wanted"),
        ("wait https://a.example=b", "with a domain name, not a URL"),
        ("--verison", "dns01 has no option --verison; did you mean --version?"),
        ("--timeout 5", "options follow the verb: dns01 VERB ... --timeout"),
        ("help redy", "no verb is called 'redy'; did you mean ready?"),
    ],
)
def test_misuse_is_64(words: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says what is wrong, one that says where help is; nothing on stdout."""
    assert complaint in usage_error(capsys, *words.split())


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On stdout, exit 0, with the options all verbs share, and what exit statuses there are."""
    with pytest.raises(SystemExit) as caught:
        parse([verb, "--help"])
    assert caught.value.code == 0
    out, err = capsys.readouterr()
    table = ("75   not ready by the deadline", "143", "130  ") if verb in WITH_EXITS else ()
    for word in ("--state-dir", "--json", "exit status:", *table):
        assert word in out
    assert err == ""


def test_help_shows_the_verbs_and_where_the_command_stands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--help` lists what there is; `run --help` shows the -- that argparse knows nothing of."""
    for words in (["--help"], ["run", "--help"]):
        with pytest.raises(SystemExit):
            parse(words)
    out, _ = capsys.readouterr()
    assert [verb for verb in VERBS if f"\n    {verb}" not in out] == []
    assert "usage: dns01 run [OPTION...] NAME... -- CMD..." in out


def test_no_far_fetched_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    """Only what differs by a slip is suggested, not whatever ends alike."""
    assert usage_error(capsys, "wait", "a=b", "--provider", "x") == "wait has no option --provider"


@pytest.mark.parametrize("words", ["help", "help ready", "help ready --json"])
def test_help_is_a_word_too(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`dns01 help` is `dns01 --help`, `dns01 help VERB` is `dns01 VERB --help`."""
    pages = []
    for each in (words.split(), [*words.split()[1:2], "--help"]):
        with pytest.raises(SystemExit) as caught:
            parse(each)
        assert caught.value.code == 0
        pages.append(capsys.readouterr().out)
    assert pages[0] == pages[1] != ""


@pytest.mark.parametrize("words", ["ready a --ttl 0", "ready a --tiemout 5m", "ready", "ready a"])
def test_the_hint_leads_to_the_verbs_own_help(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The options of one verb fit a screen, and are what a mistake in them needs."""
    with pytest.raises(SystemExit):
        parse([*words.split(), "--order", "document"])
    assert capsys.readouterr().err.endswith("dns01: hint: dns01 ready --help\n")


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`dns01 1.2.3`, on stdout, exit 0."""
    with pytest.raises(SystemExit) as caught:
        parse([option])
    assert caught.value.code == 0
    assert capsys.readouterr() == (f"dns01 {__version__}\n", "")


def test_the_version_loads_nothing_heavy() -> None:
    """Neither DNS nor HTTP libraries nor SDKs are imported to parse plain arguments."""
    code = (
        "import sys, pipeline.command.arguments as a; a.parse(['ready', 'x', '--json']);"
        "print({'dns', 'httpx', 'boto3', 'rich', 'idna'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams_are_no_fault(closed: str) -> None:
    """
    A caller that has closed our output gets the same exit status, and no traceback.
    """
    command = f'"{sys.executable}" -m pipeline providers {closed}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
