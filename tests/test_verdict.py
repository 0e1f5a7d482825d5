"""A wait that failed says who stood in the way, what it said last, until when, and what to do."""

from datetime import UTC, datetime, timedelta

import pytest
from dns.name import Name, from_text
from dns.rdatatype import CNAME

from pipeline.explaining.diagnosis import diagnose
from pipeline.explaining.findings import Findings, Start
from pipeline.explaining.verdict import explained, not_ready, set_aside
from pipeline.explaining.witness import Witness, evidence_lines
from pipeline.model import Exit, Failed, Problem, Severity
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.policy import Policy, Require
from pipeline.propagation.rules import Expired, Ready
from pipeline.questions import Answer, Goal, Observation, Perspective, Question, Role, Silence
from pipeline.report import RecordLine

from .fakes import Story, World, goal, simulate

ZONE = from_text("example.com.")
NAME = from_text("_acme-challenge.example.com.")
OTHER = from_text("_acme-challenge.www.example.com.")
AUTH = tuple(
    Perspective(f"192.0.2.{number}", 53, Role.AUTHORITATIVE, f"ns{number}.example.com.")
    for number in (1, 2)
)
PUBLIC = Perspective("198.51.100.1", 5353, Role.RECURSIVE, "configured")
EVERYONE = (*AUTH, PUBLIC)
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NEVER = 1e9


def wanting(*values: str) -> Goal:
    return goal(NAME, ZONE, values, EVERYONE)


def witness_of(evidence: Evidence, now: float) -> Witness:
    return Witness(evidence, 2, now, lambda moment: NOON + timedelta(seconds=moment))


def failure(
    wanted: Goal, world: World, timeout: float = 30.0, require: Require = Require.QUORUM
) -> Failed:
    story = simulate([wanted], world, Policy(0, timeout, require))
    assert isinstance(story.verdict, Expired)
    witness = witness_of(story.evidence, story.ended)
    failed = not_ready([wanted], story.verdict, story.evidence, witness)
    assert failed is not None
    return failed


def everywhere(*values: str) -> dict[tuple[Name, str], dict[Perspective, float]]:
    return {(NAME, value): dict.fromkeys(EVERYONE, 0.0) for value in values}


def states(wanted: Goal, story: Story) -> dict[str, str]:
    witness = witness_of(story.evidence, story.ended)
    return {
        question.via.server: witness.state(question)
        for question in (*wanted.authoritative, *wanted.recursive)
    }


def test_a_stale_server_is_named() -> None:
    """
    75, with the server's host, address, state, what it holds, and how often it was asked.
    """
    world = World({(NAME, "v"): {AUTH[0]: 0.0}, (NAME, "old"): {AUTH[1]: 0.0}})
    failed = failure(wanting("v"), world)
    assert failed.exit is Exit.NOT_READY
    assert "ns2.example.com. 192.0.2.2 [stale]" in str(failed)
    assert "asked" in str(failed)
    assert "ns1.example.com." not in str(failed)
    assert "1 wanted value not among them" in str(failed)
    assert "unconfirmed at 1 of 2 name servers: _acme-challenge.example.com." in str(failed)
    assert "run again later" in failed.problem.hint


def test_a_poisoned_resolver_is_named_with_the_time_it_forgets() -> None:
    """
    The clock time at which the resolver will have forgotten, and how to accept that it has not.
    """
    world = World(everywhere("v"), poisoned={(NAME, PUBLIC): 900.0})
    failed = failure(wanting("v"), world)
    assert "198.51.100.1:5353 [absent]" in str(failed)
    assert "12:15:00 UTC" in str(failed)
    assert "certain not to be by the deadline" in str(failed)
    assert "--require authoritative" in failed.problem.hint


def test_a_resolver_that_keeps_no_answer_is_no_matter_of_patience() -> None:
    """
    Resolvers that look afresh and find nothing hint at a zone the world is not delegated to.
    """
    world = World({(NAME, "v"): dict.fromkeys(AUTH, 0.0)}, negative_ttl=0.0)
    failed = failure(wanting("v"), world)
    assert "delegated to these servers" in failed.problem.hint


def test_a_deaf_resolver_is_told_from_a_poisoned_one() -> None:
    """
    Where resolvers do not answer, the advice is about them and not about caches.
    """
    world = World(everywhere("v"), silent={PUBLIC: [(0, NEVER)]})
    failed = failure(wanting("v"), world)
    assert "check --resolver" in failed.problem.hint
    assert "cache" not in failed.problem.hint


def test_servers_that_never_answered_are_unavailable() -> None:
    """
    When nobody ever answered it is 69, not 75: trying again later will not help by itself.
    """
    world = World(
        everywhere("v"),
        silent={via: [(0, NEVER)] for via in EVERYONE},
    )
    failed = failure(wanting("v"), world)
    assert failed.exit is Exit.UNAVAILABLE
    assert "timeout" in str(failed)
    assert "port 53" in failed.problem.hint


def test_only_silent_culprits_get_their_own_advice() -> None:
    """
    Where some answered and the rest is mute, the mute ones are what to look at.
    """
    world = World(
        everywhere("v"),
        silent={AUTH[1]: [(0, NEVER)]},
    )
    failed = failure(wanting("v"), world, require=Require.ALL)
    assert failed.exit is Exit.NOT_READY
    assert "the server is down" in str(failed)
    assert "take it out of the delegation" in failed.problem.hint


def test_another_orders_culprits_are_not_ours() -> None:
    """
    A case whose own goals were met by the deadline has nothing to explain.
    """
    mine, other = wanting("v"), goal(OTHER, ZONE, {"v"}, EVERYONE)
    story = simulate([mine, other], World(everywhere("v")), Policy(0, 20))
    assert isinstance(story.verdict, Expired)
    witness = witness_of(story.evidence, story.ended)
    arguments = (story.verdict, story.evidence, witness)
    assert not_ready([mine], *arguments) is None
    assert not_ready([other], *arguments) is not None


def test_long_lists_are_cut() -> None:
    """
    A hundred names at ten dead servers do not fill the screen: a server is named once, few are.
    """
    servers = [
        Perspective(f"192.0.2.{number}", 53, Role.AUTHORITATIVE, f"ns{number}.example.com.")
        for number in range(10)
    ]
    goals = [
        goal(from_text(f"_acme-challenge.h{number}.example.com."), ZONE, {"v"}, servers)
        for number in range(100)
    ]
    story = simulate(goals, World({}), Policy(0, 20))
    assert isinstance(story.verdict, Expired)
    witness = witness_of(story.evidence, story.ended)
    failed = not_ready(goals, story.verdict, story.evidence, witness)
    assert failed is not None
    assert "unconfirmed at 10 of 10 name servers: 100 names" in str(failed)
    assert str(failed).count("and 99 other names") == 8
    assert str(failed).endswith("and 2 more servers")
    assert len(str(failed)) < 2500


@pytest.mark.parametrize(
    ("world", "state"),
    [
        (World({}), "absent"),
        (World({(NAME, "old"): {AUTH[0]: 0.0}}), "stale"),
        (World({}, silent={AUTH[0]: [(0, NEVER)]}), "silent"),
        (World({}, routeless=frozenset({AUTH[0]})), "not-observable"),
        (World(everywhere("v")), "confirmed"),
    ],
)
def test_states_are_the_schemas_words(world: World, state: str) -> None:
    """
    Each kind of last word has its own state; whoever was never asked says so.
    """
    wanted = wanting("v")
    story = simulate([wanted], world, Policy(0, 5))
    found = states(wanted, story)
    assert found["ns1.example.com."] == state
    if state != "confirmed":
        assert found["configured"] == "not-asked"


def test_half_a_streak_is_told_apart() -> None:
    """
    One good answer is neither a confirmation nor a denial, and the report says what is missing.
    """
    wanted = wanting("v")
    evidence = Evidence([wanted])
    [question, *_] = wanted.authoritative
    witness = witness_of(evidence, 1.0)
    evidence.sent(question)
    assert (witness.state(question), witness.detail(question)) == ("silent", "no answer yet")
    evidence.note(Observation(question, 1.0, Answer(frozenset({"v"}), 60.0, "holds 1 TXT value")))
    assert witness.state(question) == "stale"
    assert "not yet twice in a row" in witness.detail(question)
    evidence.sent(question)
    evidence.note(Observation(question, 1.5, Answer(frozenset({"v"}), 60.0, "holds 1 TXT value")))
    line = witness.perspective(question)
    assert (line.state, line.confirmed_at_s, line.attempts) == ("confirmed", 1.5, 2)


def test_a_resolver_that_has_every_value_may_repeat_that() -> None:
    """
    Until when it repeats itself is told of resolvers that lack a value only.
    """
    wanted = wanting("v")
    [question] = wanted.recursive
    for values, repeats in (({"old"}, True), ({"v"}, False)):
        evidence = Evidence([wanted])
        evidence.sent(question)
        evidence.note(Observation(question, 1.0, Answer(frozenset(values), 60.0, "holds 1")))
        witness = witness_of(evidence, 2.0)
        assert ("will repeat" in witness.detail(question)) is repeats
        assert (witness.perspective(question).repeats_until is not None) is repeats


def test_what_servers_say_is_made_harmless() -> None:
    """
    A server's words reach the report without control characters or workflow commands.
    """
    wanted = wanting("v")
    evidence = Evidence([wanted])
    [question, *_] = wanted.authoritative
    evidence.sent(question)
    evidence.note(
        Observation(question, 1.0, Silence("\x1b[31m::set-output name=x::y\r\n<b>no</b>"))
    )
    said = witness_of(evidence, 1.0).sentence(question)
    assert "\x1b" not in said
    assert "::" not in said
    assert "<b>" not in said


def test_set_aside_servers_are_named_once() -> None:
    """
    One problem a server, however many names were met without it.
    """
    goals = [
        goal(from_text(f"_acme-challenge.h{number}.example.com."), ZONE, {"v"}, EVERYONE)
        for number in range(3)
    ]
    visible = {(wanted.name, "v"): dict.fromkeys(EVERYONE, 0.0) for wanted in goals}
    third = Perspective("192.0.2.3", 53, Role.AUTHORITATIVE, "ns3.example.com.")
    goals = [goal(wanted.name, ZONE, {"v"}, (*EVERYONE, third)) for wanted in goals]
    story = simulate(goals, World(visible, routeless=frozenset({third})), Policy(0, 60))
    assert isinstance(story.verdict, Ready)
    [problem] = set_aside(story.verdict.set_aside, witness_of(story.evidence, story.ended))
    assert "ns3.example.com." in problem.message
    assert "and 2 other names" in problem.message


def test_records_get_the_evidence_of_their_name() -> None:
    """
    Two values at one name share what was seen there; other names have their own.
    """
    wanted = wanting("a", "b")
    story = simulate([wanted], World(everywhere("a", "b")), Policy(0, 60))
    records = [RecordLine(NAME.to_text(), value, "", "") for value in ("a", "b")]
    records.append(RecordLine(OTHER.to_text(), "c", "", ""))
    first, second, third = evidence_lines(
        records, [wanted], witness_of(story.evidence, story.ended)
    )
    assert first.perspectives == second.perspectives
    assert len(first.perspectives) == 3
    assert third.perspectives == ()


def explained_by(
    wanted: Goal, world: World, findings: Findings, require: Require = Require.QUORUM
) -> tuple[Failed, tuple[Problem, ...], Witness]:
    """Return what is said after a wait in *world* whose follow-up questions brought *findings*."""
    story = simulate([wanted], world, Policy(0, 20, require))
    assert isinstance(story.verdict, Expired)
    causes = diagnose([wanted], story.verdict.unconfirmed, story.evidence, findings, {})
    witness = Witness(
        story.evidence, 2, story.ended, lambda moment: NOON + timedelta(seconds=moment), causes
    )
    failed = not_ready([wanted], story.verdict, story.evidence, witness)
    assert failed is not None
    return failed, explained([wanted], story.verdict, story.evidence, witness), witness


def serials(*serials: int) -> Findings:
    """Return findings in which the name servers have these serials."""
    return Findings(
        starts={
            (ZONE, via): Start(serial, from_text("ns1.example.com."), 900.0)
            for via, serial in zip(AUTH, serials, strict=True)
        }
    )


def test_the_likely_cause_is_named_with_its_next_step() -> None:
    """
    In the verdict beside the server's words, as a warning of its own, and in the server's line.
    """
    wanted = wanting("v")
    world = World({(NAME, "v"): {AUTH[0]: 0.0}})
    failed, [problem], witness = explained_by(wanted, world, serials(7, 5))
    assert "likely cause: stale secondary: ns2.example.com. 192.0.2.2 [absent]" in str(failed)
    assert str(failed).endswith(": serial 5, while ns1.example.com. has 7")
    assert "zone transfers" in failed.problem.hint
    assert (problem.code, problem.severity) == ("stale-secondary", Severity.WARNING)
    assert problem.message.endswith("192.0.2.2: serial 5, while ns1.example.com. has 7")
    assert problem.hint == failed.problem.hint
    fine, stale = (witness.perspective(question) for question in wanted.authoritative)
    assert (fine.cause, stale.cause) == (None, "stale-secondary")


def test_what_can_be_mended_comes_first() -> None:
    """
    Where causes differ the first is one that somebody can mend, not the one of most servers.
    """
    via = [
        Perspective(f"2001:db8::{number}", 53, Role.AUTHORITATIVE, f"ns{number}.example.com.")
        for number in range(3)
    ]
    wanted = goal(NAME, ZONE, {"v"}, (*via, *AUTH))
    world = World({(NAME, "v"): {AUTH[0]: 0.0}}, routeless=frozenset(via))
    failed, problems, _ = explained_by(wanted, world, serials(7, 5))
    assert [problem.code for problem in problems] == ["stale-secondary", "no-route"]
    assert "zone transfers" in failed.problem.hint
    assert "no route" not in failed.problem.hint


def test_a_poisoned_resolver_is_a_problem_until_a_time_of_day() -> None:
    """
    The warning says until when, and the verdict what that means for the CA.
    """
    world = World(everywhere("v"), poisoned={(NAME, PUBLIC): 900.0})
    failed, [problem], _ = explained_by(wanting("v"), world, Findings())
    assert problem.code == "poisoned"
    assert problem.message.endswith("configured 198.51.100.1:5353: until 12:15:00 UTC (in 0:15:00)")
    assert "CA would very likely pass" in failed.problem.hint


@pytest.mark.parametrize("reason", ["SERVFAIL (signature expired)", "SERVFAIL"])
def test_no_pass_is_promised_where_a_ca_may_fail_as_well(reason: str) -> None:
    """
    A resolver that cannot validate the zone, or cannot find out, may be as good as the CA's.
    """

    class Failing(World):
        def answer(self, question: Question, now: float) -> Answer | Silence:
            if question.via == PUBLIC:
                return Silence(reason)
            return super().answer(question, now)

    failed, _, _ = explained_by(wanting("v"), Failing(everywhere("v")), Findings())
    assert "very likely pass" not in failed.problem.hint
    assert "a CA may fare as these resolvers do" in failed.problem.hint


def test_a_blind_verdict_promises_nothing() -> None:
    """
    Where resolvers alone decide, that none of them sees the value is all there is to say.
    """
    resolver = wanting("v").recursive
    blind = Goal(NAME, frozenset({"v"}), (), resolver, (NAME,), is_blind=True)
    world = World({}, poisoned={(NAME, PUBLIC): 900.0})
    failed, _, _ = explained_by(blind, world, Findings())
    assert "resolvers alone decide" in failed.problem.hint
    assert "pass" not in failed.problem.hint


def test_an_alias_that_leads_elsewhere_is_told_as_such() -> None:
    """
    A link of a delegated challenge is about where the alias leads, not about values.
    """
    question = Question(NAME, ZONE, frozenset({"v.example.net."}), AUTH[0], CNAME)
    wanted = Goal(NAME, frozenset({"v"}), (question,), (), (NAME, from_text("v.example.net.")))
    evidence = Evidence([wanted])
    witness = witness_of(evidence, 1.0)
    for target, state, said in (
        ("v.example.net.", "stale", "every value seen, but not yet twice in a row"),
        ("x.example.net.", "stale", "CNAME to x.example.net., but not to v.example.net."),
    ):
        evidence.sent(question)
        answer = Answer(frozenset({target}), 60.0, f"CNAME to {target}")
        evidence.note(Observation(question, 1.0, answer))
        assert witness.state(question) == state
        assert said in witness.detail(question)
    evidence.sent(question)
    evidence.note(Observation(question, 1.0, Answer(frozenset(), 60.0, "NXDOMAIN")))
    assert witness.detail(question) == "NXDOMAIN"
