"""Goals say what has to be seen, and by whom."""

import pytest
from dns.name import Name, from_text
from dns.rdatatype import CNAME, TXT

from pipeline.propagation.goals import goals_for
from pipeline.questions import Perspective, Role
from pipeline.tree.delegation import Chain, Delegation, Place

RESOLVERS = [Perspective(f"9.9.9.{n}", 53, Role.RECURSIVE, f"r{n}") for n in (1, 2)]
A, B, V = (from_text(name) for name in ("_acme-challenge.a.test.", "b.hop.test.", "v.val.test."))


def servers(apex: str, count: int = 2) -> tuple[Perspective, ...]:
    return tuple(
        Perspective(f"{apex[0]}.{n}", 53, Role.AUTHORITATIVE, f"ns{n}.{apex}") for n in range(count)
    )


def place(name: Name, alias: Name | None = None, *, wild: bool = False) -> Place:
    apex = name.parent().to_text()
    zone = Delegation(from_text(apex), servers(apex))
    return Place(name, zone, exists=True, alias=alias, is_wildcard=wild)


def test_a_plain_name_is_asked_about_at_its_zones_servers_and_then_at_resolvers() -> None:
    """
    Every server for TXT and all its values; the zone is the one it is in.
    """
    chain = Chain((place(A),))
    goal = goals_for({A: ["one", "two"]}, {A: chain}, RESOLVERS)[A]
    assert (goal.name, goal.owner, goal.chain, goal.is_blind) == (A, A, (A,), False)
    assert [q.via for q in goal.authoritative] == list(servers("a.test."))
    assert [q.via for q in goal.recursive] == RESOLVERS
    for question in goal.questions:
        assert question.name == A
        assert question.rdtype == TXT
        assert question.wanted == goal.wanted == {"one", "two"}
        assert question.zone == from_text("a.test.")


def test_a_delegated_name_is_followed_link_by_link() -> None:
    """
    At the servers of each zone on the way: the links for CNAME and their targets, the end for
    the values. Resolvers are asked about the first name, as a CA asks.
    """
    chain = Chain((place(A, B), place(B, V), place(V)))
    goal = goals_for({A: ["value"]}, {A: chain}, RESOLVERS)[A]
    assert (goal.name, goal.owner, goal.chain) == (A, V, (A, B, V))
    steps = [{(q.name, q.zone, q.rdtype, q.wanted) for q in step} for step in goal.steps]
    assert steps == [
        {(A, from_text("a.test."), CNAME, frozenset({"b.hop.test."}))},
        {(B, from_text("hop.test."), CNAME, frozenset({"v.val.test."}))},
        {(V, from_text("val.test."), TXT, frozenset({"value"}))},
    ]
    assert [len(step) for step in goal.steps] == [2, 2, 2]
    assert {(q.name, q.zone, q.rdtype) for q in goal.recursive} == {(A, from_text("a.test."), TXT)}


def test_a_wildcards_alias_is_asked_for_values() -> None:
    """
    It yields to what is written at the name itself.
    """
    goal = goals_for({A: ["v"]}, {A: Chain((place(A, V, wild=True),))}, RESOLVERS)[A]
    assert {(q.name, q.rdtype, q.wanted) for q in goal.authoritative} == {
        (A, TXT, frozenset({"v"}))
    }


def test_names_of_one_owner_want_all_its_values() -> None:
    """
    They are one RRset; and what two goals ask alike is asked once.
    """
    other = from_text("_acme-challenge.x.a.test.")
    chains = {A: Chain((place(A, V), place(V))), other: Chain((place(other, V), place(V)))}
    goals = goals_for({A: ["one"], other: ["two"]}, chains, RESOLVERS)
    assert [goals[name].wanted for name in (A, other)] == [{"one", "two"}] * 2
    first, second = (set(goals[name].steps[1]) for name in (A, other))
    assert first == second
    assert goals[A].steps[0] != goals[other].steps[0]
    assert set(goals[A].recursive).isdisjoint(goals[other].recursive)


def test_a_target_that_is_wanted_itself_is_one_line_of_asking() -> None:
    """
    By its own name and as the end of an alias.
    """
    goals = goals_for(
        {A: ["one"], V: ["two"]}, {A: Chain((place(A, V), place(V))), V: Chain((place(V),))}, ()
    )
    assert goals[V].wanted == goals[A].wanted == {"one", "two"}
    assert list(goals[A].steps[1]) == list(goals[V].authoritative)


def test_without_a_chain_resolvers_alone_judge() -> None:
    """
    Nothing is known of zone or alias; the goal says that it is blind.
    """
    goal = goals_for({A: ["v"]}, {}, RESOLVERS)[A]
    assert (goal.is_blind, goal.authoritative, goal.chain) == (True, (), (A,))
    assert {(q.name, q.zone) for q in goal.recursive} == {(A, A.parent())}


def test_nobody_to_ask_is_no_goal() -> None:
    """
    A goal that could be met by asking nobody would be met at once.
    """
    with pytest.raises(ValueError, match="nobody to ask"):
        goals_for({A: ["v"]}, {}, ())
    with pytest.raises(ValueError, match="nothing to want"):
        goals_for({A: []}, {}, RESOLVERS)


def test_the_case_of_a_target_does_not_matter() -> None:
    """
    Names are compared without case; what is wanted is the canonical form.
    """
    chain = Chain((place(A, from_text("V.Val.TEST.")), place(V)))
    goal = goals_for({A: ["v"]}, {A: chain}, ())[A]
    assert goal.steps[0][0].wanted == {"v.val.test."}
