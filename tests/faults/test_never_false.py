"""Whatever servers do, and whenever: what is called ready a strict validator finds ready."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from dns.flags import AA, TC
from dns.message import Message, make_response
from dns.name import from_text
from dns.rcode import Rcode
from dns.rdatatype import TXT
from dns.rrset import from_text as rrset
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.asking.exchange import Exchange
from pipeline.clock import SystemClock
from pipeline.propagation.confirm import confirm
from pipeline.propagation.policy import Policy
from pipeline.propagation.rules import Ready
from pipeline.questions import Perspective, Role
from providers.listener import Asked, Listener
from tests.fakes import goal

from .validator import Validator

ZONE = from_text("example.test.")
NAME = from_text("_acme-challenge.example.test.")
VALUES = ("one", "two")
FRESH = 0.1
QUICK = Policy(
    started=0.0,
    deadline=1.2,
    fresh=FRESH,
    shortest=0.01,
    longest=0.05,
    silent_for=0.1,
)
"""The rules, fifty times as fast."""

SLACK = 0.35
"""Seconds that a busy machine may lie between the last answer and the verdict."""


class State(Enum):
    """What a server does with a question."""

    HELD = auto()
    CUT = auto()
    PARTIAL = auto()
    ABSENT = auto()
    REFUSED = auto()
    FAILING = auto()
    LAME = auto()
    DEAF = auto()


HOLDS = {State.HELD, State.CUT}
SILENT = {State.REFUSED, State.FAILING, State.LAME, State.DEAF}
RCODES = {State.ABSENT: Rcode.NXDOMAIN, State.REFUSED: Rcode.REFUSED, State.FAILING: Rcode.SERVFAIL}


@dataclass
class Timetable:
    """States of one server, each from a moment on (seconds); time can be stopped."""

    turns: Sequence[tuple[float, State]]
    stopped_at: float | None = field(default=None)

    def at(self, moment: float) -> State:
        now = moment if self.stopped_at is None else self.stopped_at
        return [state for since, state in self.turns if since <= now][-1]

    def behaviour(self, asked: Asked, _reply: Message) -> Message | None:
        """Answer as the state of the moment has it."""
        state = self.at(asked.at)
        if state is State.DEAF:
            return None
        reply = make_response(asked.query)
        reply.set_rcode(RCODES.get(state, Rcode.NOERROR))
        if state not in SILENT:
            reply.flags |= AA
        if state is State.CUT and not asked.tcp:
            reply.flags |= TC
        elif state in HOLDS | {State.PARTIAL, State.LAME}:
            held = VALUES[:1] if state is State.PARTIAL else VALUES
            reply.answer = [rrset(asked.name, 60, "IN", TXT, *held)]
        return reply

    def regressed(self, since: float, until: float) -> bool:
        """Whether it began to deny between two moments, and does at the later one."""
        begins = max(at for at, _ in self.turns if at <= until)
        return begins > since and self.at(until) in {State.ABSENT, State.PARTIAL}

    def seen(self, until: float) -> set[State]:
        """The states it was in before a moment."""
        return {state for at, state in self.turns if at <= until}


@st.composite
def timetables(draw: st.DrawFn) -> Timetable:
    """Draw up to three turns within 0.6 s, and what it comes to in the end."""
    moments = sorted(draw(st.lists(st.integers(1, 60), max_size=3, unique=True)))
    states = draw(st.lists(st.sampled_from(State), min_size=len(moments), max_size=len(moments)))
    last = draw(st.sampled_from([State.HELD] * 5 + [State.CUT, *State]))
    starts = [0.0, *(moment / 100 for moment in moments)]
    return Timetable([*zip(starts, [*states, last], strict=True)])


LATE = Timetable([(0.0, State.ABSENT), (0.7, State.HELD)])
VANISHING = Timetable([(0.0, State.HELD), (0.2, State.ABSENT)])
RETURNING = Timetable([(0.0, State.REFUSED), (0.4, State.ABSENT)])
SPLIT = Timetable([(0.0, State.HELD), (0.02, State.PARTIAL)])


def listeners(
    stack: ExitStack, tables: Sequence[Timetable], clock: SystemClock
) -> Iterator[Listener]:
    for table in tables:
        listener = Listener(("127.0.0.1", 0), make_response, clock.now)
        listener.behaviour = table.behaviour
        yield stack.enter_context(listener)


def test_never_a_false_ready() -> None:
    """
    When the verdict is ready, every address that answers at that moment holds every value, unless
    it began to deny after it was last asked; and no resolver was asked before each of them had
    held the values once, or been silent.
    """
    judged = []

    @example([VANISHING, LATE])
    @example([RETURNING, LATE, LATE])
    @example([SPLIT, LATE])
    @settings(max_examples=30, deadline=None, database=None)
    @given(st.lists(timetables(), min_size=1, max_size=4))
    def property_holds(drawn: Sequence[Timetable]) -> None:
        tables = [replace(each) for each in drawn]
        with ExitStack() as stack:
            clock = SystemClock()
            servers = [*listeners(stack, tables, clock)]
            [resolver] = listeners(stack, [Timetable([(0.0, State.HELD)])], clock)
            via = [
                Perspective(*each.address, Role.AUTHORITATIVE, f"ns{each.address[1]}.")
                for each in servers
            ]
            via.append(Perspective(*resolver.address, Role.RECURSIVE, "resolver"))
            with Exchange(clock) as exchange:
                goals = [goal(NAME, ZONE, VALUES, via)]
                verdict, _ = confirm(goals, exchange, clock, QUICK, lambda *_: None)
            now = clock.now()
            for asked in resolver.asked[:1]:
                assert all(table.seen(asked.at) & (HOLDS | SILENT) for table in tables)
            if not isinstance(verdict, Ready):
                return
            assert resolver.asked
            if any(table.regressed(now - FRESH - SLACK, now) for table in tables):
                return
            for table in tables:
                table.stopped_at = now
            validator = Validator([], timeout=0.2)
            addresses = [each.address for each in servers]
            assert not [*validator.heard(addresses, NAME, frozenset(VALUES))]
            judged.append(now)

    property_holds()
    assert len(judged) >= 3
