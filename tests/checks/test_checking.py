"""`check`: domains looked at one by one, one report, the worst exit."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dns.name import Name, from_text

from pipeline.asking.endpoints import Endpoint
from pipeline.asking.exchange import Exchange
from pipeline.case import Tools
from pipeline.checking import Checking, examined, nameservers
from pipeline.checks.caa import identified
from pipeline.checks.lines import CheckLine, NameserverLine, check_details
from pipeline.clock import SystemClock
from pipeline.configuration.settings import Authority, Settings, ZoneSettings
from pipeline.hosts import Hosts
from pipeline.model import Exit, Failed
from pipeline.orders.identifiers import leaf_of
from pipeline.questions import Perspective, Role
from pipeline.report import Report, details, headline, to_json
from pipeline.tree.delegation import Chain, Delegation, Place
from providers.embedded import Embedded

from .scene import APEX, CHALLENGE, caa_reply, via
from .test_examine import FORBID, VALUE, World


class Scene(World):
    """A world in which challenge names lead somewhere, or fail."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__(stack)
        self.ends: dict[Name, Chain | Failed] = {}

    def check(self, *domains: str) -> Report:
        """Return the report on *domains*, whose names lead to where they are but for `ends`."""
        names = [leaf_of(each.base) for each in identified(domains)]
        found = {name: self.ends.get(name, Chain((self.place(name=name),))) for name in names}
        examination = self.examination(Authority(("letsencrypt.org",)))
        return examined(domains, found, examination)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(stack)


NOBODY: Any = None
"""Stands for what a check has no use for."""


def undecided(_zone: object) -> list[str]:
    """Choose no provider."""
    raise Failed(Exit.CONFIG, "provider", "no provider is chosen")


LOST = Failed(Exit.UNAVAILABLE, "dns-unreachable", "nobody answers for lost.example.net.")
NOWHERE = Failed(Exit.CONFIG, "not-delegated", "nobody is asked for nowhere.example.net.")


def test_a_domain_that_would_validate(scene: Scene) -> None:
    """
    Exit 0 and "checked", with what was seen: zone, servers, who may issue, DNSSEC, memory.
    """
    scene.elsewhere.caa({"com.": caa_reply("com.", '0 issue "letsencrypt.org"')})
    report = scene.check("*.example.com")
    assert (report.status, report.exit, report.problems) == ("checked", 0, ())
    [line] = report.checks
    assert [server.named_by for server in line.servers] == ["configuration"] * 2
    assert replace(line, servers=()) == CheckLine(
        "*.example.com",
        "_acme-challenge.example.com.",
        zone="example.com.",
        issuers=("letsencrypt.org",),
        dnssec="unsigned",
        negative_ttl_s=300,
    )
    assert headline(report).startswith("checked: 1 domain")


def test_what_surely_fails_is_65(scene: Scene) -> None:
    """
    A fatal finding is exit 65 and "failed"; the line of the domain is there all the same.
    """
    scene.elsewhere.caa(FORBID)
    report = scene.check("example.com")
    assert (report.status, report.exit) == ("failed", 65)
    assert [each.code for each in report.problems] == ["caa-forbids"]
    assert report.checks[0].issuers == ()


def test_warnings_change_no_exit(scene: Scene) -> None:
    """
    What may fail sooner or later, and what is good to know, leaves the exit at 0.
    """
    scene.ends[CHALLENGE] = Chain((scene.place(VALUE),))
    report = scene.check("example.com")
    assert (report.exit, [each.code for each in report.problems]) == (0, ["values-left"])


def test_domains_are_independent(scene: Scene) -> None:
    """
    One that cannot be found, or is no domain name, keeps no other from being looked at; the
    worst exit wins.
    """
    scene.ends = {
        leaf_of(from_text("lost.example.net.")): LOST,
        leaf_of(from_text("nowhere.example.net.")): NOWHERE,
    }
    report = scene.check("lost.example.net", "example.com", "nowhere.example.net", "*.a_b.test")
    assert (report.status, report.exit) == ("failed", 64)
    assert {each.code for each in report.problems} == {"dns-unreachable", "not-delegated", "name"}
    assert [(each.domain, each.name, each.zone) for each in report.checks] == [
        ("lost.example.net", "_acme-challenge.lost.example.net.", ""),
        ("example.com", "_acme-challenge.example.com.", "example.com."),
        ("nowhere.example.net", "_acme-challenge.nowhere.example.net.", ""),
        ("*.a_b.test", "", ""),
    ]


@pytest.mark.parametrize(
    ("failed", "exit_"), [(LOST, Exit.UNAVAILABLE), (NOWHERE, Exit.CONFIG), (None, Exit.DATA)]
)
def test_the_exit_of_a_look_up_that_failed(
    scene: Scene, failed: Failed | None, exit_: Exit
) -> None:
    """
    It is that of the failure, unless a finding weighs more.
    """
    other = leaf_of(from_text("other.example.net."))
    scene.ends |= {other: failed} if failed else {}
    if failed is None:
        scene.elsewhere.caa(FORBID)
    assert scene.check("other.example.net" if failed else "example.com").exit == exit_


def test_a_blind_check(scene: Scene) -> None:
    """
    A name that nobody could be asked about is exit 69, not a clean bill.
    """
    report = examined(["example.com"], {}, scene.examination(Authority()))
    assert (report.status, report.exit) == ("failed", 69)
    assert [each.code for each in report.problems] == ["dns-unreachable"]
    assert report.checks[0].zone == ""


def test_one_name_for_base_and_wildcard(scene: Scene) -> None:
    """
    Base and wildcard share a challenge name, which is looked at once, and have a line each.
    """
    report = scene.check("example.com", "*.example.com", "example.com")
    assert len(scene.elsewhere.asked) == len(set(scene.elsewhere.asked))
    assert [each.domain for each in report.checks] == ["example.com", "*.example.com"]


def test_an_alias_is_looked_at_where_it_ends(scene: Scene) -> None:
    """
    The line names the target and its zone; CAA is still that of the domain itself.
    """
    www = leaf_of(from_text("www.example.org."))
    target = from_text("www.example.com.")
    link = Place(www, scene.zone(from_text("example.org.")), exists=True, alias=target)
    scene.ends[www] = Chain((link, scene.place(name=target)))
    report = scene.check("www.example.org")
    [line] = report.checks
    assert (line.target, line.zone) == ("www.example.com.", "example.com.")
    assert ("www.example.org.", 257) in scene.elsewhere.asked
    assert ("www.example.com.", 257) not in scene.elsewhere.asked


def test_the_whole_check(scene: Scene) -> None:
    """
    From settings to report: places are surveyed, resolvers hear of the apex alone, questions and
    time are counted.
    """
    apexes = [from_text("com."), APEX]
    with Embedded(apexes, soa_ttl=300, minimum=300) as world, Exchange(SystemClock()) as exchange:
        there, resolver = map(Endpoint, *zip(*world.addresses, scene.resolver.address, strict=True))
        settings = Settings(
            Path("unused"),
            resolvers=(resolver,),
            root_hints=(there,),
            zones={APEX: ZoneSettings(nameservers=(there,))},
        )
        hosts = Hosts(NOBODY, clock := SystemClock())
        tools = Tools(clock, NOBODY, hosts, exchange, undecided, NOBODY)
        report = Checking(settings, tools).check(["www.example.com"])
    assert (report.status, report.exit, report.api_calls) == ("checked", 0, 0)
    assert [each.code for each in report.problems] == ["host-not-asked"]
    assert report.checks[0].zone == "example.com."
    assert report.dns_queries == exchange.sent > 0
    assert 0 < report.elapsed_s < 10
    assert {each.name for each in scene.resolver.asked} == {APEX}


def test_who_names_a_server() -> None:
    """
    Every host is listed with all its addresses, also one without any, and who names it.
    """
    one, two, three = (from_text(f"ns{number}.example.net.") for number in (1, 2, 3))
    six = Perspective("2001:db8::1", 53, Role.AUTHORITATIVE, one.to_text())
    odd = Perspective("192.0.2.9", 5353, Role.AUTHORITATIVE, "192.0.2.9:5353")
    parent, child = frozenset({one, two}), frozenset({one, three})
    found = nameservers(Delegation(APEX, (via(1), six, via(2), odd), parent, child))
    assert found == (
        NameserverLine("ns1.example.net.", ("192.0.2.1", "2001:db8::1"), "both"),
        NameserverLine("ns2.example.net.", ("192.0.2.2",), "parent"),
        NameserverLine("ns3.example.net.", (), "child"),
        NameserverLine("192.0.2.9:5353", ("192.0.2.9:5353",), "configuration"),
    )


LINE = CheckLine(
    "example.com", "_acme-challenge.example.com.", zone="example.com.", dnssec="secure"
)


def test_lines_for_machines() -> None:
    """
    The JSON of a domain, key by key; what is not known is null, and no CA at all is an empty list.
    """
    servers = (NameserverLine("ns1.example.net.", ("192.0.2.1",), "both"),)
    known = replace(LINE, target="t.example.com.", servers=servers, issuers=(), negative_ttl_s=9)
    [full, bare] = json.loads(
        to_json(Report("checked", 0, checks=(known, CheckLine("lost.example"))))
    )["checks"]
    assert full == {
        "domain": "example.com",
        "name": "_acme-challenge.example.com.",
        "target": "t.example.com.",
        "zone": "example.com.",
        "name_servers": [
            {"host": "ns1.example.net.", "addresses": ["192.0.2.1"], "named_by": "both"}
        ],
        "issuers": [],
        "dnssec": "secure",
        "negative_ttl_s": 9,
    }
    assert bare == {
        "domain": "lost.example",
        **dict.fromkeys(("name", "target", "zone", "issuers", "negative_ttl_s")),
        "name_servers": [],
        "dnssec": "unknown",
    }


def test_lines_for_people() -> None:
    """
    Each domain says where its value belongs and who may issue; servers of a zone stand once.
    """
    servers = (NameserverLine("ns1.example.net.", (), "parent"),)
    lines = [
        replace(LINE, servers=servers, target="t.example.com.", negative_ttl_s=900),
        replace(LINE, domain="*.example.com", servers=servers, issuers=()),
        replace(LINE, domain="www.example.com", issuers=("a.example", "b.example")),
        replace(LINE, domain="deaf.example.com", hears_caa=False, issuers=None),
        CheckLine("lost.example"),
    ]
    text = check_details(lines)
    assert text == details(Report("checked", 0, checks=tuple(lines)))
    assert text[0].endswith("an alias for t.example.com.")
    assert "any CA may issue" in text[1]
    assert "remembered for 900 s" in text[1]
    assert text[2].split() == ["ns1.example.net.", "no", "address", "(only", "its", "parent", "names", "it)"]  # fmt: skip  # noqa: E501
    assert "no CA may issue" in text[4]
    assert "CAA lets a.example, b.example issue" in text[6]
    assert "who may issue is not known" in text[8]
    assert text[-1] == "  lost.example: its zone is not known"
    assert sum("ns1" in line for line in text) == 1
