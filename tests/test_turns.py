"""Whose turn it is: nobody who lives waits for those who do not. Pure."""

from collections import Counter

from dns.name import from_text
from dns.rdatatype import TXT

from pipeline.asking.query import Query
from pipeline.asking.turns import SHARE, Turns

NAME = from_text("_acme-challenge.example.com.")
WIDTH = 4 * SHARE


def queries(address: str, number: int) -> list[Query]:
    return [Query(NAME, TXT, address, 53, recursion=False) for _ in range(number)]


def join(turns: Turns, *queries: Query) -> None:
    for query in queries:
        turns.join(query)


def called(turns: Turns) -> list[Query]:
    """Call all who may go now."""
    found = []
    while query := turns.advance():
        found.append(query)
    return found


def known(turns: Turns, address: str, *, lives: bool) -> None:
    """Have *address* asked once, and answer or not."""
    [first] = queries(address, 1)
    join(turns, first)
    assert first in called(turns)
    turns.end(first, lives=lives)


def addresses(queries: list[Query]) -> Counter[str]:
    return Counter(query.address for query in queries)


def test_a_server_is_asked_in_order_and_has_its_share() -> None:
    """
    First come, first served, up to so many at a time; whoever ends makes room for the next.
    """
    turns = Turns(WIDTH)
    known(turns, "a", lives=True)
    join(turns, *(asked := queries("a", SHARE + 2)))
    assert called(turns) == asked[:SHARE]
    turns.end(asked[7], lives=True)
    assert called(turns) == [asked[SHARE]]


def test_all_together_have_the_room_there_is() -> None:
    """
    No more are under way than there is room for, whoever they are for.
    """
    turns = Turns(WIDTH)
    for address in "abcdef":
        known(turns, address, lives=True)
    join(turns, *(query for address in "abcdef" for query in queries(address, SHARE)))
    under_way = called(turns)
    assert len(under_way) == WIDTH
    turns.end(under_way[0], lives=True)
    assert len(called(turns)) == 1


def test_servers_take_turns() -> None:
    """
    Whoever has much to ask of one server holds back no question to another.
    """
    turns = Turns(6)
    for address in "ab":
        known(turns, address, lives=True)
    join(turns, *queries("a", 50), *queries("b", 50))
    assert addresses(called(turns)) == {"a": 3, "b": 3}


def test_the_silent_have_half_of_the_room() -> None:
    """
    However many servers say nothing, and however much they are asked, the living have the rest.
    """
    turns = Turns(WIDTH)
    known(turns, "living", lives=True)
    dead = [f"dead {number}" for number in range(100)]
    for address in dead:
        known(turns, address, lives=False)
    join(turns, *(query for address in dead for query in queries(address, 10)))
    silent = called(turns)
    assert len(silent) == WIDTH // 2
    assert max(addresses(silent).values()) == 2
    join(turns, *(asked := queries("living", SHARE)))
    assert called(turns) == asked
    turns.end(silent[0], lives=False)
    assert called(turns)[0].address in dead


def test_the_first_question_goes_out_whoever_is_silent() -> None:
    """
    A server that was never asked may live: only its second question waits for its answer to that.
    """
    turns = Turns(WIDTH)
    for address in "abcd":
        known(turns, address, lives=False)
    join(turns, *(query for address in "abcd" for query in queries(address, SHARE)))
    assert len(called(turns)) == WIDTH // 2
    join(turns, *(asked := queries("new", 5)))
    assert called(turns) == asked[:1]
    turns.end(asked[0], lives=True)
    assert called(turns) == asked[1:]


def test_the_first_question_is_the_next_to_go() -> None:
    """
    Where there is no room at all, it is the first to have some.
    """
    turns = Turns(4)
    known(turns, "a", lives=True)
    join(turns, *(asked := queries("a", 20)))
    assert called(turns) == asked[:4]
    join(turns, *(others := queries("new", 2)))
    turns.end(asked[0], lives=True)
    assert called(turns) == others[:1]


def test_who_speaks_again_is_heard() -> None:
    """
    One answer is enough to count among the living, one silence not to; what is under way moves too.
    """
    turns = Turns(8)
    join(turns, *(asked := queries("a", 20)))
    assert called(turns) == asked[:4]  # half, for it has said nothing yet
    turns.end(asked[0], lives=True)
    assert called(turns) == asked[4:9]
    turns.end(asked[1], lives=False)
    assert called(turns) == []  # seven of a silent server: more than half
    turns.end(asked[2], lives=True)
    assert called(turns) == asked[9:11]


def test_what_is_given_up_makes_room() -> None:
    """
    A query that nobody wants any more neither goes out nor holds a place, and says nothing of its
    server.
    """
    turns = Turns(2)
    known(turns, "a", lives=True)
    join(turns, *(asked := queries("a", 5)))
    assert called(turns) == asked[:2]
    turns.leave(asked[2])
    turns.leave(asked[0])  # under way: not in line
    turns.end(asked[0])
    assert called(turns) == [asked[3]]
    turns.postpone(asked[3])
    assert called(turns) == [asked[3]]
    turns.end(asked[1])
    assert called(turns) == [asked[4]]
    turns.end(asked[3])
    turns.end(asked[4])
    assert called(turns) == []
