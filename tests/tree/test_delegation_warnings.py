"""What is odd about a delegation is said, and stops nothing."""

import pytest
from dns.name import Name, from_text

from pipeline.model import Problem, Severity
from pipeline.questions import Perspective, Role
from pipeline.tree.delegation_warnings import delegation_warnings

APEX = from_text("x.test.")
A, B, C = from_text("a.x.test."), from_text("b.x.test."), from_text("c.x.test.")


def via(host: Name, address: str) -> Perspective:
    return Perspective(address, 53, Role.AUTHORITATIVE, host.to_text())


def seen(
    parent: set[Name] = frozenset(),  # type: ignore[assignment]
    child: set[Name] = frozenset(),  # type: ignore[assignment]
    given: tuple[Perspective, ...] = (),
    found: tuple[Perspective, ...] = (),
) -> tuple[Problem, ...]:
    problems = delegation_warnings(APEX, parent, child, given, found)
    assert all(problem.severity is Severity.WARNING for problem in problems)
    assert all(problem.hint for problem in problems)
    return problems


@pytest.mark.parametrize(("parent", "child"), [(set(), {A}), ({A, B}, {B, A}), (set(), set())])
def test_like_sets_and_unknown_ones_are_not_odd(parent: set[Name], child: set[Name]) -> None:
    """
    Order does not matter, and where one side is not known there is no difference.
    """
    assert seen(parent, child) == ()


def test_a_zone_that_does_not_say_who_serves_it_is_odd() -> None:
    """
    A CA may know of servers that neither the parent names nor anybody here has heard of.
    """
    [problem] = seen({A}, set())
    assert problem.code == "delegation-unconfirmed"


@pytest.mark.parametrize(("parent", "child"), [({A}, {B}), ({A}, {A, B}), ({A, B}, {A})])
def test_different_sets_are_named(parent: set[Name], child: set[Name]) -> None:
    """
    Either has hosts the other lacks.
    """
    [problem] = seen(parent, child)
    assert problem.code == "delegation-differs"
    for host in parent | child:
        assert host.to_text() in problem.message


def test_glue_that_is_not_among_the_hosts_own_addresses_is_named() -> None:
    """
    Once for each host, with both.
    """
    given = (via(A, "8.0.0.1"), via(A, "8.0.0.9"), via(B, "8.0.0.2"), via(C, "8.0.0.3"))
    found = (via(A, "8.0.0.1"), via(B, "8.0.0.4"))
    one, two = seen({A, B, C}, {A, B, C}, given, found)
    assert (one.code, two.code) == ("glue-differs", "glue-differs")
    assert "a.x.test." in one.message
    assert "8.0.0.1, 8.0.0.9" in one.message
    assert "8.0.0.2" in two.message
    assert "8.0.0.4" in two.message


def test_glue_may_be_less_than_the_hosts_own_addresses() -> None:
    """
    Or the only thing known.
    """
    assert seen(given=(via(A, "8.0.0.1"),), found=(via(A, "8.0.0.1"), via(A, "2620::1"))) == ()
    assert seen(given=(via(A, "8.0.0.1"),)) == ()


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "192.168.1.1", "fd00::1", "fe80::1"])
def test_private_addresses_are_a_warning(address: str) -> None:
    """
    A public CA does not ask there; each is named once, with its host.
    """
    both = (via(A, address),)
    [problem] = seen({A}, {A}, both, both)
    assert problem.code == "private-nameserver"
    assert problem.message.count(address) == 1
    assert "a.x.test." in problem.message


def test_hostile_names_do_no_harm() -> None:
    """
    A host's name is a stranger's text.
    """
    evil = Name((b"\x1b[2J\n::error::", b"x", b"test", b""))
    [problem] = seen({evil}, {A})
    assert "\x1b" not in problem.message
    assert "\n" not in problem.message
