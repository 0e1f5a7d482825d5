"""`check` says in what credentials are visibly wider than needed, and never fails for it."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from dns.name import from_text

from pipeline.clock import SystemClock
from pipeline.command.arguments import parse
from pipeline.command.assembly import Assembly
from pipeline.command.console import Quiet
from pipeline.configuration.environment import Environment
from pipeline.hosts import Hosts
from pipeline.model import Problem, Severity
from pipeline.privilege import wide
from providers.contract import Provider, Scoped, Zone
from providers.errors import Unavailable

from .bridge import CANARY, opened
from .standins.cloudflare import CloudflareStandIn
from .test_clean import Shelf

ZONES = [Zone(from_text(apex), apex) for apex in ("a.test.", "b.test.")]


@dataclass
class Wide(Shelf):
    """A host that sees what its credentials can do."""

    says: Sequence[str] | Exception = ()
    asked: list[Sequence[Zone]] = field(default_factory=list)

    def excess(self, zones: Sequence[Zone]) -> Sequence[str]:
        self.asked.append(zones)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def told(provider: Provider, *unused: str, name: str = "host") -> list[Problem]:
    hosts = Hosts(lambda _: provider, SystemClock())
    places = [(name, zone) for zone in ZONES]
    return list(wide(places, hosts, lambda _: unused, 9.0))


def test_each_excess_is_a_notice_with_a_way_out() -> None:
    """
    Host, what it is, and the command that prints less: nothing that fails a check.
    """
    host = Wide(says=["see all.", "read\x1b[31m mail"])
    assert isinstance(host, Scoped)
    problems = told(host, name="team")
    assert [problem.code for problem in problems] == ["credential-wide"] * 2
    assert {problem.severity for problem in problems} == {Severity.NOTICE}
    assert problems[0].message == "team: these credentials see all."
    assert problems[1].message == "team: these credentials read mail"
    assert "dns01 policy team" in problems[0].hint


def test_a_host_is_asked_once_for_all_its_zones() -> None:
    """
    What one zone needs is no excess for another.
    """
    host = Wide()
    assert told(host) == []
    assert host.asked == [ZONES]


@pytest.mark.parametrize(
    "host", [Shelf(), Wide(says=Unavailable("down")), Wide(says=RuntimeError("broken"))]
)
def test_what_cannot_be_seen_is_not_said(host: Provider) -> None:
    """
    A host that cannot tell, is down or breaks says nothing: that is not what was asked.
    """
    assert told(host) == []


def test_a_wider_key_that_is_not_read_is_named() -> None:
    """
    By its variable, never its value; whatever the host sees of itself.
    """
    [problem] = told(Shelf(), "GLOBAL_KEY")
    assert problem.code == "credential-wide"
    assert "GLOBAL_KEY" in problem.message


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, []),
        ({"CLOUDFLARE_API_KEY": ""}, []),
        ({"CLOUDFLARE_API_KEY": "canary"}, ["CLOUDFLARE_API_KEY"]),
        ({"CF_API_KEY": "canary", "CLOUDFLARE_API_TOKEN": "t"}, ["CF_API_KEY"]),
    ],
)
def test_the_environment_is_looked_at(
    tmp_path: Path, variables: dict[str, str], found: list[str]
) -> None:
    """
    A global key for Cloudflare is found in this process's environment, at Cloudflare only.
    """
    options = parse(["check", "a.test", "--state-dir", str(tmp_path)])
    environment = Environment({"HOME": str(tmp_path), **variables})
    with ExitStack() as stack:
        assembly = Assembly(options, environment, SystemClock(), Quiet(), stack)
        assert assembly.unused("cloudflare") == found
        assert assembly.unused("route53") == []


def test_the_check_says_it(tmp_path: Path) -> None:
    """
    A token that sees another zone, a global key beside it: two notices, exit 0, no secret shown.
    """
    with (
        opened(tmp_path, lags=(0.0,)) as site,
        CloudflareStandIn(zones=["example.com", "bank.example"]) as api,
    ):
        report = site.report(
            "check",
            "www.example.com",
            DNS01_PROVIDER="cloudflare",
            CLOUDFLARE_API_TOKEN=api.token,
            CLOUDFLARE_BASE_URL=api.url,
            CLOUDFLARE_API_KEY=CANARY,
        )
    assert report["exit"] == 0
    wide = [each["message"] for each in report["problems"] if each["code"] == "credential-wide"]
    assert len(wide) == 2
    assert "bank.example." in wide[0]
    assert "CLOUDFLARE_API_KEY" in wide[1]
    assert {call.method for call in api.log} == {"GET"}
    assert {call.auth for call in api.log} == {"bearer"}
