"""Rules of propagation for delegated challenges and for blind goals, against invented evidence."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from dns.name import Name, from_text

from pipeline.propagation.blind import PAUSE
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.goals import goals_for
from pipeline.propagation.policy import Policy, Require
from pipeline.propagation.rules import Expired, Poll, Ready, decide
from pipeline.questions import Answer, Goal, Observation, Perspective, Question, Role, Silence
from pipeline.tree.delegation import Chain, Delegation, Place

from .fakes import Story, World, goal, simulate

NAME, TARGET = from_text("_acme-challenge.a.test."), from_text("a.val.test.")
HERE = [Perspective(f"192.0.2.{n}", 53, Role.AUTHORITATIVE, f"ns{n}.a.test.") for n in (1, 2)]
THERE = [Perspective(f"198.51.100.{n}", 53, Role.AUTHORITATIVE, f"ns{n}.val.test.") for n in (1, 2)]
RESOLVERS = [Perspective(f"9.9.9.{n}", 53, Role.RECURSIVE, f"r{n}") for n in (1, 2, 3)]
ALIAS = TARGET.to_text()
POLICY = Policy(0.0, 300.0, Require.QUORUM)


def delegated(
    here: Sequence[Perspective] = HERE, there: Sequence[Perspective] = THERE
) -> list[Goal]:
    link = Place(NAME, Delegation(NAME.parent(), tuple(here)), exists=True, alias=TARGET)
    end = Place(TARGET, Delegation(TARGET.parent(), tuple(there)), exists=False)
    return [*goals_for({NAME: ["v"]}, {NAME: Chain((link, end))}, RESOLVERS).values()]


def blind(resolvers: Sequence[Perspective] = RESOLVERS) -> list[Goal]:
    return [*goals_for({NAME: ["v"]}, {}, resolvers).values()]


def timetable(
    target_at: float = 0.0, alias_at: float = 0.0, resolvers_at: float = 0.0
) -> dict[tuple[Name, str], Mapping[Perspective, float]]:
    return {
        (NAME, ALIAS): dict.fromkeys(HERE, alias_at),
        (TARGET, "v"): dict.fromkeys(THERE, target_at),
        (NAME, "v"): dict.fromkeys(RESOLVERS, resolvers_at),
    }


def run(goals: Sequence[Goal], world: World, policy: Policy = POLICY) -> Story:
    return simulate(goals, world, policy)


def first_recursive(story: Story) -> float:
    return min(at for at, question in story.asked if not question.is_authoritative)


# Delegated challenges


@pytest.mark.parametrize(("target_at", "alias_at"), [(30.0, 0.0), (0.0, 30.0), (30.0, 20.0)])
def test_resolvers_wait_for_links_and_target(target_at: float, alias_at: float) -> None:
    """
    Rule 2: both the alias at every server of its zone, and the values at the target's.
    """
    story = run(delegated(), World(timetable(target_at, alias_at)))
    assert isinstance(story.verdict, Ready)
    assert first_recursive(story) >= max(target_at, alias_at)
    confirmed = [q for q in story.evidence._tracks if q.is_authoritative]  # noqa: SLF001
    assert all(story.evidence[question].streak >= 2 for question in confirmed)


@pytest.mark.parametrize("missing", [(NAME, ALIAS), (TARGET, "v")])
def test_a_step_that_is_missing_at_one_server_is_not_ready(missing: tuple[Name, str]) -> None:
    """
    A CA may ask that one; no resolver is asked meanwhile.
    """
    visible = timetable()
    visible[missing] = dict(list(visible[missing].items())[1:])
    story = run(delegated(), World(visible))
    assert isinstance(story.verdict, Expired)
    [culprit] = [q for q in story.verdict.unconfirmed if q.is_authoritative]
    assert culprit.name == missing[0]
    assert all(question.is_authoritative for _, question in story.asked)


def test_an_alias_that_leads_elsewhere_is_not_ready() -> None:
    """
    Rule 1 holds for links: the target that was found is the one that is wanted.
    """
    visible = timetable()
    visible[NAME, "elsewhere.test."] = visible.pop((NAME, ALIAS))
    assert isinstance(run(delegated(), World(visible)).verdict, Expired)


@pytest.mark.parametrize("side", [HERE, THERE])
def test_silence_is_judged_zone_by_zone(side: Sequence[Perspective]) -> None:
    """
    Rule 4 holds for each step by itself: one silent server of two leaves one host of two, which
    is not enough, however many servers the other zone has.
    """
    many = [replace(side[0], address=f"203.0.113.{n}", server=f"ns{n}.many.") for n in range(8)]
    here, there = (HERE, many) if side is HERE else (many, THERE)
    visible = {
        (NAME, ALIAS): dict.fromkeys(here, 0.0),
        (TARGET, "v"): dict.fromkeys(there, 0.0),
        (NAME, "v"): dict.fromkeys(RESOLVERS, 0.0),
    }
    world = World(visible, silent={side[0]: [(0.0, 1000.0)]})
    story = run(delegated(here, there), world)
    assert isinstance(story.verdict, Expired)
    assert {q.via for q in story.verdict.unconfirmed if q.is_authoritative} == {side[0]}


@pytest.mark.parametrize("silent", [0, 1])
def test_a_silent_server_of_three_is_set_aside_in_its_step(silent: int) -> None:
    """
    Two hosts have confirmed, and those are more than half: it is named, and the rest is ready.
    """
    three = [replace(HERE[0], address=f"203.0.113.{n}", server=f"ns{n}.") for n in range(3)]
    here, there = (three, THERE) if silent == 0 else (HERE, three)
    visible = {
        (NAME, ALIAS): dict.fromkeys(here, 0.0),
        (TARGET, "v"): dict.fromkeys(there, 0.0),
        (NAME, "v"): dict.fromkeys(RESOLVERS, 0.0),
    }
    story = run(delegated(here, there), World(visible, silent={three[0]: [(0.0, 1000.0)]}))
    assert isinstance(story.verdict, Ready)
    assert [question.via for question in story.verdict.set_aside] == [three[0]]


def test_one_server_for_link_and_target_is_two_witnesses() -> None:
    """
    What it showed of an alias says nothing of the values, even in one zone: a canary for each.
    """
    target = from_text("target.a.test.")
    zone = Delegation(NAME.parent(), tuple(HERE))
    chain = Chain((Place(NAME, zone, exists=True, alias=target), Place(target, zone, exists=False)))
    [one] = goals_for({NAME: ["v"]}, {NAME: chain}, RESOLVERS).values()
    evidence = Evidence([one])
    link, end = (step[0] for step in one.steps)
    assert link.via == end.via
    assert evidence.server(link) is not evidence.server(end)


def test_a_target_on_the_aliass_servers_is_waited_for() -> None:
    """
    The servers are the same, the questions are not.
    """
    visible = {
        (NAME, ALIAS): dict.fromkeys(HERE, 0.0),
        (TARGET, "v"): dict.fromkeys(HERE, 20.0),
        (NAME, "v"): dict.fromkeys(RESOLVERS, 0.0),
    }
    story = run(delegated(HERE, HERE), World(visible))
    assert isinstance(story.verdict, Ready)
    assert first_recursive(story) >= 20.0


@pytest.mark.parametrize("below", [NAME, TARGET])
def test_resolvers_wait_for_goals_above_any_name_of_the_chain(below: Name) -> None:
    """
    Rule 2 for links: a question about the name makes a resolver ask about the target, too, and
    "no such name" above it would stick.
    """
    above = Name(below.labels[1:])
    other = goal(above, above, {"w"}, [*HERE, *RESOLVERS])
    visible = {**timetable(), (above, "w"): dict.fromkeys([*HERE, *RESOLVERS], 40.0)}
    goals = [*delegated(), other]
    story = run(goals, World(visible))
    assert isinstance(story.verdict, Ready)
    assert first_recursive(story) >= 40.0


def test_resolvers_wait_with_names_below_a_target() -> None:
    """
    A "no such name" for the target would hold for what is below it.
    """
    below = Name((b"below", *TARGET.labels))
    other = goal(below, TARGET.parent(), {"w"}, [*THERE, *RESOLVERS])
    visible = {**timetable(target_at=40.0), (below, "w"): dict.fromkeys([*THERE, *RESOLVERS], 0.0)}
    story = run([*delegated(), other], World(visible))
    assert isinstance(story.verdict, Ready)
    assert first_recursive(story) >= 40.0


def test_what_regressed_at_a_link_is_not_ready() -> None:
    """
    Rule 7: every counted address of every step has held what is wanted within the last 5 s.
    """
    visible = timetable(target_at=60.0)
    world = World(visible, gone={HERE[0]: [(30.0, 1000.0)]})
    assert isinstance(run(delegated(), world).verdict, Expired)


# Blind goals


def test_a_blind_goal_needs_resolvers_and_no_others() -> None:
    """
    Their own quorum: of three, two.
    """
    visible = {(NAME, "v"): dict.fromkeys(RESOLVERS, 0.0)}
    story = run(blind(), World(visible))
    assert isinstance(story.verdict, Ready)
    with pytest.raises(ValueError, match="nobody to ask"):
        replace(blind()[0], recursive=())
    with pytest.raises(ValueError, match="nobody to ask"):
        replace(blind()[0], authoritative=delegated()[0].authoritative)


def overlaps(story: Story) -> bool:
    """Whether a resolver was asked for the first time while another had not answered."""
    answered = {observation.question: observation.at for observation in reversed(story.seen)}
    begun: dict[Question, float] = {}
    for at, question in story.asked:
        begun.setdefault(question, at)
    order = sorted(begun, key=begun.__getitem__)
    return any(
        begun[later] < answered[earlier]
        for index, earlier in enumerate(order)
        for later in order[index + 1 :]
    )


def test_resolvers_are_asked_one_at_a_time_where_nothing_else_can_be_seen() -> None:
    """
    A question too early blinds one, not all.
    """
    visible = {(NAME, "v"): dict.fromkeys(RESOLVERS, 0.0)}
    story = run(blind(), World(visible, latency=0.2))
    assert not overlaps(story)
    assert len({question for _, question in story.asked}) == 2, "a quorum is enough"


def test_after_a_no_the_next_resolver_waits() -> None:
    """
    Ten seconds from one that lacked the values to the next.
    """
    visible = {(NAME, "v"): dict.fromkeys(RESOLVERS, 15.0)}
    story = run(blind(), World(visible, negative_ttl=100.0))
    begun = sorted({q: at for at, q in reversed(story.asked)}.values())
    assert begun[0] == 0.0
    assert begun[1] == pytest.approx(PAUSE, abs=0.1)
    assert begun[2] == pytest.approx(2 * PAUSE, abs=0.1)
    assert isinstance(story.verdict, Ready)


def test_a_silent_resolver_does_not_hold_the_others_back_for_ever() -> None:
    """
    It said nothing that could be repeated: the next is asked at once.
    """
    visible = {(NAME, "v"): dict.fromkeys(RESOLVERS, 0.0)}
    world = World(visible, silent={RESOLVERS[0]: [(0.0, 1000.0)]})
    story = run(blind(), world)
    assert isinstance(story.verdict, Ready)
    assert story.ended < PAUSE


@pytest.mark.parametrize("require", [*Require])
def test_a_blind_goal_is_never_ready_on_nothing(require: Require) -> None:
    """
    Even where resolvers are advisory: nobody else can see anything.
    """
    policy = Policy(0.0, 60.0, require)
    story = run(blind(), World({}, negative_ttl=5.0), policy)
    assert isinstance(story.verdict, Expired)
    assert story.ended <= 60.0
    silent = World({}, silent={via: [(0.0, 1000.0)] for via in RESOLVERS})
    assert isinstance(run(blind(), silent, policy).verdict, Expired)
    routeless = World({}, routeless=frozenset(RESOLVERS))
    assert isinstance(run(blind(), routeless, policy).verdict, Expired)


@pytest.mark.parametrize(
    ("require", "holding", "ready"),
    [
        (Require.QUORUM, 2, True),
        (Require.QUORUM, 1, False),
        (Require.ALL, 3, True),
        (Require.ALL, 2, False),
        (Require.AUTHORITATIVE, 2, True),
        (Require.AUTHORITATIVE, 1, False),
    ],
)
def test_how_many_resolvers_a_blind_goal_needs(
    require: Require,
    holding: int,
    ready: bool,  # noqa: FBT001
) -> None:
    """
    The CA's quorum, or all.
    """
    visible = {(NAME, "v"): dict.fromkeys(RESOLVERS[:holding], 0.0)}
    story = run(blind(), World(visible, negative_ttl=400.0), Policy(0.0, 120.0, require))
    assert isinstance(story.verdict, Ready if ready else Expired)


def test_a_question_held_back_is_not_polled() -> None:
    """
    The step waits for what can change: nobody spins.
    """
    goals = blind()
    evidence = Evidence(goals)
    step = decide(goals, evidence, POLICY, 0.0)
    assert isinstance(step, Poll)
    assert step.questions == (goals[0].recursive[0],)
    evidence.sent(step.questions[0])
    waiting = decide(goals, evidence, POLICY, 0.1)
    assert isinstance(waiting, Poll)
    assert (waiting.questions, waiting.until) == ((), POLICY.deadline)
    evidence.note(Observation(step.questions[0], 0.2, Answer(frozenset(), 60.0)))
    held = decide(goals, evidence, POLICY, 0.3)
    assert isinstance(held, Poll)
    assert (held.questions, held.until) == ((), 0.2 + PAUSE)
    after = decide(goals, evidence, POLICY, 0.2 + PAUSE)
    assert isinstance(after, Poll)
    assert after.questions == (goals[0].recursive[1],)


def test_silence_of_the_first_lets_the_second_in() -> None:
    """
    At once, while the first is asked again in its own time.
    """
    goals = blind()
    evidence = Evidence(goals)
    evidence.sent(goals[0].recursive[0])
    evidence.note(Observation(goals[0].recursive[0], 0.2, Silence("timeout")))
    step = decide(goals, evidence, POLICY, 0.2)
    assert isinstance(step, Poll)
    assert goals[0].recursive[1] in step.questions
    assert goals[0].recursive[2] not in step.questions
