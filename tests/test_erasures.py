"""When the host is looked at again, by what name servers show."""

from collections.abc import Iterable
from itertools import pairwise

from dns.name import Name, from_text
from dns.rdatatype import CNAME
from hypothesis import given
from hypothesis import strategies as st

from pipeline.propagation.erasures import LONGEST, PATIENCE, SPACING, Erasures
from pipeline.propagation.evidence import Evidence
from pipeline.questions import (
    Answer,
    Goal,
    Observation,
    Perspective,
    Question,
    Role,
    Silence,
)

from .fakes import goal

ZONE = from_text("example.com.")
NAME = from_text("_acme-challenge.example.com.")
NS1, NS2 = (
    Perspective(f"192.0.2.{number}", 53, Role.AUTHORITATIVE, f"ns{number}.example.com.")
    for number in (1, 2)
)
PUBLIC = Perspective("198.51.100.1", 53, Role.RECURSIVE, "operator")


class Watched:
    """One name with two values, and what its servers say."""

    def __init__(self, goals: Iterable[Goal] = ()) -> None:
        self.goals = list(goals) or [goal(NAME, ZONE, {"v", "w"}, [NS1, NS2, PUBLIC])]
        self.evidence = Evidence(self.goals)
        self.erasures = Erasures(self.goals, 0.0)
        self.questions = {question.via: question for question in self.goals[0].questions}

    def says(self, via: Perspective, at: float, *values: str) -> None:
        self.note(self.questions[via], at, Answer(frozenset(values), 60.0))

    def note(self, question: Question, at: float, outcome: Answer | Silence) -> None:
        self.evidence.sent(question)
        self.evidence.note(Observation(question, at, outcome))

    def looks(self, until: float, since: float = 0.0, step: float = 0.25) -> list[float]:
        """Return when a look was called for."""
        moments = [since + step * number for number in range(int((until - since) / step))]
        return [at for at in moments if self.erasures.suspected(self.evidence, at)]


def test_a_server_that_had_all_and_lacks_one_is_enough() -> None:
    """
    Regression at one address calls for a look at once, though all others still hold everything.
    """
    scene = Watched()
    for via in (NS1, NS2):
        scene.says(via, 1.0, "v", "w", "theirs")
    assert scene.erasures.suspected(scene.evidence, 1.0) == set()
    scene.says(NS2, 2.0, "v", "theirs")
    assert scene.erasures.suspected(scene.evidence, 2.0) == {NAME}


def test_a_server_that_never_had_all_has_lost_nothing() -> None:
    """
    One value of two, then the other, is a server that gets the values late.
    """
    scene = Watched()
    scene.says(NS1, 1.0, "v")
    scene.says(NS1, 2.0, "w")
    scene.says(NS2, 2.0, "v", "w")
    assert scene.looks(2.0 + PATIENCE, since=2.0) == []


def test_silence_is_no_regression() -> None:
    """
    A server that falls silent says nothing of what it has.
    """
    scene = Watched()
    for via in (NS1, NS2):
        scene.says(via, 1.0, "v", "w")
    scene.note(scene.questions[NS1], 2.0, Silence("timeout"))
    assert scene.looks(1000.0, since=2.0) == []


def test_what_resolvers_say_is_no_evidence() -> None:
    """
    A cache may drop or keep what it likes.
    """
    scene = Watched()
    for via in (NS1, NS2, PUBLIC):
        scene.says(via, 1.0, "v", "w")
    scene.says(PUBLIC, 61.0)
    assert scene.looks(1000.0, since=61.0) == []


def test_looks_at_one_name_space_out() -> None:
    """
    Where a server never gets it back, looks come after 5, 10, 20, then every 40 s.
    """
    scene = Watched()
    scene.says(NS1, 1.0, "v", "w")
    scene.says(NS1, 2.0)
    scene.says(NS2, 2.0, "v", "w")
    assert scene.looks(160.0, since=2.0) == [2.0, 7.0, 17.0, 37.0, 77.0, 117.0, 157.0]
    assert (SPACING, LONGEST) == (5.0, 40.0)


def test_a_second_erasure_is_seen_too() -> None:
    """
    Put back, confirmed, and erased again: another look, but not before its time.
    """
    scene = Watched()
    for at, values in ((1.0, "vw"), (2.0, ""), (2.5, "vw"), (3.0, "")):
        scene.says(NS1, at, *values)
        due = scene.erasures.suspected(scene.evidence, at)
        assert bool(due) == (at == 2.0)
    assert scene.looks(20.0, since=3.0) == [7.0, 17.0]


def test_what_nobody_shows_is_looked_for() -> None:
    """
    A value that no server has shown for 15 s, then 30, then 40 each: erased before anybody saw it?
    """
    scene = Watched()
    for via in (NS1, NS2):
        scene.says(via, 1.0, "v")
    assert scene.looks(130.0) == [PATIENCE, PATIENCE * 3, PATIENCE * 3 + LONGEST, 125.0]


def test_what_one_server_shows_is_there() -> None:
    """
    Values that some server has just shown are at the host: the others lag, which is no erasure.
    """
    scene = Watched()
    for at in range(1, 1000, 5):
        scene.says(NS1, at, "v")
        scene.says(NS2, at, "w")
        assert scene.looks(at + 5, since=at, step=1) == []


def test_what_one_server_showed_long_ago_may_be_gone() -> None:
    """
    A server that is done with is not asked again: what it showed proves nothing for ever.
    """
    scene = Watched()
    scene.says(NS1, 1.0, "v", "w")
    scene.says(NS2, 1.0, "v")
    assert scene.looks(60.0) == [PATIENCE + 1, PATIENCE * 3 + 1]


def test_values_that_all_showed_are_not_looked_for() -> None:
    """
    However long ago: it is not name servers that are waited for then.
    """
    scene = Watched()
    for via in (NS1, NS2):
        scene.says(via, 1.0, "v", "w")
    assert scene.looks(1000.0) == []


def test_nobody_asked_or_nobody_answering_proves_nothing() -> None:
    """
    A name that waits behind its zone's canary, and servers that are silent, call for no look.
    """
    assert Watched().looks(1000.0) == []
    scene = Watched()
    for via in (NS1, NS2):
        scene.note(scene.questions[via], 1.0, Silence("timeout"))
    assert scene.looks(1000.0) == []


def test_an_alias_is_not_what_we_wrote() -> None:
    """
    A CNAME that vanishes is no erased value; the target's servers decide, and its name is told.
    """
    target = from_text("proof.example.net.")
    link = Question(NAME, ZONE, frozenset({target.to_text()}), NS1, CNAME)
    value = Question(target, from_text("example.net."), frozenset({"v"}), NS2)
    scene = Watched([Goal(NAME, frozenset({"v"}), (link, value), (), (NAME, target))])
    scene.note(link, 1.0, Answer(frozenset({target.to_text()}), 60.0))
    scene.note(value, 1.0, Answer(frozenset({"v"}), 60.0))
    scene.note(link, 2.0, Answer(frozenset(), 60.0))
    assert scene.looks(100.0, since=2.0) == []
    scene.note(value, 100.0, Answer(frozenset(), 60.0))
    assert scene.erasures.suspected(scene.evidence, 100.0) == {target}


def test_names_are_looked_at_apart() -> None:
    """
    Much ado at one name does not delay a look at another.
    """
    other: Name = from_text("_acme-challenge.www.example.com.")
    goals = [goal(name, ZONE, {"v"}, [NS1]) for name in (NAME, other)]
    scene = Watched(goals)
    first, second = (each.authoritative[0] for each in goals)
    for question in (first, second):
        scene.note(question, 1.0, Answer(frozenset({"v"}), 60.0))
    scene.note(first, 2.0, Answer(frozenset(), 60.0))
    assert scene.erasures.suspected(scene.evidence, 2.0) == {NAME}
    scene.note(second, 3.0, Answer(frozenset(), 60.0))
    assert scene.erasures.suspected(scene.evidence, 3.0) == {other}


@given(st.lists(st.tuples(st.floats(0.01, 5.0), st.booleans(), st.booleans()), max_size=80))
def test_looks_never_come_fast(course: list[tuple[float, bool, bool]]) -> None:
    """
    Whatever servers say and however often they change their minds, looks keep their distance.
    """
    scene, now, looks = Watched(), 0.0, list[float]()
    for pause, first, has_all in course:
        now += pause
        scene.says(NS1 if first else NS2, now, *("v", "w") if has_all else ())
        looks += [now] * bool(scene.erasures.suspected(scene.evidence, now))
    for number, (before, after) in enumerate(pairwise(looks)):
        assert after - before >= min(SPACING * 2**number, LONGEST)
