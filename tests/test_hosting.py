"""`check` says whether these credentials could write where it has looked, and needs none."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.case import Tools
from pipeline.clock import SystemClock
from pipeline.configuration.settings import Settings
from pipeline.detection import Detect
from pipeline.hosting import hosting
from pipeline.hosts import Hosts
from pipeline.model import Exit, Failed, Problem, Severity
from pipeline.receipts.store import Store
from pipeline.survey import Survey
from providers.contract import Zone
from providers.errors import Unauthorized

from .test_preparing import HINTS, LEAF, Account, world


def undecided(_zone: object) -> Sequence[str]:
    raise Failed(Exit.CONFIG, "provider", "no provider is chosen", "choose one")


def looked(
    folder: Path,
    account: Account | None,
    detect: Detect = lambda _zone: ["host"],
    unused: Sequence[str] = (),
) -> tuple[list[Failed], list[Problem]]:
    """Return what is said of the host of x.test., for who has *account* there."""
    clock, internet = SystemClock(), world()
    settings = Settings(folder, root_hints=HINTS)
    survey = Survey(settings, internet, (LEAF,), lambda: 9.0)
    tools = Tools(
        clock,
        Store(folder, clock.today),
        Hosts(lambda _: account or pytest.fail("nobody is to be opened"), clock),
        internet,
        detect,
        None,  # type: ignore[arg-type]
    )
    return hosting(settings, tools, survey, survey.look(), lambda _: unused)


def test_the_host_is_named(tmp_path: Path) -> None:
    """
    Provider, zone and its id: good to know.
    """
    failures, [problem] = looked(tmp_path, Account("x.test."))
    assert not failures
    assert (problem.code, problem.severity) == ("hosted", Severity.NOTICE)
    assert "host hosts x.test. (zone x.test.)" in problem.message


class Wide(Account):
    """One that sees more than it needs."""

    def excess(self, zones: Sequence[Zone]) -> Sequence[str]:
        return [f"reach beyond {', '.join(str(zone.apex) for zone in zones)}"]


def test_credentials_that_are_wider_than_needed_are_told(tmp_path: Path) -> None:
    """
    Seen from the zone that values would be written to; and what else lies about.
    """
    failures, problems = looked(tmp_path, Wide("x.test."), unused=["KEY"])
    assert not failures
    assert [each.code for each in problems] == ["hosted", "credential-wide", "credential-wide"]
    assert "host: these credentials reach beyond x.test." in problems[1].message
    assert "KEY" in problems[2].message


def test_no_credentials_are_needed(tmp_path: Path) -> None:
    """
    That no provider is chosen is a notice, with the way to choose one.
    """
    failures, [problem] = looked(tmp_path, None, undecided)
    assert not failures
    assert (problem.code, problem.severity) == ("host-not-asked", Severity.NOTICE)
    assert problem.hint == "choose one"


@pytest.mark.parametrize(
    ("account", "exit_", "code"),
    [
        (Account("z.test."), Exit.CONFIG, "no-zone"),
        (Account(error=Unauthorized("no")), Exit.REFUSED, "provider-unauthorized"),
    ],
)
def test_credentials_that_do_not_reach_the_zone_fail(
    tmp_path: Path, account: Account, exit_: Exit, code: str
) -> None:
    """
    As they would when writing.
    """
    [failed], problems = looked(tmp_path, account)
    assert (failed.exit, failed.problem.code, problems) == (exit_, code, [])
