"""Which questions of blind goals have to wait, and until when."""

from dns.name import from_text

from pipeline.propagation.blind import PAUSE, denied_at, held_back
from pipeline.propagation.evidence import Evidence
from pipeline.propagation.goals import goals_for
from pipeline.questions import Answer, Goal, Observation, Perspective, Question, Role, Silence

from .fakes import goal

NAME = from_text("_acme-challenge.a.test.")
RESOLVERS = [Perspective(f"9.9.9.{n}", 53, Role.RECURSIVE, f"r{n}") for n in (1, 2, 3)]
YES, NO = Answer(frozenset({"v"}), 60.0), Answer(frozenset({"other"}), 60.0)
NEVER = float("inf")


class Told:
    """A blind goal, and what its resolvers said."""

    def __init__(self) -> None:
        [self.goal] = goals_for({NAME: ["v"]}, {}, RESOLVERS).values()
        self.questions = self.goal.recursive
        self.evidence = Evidence([self.goal])

    def by(self, number: int, at: float, outcome: Answer | Silence) -> None:
        self.evidence.sent(self.questions[number])
        self.evidence.note(Observation(self.questions[number], at, outcome))

    def held(self) -> dict[int, float]:
        held = held_back([self.goal], self.evidence)
        return {self.questions.index(question): until for question, until in held.items()}


def test_of_those_never_asked_only_the_first_may_be() -> None:
    """
    Before anything is known.
    """
    assert Told().held() == {1: NEVER, 2: NEVER}


def test_while_one_is_asked_nobody_new_is() -> None:
    """
    Its answer decides; nor is it asked again.
    """
    told = Told()
    told.evidence.sent(told.questions[0])
    assert told.held() == {0: NEVER, 1: NEVER, 2: NEVER}


def test_a_yes_lets_the_next_one_in() -> None:
    """
    At once, one at a time.
    """
    told = Told()
    told.by(0, 1.0, YES)
    assert told.held() == {2: NEVER}


def test_a_no_makes_the_next_one_wait() -> None:
    """
    Counted from the latest.
    """
    told = Told()
    told.by(0, 1.0, NO)
    assert told.held() == {1: 1.0 + PAUSE, 2: NEVER}
    told.by(1, 12.0, NO)
    assert told.held() == {2: 12.0 + PAUSE}
    told.by(0, 31.0, NO)
    assert told.held() == {2: 31.0 + PAUSE}


def test_a_no_that_became_a_yes_holds_nobody() -> None:
    """
    The last answer of each counts.
    """
    told = Told()
    told.by(0, 1.0, NO)
    told.by(0, 61.0, YES)
    assert told.held() == {2: NEVER}


def test_silence_is_no_denial() -> None:
    """
    Nothing was cached by it; what was said before it stands.
    """
    told = Told()
    told.by(0, 1.0, Silence("timeout"))
    assert told.held() == {2: NEVER}
    told.by(0, 2.0, NO)
    told.by(0, 3.0, Silence("timeout"))
    assert told.held() == {1: 2.0 + PAUSE, 2: NEVER}


def test_when_all_were_asked_nobody_is_held() -> None:
    """
    Rule 3 alone keeps them.
    """
    told = Told()
    for number in range(3):
        told.by(number, 1.0, NO)
    assert told.held() == {}


def test_other_goals_are_not_held() -> None:
    """
    Their authoritative servers tell when resolvers may be asked.
    """
    server = Perspective("192.0.2.1", 53, Role.AUTHORITATIVE, "ns.")
    seeing: Goal = goal(NAME, NAME.parent(), {"v"}, [server, *RESOLVERS])
    assert held_back([seeing], Evidence([seeing])) == {}


def test_goals_hold_their_own_questions_only() -> None:
    """
    A "no" about one name says nothing of another.
    """
    one, other = goals_for({NAME: ["v"], from_text("x.test."): ["w"]}, {}, RESOLVERS).values()
    evidence = Evidence([one, other])
    evidence.sent(one.recursive[0])
    evidence.note(Observation(one.recursive[0], 1.0, NO))
    held = held_back([one, other], evidence)
    assert held[one.recursive[1]] == 1.0 + PAUSE
    assert other.recursive[0] not in held


def test_a_denial_is_an_answer_that_lacks_a_value() -> None:
    """
    Every value is wanted.
    """
    told = Told()
    question: Question = told.questions[0]
    assert denied_at(question, told.evidence) is None
    told.by(0, 1.0, Answer(frozenset({"v", "other"}), 60.0))
    assert denied_at(question, told.evidence) is None
    told.by(0, 2.0, NO)
    assert denied_at(question, told.evidence) == 2.0
