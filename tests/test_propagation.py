"""Propagation is decided from evidence alone: laws, on simulated timetables."""

import random
from collections import defaultdict
from itertools import pairwise

import pytest
from dns.name import Name, from_text

from pipeline.propagation.evidence import Evidence
from pipeline.propagation.policy import Policy, Require, allowed_failures
from pipeline.propagation.rules import Expired, Poll, Ready, decide
from pipeline.questions import Answer, Goal, Perspective, Question, Role, Silence

from .fakes import Story, World, goal, simulate

ZONE = from_text("example.com.")
NAME = from_text("_acme-challenge.example.com.")
NEVER = 1e9


def server(number: int, host: str = "") -> Perspective:
    return Perspective(f"192.0.2.{number}", 53, Role.AUTHORITATIVE, host or f"ns{number}.")


AUTH = tuple(server(number) for number in range(1, 5))
PUBLIC = tuple(
    Perspective(f"198.51.100.{number}", 53, Role.RECURSIVE, f"operator {number}")
    for number in range(1, 5)
)
EVERYONE = AUTH + PUBLIC


def wanting(*values: str, name: Name = NAME, via: tuple[Perspective, ...] = EVERYONE) -> Goal:
    return goal(name, ZONE, values or ("v",), via)


def seen_at(delays: dict[Perspective, float], name: Name = NAME, value: str = "v") -> World:
    return World({(name, value): delays})


def everywhere(at: float = 0.0) -> dict[Perspective, float]:
    return dict.fromkeys(EVERYONE, at)


def times(story: Story, via: Perspective) -> list[float]:
    return [at for at, question in story.asked if question.via == via]


def culprits(story: Story) -> set[Perspective]:
    assert isinstance(story.verdict, Expired)
    return {question.via for question in story.verdict.unconfirmed}


# Rule 1


def test_first_round_asks_only_authoritative_servers() -> None:
    """
    With no evidence at all, recursive resolvers are left alone.
    """
    wanted = wanting()
    step = decide([wanted], Evidence([wanted]), Policy(0, 300), 0)
    assert isinstance(step, Poll)
    assert {question.via for question in step.questions} == set(AUTH)


def test_nothing_wanted_is_ready() -> None:
    """
    Nothing to prove is proved at once.
    """
    assert decide([], Evidence([]), Policy(0, 300), 0) == Ready()


def test_a_goal_cannot_be_met_for_free() -> None:
    """
    Without an authoritative server to ask, or a value to want, there is no goal.
    """
    with pytest.raises(ValueError, match="nobody to ask"):
        wanting(via=PUBLIC)
    with pytest.raises(ValueError, match="nothing to want"):
        goal(NAME, ZONE, (), AUTH)


def test_two_answers_in_a_row_confirm_an_authoritative_server() -> None:
    """
    One good answer from an address with several machines behind it is not enough.
    """
    story = simulate([wanting(via=AUTH[:1])], seen_at({AUTH[0]: 0.0}), Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    assert len(times(story, AUTH[0])) == 2


def test_an_address_with_two_minds_is_not_confirmed() -> None:
    """
    Anycast behind one address: while answers alternate there is no streak.
    """
    world = World({(NAME, "v"): everywhere()})
    world.gone = {AUTH[0]: [(k * 0.2 + 0.1, k * 0.2 + 0.2) for k in range(10_000)]}
    story = simulate([wanting(via=AUTH[:1])], world, Policy(0, 60))
    flips = [o.outcome.values for o in story.seen if isinstance(o.outcome, Answer)]
    if isinstance(story.verdict, Ready):
        assert flips[-2:] == [{"v"}, {"v"}]


def test_every_value_of_the_rrset_is_wanted() -> None:
    """
    With apex and wildcard under one name, half of the RRset is not enough.
    """
    world = World({(NAME, "apex"): everywhere(), (NAME, "wild"): everywhere(NEVER)})
    story = simulate([wanting("apex", "wild")], world, Policy(0, 30))
    assert culprits(story) == set(AUTH)
    assert not [question for _, question in story.asked if not question.is_authoritative]


def test_other_values_do_no_harm() -> None:
    """
    A CA takes any matching record; strangers' values beside ours are fine.
    """
    world = World({(NAME, "v"): everywhere(), (NAME, "theirs"): everywhere()})
    assert isinstance(simulate([wanting()], world, Policy(0, 30)).verdict, Ready)


# Rule 2


def test_a_slow_authoritative_server_holds_recursors_back() -> None:
    """
    One server 40 s late delays readiness, and no negative answer is planted.
    """
    delays = everywhere() | {AUTH[0]: 40.0}
    story = simulate([wanting()], seen_at(delays), Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    assert 40 <= story.ended <= 45
    assert all(at >= 40 for via in PUBLIC for at in times(story, via))


def test_a_name_below_waits_for_the_name_above() -> None:
    """
    A recursor may apply NXDOMAIN to all that is below (RFC 8020): it is asked about neither.
    """
    below = from_text("_account._acme-challenge.example.com.")
    world = World({(NAME, "v"): everywhere(NEVER), (below, "v"): everywhere()})
    story = simulate([wanting(), wanting(name=below)], world, Policy(0, 20))
    assert isinstance(story.verdict, Expired)
    assert all(question.is_authoritative for _, question in story.asked)


def test_names_are_independent_of_each_other() -> None:
    """
    One name that is confirmed goes on to the recursors while another still waits.
    """
    other = from_text("_acme-challenge.www.example.com.")
    world = World({(NAME, "v"): everywhere(), (other, "v"): everywhere(100.0)})
    story = simulate([wanting(), wanting(name=other)], world, Policy(0, 300))
    first = min(at for at, q in story.asked if not q.is_authoritative and q.name == NAME)
    assert first < 1
    assert min(at for at, q in story.asked if not q.is_authoritative and q.name == other) >= 100


# Rule 3


def test_a_negative_answer_is_waited_out() -> None:
    """
    A resolver that said no is asked again when its cache forgets, not before.
    """
    world = seen_at(everywhere())
    world.poisoned = {(NAME, PUBLIC[0]): 100.0}
    story = simulate([wanting(via=(AUTH[0], PUBLIC[0]))], world, Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    first, second = times(story, PUBLIC[0])
    assert first < 1
    assert 100 <= second < 101


def test_not_even_at_the_deadline() -> None:
    """
    A resolver that will repeat its "no" past the deadline is not asked again: time is up at once.
    """
    world = seen_at(everywhere())
    world.poisoned = {(NAME, PUBLIC[0]): 1000.0}
    story = simulate([wanting(via=(AUTH[0], PUBLIC[0]))], world, Policy(0, 300))
    assert culprits(story) == {PUBLIC[0]}
    assert len(times(story, PUBLIC[0])) == 1
    assert isinstance(story.verdict, Expired)
    assert story.verdict.hopeless
    assert story.ended < 1


# Rule 4


@pytest.mark.parametrize(("resolvers", "allowed"), [(0, 0), (1, 0), (2, 1), (5, 1), (6, 2), (9, 2)])
def test_allowed_failures_follow_the_baseline_requirements(resolvers: int, allowed: int) -> None:
    """
    The table of BR §3.2.2.9, row by row.
    """
    assert allowed_failures(resolvers) == allowed


def test_one_deaf_resolver_of_four_is_tolerated() -> None:
    """
    Of two to five recursive resolvers one may stay silent, without costing time.
    """
    world = seen_at(everywhere())
    world.silent = {PUBLIC[0]: [(0, NEVER)]}
    story = simulate([wanting()], world, Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    assert story.ended < 1


def test_two_deaf_resolvers_of_four_are_not() -> None:
    """
    Beyond the tolerance, the silent ones are named at the deadline.
    """
    world = seen_at(everywhere())
    world.silent = {via: [(0, NEVER)] for via in PUBLIC[:2]}
    story = simulate([wanting()], world, Policy(0, 30))
    assert culprits(story) == set(PUBLIC[:2])
    assert story.ended == 30


def test_require_all_tolerates_nothing() -> None:
    """
    With `all`, one deaf resolver or one deaf name server is one too many.
    """
    for deaf in (PUBLIC[0], AUTH[0]):
        world = seen_at(everywhere())
        world.silent = {deaf: [(0, NEVER)]}
        story = simulate([wanting()], world, Policy(0, 30, Require.ALL))
        assert deaf in culprits(story)


def test_require_authoritative_makes_resolvers_advisory() -> None:
    """
    With `authoritative` a poisoned resolver is asked once, told of, and not waited for.
    """
    world = seen_at(everywhere())
    world.poisoned = {(NAME, via): 1000.0 for via in PUBLIC}
    story = simulate([wanting()], world, Policy(0, 300, Require.AUTHORITATIVE))
    assert isinstance(story.verdict, Ready)
    assert story.ended < 1
    assert all(len(times(story, via)) == 1 for via in PUBLIC)


def test_a_silent_address_is_set_aside_after_three_attempts_and_ten_seconds() -> None:
    """
    A dead server is skipped by the CA's resolver too: named, never counted, not waited for longer.
    """
    world = seen_at(everywhere())
    world.silent = {AUTH[0]: [(0, NEVER)]}
    story = simulate([wanting()], world, Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    assert [question.via for question in story.verdict.set_aside] == [AUTH[0]]
    assert 10 <= story.ended < 20
    assert len(times(story, AUTH[0])) >= 3


def test_an_address_without_route_is_set_aside_at_once() -> None:
    """
    A host without IPv6 cannot observe v6 addresses, and does not wait for them.
    """
    world = seen_at(everywhere())
    world.routeless = frozenset(AUTH[:2])
    story = simulate([wanting()], world, Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    assert {question.via for question in story.verdict.set_aside} == set(AUTH[:2])
    assert story.ended < 1


def test_a_server_that_answers_can_always_deny() -> None:
    """
    One address that answers without the value blocks, however many others are silent or fine.
    """
    world = seen_at(everywhere() | {AUTH[1]: NEVER})
    world.silent = {AUTH[0]: [(0, NEVER)]}
    story = simulate([wanting()], world, Policy(0, 60))
    assert AUTH[1] in culprits(story)


def test_more_than_half_silent_is_not_enough() -> None:
    """
    What confirms must be at least half of all addresses.
    """
    world = seen_at(everywhere())
    world.silent = {via: [(0, NEVER)] for via in AUTH[:3]}
    story = simulate([wanting()], world, Policy(0, 60))
    assert culprits(story) == set(AUTH[:3])


def test_two_of_five_are_not_half() -> None:
    """
    Half of all addresses is half of all, not of those that are left.
    """
    via = tuple(server(number) for number in range(1, 6))
    world = World({(NAME, "v"): dict.fromkeys(via, 0.0)})
    world.silent = {each: [(0, NEVER)] for each in via[2:]}
    story = simulate([wanting(via=via)], world, Policy(0, 60))
    assert culprits(story) == set(via[2:])


def test_a_server_mute_about_one_name_is_set_aside_for_that_name() -> None:
    """
    It goes on answering about the other names, also in the last round, and that changes nothing.
    """
    other = from_text("_acme-challenge.www.example.com.")
    world = World({(name, "v"): everywhere() for name in (NAME, other)})
    world.mute = frozenset({(other, AUTH[0])})
    story = simulate([wanting(), wanting(name=other)], world, Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    assert [(q.name, q.via) for q in story.verdict.set_aside] == [(other, AUTH[0])]
    assert story.ended < 20


def test_one_host_of_two_is_not_enough() -> None:
    """
    Two addresses of one host confirm, the other host is dead: the CA may ask that one only.
    """
    via = (server(1, "a."), server(2, "a."), server(3, "b."))
    world = World({(NAME, "v"): dict.fromkeys(via, 0.0)}, silent={via[2]: [(0, NEVER)]})
    story = simulate([wanting(via=via)], world, Policy(0, 60))
    assert culprits(story) == {via[2]}


def test_a_dead_server_does_not_hide_behind_canaries() -> None:
    """
    With many names, silence is judged for the server, not name by name.
    """
    names = [from_text(f"_acme-challenge.h{number}.example.com.") for number in range(20)]
    world = World({(name, "v"): everywhere() for name in names}, silent={AUTH[0]: [(0, NEVER)]})
    story = simulate([wanting(name=name) for name in names], world, Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    assert story.ended < 20
    assert len(times(story, AUTH[0])) < 20


# Rule 5


def test_polls_get_rarer_as_the_wait_grows() -> None:
    """
    A record is seen at most a twentieth of the wait (5 s) after it shows; an hour costs hundreds of
    questions, not thousands.
    """
    for visible in (0.0, 0.02, 0.7, 3.0, 5.0, 20.0, 49.0, 400.0, 3000.0):
        story = simulate([wanting(via=AUTH[:1])], seen_at({AUTH[0]: visible}), Policy(0, 3600))
        assert isinstance(story.verdict, Ready)
        assert story.ended - visible <= min(max(visible / 20, 0.1), 5.0) + 0.05
        assert len(times(story, AUTH[0])) < 85 + visible / 5


def test_polls_are_a_tenth_of_a_second_apart_or_as_long_as_was_waited() -> None:
    """
    While nothing shows, no two polls of a server are closer than 0.1 s, but for the first few, each
    of which waits as long as all before: what takes 20 ms is not seen after 100. No wait is longer
    than a twentieth of all before it.
    """
    story = simulate([wanting(via=AUTH[:1])], seen_at({}), Policy(0, 60))
    asked = times(story, AUTH[0])
    assert all(b - a >= min(max(a, 0.01), 0.1) for a, b in pairwise(asked))
    assert len([at for at in asked if at < 0.2]) < 6
    for since, at in pairwise([at for at in asked if at > 2]):
        assert at - since <= since / 20 + 0.02
    story = simulate([wanting(via=AUTH[:1])], seen_at({AUTH[0]: 0.02}), Policy(0, 60))
    assert story.ended < 0.08


def test_what_shows_is_asked_again_at_once() -> None:
    """
    The answers of a streak follow each other without a pause, and so does the resolvers' round.
    """
    world = seen_at(everywhere())
    story = simulate([wanting()], world, Policy(0, 60))
    assert story.ended == pytest.approx(3 * world.latency)


def test_one_canary_a_server_while_nothing_shows() -> None:
    """
    A hundred names cost one question a poll and server until the first shows; then all are asked.
    """
    names = [from_text(f"_acme-challenge.h{number}.example.com.") for number in range(100)]
    world = World({(name, "v"): everywhere(30.0) for name in names})
    story = simulate([wanting(name=name) for name in names], world, Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    before = [at for at, _ in story.asked if at < 30]
    assert len(before) <= len(AUTH) * 75
    assert story.ended < 35


def test_one_canary_at_a_time() -> None:
    """
    While a slow server still owes the answer about one name, it is not asked about the next.
    """
    names = [from_text(f"_acme-challenge.h{number}.example.com.") for number in range(10)]
    world = World({(name, "v"): everywhere(30.0) for name in names}, latency=1.9)
    story = simulate([wanting(name=name) for name in names], world, Policy(0, 20))
    for via in AUTH:
        sent = times(story, via)
        assert all(second - first >= 1.9 for first, second in pairwise(sent))


def test_a_broken_canary_does_not_blind_us() -> None:
    """
    The canary changes with every poll, so one name that never shows does not hide the rest.
    """
    names = [from_text(f"_acme-challenge.h{number}.example.com.") for number in range(10)]
    world = World({(name, "v"): everywhere() for name in names[1:]})
    story = simulate([wanting(name=name) for name in names], world, Policy(0, 30))
    assert isinstance(story.verdict, Expired)
    assert {question.name for question in story.verdict.unconfirmed} == {names[0]}


def test_the_least_number_of_questions() -> None:
    """
    When all is well at once: two questions a name and authoritative server, one a resolver.
    """
    names = [from_text(f"_acme-challenge.h{number}.example.com.") for number in range(100)]
    world = World({(name, "v"): everywhere() for name in names})
    story = simulate([wanting(name=name) for name in names], world, Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    assert len(story.asked) == 100 * (2 * len(AUTH) + len(PUBLIC))


# Rule 6


def test_time_out_names_the_culprit() -> None:
    """
    A server that never catches up is named in the verdict, at the deadline.
    """
    story = simulate([wanting()], seen_at(everywhere() | {AUTH[2]: NEVER}), Policy(0, 60))
    assert culprits(story) == {AUTH[2]}
    assert story.ended == 60


def test_hours_of_patience() -> None:
    """
    Polling one server in vain for hours ends in Expired, not in an overflow.
    """
    story = simulate([wanting(via=AUTH[:1])], seen_at({}), Policy(0, 30_000))
    assert isinstance(story.verdict, Expired)


# Rule 7


def test_an_old_confirmation_is_renewed_before_ready() -> None:
    """
    While a resolver made us wait, everybody else may have changed: a final round asks again.
    """
    world = seen_at(everywhere())
    world.poisoned = {(NAME, PUBLIC[0]): 50.0}
    story = simulate([wanting(via=(*AUTH, PUBLIC[0]))], world, Policy(0, 300))
    assert isinstance(story.verdict, Ready)
    assert all(times(story, via)[-1] >= 50 for via in AUTH)


def test_what_regressed_is_not_ready() -> None:
    """
    A value erased between confirmation and verdict is noticed.
    """
    world = seen_at(everywhere())
    world.poisoned = {(NAME, PUBLIC[0]): 50.0}
    world.gone = {AUTH[1]: [(20, NEVER)]}
    story = simulate([wanting(via=(*AUTH, PUBLIC[0]))], world, Policy(0, 100))
    assert culprits(story) == {AUTH[1]}


def test_what_fell_silent_is_not_ready_at_once() -> None:
    """
    A server that confirmed and then died counts no more: it must prove silent first.
    """
    world = seen_at(everywhere())
    world.poisoned = {(NAME, PUBLIC[0]): 50.0}
    world.silent = {AUTH[1]: [(20, NEVER)]}
    short = simulate([wanting(via=(*AUTH, PUBLIC[0]))], world, Policy(0, 58))
    assert culprits(short) == {AUTH[1]}
    world.cache.clear()
    long = simulate([wanting(via=(*AUTH, PUBLIC[0]))], world, Policy(0, 300))
    assert isinstance(long.verdict, Ready)
    assert [question.via for question in long.verdict.set_aside] == [AUTH[1]]


# All rules, on random timetables


def random_world(rng: random.Random, names: list[Name]) -> World:
    def delay() -> float:
        return rng.choice([0.0, 0.0, rng.uniform(0, 5), rng.uniform(0, 400)])

    values = ["a", "b"][: rng.randint(1, 2)]
    shared = {via: delay() for via in EVERYONE}
    visible = {
        (name, value): {
            via: shared[via] + rng.choice([0.0, 0.0, rng.uniform(0, 10)]) for via in EVERYONE
        }
        for name in names
        for value in values
    }
    spans = [(start, start + rng.uniform(0, 200)) for start in [rng.uniform(0, 300)]]
    return World(
        visible,
        gone={via: spans for via in AUTH if rng.random() < 0.1},
        silent={via: rng.choice([spans, [(0, NEVER)]]) for via in EVERYONE if rng.random() < 0.1},
        routeless=frozenset(via for via in EVERYONE if rng.random() < 0.05),
        latency=rng.uniform(0.001, 0.3),
        negative_ttl=rng.choice([5.0, 60.0, 900.0]),
        poisoned={(names[0], via): rng.uniform(0, 500) for via in PUBLIC if rng.random() < 0.1},
    )


@pytest.mark.parametrize("block", range(10))
def test_ready_is_never_a_lie(block: int) -> None:
    """
    Whatever the timetable: Ready means that every server counted held every value within the last
    5 s; no recursor was asked about a name before its counted servers had all served it, nor before
    its own last answer had run out; and the deadline is kept.
    """
    for seed in range(block * 200, block * 200 + 200):
        rng = random.Random(seed)
        names = [from_text(f"_acme-challenge.h{i}.example.com.") for i in range(rng.randint(1, 3))]
        world = random_world(rng, names)
        values = {value for _, value in world.visible}
        goals = [wanting(*values, name=name) for name in names]
        policy = Policy(0, rng.choice([20.0, 300.0]), rng.choice(list(Require)))
        story = simulate(goals, world, policy)
        assert story.ended <= policy.deadline, seed
        check_recursors(story, world, seed)
        if isinstance(story.verdict, Ready):
            check_ready(story, goals, world, policy, seed)


def check_ready(story: Story, goals: list[Goal], world: World, policy: Policy, seed: int) -> None:
    assert isinstance(story.verdict, Ready)
    aside = set(story.verdict.set_aside)
    last = {observation.question: observation for observation in story.seen}
    for wanted in goals:
        counted = [question for question in wanted.authoritative if question not in aside]
        assert 2 * len(counted) >= len(wanted.authoritative), seed
        for question in counted:
            assert story.ended - last[question].at <= policy.fresh, seed
            served = world.values(
                question.name, question.via, last[question].at - world.latency / 2
            )
            assert wanted.wanted <= served, seed
        for question in aside & set(wanted.authoritative):
            assert policy.require is not Require.ALL, seed
            assert question not in last or isinstance(last[question].outcome, Silence), seed
        heard = [q for q in wanted.recursive if q in last and holds(last[q].outcome, wanted)]
        if policy.require is Require.QUORUM:
            assert len(wanted.recursive) - len(heard) <= 1, seed
        if policy.require is Require.ALL:
            assert len(wanted.recursive) == len(heard), seed


def holds(outcome: Answer | Silence, wanted: Goal) -> bool:
    return isinstance(outcome, Answer) and wanted.wanted <= outcome.values


def check_recursors(story: Story, world: World, seed: int) -> None:
    answers: dict[Question, float] = defaultdict(float)
    events: list[tuple[float, int, Question, Answer | Silence | None]] = [
        *((at, 1, question, None) for at, question in story.asked),
        *((o.at, 0, o.question, o.outcome) for o in story.seen),
    ]
    confirmed: dict[Name, set[Perspective]] = defaultdict(set)
    last: dict[Perspective, Answer | Silence] = {}
    for at, _, question, outcome in sorted(events, key=lambda event: event[:2]):
        if outcome is None and not question.is_authoritative:
            assert at >= answers[question], seed
            silent = {via for via, said in last.items() if isinstance(said, Silence)}
            assert confirmed[question.name] | silent >= set(AUTH), seed
        if isinstance(outcome, Answer) and not question.is_authoritative:
            answers[question] = at + outcome.ttl
        if outcome is not None:
            last[question.via] = outcome
        if isinstance(outcome, Answer) and question.is_authoritative:
            needed = {value for name, value in world.visible if name == question.name}
            held = outcome.values >= needed
            (confirmed[question.name].add if held else confirmed[question.name].discard)(
                question.via
            )
