"""What a DNS question costs: the asking engine against threads with a library's one-shot queries.

Each round puts the same questions, those of a wait for 100 names, to the laboratory's three name
servers (twice each, as rule 1 has it) and three resolvers: by 64 threads with `dns.query.udp`, by
`Exchange.ask`, and by `confirm`, which judges what comes as well. Then a living zone is asked about
beside 100 servers that never say anything.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from socket import AF_INET, SOCK_DGRAM, socket
from statistics import median

import dns.exception
import dns.flags
import dns.message
import dns.query
from dns.name import from_text
from dns.rdatatype import TXT

from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query
from pipeline.clock import SystemClock
from pipeline.propagation.confirm import TIMEOUT, confirm
from pipeline.propagation.policy import Policy
from pipeline.questions import Goal, Perspective, Role
from tests.fakes import goal
from tests.lab import Lab, running, topology

from .table import Row, Target, text

ROUNDS = 5
THREADS = 64
DEAD = 100
PATIENCE_S = 10.0
ZONE = from_text("example.test.")
VALUE = "what-the-ca-wants-to-see"
NAMES = tuple(from_text(f"_acme-challenge.{host}") for host in topology.HOSTS)
SERVERS = tuple(Perspective(at, 53, Role.AUTHORITATIVE, at) for at in topology.AUTHORITATIVE)
RESOLVERS = tuple(Perspective(at, 53, Role.RECURSIVE, at) for at in topology.PUBLIC_RECURSORS)

ENGINE, LOOP, ONE_SHOT = "the engine", "the engine, and rules", f"{THREADS} threads, one-shot"
ALONE, BESIDE = "a living zone alone", f"beside {DEAD} dead servers"
BESIDE_IN_THREADS = f"{BESIDE}, {ONE_SHOT}"


@dataclass(frozen=True, slots=True)
class Cost:
    """What some questions cost in one round, in seconds."""

    questions: int
    wall_s: float
    cpu_s: float


def measure() -> list[Row]:
    """Return the cost of a question by each way to ask it, and what dead servers add."""
    with running() as lab:
        for name in NAMES:
            lab.mirror(ZONE, name, [VALUE])
        lab.level()
        ways: dict[str, Callable[[], int]] = {
            ONE_SHOT: one_shot,
            ENGINE: by_engine,
            LOOP: by_rules,
        }
        costs = [{way: cost(ask, lab) for way, ask in ways.items()} for _ in range(ROUNDS)]
        with dead() as zone:
            delays = [among(zone) for _ in range(ROUNDS)]
        return [
            *(row(way, [each[way] for each in costs]) for way in ways),
            *(
                Row(name, {"last living answer, s": median(each[name] for each in delays)})
                for name in (ALONE, BESIDE, BESIDE_IN_THREADS)
            ),
        ]


def targets(rows: Sequence[Row]) -> list[Target]:
    """Return what is promised of *rows*."""
    found = {row.name: row.figures for row in rows}
    old, new = (number(found[way]["CPU, ms a question"]) for way in (ONE_SHOT, LOOP))
    alone, beside = (number(found[way]["last living answer, s"]) for way in (ALONE, BESIDE))
    return [
        Target("CPU a question, judged", new, 0.25, "ms", of_machine=True),
        Target("CPU a question, judged, of that of one-shot queries", new / old, 0.5),
        Target(f"a living zone {BESIDE}, of its time alone", beside / alone, 1.5),
    ]


def number(figure: object) -> float:
    """Return *figure*, which is a number."""
    assert isinstance(figure, float)
    return figure


def cost(ask: Callable[[], int], lab: Lab) -> Cost:
    """Return what *ask*, which says how many questions it put, costs with empty caches."""
    lab.flush()
    wall, cpu = time.perf_counter(), time.process_time()
    questions = ask()
    return Cost(questions, time.perf_counter() - wall, time.process_time() - cpu)


def row(name: str, costs: Sequence[Cost]) -> Row:
    """Return the medians of *costs*."""
    each = [cost.cpu_s / cost.questions * 1000 for cost in costs]
    return Row(
        name,
        {
            "questions": costs[0].questions,
            "questions a second": median(cost.questions / cost.wall_s for cost in costs),
            "CPU, ms a question": median(each),
            "least": min(each),
            "most": max(each),
        },
    )


def queries() -> Iterator[Query]:
    """Yield what the rules need at least to be asked about the names."""
    for via in (*SERVERS, *SERVERS, *RESOLVERS):
        for name in NAMES:
            recursion = via.role is Role.RECURSIVE
            yield Query(name, TXT, via.address, via.port, recursion, TIMEOUT[via.role])


def one_shot() -> int:
    """Ask by threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return len(list(pool.map(put, queries())))


def put(query: Query) -> float | None:
    """Ask *query* as a library does; return when it was answered."""
    message = dns.message.make_query(query.name, TXT, use_edns=0, payload=1232)
    if not query.recursion:
        message.flags &= ~dns.flags.RD
    try:
        dns.query.udp(message, query.address, query.timeout, query.port)
    except dns.exception.Timeout:
        return None
    return time.perf_counter()


def by_engine() -> int:
    """Ask by the engine; judge nothing."""
    with Exchange(SystemClock()) as exchange:
        exchange.ask(list(queries()))
        return exchange.sent


def by_rules() -> int:
    """Ask as a run does: until the rules are content."""
    clock = SystemClock()
    with Exchange(clock) as exchange:
        confirm(goals(), exchange, clock, Policy(clock.now(), PATIENCE_S), lambda *_: None)
        return exchange.sent


def goals() -> list[Goal]:
    """Return that everybody sees the value at every name."""
    return [goal(name, ZONE, [VALUE], (*SERVERS, *RESOLVERS)) for name in NAMES]


@contextmanager
def dead() -> Iterator[tuple[Perspective, ...]]:
    """Yield servers that take questions and never answer."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket(AF_INET, SOCK_DGRAM)) for _ in range(DEAD)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        yield tuple(
            Perspective("127.0.0.1", each.getsockname()[1], Role.AUTHORITATIVE, f"dead {index}.")
            for index, each in enumerate(sockets)
        )


def among(zone: tuple[Perspective, ...]) -> dict[str, float]:
    """Return when the last living server has answered: alone, and beside those of *zone*."""
    silent = [goal(from_text("_acme-challenge.dead.test."), from_text("dead.test."), [VALUE], zone)]
    return {
        ALONE: last_answer(()),
        BESIDE: last_answer(silent),
        BESIDE_IN_THREADS: last_answer_in_threads(zone),
    }


def last_answer(others: Sequence[Goal]) -> float:
    """Return how many seconds the names took that a wait for *others* as well was about."""
    clock = SystemClock()
    living = goals()
    policy = Policy(clock.now(), clock.now() + 2.5)
    with Exchange(clock) as exchange:
        _, evidence = confirm([*others, *living], exchange, clock, policy, lambda *_: None)
    said = [evidence[question].last for goal in living for question in goal.questions]
    return max(each.at if each else PATIENCE_S for each in said) - policy.started


def last_answer_in_threads(zone: tuple[Perspective, ...]) -> float:
    """Return the same of threads that ask *zone* first."""
    start = time.perf_counter()
    silent = [Query(ZONE, TXT, via.address, via.port, recursion=False) for via in zone]
    with ThreadPoolExecutor(THREADS) as pool:
        answered = pool.map(put, [*silent, *queries()])
    return max(at for at in answered if at) - start


if __name__ == "__main__":
    measured = measure()
    print(text(measured))
    for target in targets(measured):
        print(f"{target.name}: {target.value:.2f} of {target.most:g} {target.unit}")
