"""What a wait must never do: ready on old or missing evidence, one name's fate on another's."""

from datetime import UTC, datetime, timedelta

from dns.name import Name, from_text

from pipeline.explaining.verdict import not_ready, set_aside
from pipeline.explaining.witness import Witness
from pipeline.model import Exit, Failed
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.policy import Policy, Require
from pipeline.propagation.rules import Expired, Poll, Ready, decide
from pipeline.questions import Answer, Goal, Observation, Perspective, Role, Silence

from .fakes import Story, World, goal, simulate
from .test_propagation import AUTH, NAME, NEVER, PUBLIC, ZONE, everywhere, seen_at, times, wanting

OTHER = from_text("_acme-challenge.www.example.com.")
HOSTS = [from_text(f"_acme-challenge.h{number}.example.com.") for number in range(40)]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def witness(story: Story) -> Witness:
    return Witness(story.evidence, 2, story.ended, lambda moment: NOON + timedelta(seconds=moment))


def failure(wanted: Goal, story: Story) -> Failed | None:
    assert isinstance(story.verdict, Expired)
    return not_ready([wanted], story.verdict, story.evidence, witness(story))


def test_another_orders_wait_does_not_age_ours() -> None:
    """
    What was confirmed at once and gone ten seconds later is not ready when another name's time is
    up five minutes later.
    """

    class Gone(World):
        def values(self, name: Name, via: Perspective, now: float) -> frozenset[str]:
            return frozenset() if now >= 10 else super().values(name, via, now)

    mine, other = wanting(name=OTHER), wanting()
    story = simulate([other, mine], Gone({(OTHER, "v"): everywhere()}), Policy(0, 300))
    assert failure(mine, story) is not None


def test_a_hopeless_name_does_not_end_the_wait_of_others() -> None:
    """
    One name's resolvers are poisoned beyond the deadline; another shows after twenty seconds.
    """
    poisoned, other = wanting(), wanting(name=OTHER)
    world = World({(NAME, "v"): everywhere(), (OTHER, "v"): everywhere(20.0)})
    world.poisoned = {(NAME, via): 1000.0 for via in PUBLIC[:2]}
    story = simulate([poisoned, other], world, Policy(0, 300))
    assert failure(other, story) is None
    assert failure(poisoned, story) is not None
    assert 20 <= story.ended < 30


def test_a_server_set_aside_that_wakes_can_still_deny() -> None:
    """
    Silent for twenty seconds, then answering without the value: heard before the verdict.
    """
    world = World({(NAME, "v"): {AUTH[0]: 0.0, AUTH[1]: 0.0, PUBLIC[0]: 0.0}})
    world.silent = {AUTH[2]: [(0, 20.0)]}
    world.poisoned = {(NAME, PUBLIC[0]): 200.0}
    story = simulate([wanting(via=(*AUTH[:3], PUBLIC[0]))], world, Policy(0, 300))
    assert isinstance(story.verdict, Expired)


def test_a_route_that_comes_back_counts() -> None:
    """
    An address set aside for want of a route denies as soon as it answers without the value.
    """
    wanted = wanting(via=AUTH[:2])
    evidence = Evidence([wanted])
    first, second = wanted.authoritative
    held, empty = Answer(frozenset({"v"}), 60.0), Answer(frozenset(), 60.0)
    for question, before in ((first, Silence("no route", routeless=True)), (second, held)):
        evidence.sent(question)
        evidence.note(Observation(question, 0.0, before))
    for question, after in ((first, empty), (second, held)):
        evidence.sent(question)
        evidence.note(Observation(question, 0.1, after))
    assert isinstance(decide([wanted], evidence, Policy(0, 300), 0.3), Poll)


def test_advisory_resolvers_cannot_spoil_the_deadline() -> None:
    """
    With `authoritative`, a deaf resolver that has not timed out by the deadline changes nothing.
    """
    world = seen_at(everywhere() | dict.fromkeys(AUTH, 27.0))
    world.silent = {PUBLIC[0]: [(0, NEVER)]}
    story = simulate([wanting()], world, Policy(0, 29.5, Require.AUTHORITATIVE))
    assert isinstance(story.verdict, Ready)


def test_a_server_that_turns_silent_is_asked_ever_more_rarely() -> None:
    """
    One good answer does not make for ten questions a second until the deadline.
    """
    wanted = wanting(via=AUTH[:1])
    evidence, policy, now, sent = Evidence([wanted]), Policy(0, 300), 0.0, 0
    while isinstance(step := decide([wanted], evidence, policy, now), Poll):
        for question in step.questions:
            evidence.sent(question)
            outcome = Silence("REFUSED") if sent else Answer(frozenset({"v"}), 60.0)
            evidence.note(Observation(question, now + 0.001, outcome))
            sent += 1
        now = now + 0.002 if step.questions else min(step.until, now + 0.5)
    assert sent < 150


def test_names_that_were_never_the_canary_share_its_fate() -> None:
    """
    Forty names at servers that answer "absent": every one is 75, none "unreachable".
    """
    goals = [wanting(name=name) for name in HOSTS]
    story = simulate(goals, World({}), Policy(0, 5))
    exits = {failed.exit for wanted in goals if (failed := failure(wanted, story))}
    assert exits == {Exit.NOT_READY}


def test_set_aside_servers_are_told_by_what_they_did() -> None:
    """
    A name that a dead server was never asked about is set aside for what the server did say.
    """
    goals = [wanting(name=name) for name in HOSTS]
    visible = {(name, "v"): everywhere() for name in HOSTS}
    deaf = simulate(goals, World(visible, silent={AUTH[0]: [(0, NEVER)]}), Policy(0, 300))
    far = simulate(goals, World(visible, routeless=frozenset(AUTH[:1])), Policy(0, 300))
    for story, state in ((deaf, "[silent]"), (far, "[not-observable]")):
        assert isinstance(story.verdict, Ready)
        [problem] = set_aside(story.verdict.set_aside, witness(story))
        assert state in problem.message


def test_a_name_held_back_is_not_ready() -> None:
    """
    Resolvers never asked about a name, for the name above it never showed, have not confirmed it.
    """
    below = wanting(name=from_text("_account._acme-challenge.example.com."))
    story = simulate([wanting(), below], World({(below.name, "v"): everywhere()}), Policy(0, 20))
    assert all(question.is_authoritative for _, question in story.asked)
    assert failure(below, story) is not None


def test_one_dead_resolver_costs_one_question_at_a_time() -> None:
    """
    A deaf resolver is not asked about every name at once.
    """
    goals = [wanting(name=name) for name in HOSTS]
    world = World({(name, "v"): everywhere() for name in HOSTS}, silent={PUBLIC[0]: [(0, NEVER)]})
    story = simulate(goals, world, Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    assert len(times(story, PUBLIC[0])) <= 2


def test_several_names_of_one_machine_are_one() -> None:
    """
    Of four addresses one has the value, under four names; three are silent: that is a quarter.
    """
    machine = [Perspective("192.0.2.9", 53, Role.AUTHORITATIVE, f"n{i}.") for i in range(4)]
    silent = [Perspective(f"192.0.2.{i}", 53, Role.AUTHORITATIVE, f"s{i}.") for i in range(3)]
    wanted = goal(NAME, ZONE, {"v"}, (*machine, *silent))
    world = World(
        {(NAME, "v"): dict.fromkeys(machine, 0.0)},
        silent={via: [(0.0, NEVER)] for via in silent},
    )
    assert isinstance(simulate([wanted], world, Policy(0, 60)).verdict, Expired)


def test_advice_does_not_rest_on_what_was_true_minutes_ago() -> None:
    """
    Where only resolvers stand in the way, name servers are heard again before time is up.
    """
    wanted = wanting()
    world = World({(NAME, "v"): everywhere()}, silent={via: [(0.0, NEVER)] for via in PUBLIC})
    story = simulate([wanted], world, Policy(0, 300))
    assert isinstance(story.verdict, Expired)
    for question in wanted.authoritative:
        last = story.evidence[question].last
        assert last is not None
        assert last.at > 294
