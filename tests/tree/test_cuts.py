"""What is remembered of zones on the way down."""

from dns.name import from_text

from pipeline.questions import Perspective, Role
from pipeline.tree.cuts import ASKED, Cut, Cuts

A, B = from_text("a.test."), from_text("b.a.test.")
MANY = tuple(Perspective(f"8.0.0.{n}", 53, Role.AUTHORITATIVE, "") for n in range(ASKED + 4))
HOST = from_text("ns.a.test.")


def test_the_deepest_zone_around_a_name_is_where_to_go_on() -> None:
    """
    At or above it; None where nothing is known.
    """
    cuts = Cuts({})
    for apex in (A, B):
        cuts.add(Cut(apex, MANY))
    assert cuts.closest(from_text("x.b.a.test.")) == cuts[B]
    assert cuts.closest(A) == cuts[A]
    assert cuts.closest(from_text("test.")) is None
    cuts.forget(B)
    assert (B in cuts, cuts.closest(B)) == (False, cuts[A])


def test_what_the_user_said_of_a_zone_stays() -> None:
    """
    Whatever a parent delegates to; other zones are learned anew.
    """
    cuts = Cuts({A: MANY[:1]})
    cuts.add(Cut(A, MANY[1:]))
    assert (cuts[A].servers, cuts[A].is_configured) == (MANY[:1], True)
    cuts.add(Cut(B, MANY[:1]))
    cuts.add(Cut(B, MANY[1:2]))
    assert cuts[B].servers == MANY[1:2]


def test_a_zone_within_has_the_same_servers_and_no_delegation() -> None:
    """
    No referral named its hosts.
    """
    inner = Cut(A, MANY, frozenset({HOST})).within(B)
    assert (inner.apex, inner.servers, inner.parent) == (B, MANY, frozenset())


def test_servers_that_failed_are_asked_last_and_not_all_are_asked() -> None:
    """
    By address and port; the order is kept otherwise.
    """
    cuts = Cuts({})
    cuts.demote([("8.0.0.0", 53), ("8.0.0.2", 53), ("8.0.0.3", 54)])
    order = cuts.order(Cut(A, MANY[:4]))
    assert [via.address for via in order] == ["8.0.0.1", "8.0.0.3", "8.0.0.0", "8.0.0.2"]
    assert len(cuts.order(Cut(A, MANY))) == ASKED
    assert not {via.address for via in cuts.order(Cut(A, MANY))} & {"8.0.0.0", "8.0.0.2"}
