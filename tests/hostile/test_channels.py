"""Nothing that a stranger wrote is obeyed: not by terminals, CI logs, job summaries or browsers.

The real command is fed hostile text through every source there is, and everything that it puts
out is looked at.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import dns.edns
import pytest
from dns.message import Message
from dns.name import Name
from dns.rcode import SERVFAIL
from dns.rdataclass import IN
from dns.rdatatype import CNAME
from dns.rdatatype import TXT as TXT_TYPE
from dns.rdtypes.ANY.CNAME import CNAME as Alias  # noqa: N811 - a class of dnspython's
from dns.rrset import RRset
from markdown_it import MarkdownIt

from providers.contract import TXT, Zone
from providers.errors import Rejected, Unauthorized
from providers.listener import Asked
from tests.bridge import APEX, Site, leaf, opened
from tests.standins.cloudflare_http import Handler, Listener
from tests.standins.rcl import RclApi

HOST = "www.example.com"
HOSTILE = (
    "\x1b[2J\x1b]0;pwned\x07\r\n::set-output name=ready::true\n::add-mask::a\n"
    "##vso[task.setvariable variable=x]y\n##[add-path]/x\n\x9b31m\u202egnp\u2066\u200b"
    "<script>alert(1)</script><img src=x onerror=alert(2)>[a](javascript:x)![i](http://e.example/x)"
    "`c`|cell|\n# h\nsection_start:1:x\r\x1b[0K\u2028::error::z\u2029\x00 www.e.example @team $x$"
)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(tmp_path, lags=[0.0, 0.0]) as site:
        yield site


def run(site: Site, *words: str, **variables: str) -> list[CompletedProcess[str]]:
    """Run the command twice, for people and for machines, and look at all that comes out."""
    given = {
        "GITHUB_OUTPUT": str(site.folder / "output"),
        "GITHUB_STEP_SUMMARY": str(site.folder / "summary.md"),
        **variables,
    }
    at = words.index("--") if "--" in words else len(words)
    found = []
    for more in (["--verbose"], ["--json"]):
        if words[0] not in {"clean", "providers"}:
            more += ["--report", "page.html"]
        ended = site.dns01(*words[:at], *more, *words[at:], **given)
        assert ended.returncode not in {0, 70}, ended
        look(site, ended)
        found.append(ended)
    return found


def look(site: Site, ended: CompletedProcess[str]) -> None:
    """See that nothing in what came out is more than text."""
    if ended.stdout.startswith("{"):
        harmless_values(json.loads(ended.stdout))
        assert "##" not in ended.stdout  # which some runners obey within a line, too
        assert ended.stdout.replace("\n", "").isprintable()
    else:
        harmless(ended.stdout)
    harmless(ended.stderr)
    for text in (ended.stdout, ended.stderr):
        assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]
    for path in site.state.rglob("*.report.json"):
        harmless_values(json.loads(path.read_text()))
    for name, check in (("summary.md", summary), ("output", outputs), ("page.html", page)):
        if (site.folder / name).exists():
            check((site.folder / name).read_text())


def harmless(text: str) -> None:
    """See that *text* has no command in it, and no character but those that show."""
    odd = {c for c in text if unicodedata.category(c)[0] == "C" and c != "\n"}
    assert not odd, ascii(text)
    assert not re.search(r"::(set-output|add-mask|error)|##|[\u2028\u2029]", text), text
    assert not re.search(r"<\w", text), text


def harmless_values(value: Any) -> None:
    match value:
        case str():
            harmless(value)
        case list():
            for each in value:
                harmless_values(each)
        case dict():
            for key, each in value.items():
                if key != "value":  # `wait` takes it literally, and JSON tells it so
                    harmless_values(each)
        case _:
            pass


def summary(text: str) -> None:
    """See what GitHub would draw: our headings, lists, tables and chart, and no more."""
    harmless(re.sub("^### dns01: ", "", text, flags=re.MULTILINE))
    drawn = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    tags = set(re.findall(r"</?(\w+)", drawn))
    assert tags <= {
        "h3", "p", "ul", "li", "pre", "code", "table", "thead", "tbody", "tr", "th", "td",
    }, drawn  # fmt: skip
    assert text.count("```") % 2 == 0
    assert not re.search(r"(?<!\\)(?:https?://|@team|\$x)|www\.e", text.partition("| record")[0])


def outputs(text: str) -> None:
    """See that each output is there as often as the command ran, and no other."""
    names = re.findall(r"^([\w-]+)<<dns01_[0-9a-f]{16}$", text, re.MULTILINE)
    assert set(names) == {"ready", "receipt", "report", "status", "exit", "order-uri"}
    assert "true" not in text.splitlines()


class Elements(HTMLParser):
    """Collects the elements of a page that could do something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        odd = [name for name, value in attrs if name.startswith("on") or "script:" in f"{value}"]
        if odd or tag in {"script", "img", "iframe", "a", "link", "base", "form", "object"}:
            self.found.append(f"{tag} {odd}")


def page(text: str) -> None:
    parser = Elements()
    parser.feed(text)
    assert parser.found == []
    assert not {c for c in text if unicodedata.category(c)[0] == "C" and c != "\n"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"status": HOSTILE}),
        (200, {"status": "pending", "validationTokens": [{"challengeType": HOSTILE}]}),
        (
            200,
            {
                "status": "pending",
                "orderUri": HOSTILE,
                "validationTokens": [
                    {
                        "challengeType": "DNS",
                        "domain": HOST,
                        "tokenName": HOSTILE,
                        "tokenValue": "v",
                    }
                ],
            },
        ),
        (
            200,
            {
                "status": "pending",
                "orderUri": HOSTILE,
                "validationTokens": [
                    {"challengeType": "HTTP", "domain": HOSTILE},
                    {
                        "challengeType": "DNS",
                        "domain": HOST,
                        "tokenName": "_acme-challenge",
                        "tokenValue": HOSTILE,
                    },
                ],
            },
        ),
        (400, {"message": HOSTILE}),
        (403, {"message": HOSTILE}),
        (503, {"message": HOSTILE}),
    ],
)
def test_an_order_api(site: Site, status: int, body: dict[str, object]) -> None:
    """
    Its words, its orders and its headers.
    """

    def answer(handler: Handler) -> None:
        header = {"Retry-After": "\x1b[31m::error::x"}
        handler.reply(status, header, json.dumps(body))

    listener = Listener(answer)
    listener.start()
    try:
        run(site, "ready", HOST, "--provider", "bridge", RCL_BASE_URL=f"{listener.url}/public")
    finally:
        listener.stop()


def test_an_order_that_is_served(site: Site) -> None:
    """
    One that is fine but for its URL and an HTTP token reaches every part of a report.
    """
    token = {"challengeType": "DNS", "tokenName": "_acme-challenge", "tokenValue": "v" * 43}
    document = {
        "status": "pending",
        "orderUri": HOSTILE,
        "validationTokens": [
            token | {"domain": HOST},
            {"challengeType": "HTTP", "domain": HOSTILE},
        ],
    }
    path = site.folder / "order.json"
    path.write_text(json.dumps(document))
    site.hide()
    ended = run(site, "ready", "--from", str(path), "--timeout", "4")
    assert {each.returncode for each in ended} == {75}
    assert "http-token" in ended[0].stderr
    assert (site.folder / "page.html").exists()


@pytest.mark.parametrize("kind", [Rejected, Unauthorized])
def test_a_dns_host(site: Site, kind: type[Exception]) -> None:
    """
    What it says when it refuses.
    """

    def before(_verb: str, _content: dict[str, Any]) -> None:
        raise kind(HOSTILE)

    site.bridge.before = before
    run(site, "ready", "--from", site.document(HOST))


def failing(asked: Asked, reply: Message) -> Message:
    """Fail, with an explanation (RFC 8914)."""
    if asked.rdtype == TXT_TYPE:
        reply.answer.clear()
        reply.set_rcode(SERVFAIL)
        reply.use_edns(
            options=[dns.edns.EDEOption(dns.edns.EDECode.NO_REACHABLE_AUTHORITY, HOSTILE)]
        )
    return reply


def aliasing(asked: Asked, reply: Message) -> Message:
    """Answer with an alias to a name made of hostile labels."""
    if asked.rdtype == TXT_TYPE:
        octets = HOSTILE.encode()
        target = Name([octets[:60], octets[60:120], octets[120:180], b"example", b""])
        reply.answer.clear()
        alias = RRset(asked.name, IN, CNAME)
        made: Any = Alias
        alias.add(made(IN, CNAME, target), 60)
        reply.answer.append(alias)
    return reply


@pytest.mark.parametrize("behaviour", [failing, aliasing])
def test_name_servers(site: Site, behaviour: Any) -> None:
    """
    Extended errors, and names of any octets.
    """
    for address in site.dns.addresses:
        site.dns.behave(address, behaviour)
    run(site, "wait", f"_acme-challenge.{HOST}=v", "--timeout", "4")
    run(site, "ready", "--from", site.document(HOST), "--timeout", "4")


def test_values_of_others(site: Site) -> None:
    """
    TXT values that somebody else has put beside ours, or in their place.
    """
    site.dns.append(Zone(APEX, ""), [TXT(leaf(HOST), HOSTILE.encode().decode("latin-1")[:99])], "")
    run(site, "wait", f"_acme-challenge.{HOST}=v", "--timeout", "3")


@pytest.mark.parametrize(
    "words",
    [
        ["ready", HOSTILE], ["plan", f"{HOSTILE},a.example"], ["clean", HOSTILE, "--ttl"],
        ["wait", f"{HOSTILE}=v"], ["wait", f"a.example={HOSTILE}", "--timeout", "1"],
        ["check", HOSTILE, "--timeout", "3"], ["ready", "--from", HOSTILE],
        ["ready", "a.example", "--config", HOSTILE], ["ready", "a.example", "--provider", HOSTILE],
        ["run", "a.example", "--", HOSTILE], ["ready", "a.example", "--resolver", HOSTILE],
        [HOSTILE], ["ready", HOSTILE, f"--{HOSTILE}"], ["ready", "a", "--report", f"/x/{HOSTILE}"],
    ],
)  # fmt: skip
def test_the_command_line(site: Site, words: list[str]) -> None:
    """
    Names that a form or a pull request has filled in.
    """
    run(site, *[word.replace("\0", "") for word in words])


@pytest.mark.parametrize(
    "variable",
    [
        "DNS01_PROVIDER", "DNS01_RESOLVERS", "DNS01_TIMEOUT", "DNS01_CONFIG", "RCL_BASE_URL",
        "RCL_SUBSCRIPTION_ID", "RCL_API_KEY_FILE", "DNS01_ISSUER", "DNS01_ROOT_HINTS",
        "RCL_API_KEY", "GITHUB_OUTPUT",
    ],
)  # fmt: skip
def test_the_environment(site: Site, variable: str) -> None:
    """
    Variables, and the names of files in them.
    """
    if variable == "GITHUB_OUTPUT":
        run(site, "ready", "a..b", GITHUB_OUTPUT=f"/nonexistent/{HOSTILE}".replace("\0", ""))
        return
    more = {"RCL_API_KEY": ""} if variable == "RCL_API_KEY_FILE" else {}
    run(site, "ready", HOST, **(more | {variable: HOSTILE.replace("\0", "")}))


def test_a_receipt(site: Site) -> None:
    """
    Somebody has written into one: what it names is hostile, and so is its file's name.
    """
    assert site.report("ready", "--from", site.document(HOST))["exit"] == 0
    [path] = [each for each in site.state.glob("*.json") if "report" not in each.name]
    receipt = json.loads(path.read_text())
    receipt["orders"][0] |= {"name": HOSTILE, "order_uri": HOSTILE, "source": HOSTILE}
    receipt["records"][0] |= {"domain": HOSTILE, "provider": HOSTILE}
    path.write_text(json.dumps(receipt))
    ended = run(site, "clean", "--all")
    assert {each.returncode for each in ended} == {78}
    receipt["records"][0] |= {"zone": HOSTILE, "value": HOSTILE}
    name = re.sub(r"[/\0]", "", HOSTILE)[:50]
    path.with_name(f"{name}.json").write_text(json.dumps(receipt))
    run(site, "clean", "--all")


def test_what_a_form_says_is_only_asked_for(site: Site) -> None:
    """
    A name made of markup makes no request: the order API hears of domain names alone.
    """
    with RclApi(lambda handler: handler.reply(200, {}, "{}")) as api:
        run(site, "ready", "../../x", RCL_BASE_URL=api.host + "/public")
        assert api.requests == []
