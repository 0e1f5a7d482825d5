"""What resolvers may be asked, and what becomes of those that do not answer."""

from collections.abc import Iterator

import pytest
from dns import flags, rcode
from dns.message import Message
from dns.name import Name, from_text
from dns.rdatatype import AAAA, NS, A

from pipeline.asking.exchange import Exchange
from pipeline.clock import SystemClock
from pipeline.demo.resolver import Resolver
from pipeline.model import Exit, Failed
from pipeline.questions import Perspective, Role
from pipeline.tree.recursion import Recursion
from pipeline.tree.referrals import ns_targets
from providers.embedded import Embedded, Nameserver
from providers.listener import Address, Asked

ZONE = from_text("example.com.")
HOST = from_text("ns1.example.com.")
CHALLENGE = from_text("_acme-challenge.example.com.")


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange(SystemClock()) as opened:
        yield opened


def recursion(exchange: Exchange, *via: Address, challenges: tuple[Name, ...] = ()) -> Recursion:
    resolvers = [Perspective(*address, Role.RECURSIVE, "configured") for address in via]
    return Recursion(exchange, resolvers, challenges, lambda: 30.0)


def mute(_asked: Asked, _reply: Message) -> None:
    return None


def fail(_asked: Asked, reply: Message) -> Message:
    reply.set_rcode(rcode.SERVFAIL)
    reply.flags |= flags.RA
    return reply


def test_nobody_answering_is_unavailable(exchange: Exchange) -> None:
    """
    Silent resolvers are 69, each named, with the suspicion that port 53 is filtered.
    """
    with Embedded([ZONE]) as server:
        server.behave(server.addresses[0], mute)
        with pytest.raises(Failed, match=r"127\.0\.0\.1:\d+ .*timeout") as caught:
            recursion(exchange, *server.addresses).ask([(ZONE, NS)])
    assert caught.value.exit is Exit.UNAVAILABLE
    assert caught.value.problem.code == "dns-unreachable"
    assert "you named these servers" in caught.value.problem.hint


def test_errors_are_not_answers(exchange: Exchange) -> None:
    """
    If all that can be asked fail, the failure is theirs to explain.
    """
    with Embedded([ZONE]) as server:
        server.behave(server.addresses[0], fail)
        with pytest.raises(Failed, match="SERVFAIL") as caught:
            recursion(exchange, *server.addresses).ask([(ZONE, NS)])
    assert caught.value.problem.code == "dns-failing"


@pytest.mark.parametrize("broken", [mute, fail])
def test_a_resolver_that_fails_is_asked_last_from_then_on(
    exchange: Exchange, broken: object
) -> None:
    """
    It is passed over, and its timeout is paid once.
    """
    with Embedded([ZONE]) as server, Embedded([ZONE]) as deaf:
        deaf.behave(deaf.addresses[0], broken)  # type: ignore[arg-type]
        with Resolver({ZONE: server.addresses}, SystemClock().now) as via:
            asking = recursion(exchange, *deaf.addresses, via.address)
            for _ in range(2):
                answer = asking.ask([(ZONE, NS)])[ZONE, NS]
                assert ns_targets(answer, ZONE) == {HOST}
                if broken is fail:
                    assert len(deaf.asked) == 1
            before = len(deaf.asked)
            asking.ask([(ZONE, NS)])
            assert len(deaf.asked) == before > 0


def test_some_answers_are_better_than_none(exchange: Exchange) -> None:
    """
    `seek` returns what there is and why the rest is missing; `ask` wants all.
    """
    stranger = from_text("example.org.")
    with Embedded([ZONE]) as server, Resolver({ZONE: server.addresses}, SystemClock().now) as via:
        asking = recursion(exchange, via.address)
        answers, failures = asking.seek([(ZONE, NS), (stranger, NS)])
        assert (set(answers), set(failures)) == ({(ZONE, NS)}, {(stranger, NS)})
        with pytest.raises(Failed, match=r"example\.org\."):
            asking.ask([(ZONE, NS), (stranger, NS)])


def test_a_resolver_is_never_asked_at_or_below_a_challenge(exchange: Exchange) -> None:
    """
    Not even by mistake in our own code: the one place that asks resolvers refuses.
    """
    asking = recursion(exchange, ("127.0.0.1", 53), challenges=(CHALLENGE,))
    for name in (
        CHALLENGE,
        from_text("ns.x", CHALLENGE),
        from_text("_ACME-Challenge.Example.COM."),
    ):
        with pytest.raises(ValueError, match="challenge name"):
            asking.seek([(ZONE, NS), (name, A)])
    assert exchange.sent == 0


def test_nor_beside_the_label_of_an_account(exchange: Exchange) -> None:
    """
    Who hears that _acme-challenge is not there denies what is below it, accounts' labels included.
    """
    account = from_text("_ujmmovf2vn55tgye", CHALLENGE)
    asking = recursion(exchange, ("127.0.0.1", 53), challenges=(account,))
    assert not asking.may_ask(account)
    assert not asking.may_ask(CHALLENGE)
    assert asking.may_ask(ZONE)
    asking = recursion(exchange, ("127.0.0.1", 53))
    asking.forbid(account)
    assert not asking.may_ask(CHALLENGE)


def test_what_is_forbidden_later_is_forbidden(exchange: Exchange) -> None:
    """
    The target of an alias is as dear as the challenge name.
    """
    asking = recursion(exchange, ("127.0.0.1", 53))
    target = from_text("target.example.com.")
    assert asking.may_ask(target)
    asking.forbid(target)
    assert not asking.may_ask(from_text("x", target))
    assert asking.may_ask(ZONE)
    with pytest.raises(ValueError, match="challenge name"):
        asking.seek([(target, AAAA)])
    assert exchange.sent == 0


def test_servers_below_a_challenge_are_left_out(exchange: Exchange) -> None:
    """
    Hosts are named by strangers: those that may not be asked about have no address.
    """
    with Embedded([ZONE]) as server, Resolver({ZONE: server.addresses}, SystemClock().now) as via:
        asking = recursion(exchange, via.address, challenges=(CHALLENGE,))
        below = from_text("ns", CHALLENGE)
        found = asking.servers([HOST, below])
        assert found == (Perspective("127.0.0.1", 53, Role.AUTHORITATIVE, "ns1.example.com."),)
        assert {asked.name for asked in via.asked} == {HOST}
        assert asking.servers([below]) == ()


def test_look_ups_end_with_the_run(exchange: Exchange) -> None:
    """
    Several mute resolvers do not add up to more than the time that is left.
    """
    clock = SystemClock()
    with Embedded([ZONE], [Nameserver(), Nameserver(), Nameserver()]) as server:
        for address in server.addresses:
            server.behave(address, mute)
        via = [Perspective(*address, Role.RECURSIVE, "") for address in server.addresses]
        asking = Recursion(exchange, via, (), lambda: 0.5 - clock.now())
        with pytest.raises(Failed, match="timeout"):
            asking.ask([(ZONE, NS)])
        with pytest.raises(Failed, match="timeout"):
            Recursion(exchange, via, (), lambda: -1.0).ask([(ZONE, NS)])
    assert clock.now() < 2.0
