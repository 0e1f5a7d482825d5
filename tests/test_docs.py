"""The documentation says what the code does: links, options, variables, codes, examples."""

import ast
import json
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.asking.endpoints import Endpoint
from pipeline.command.arguments import EXITS, VERBS, parse
from pipeline.configuration import registry
from pipeline.configuration.config import settings
from pipeline.configuration.environment import Environment
from pipeline.model import Exit
from pipeline.propagation.policy import Require

from .documents import DOCS, ROOT, anchors, blocks, pages, prose, quoted, rows, sources

VARIABLE = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])")
BY_LIBRARIES = {
    *("AWS_CA_BUNDLE", "AWS_ENDPOINT_URL"),  # botocore
    *("SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY"),  # httpx; botocore honours the proxies, too
    *("CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL", "CLOUDFLARE_CUSTOM_HEADERS"),  # its SDK
    *("HTTPREQ_ENDPOINT", "HTTPREQ_MODE", "HTTPREQ_USERNAME", "HTTPREQ_PASSWORD"),  # lego
    *("EXEC_PATH", "EXEC_MODE", "EXEC_SEQUENCE_INTERVAL", "HOOK_CHAIN"),  # lego, dehydrated
    *("LEGO_DISABLE_CNAME_SUPPORT", "CREDENTIALS_DIRECTORY"),  # lego, systemd
    *("ACMEPROXY_ENDPOINT", "ACMEPROXY_USERNAME", "ACMEPROXY_PASSWORD"),  # acme.sh
    *("DNS01_COMMAND", "DNS01_OPTIONS"),  # our script for it
    "CELERY_RESULT_BACKEND",  # Celery
}
OF_WSGI = {
    *("CONTENT_LENGTH", "PATH_INFO", "REMOTE_ADDR", "REQUEST_METHOD"),  # PEP 3333
    *("HTTP_AUTHORIZATION", "HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE", "TRANSFER_ENCODING"),
}
EXAMPLES = {
    *("INHOUSE_TOKEN", "INHOUSE_TOKEN_FILE", "TOYDNS_TOKEN", "TOYDNS_TOKEN_FILE"),
    "LEXICON_POWERDNS_AUTH_TOKEN", "LEXICON_POWERDNS_AUTH_TOKEN_FILE",
    "LEXICON_POWERDNS_PDNS_SERVER",  # dns-lexicon's
}  # fmt: skip
"""Names that settings bring, by what they say."""
BY_CI = {"CI_PIPELINE_SOURCE", "CI_SERVER_FQDN", "DNS01_PACKAGE"}
"""What GitLab sets, and what the job template for it takes."""
PLACEHOLDERS = {"NAME_FILE", "NAME_ENV"}

page = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


def variables_in(tree: ast.AST) -> set[str]:
    """Return what looks like an environment variable among strings and keywords of *tree*."""
    nodes = list(ast.walk(tree))
    strings = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    keywords = {n.arg for n in nodes if isinstance(n, ast.keyword) and n.arg}
    return set(filter(VARIABLE.fullmatch, strings | keywords))


@cache
def variables_of_code() -> frozenset[str]:
    return frozenset().union(*map(variables_in, sources())) - OF_WSGI


def secrets() -> set[str]:
    adapters = map(registry.load, registry.installed())
    return {each.name for adapter in adapters for each in adapter.settings if each.secret} | {
        *("RCL_API_KEY", "RCL_PFX_PASSWORD", "DNS01_PING_URL", "DNS01_SERVE_PASSWORD"),
        *("ACME_ACCOUNT_KEY", "ACME_EAB_HMAC_KEY"),
    }


# Links


@page
def test_relative_links_resolve(page: Path) -> None:
    """
    A link within the repository leads to a file or folder, and its anchor to a heading there.
    """
    for target in re.findall(r"\]\(\s*([^)\s]+)\s*\)", prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def linked_from(page: Path) -> set[Path]:
    """Return the files and folders that *page* links to."""
    targets = re.findall(r"\]\(\s*([^)\s]+)\s*\)", prose(page))
    return {(page.parent / each.partition("#")[0]).resolve() for each in targets}


def test_every_page_is_reached_from_the_readme() -> None:
    """
    No page is an orphan: the README or the index of the documentation, which it links to,
    links to it, or to the folder it is in.
    """
    index = DOCS / "README.md"
    assert index in linked_from(ROOT / "README.md")
    linked = linked_from(ROOT / "README.md") | linked_from(index)
    assert not [p for p in pages() if p.name != "README.md" and not {p, p.parent} & linked - {DOCS}]


# The command line


def options_of_parser(capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Return every option that the help of any verb lists."""
    for words in ([], *([verb] for verb, *_ in VERBS)):
        with pytest.raises(SystemExit):
            parse([*words, "--help"])
    return set(re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)", capsys.readouterr().out))


def test_every_option_is_documented_and_exists(capsys: pytest.CaptureFixture[str]) -> None:
    """
    The table of options has each option of the parser, and no other; nor has the page.
    """
    documented = (DOCS / "configuration.md").read_text()
    table = {
        word.split()[0]
        for cells in rows(DOCS / "configuration.md", "option")
        for word in quoted(cells[0])
    }
    assert table == options_of_parser(capsys)
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", documented)) == table


def test_the_exit_codes_of_the_readme_are_those_of_the_help() -> None:
    """
    The same codes; and the help says what the README says, in its words, leaving some out.
    """
    lines = re.sub(r"\n {4,}", " ", EXITS).splitlines()[1:]
    help_ = {
        code: text
        for line in lines
        for code, text in re.findall(r"(?:^ +|, )(\d+) +(.+?)(?=, \d+ |$)", line)
    }
    readme: dict[str, str] = {}
    for codes, meaning in rows(ROOT / "README.md", "exit"):
        readme |= dict.fromkeys(codes.split(", "), meaning)
    assert list(help_) == list(readme)
    assert {str(int(each)) for each in Exit} | {"130", "143", "129"} == set(readme)
    for code, text in help_.items():
        left = iter(re.findall(r"\w+", readme[code]))
        assert all(word in left for word in re.findall(r"\w+", text)), (code, text)


@page
def test_the_commands_shown_are_understood(page: Path) -> None:
    """
    Every `dns01` command in an example has a verb and options that exist; every target is make's.
    """
    makefile = (ROOT / "Makefile").read_text()
    for block in blocks(page, "console", "yaml", "cron"):
        for command in re.findall(r"(?m)(?:^\$ |run: |[A-Z]=\S+ )dns01 (.+)$", block.text):
            words = shlex.split(command.partition(" > ")[0], comments=True)
            if words not in (["--version"], ["--help"]):
                assert parse(words).verb == words[0]
        for target in re.findall(r"(?m)^\$ make (\w+)", block.text):
            assert f"\n{target}:" in makefile


# The environment and the configuration file


@page
def test_variables_named_exist(page: Path) -> None:
    """
    Every variable in the documentation is read or set by the code, or by a library it uses.
    """
    example = set().union(*(variables_in(ast.parse(each.text)) for each in blocks(page, "python")))
    known = variables_of_code() | example | BY_LIBRARIES | BY_CI | EXAMPLES | PLACEHOLDERS
    known |= {f"{name}_FILE" for name in secrets() | example}
    shell = [each.text for each in blocks(page, "console", "sh", "yaml", "cron", "toml")]
    named = VARIABLE.findall("\n".join([prose(page), *shell]))
    assert not set(named) - known


def test_variables_of_the_code_are_documented() -> None:
    """
    Every variable that the code reads or sets stands on the page about configuration.
    """
    text = (DOCS / "configuration.md").read_text()
    assert not [name for name in variables_of_code() if name not in text]


def test_secrets_are_marked() -> None:
    """
    The table marks exactly the secrets: those that may stand in a file.
    """
    cells = [cells[0] for cells in rows(DOCS / "configuration.md", "variable")]
    assert {name for cell in cells for name in re.findall(r"`(\w+)` \*", cell)} == secrets()


def test_the_configuration_file_shown_is_accepted(tmp_path: Path) -> None:
    """
    The TOML example is read by the code, and means what its comments say.
    """
    [block] = blocks(DOCS / "configuration.md", "toml")
    (tmp_path / "config.toml").write_text(block.text)
    options = parse(["ready", "example.com", "--config", str(tmp_path / "config.toml")])
    read = settings(options, Environment({"HOME": str(tmp_path)}))
    assert (read.fallback, read.timeout, read.require) == (("cloudflare",), 600.0, Require.QUORUM)
    assert read.resolvers == (Endpoint("192.0.2.53"), Endpoint("2001:db8::53", 5353))
    zones = {apex.to_text(): zone for apex, zone in read.zones.items()}
    assert zones["example.com."].zone_id == "Z0123456789ABCDEFGHIJ"
    assert zones["corp.example.net."].nameservers[1] == Endpoint("10.0.0.54", 5353)
    assert read.zone(from_text("_acme-challenge.www.example.com.")) is not None


@page
def test_json_examples_parse(page: Path) -> None:
    """
    Every JSON example is JSON.
    """
    for block in blocks(page, "json"):
        json.loads(block.text)


# The decisions


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=lambda p: p.stem)
def test_a_decision_is_short_and_whole(page: Path) -> None:
    """
    A decision has context, choice and consequence, in at most 30 lines, and its number twice.
    """
    text = page.read_text()
    assert len(text.splitlines()) <= 30
    assert re.match(rf"# {int(page.name[:4])}\. ", text)
    for part in ("**Context.**", "**Choice.**", "**Consequence.**"):
        assert part in text
