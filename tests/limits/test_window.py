"""The laws of an account's budget, over invented processes and an invented clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.limits.window import (
    HORIZON,
    LONGEST,
    MOST,
    SLACK,
    STEP,
    Rate,
    State,
    blocked,
    claim,
    reserve,
    slowed,
    spread,
    without,
)

RATE = Rate(5, 1.0)
Lesson = Callable[[State, float], State]


@dataclass
class World:
    """Processes that share a state: each does as `Budget.enter`, and wakes when it wakes.

    Attributes:
        gone: Who sent a request, and when, in order.
        asked: Who got in line, in order.
    """

    rate: Rate = RATE
    state: State = field(default_factory=State)
    late: Callable[[int], float] = lambda _who: 0.0
    gone: list[tuple[float, int]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)

    def run(
        self, arrivals: Sequence[float], lessons: Sequence[tuple[float, Lesson]] = ()
    ) -> list[float]:
        """Return when the requests went that were wanted at *arrivals*."""
        events: list[tuple[float, int, int, float | Lesson | None]] = []
        for number, (at, lesson) in enumerate(lessons):
            heappush(events, (at, -1 - number, -1, lesson))
        for who, at in enumerate(arrivals):
            heappush(events, (at, who, who, None))
        while events:
            now, order, who, what = heappop(events)
            if callable(what):
                self.state = what(self.state, now)
                continue
            if what is None:
                self.asked.append(who)
                self.state, slot = reserve(self.state, self.rate, now)
            else:
                self.state, slot = claim(self.state, self.rate, now, what)
            if slot <= now:
                self.gone.append((now, who))
            else:
                heappush(events, (slot + self.late(who), order, who, slot))
        return [at for at, _ in self.gone]


def crowded(times: Sequence[float], calls: int, seconds: float) -> list[tuple[float, float]]:
    """Return the stretches in which more than *calls* of *times* lie within *seconds*."""
    return [
        (first, last)
        for first, last in zip(times, times[calls:], strict=False)
        if last - first < seconds - SLACK - 1e-9
    ]


moments = st.lists(st.floats(0, 20), min_size=1, max_size=60)
rates = st.builds(Rate, st.integers(1, 8), st.floats(0.5, 3))


@given(rates, moments, st.lists(st.floats(0, 2), min_size=1, max_size=7))
def test_never_more_than_the_rate(rate: Rate, arrivals: list[float], lateness: list[float]) -> None:
    """
    However requests come, and however late their senders wake: no window holds more.
    """
    world = World(rate, late=lambda who: lateness[who % len(lateness)])
    times = world.run(arrivals)
    assert len(times) == len(arrivals)
    assert not crowded(times, rate.calls, rate.seconds)


@given(rates, moments)
def test_first_come_first_served(rate: Rate, arrivals: list[float]) -> None:
    """
    Who got in line first goes first: nobody is starved.
    """
    world = World(rate)
    world.run(arrivals)
    went = {who: at for at, who in world.gone}
    assert all(went[first] <= went[second] for first, second in pairwise(world.asked))


@given(rates, st.integers(1, 80))
def test_no_time_is_wasted(rate: Rate, count: int) -> None:
    """
    A crowd is through as soon as the rate allows, and a window's worth does not wait at all.
    """
    times = World(rate).run([0.0] * count)
    assert times[: rate.calls] == [0.0] * min(count, rate.calls)
    floor = max(count - rate.calls, 0) / rate.calls * rate.seconds
    assert times[-1] <= floor + rate.seconds


@given(rates, st.integers(1, 40))
def test_a_full_window_is_spaced(rate: Rate, count: int) -> None:
    """
    Behind a burst requests go evenly apart, so that late ones do not bunch up at the host.
    """
    times = World(rate).run([0.0] * (rate.calls + count))
    gaps = [later - earlier for earlier, later in pairwise(times[rate.calls :])]
    assert all(gap >= rate.seconds / rate.calls - SLACK - 1e-9 for gap in gaps)


@given(moments, st.floats(0, 15), st.floats(0, 30), st.lists(st.floats(0, 1), min_size=1))
def test_nothing_goes_inside_a_block(
    arrivals: list[float], at: float, seconds: float, lateness: list[float]
) -> None:
    """
    Whoever waits, whoever comes: from the moment it is known until its end, a block holds.
    """
    world = World(late=lambda who: lateness[who % len(lateness)])
    times = world.run(arrivals, [(at, lambda s, now: blocked(s, RATE, now, seconds))])
    assert len(times) == len(arrivals)
    assert not [time for time in times if at < time < at + seconds - SLACK - 1e-9]
    assert not crowded(times, RATE.calls, RATE.seconds)


@pytest.mark.parametrize("late", [0.0, 0.6])
def test_no_stampede_after_a_block(late: float) -> None:
    """
    Those who waited through a block go one by one, not a window's worth at once; also where some
    wake up late.
    """
    rate = Rate(240, 60.0)
    world = World(rate, late=lambda who: late if who % 3 else 0.0)
    times = world.run([1.0] * 100, [(0.0, lambda s, now: blocked(s, rate, now, 300.0))])
    assert times[0] >= 300.0
    assert all(b - a >= 0.25 - SLACK - 1e-9 for a, b in pairwise(times))
    assert times[-1] <= 300.0 + 100 * (0.25 + late)  # those who are late hold nobody up


def test_waiters_make_room_for_a_block() -> None:
    """
    A slot that a block has overtaken is void: its holder gets in line anew, behind the end.
    """
    state = State()
    for _ in range(7):
        state, slot = reserve(state, RATE, 0.0)
    assert slot == pytest.approx(1.2)
    state = blocked(state, RATE, 0.5, 10.0)
    assert (len(state.gone), state.slots) == (5, ())
    state, again = claim(state, RATE, slot, slot)
    assert again == pytest.approx(10.5)


def test_a_shorter_block_ends_no_longer_one() -> None:
    """
    An answer to a call sent earlier does not lift what is known.
    """
    state = blocked(State(), RATE, 0.0, 300.0)
    assert blocked(state, RATE, 1.0, 2.0).blocked_until == 300.0
    assert spread(state, 1.0, 3, 10.0) == state


def test_no_block_lasts_for_ever() -> None:
    """
    An odd word cannot stop everybody for longer than `LONGEST`, however often it is said.
    """
    state = blocked(blocked(State(), RATE, 5.0, 1e9), RATE, 6.0, 5.0)
    assert state.blocked_until == 5.0 + LONGEST
    assert state.is_sound(6.0)


@given(
    rates,
    st.floats(HORIZON / 2, LONGEST * 2),
    st.lists(st.floats(0, HORIZON), max_size=5),
    st.floats(0, HORIZON),
)
def test_a_long_block_is_sound(rate: Rate, seconds: float, again: list[float], back: float) -> None:
    """
    A block of hours or days, told again and again, is believed at once, with those in line behind
    it; also after the clock has been set back by less than `HORIZON`.
    """
    state, now = blocked(State(), rate, 1e6, seconds), 1e6
    for later in again:
        now += later
        state, _ = reserve(blocked(state, rate, now, seconds), rate, now)
    assert state.is_sound(now)
    assert state.is_sound(now - back)


def test_a_clock_set_back_ends_a_block() -> None:
    """
    What was learned hours ahead of now was learned by a clock that was wrong.
    """
    state = blocked(State(), RATE, 1e6, 60.0)
    assert not state.is_sound(1e6 - HORIZON - 1)


def test_little_is_spread() -> None:
    """
    Four requests in ten seconds go two seconds apart, then all is as before.
    """
    state = spread(State((0.0,)), 0.0, 4, 10.0)
    times = World(state=state).run([0.0] * 8)
    assert times[:4] == pytest.approx([2.0, 4.0, 6.0, 8.0])
    assert times[4:] == pytest.approx([10.0, 10.2, 10.4, 10.6])
    waiting = State((0.0,), (1.0, 1.2))
    assert spread(waiting, 0.5, 4, 10.0).slots == (), "those in line get in line anew"


def test_throttling_stretches_the_window_once() -> None:
    """
    One throttled burst is one lesson, however many answers tell of it; the next is another.
    """
    state = slowed(State(), RATE, 0.0)
    assert state.window(RATE, 0.0) == pytest.approx(STEP)
    assert slowed(state, RATE, 0.5) == state
    again = slowed(state, RATE, 2.0)
    assert again.window(RATE, 2.0) > state.window(RATE, 2.0)


def test_throttling_has_an_end() -> None:
    """
    The window grows to a bound, and comes back by itself.
    """
    state, now = State(), 0.0
    for _ in range(50):
        state = slowed(state, RATE, now)
        now += state.window(RATE, now)
    assert STEP < state.stretch <= MOST
    assert state.window(RATE, now + 1000) == RATE.seconds


@pytest.mark.parametrize("taken", [1, 2, 3])
def test_what_others_use_is_left_to_them(taken: int) -> None:
    """
    Where others use a part of the rate, we come to use the rest: few requests are in vain.
    """
    calls: list[float] = []
    refused = 0
    state, now = State(), 0.0
    ours = RATE.calls - taken
    while now < 120:
        state, slot = reserve(state, RATE, now)
        while slot > now:
            now = slot
            state, slot = claim(state, RATE, now, slot)
        if len([call for call in calls if call > now - RATE.seconds]) >= ours:
            refused += 1
            state = slowed(state, RATE, now)
        else:
            calls.append(now)
        now += 0.01
    assert len(calls) > 0.6 * 120 * ours
    assert refused < 0.3 * len(calls)


@given(moments)
def test_a_slot_given_back_is_free(arrivals: list[float]) -> None:
    """
    Who gives up leaves everybody else as if never there, for those that come after.
    """
    state = State()
    for at in sorted(arrivals):
        state, _ = reserve(state, RATE, at)
    before = state
    state, extra = reserve(state, RATE, max(arrivals))
    assert without(state, extra).slots[-1:] == before.slots[-1:]
    assert without(state, -1.0) == state


@pytest.mark.parametrize(
    "state",
    [
        State(gone=(HORIZON + 1,)),
        State(gone=(2.0, 1.0)),
        State(slots=(HORIZON + 1,)),
        State(slots=(float("nan"),)),
        State(slots=(2.0, 1.0)),
        State(blocked_until=float("inf")),
        State(blocked_until=LONGEST + 1),
        State(blocked_at=HORIZON + 1),
        State(blocked_until=HORIZON * 3, gap_until=HORIZON * 5, blocked_at=1.0),
        State(gap=-1.0),
        State(gap=HORIZON + 1),
        State(gap=float("nan")),
        State(gap_until=HORIZON * 3),
        State(stretch=0.5),
        State(stretch=MOST + 1),
        State(stretched_at=HORIZON + 1),
    ],
)
def test_what_cannot_be_is_no_state(state: State) -> None:
    """
    Slots hours ahead, numbers that are none, an order that is none: nobody waits for these.
    """
    assert not state.is_sound(0.0)


@given(moments, st.floats(0, 20), st.floats(0, 600), st.integers(1, 9))
def test_what_comes_of_sound_steps_is_sound(
    arrivals: list[float], at: float, seconds: float, left: int
) -> None:
    """
    No sequence of requests and lessons makes a state that counts as broken.
    """
    world = World()
    lessons: list[tuple[float, Lesson]] = [
        (at, lambda s, now: spread(s, now, left, seconds)),
        (at + 1, lambda s, now: slowed(s, RATE, now)),
        (at + 2, lambda s, now: blocked(s, RATE, now, seconds)),
    ]
    times = world.run(arrivals, lessons)
    assert world.state.is_sound(times[-1])
    assert world.state.slots == ()
    assert len(world.state.gone) <= STEP * RATE.calls + 1  # and what is past is forgotten
