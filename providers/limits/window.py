"""When the next request of an account may go. Pure: seconds in, seconds out.

1. At most `Rate.calls` requests go in any `Rate.seconds`, whoever sends them.
2. A request has its place in line (a slot) before it waits, so none is overtaken
   for ever. Once the window is full, slots are evenly apart: a burst that reaches
   the host bunched up would be more than it takes.
3. Nothing goes inside a block. Who waited through it gets in line anew at its
   end, and for one window they go evenly apart: no stampede.
4. A host that has little left for us gets what is left spread over the time.
5. A host that throttles makes the window longer, by a quarter and once per
   window, and all bursts end; it recovers with time.
"""

from dataclasses import dataclass, replace
from math import isfinite

HORIZON = 3600.0
"""Seconds, from now or from a block's end. What is further ahead is no sound state."""

LONGEST = 7 * 86_400.0
"""Seconds. No block is longer; what says so is no sound state."""

SLACK = 0.01
"""Seconds that a wait is not worth."""

STEP = 1.25
MOST = 8.0
"""The factor by which a throttled window grows, and how long it may get."""

RECOVERY = 0.05
"""How much of the rate's own window comes back in each window without throttling."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many calls in any so many seconds."""

    calls: int
    seconds: float


@dataclass(frozen=True, slots=True)
class State:
    """What is known of an account. Moments are seconds of a clock that all sharers have.

    Attributes:
        gone: When requests went, ascending; those that still matter.
        slots: When others are to go, ascending. Some may be past: their holders are late.
        blocked_until: Nothing goes before.
        blocked_at: When that became known.
        gap: Seconds between requests that go before `gap_until`.
        stretch: How many times longer than the rate says the window was at `stretched_at`.
    """

    gone: tuple[float, ...] = ()
    slots: tuple[float, ...] = ()
    blocked_until: float = 0.0
    blocked_at: float = 0.0
    gap: float = 0.0
    gap_until: float = 0.0
    stretch: float = 1.0
    stretched_at: float = 0.0

    def is_sound(self, now: float, horizon: float = HORIZON) -> bool:
        """Whether this can be what was known, and not what a broken file says.

        Nothing is *horizon* seconds ahead: of now, or where a block counts of its end.
        """
        past = (*self.gone, self.stretched_at, self.blocked_at)
        ahead = (*self.slots, self.gap_until)
        end = max(now, self.blocked_until) + horizon + self.gap
        return (
            all(isfinite(moment) and moment <= now + horizon for moment in past)
            and all(isfinite(moment) and moment <= end for moment in ahead)
            and self.blocked_until <= self.blocked_at + LONGEST
            and 0 <= self.gap <= horizon
            and 1 <= self.stretch <= MOST
            and list(self.gone) == sorted(self.gone)
            and list(self.slots) == sorted(self.slots)
        )

    def window(self, rate: Rate, now: float) -> float:
        """Return the seconds in which `Rate.calls` requests may go at present."""
        recovered = RECOVERY * max(now - self.stretched_at, 0.0) / rate.seconds
        return rate.seconds * max(self.stretch - recovered, 1.0)

    def apart(self, rate: Rate, now: float, at: float) -> float:
        """Return the seconds that a request at *at* must keep from the one before."""
        window = self.window(rate, now)
        calm = window / rate.calls if window > rate.seconds else 0.0
        return max(calm, self.gap if at < self.gap_until else 0.0)


@dataclass(frozen=True, slots=True)
class Opening:
    """When *one* request may go, and when *every* one of the rate; whether a block is why."""

    one: float
    every: float
    is_block: bool


def opening(state: State, rate: Rate, now: float) -> Opening:
    """Return when requests may go, as if nobody was in line."""
    window, last = state.window(rate, now), state.gone[-rate.calls :]
    one = last[0] + window if len(last) == rate.calls else now
    every = last[-1] + window if last else now
    until = state.blocked_until
    return Opening(max(now, one, until), max(now, every, until), until > max(now, one))


def reserve(state: State, rate: Rate, now: float) -> tuple[State, float]:
    """Return *state* with one more slot, behind all others, and that slot; now means: go."""
    line = sorted((*state.gone, *state.slots))
    slot = max(now, state.blocked_until)
    window = state.window(rate, now)
    if len(line) >= rate.calls and line[-rate.calls] + window > now:
        slot = max(slot, line[-rate.calls] + window, line[-1] + window / rate.calls)
    if line:
        slot = max(slot, line[-1] + state.apart(rate, now, slot))
    return placed(state, rate, now, slot), slot


def claim(state: State, rate: Rate, now: float, slot: float) -> tuple[State, float]:
    """Return when the holder of *slot*, which has come, may really go: now, or later.

    Others may have gone late, or the host may have said something meanwhile. Who
    is late in turn holds nobody up: each looks at those who went.
    """
    if slot not in state.slots:  # a block has made it void
        return reserve(state, rate, now)
    at = max(now, state.blocked_until)
    if len(state.gone) >= rate.calls:
        at = max(at, state.gone[-rate.calls] + state.window(rate, now))
    if state.gone:
        at = max(at, state.gone[-1] + state.apart(rate, now, at))
    if at <= now + SLACK:
        at = now
    return placed(without(state, slot), rate, now, at), at


def placed(state: State, rate: Rate, now: float, slot: float) -> State:
    """Return *state* with *slot*, without what does not matter any more."""
    # The window may be that much longer in a moment; and the last one always matters.
    matters = now - state.window(rate, now) * STEP
    slots = tuple(each for each in state.slots if each > matters)
    if slot > now:
        return replace(state, slots=tuple(sorted((*slots, slot))))
    gone = tuple(each for each in state.gone if each > matters)
    return replace(state, gone=(*gone, slot), slots=slots)


def without(state: State, slot: float) -> State:
    """Return *state* with *slot* given back."""
    slots = list(state.slots)
    if slot in slots:
        slots.remove(slot)
    return replace(state, slots=tuple(slots))


def blocked(state: State, rate: Rate, now: float, seconds: float) -> State:
    """Return *state* after the host has said that nothing goes for *seconds*."""
    until = max(state.blocked_until, now + min(seconds, LONGEST))
    return replace(
        state,
        slots=(),
        blocked_until=until,
        blocked_at=now,
        gap=rate.seconds / rate.calls,
        gap_until=until + rate.seconds,
    )


def spread(state: State, now: float, left: int, seconds: float) -> State:
    """Return *state* after the host has said that *left* requests go in *seconds*."""
    seconds = min(seconds, HORIZON)
    gap, until = seconds / (left + 1), now + seconds
    if state.blocked_until > now or (state.gap >= gap and state.gap_until >= until):
        return state
    return replace(state, slots=(), gap=gap, gap_until=until)


def slowed(state: State, rate: Rate, now: float) -> State:
    """Return *state* after the host has throttled a request."""
    window = state.window(rate, now)
    if state.stretch > 1 and now - state.stretched_at < window:
        return state  # one answer of many to the same burst
    stretch = min(window / rate.seconds * STEP, MOST)
    return replace(state, stretch=stretch, stretched_at=now)
