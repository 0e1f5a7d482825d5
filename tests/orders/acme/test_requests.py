"""The CA is asked for each thing once, and for several at a time."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Barrier, Thread
from threading import enumerate as enumerate_threads

import pytest

from pipeline.model import Exit, Failed, Order
from pipeline.orders.acme.abreast import WIDTH, abreast
from pipeline.orders.acme.responding import LAST
from pipeline.orders.acme.source import AcmeSource

from .standin import TOKEN, Reply, StandIn, problem, source, standing
from .test_responding import Clock, answered, decide, respond, turning

NAMES = [f"{number}.example.com" for number in range(5 * WIDTH)]


@pytest.fixture
def ca() -> Iterator[StandIn]:
    with standing() as ca:
        yield ca


@pytest.fixture
def acme(ca: StandIn, tmp_path: Path) -> AcmeSource:
    return source(ca, tmp_path, Clock())


def validating(ca: StandIn, *names: str) -> None:
    """Let the authorization of each of *names* be valid once its challenge is answered."""

    def validated(number: int, name: str, _: object) -> Reply:
        decide(ca, number, name, "valid")
        return Reply({})

    for number, name in enumerate(names):
        ca.replies[f"/chall/{number}"] = partial(validated, number, name)


def test_two_requests_a_name_and_few_besides(ca: StandIn, acme: AcmeSource) -> None:
    """
    Each authorization is read once and each challenge answered once; then the order alone is
    looked at. Besides: the directory, a nonce for each that asks, the account, the order made,
    looked at before the answers, and after.
    """
    ca.order(*NAMES)
    turning(ca)
    validating(ca, *NAMES)
    [done] = respond(acme, acme.fetch(",".join(NAMES)))
    assert isinstance(done, Order)
    assert done.status == "ready"
    paths = ca.paths()
    for number in range(len(NAMES)):
        assert (paths.count(f"/authz/{number}"), paths.count(f"/chall/{number}")) == (1, 1)
    assert paths.count("/order/1") == 2
    assert paths.count("/new-nonce") <= WIDTH
    assert len(paths) <= 2 * len(NAMES) + 5 + WIDTH


@pytest.mark.parametrize("kind", ["authz", "chall"])
def test_several_are_asked_for_at_a_time(ca: StandIn, acme: AcmeSource, kind: str) -> None:
    """
    A CA that is far away costs its distance once for several: authorizations, and answers.
    """
    ca.order(*NAMES)
    turning(ca)
    validating(ca, *NAMES)
    together = Barrier(WIDTH, timeout=20)

    def held(path: str) -> None:
        reply = ca.replies[path]

        def met(payload: object) -> Reply:
            together.wait()
            return reply(payload) if callable(reply) else reply

        ca.replies[path] = met

    for number in range(WIDTH):
        held(f"/{kind}/{number}")
    if kind == "authz":
        assert len(acme.fetch(",".join(NAMES)).challenges) == len(NAMES)
        return
    [done] = respond(acme, acme.fetch(",".join(NAMES)))
    assert isinstance(done, Order)


def test_a_failure_is_not_followed_by_more(ca: StandIn, acme: AcmeSource) -> None:
    """
    Once it has refused an answer no more of that order is answered than what is under way.
    """
    ca.order(*NAMES)
    order = acme.fetch(",".join(NAMES))
    for number in range(len(NAMES)):
        ca.replies[f"/chall/{number}"] = problem("serverInternal", "oops", 500)
    [failed] = respond(acme, order)
    assert isinstance(failed, Failed)
    assert failed.exit == Exit.UNAVAILABLE
    assert 1 <= len(answered(ca)) <= WIDTH


def test_what_has_failed_is_not_gone_on_with() -> None:
    """
    Nothing is begun after the first failure, which is what is told: not in other threads either.
    """
    begun: list[int] = []

    def failing(number: int) -> None:
        begun.append(number)
        raise Failed(Exit.UNAVAILABLE, "order-api", "oops")

    before = {*enumerate_threads()}
    with pytest.raises(Failed, match="oops"):
        abreast(failing, range(100 * WIDTH))
    for thread in {*enumerate_threads()} - before:
        thread.join(20)
    assert 1 <= len(begun) <= WIDTH


@pytest.mark.parametrize(
    ("status", "challenge", "exit_"),
    [("valid", "valid", 0), ("pending", "processing", 75), ("pending", "pending", 65)],
)
def test_who_was_faster_may_have_answered(
    ca: StandIn, acme: AcmeSource, status: str, challenge: str, exit_: int
) -> None:
    """
    A CA may refuse what is answered already (then its decision counts), not what is open still.
    """
    ca.order(NAMES[0])
    turning(ca)
    order = acme.fetch(NAMES[0])
    one = {"type": "dns-01", "url": f"{ca.url}/chall/0", "status": challenge}

    def refused(_: object) -> Reply:
        decide(ca, 0, NAMES[0], status, challenges=[one])
        return problem("malformed", "no longer pending")

    ca.replies["/chall/0"] = refused
    [outcome] = respond(acme, order)
    assert (outcome.exit if isinstance(outcome, Failed) else 0) == exit_
    if exit_ == 65:
        assert "no longer pending" in str(outcome)


def test_at_the_deadline_it_is_told_what_is_open(ca: StandIn, acme: AcmeSource) -> None:
    """
    How many the CA has not decided, as far as time is left to ask; a refusal comes first, even
    where the order does not show it (it should: RFC 8555 §7.1.6).
    """
    for count, said in ((3, "2 authorizations"), (LAST + 1, "the order")):
        ca.order(*NAMES[:count])
        order = acme.fetch(",".join(NAMES[:count]))
        decide(ca, 0, NAMES[0], "valid")
        [failed] = respond(acme, order, until=acme._clock.now() + 1)  # noqa: SLF001 - time of a test
        assert isinstance(failed, Failed)
        assert failed.exit == Exit.NOT_READY
        assert f"still at work on {said} at" in str(failed)
    ca.order(*NAMES[:3])
    order = acme.fetch(",".join(NAMES[:3]))
    decide(ca, 1, NAMES[1], "invalid")
    [failed] = respond(acme, order, until=acme._clock.now() + 1)  # noqa: SLF001
    assert isinstance(failed, Failed)
    assert (failed.exit, failed.problem.code) == (Exit.DATA, "validation")
    assert f"the CA has not validated {NAMES[1]}" in str(failed)


def test_a_nonce_is_used_by_one(ca: StandIn, acme: AcmeSource) -> None:
    """
    Where another thread took the last one, a new one is asked for.
    """

    class Taken(set[str]):
        def pop(self) -> str:
            if not others:
                others.append(super().pop())
            return super().pop()

    others: list[str] = []
    ca.order(NAMES[0])
    acme._session._network._nonces = Taken()  # noqa: SLF001 - what threads race for
    assert acme.fetch(NAMES[0]).uri
    assert len(others) == 1
    assert ca.paths().count("/new-nonce") == 2


def test_each_thread_knows_what_it_was_answered(ca: StandIn, acme: AcmeSource) -> None:
    """
    What an answer means is told by its own status, whatever other threads hear at the time.
    """
    ca.order(NAMES[0])
    acme.fetch(NAMES[0])
    last = acme._session._network.last  # noqa: SLF001 - what threads could mix up
    elsewhere: list[int] = []
    thread = Thread(target=lambda: elsewhere.append(last.status))
    thread.start()
    thread.join()
    acme._session.order(f"{ca.url}/order/1")  # noqa: SLF001
    assert (elsewhere, last.status) == ([0], 200)


def test_what_is_answered_already_is_not_answered_again(ca: StandIn, acme: AcmeSource) -> None:
    """
    A challenge that the CA is at work on is waited for.
    """
    ca.order(*NAMES[:2])
    one = {"type": "dns-01", "url": f"{ca.url}/chall/0", "status": "processing", "token": TOKEN}
    decide(ca, 0, NAMES[0], "pending", challenges=[one])
    order = acme.fetch(",".join(NAMES[:2]))
    assert len(order.challenges) == 2
    [failed] = respond(acme, order)
    assert isinstance(failed, Failed)
    assert failed.exit == Exit.NOT_READY
    assert answered(ca) == ["/chall/1"]
