"""Which query is next: nobody who lives waits for those who do not. Pure."""

from collections import Counter

from dns.name import from_text
from dns.rdatatype import TXT

from pipeline.asking.fair_queue import SHARE, FairQueue
from pipeline.asking.query import Query

NAME = from_text("_acme-challenge.example.com.")
WIDTH = 4 * SHARE


def queries(address: str, number: int) -> list[Query]:
    return [Query(NAME, TXT, address, 53, recursion=False) for _ in range(number)]


def join(queue: FairQueue, *queries: Query) -> None:
    for query in queries:
        queue.join(query)


def called(queue: FairQueue) -> list[Query]:
    """Call all who may go now."""
    found = []
    while query := queue.advance():
        found.append(query)
    return found


def known(queue: FairQueue, address: str, *, lives: bool) -> None:
    """Have *address* asked once, and answer or not."""
    [first] = queries(address, 1)
    join(queue, first)
    assert first in called(queue)
    queue.end(first, lives=lives)


def addresses(queries: list[Query]) -> Counter[str]:
    return Counter(query.address for query in queries)


def test_a_server_is_asked_in_order_and_has_its_share() -> None:
    """
    First come, first served, up to so many at a time; whoever ends makes room for the next.
    """
    queue = FairQueue(WIDTH)
    known(queue, "a", lives=True)
    join(queue, *(asked := queries("a", SHARE + 2)))
    assert called(queue) == asked[:SHARE]
    queue.end(asked[7], lives=True)
    assert called(queue) == [asked[SHARE]]


def test_all_together_have_the_room_there_is() -> None:
    """
    No more are under way than there is room for, whoever they are for.
    """
    queue = FairQueue(WIDTH)
    for address in "abcdef":
        known(queue, address, lives=True)
    join(queue, *(query for address in "abcdef" for query in queries(address, SHARE)))
    under_way = called(queue)
    assert len(under_way) == WIDTH
    queue.end(under_way[0], lives=True)
    assert len(called(queue)) == 1


def test_servers_take_turns() -> None:
    """
    Whoever has much to ask of one server holds back no question to another.
    """
    queue = FairQueue(6)
    for address in "ab":
        known(queue, address, lives=True)
    join(queue, *queries("a", 50), *queries("b", 50))
    assert addresses(called(queue)) == {"a": 3, "b": 3}


def test_the_silent_have_half_of_the_room() -> None:
    """
    However many servers say nothing, and however much they are asked, the living have the rest.
    """
    queue = FairQueue(WIDTH)
    known(queue, "living", lives=True)
    dead = [f"dead {number}" for number in range(100)]
    for address in dead:
        known(queue, address, lives=False)
    join(queue, *(query for address in dead for query in queries(address, 10)))
    silent = called(queue)
    assert len(silent) == WIDTH // 2
    assert max(addresses(silent).values()) == 2
    join(queue, *(asked := queries("living", SHARE)))
    assert called(queue) == asked
    queue.end(silent[0], lives=False)
    assert called(queue)[0].address in dead


def test_the_first_question_goes_out_whoever_is_silent() -> None:
    """
    A server that was never asked may live: only its second question waits for its answer to that.
    """
    queue = FairQueue(WIDTH)
    for address in "abcd":
        known(queue, address, lives=False)
    join(queue, *(query for address in "abcd" for query in queries(address, SHARE)))
    assert len(called(queue)) == WIDTH // 2
    join(queue, *(asked := queries("new", 5)))
    assert called(queue) == asked[:1]
    queue.end(asked[0], lives=True)
    assert called(queue) == asked[1:]


def test_the_first_question_is_the_next_to_go() -> None:
    """
    Where there is no room at all, it is the first to have some.
    """
    queue = FairQueue(4)
    known(queue, "a", lives=True)
    join(queue, *(asked := queries("a", 20)))
    assert called(queue) == asked[:4]
    join(queue, *(others := queries("new", 2)))
    queue.end(asked[0], lives=True)
    assert called(queue) == others[:1]


def test_who_speaks_again_is_heard() -> None:
    """
    One answer is enough to count among the living, one silence not to; what is under way moves too.
    """
    queue = FairQueue(8)
    join(queue, *(asked := queries("a", 20)))
    assert called(queue) == asked[:4]  # half, for it has said nothing yet
    queue.end(asked[0], lives=True)
    assert called(queue) == asked[4:9]
    queue.end(asked[1], lives=False)
    assert called(queue) == []  # seven of a silent server: more than half
    queue.end(asked[2], lives=True)
    assert called(queue) == asked[9:11]


def test_what_is_given_up_makes_room() -> None:
    """
    A query that nobody wants any more neither goes out nor holds a place, and says nothing of its
    server.
    """
    queue = FairQueue(2)
    known(queue, "a", lives=True)
    join(queue, *(asked := queries("a", 5)))
    assert called(queue) == asked[:2]
    queue.leave(asked[2])
    queue.leave(asked[0])  # under way: not in line
    queue.end(asked[0])
    assert called(queue) == [asked[3]]
    queue.postpone(asked[3])
    assert called(queue) == [asked[3]]
    queue.end(asked[1])
    assert called(queue) == [asked[4]]
    queue.end(asked[3])
    queue.end(asked[4])
    assert called(queue) == []
