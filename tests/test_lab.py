"""The laboratory itself: its delays and caches, its ACME server, and where it cannot run."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from dns.rcode import Rcode

from .acme_client import AcmeAccount
from .lab import Lab, premises
from .lab import topology as at


def fresh(zone: str) -> str:
    """Return a challenge name nobody asked about yet."""
    return f"_acme-challenge.t{secrets.token_hex(4)}.{zone}"


def seconds_until(condition: Callable[[], bool], limit: float) -> float:
    """Return how long it took for *condition* to hold."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() < start + limit
        time.sleep(0.02)
    return time.monotonic() - start


@pytest.mark.servers
class TestPropagation:
    def test_secondaries_follow(self, lab: Lab) -> None:
        """
        Without a delay, what the primary serves is soon served everywhere.
        """
        name = fresh("example.test.")
        lab.mirror("example.test.", name, {"a", "b"})
        lab.level()
        for address in (*at.AUTHORITATIVE, *at.RECURSORS):
            assert lab.txt(name, address) == {"a", "b"}, address
        lab.mirror("example.test.", name, set())
        lab.level()
        assert not any(lab.txt(name, address) for address in at.AUTHORITATIVE)

    def test_each_secondary_has_its_own_delay(self, lab: Lab) -> None:
        """
        One server behind is the case that asking any one server misses.
        """
        name = fresh("example.test.")
        with lab.delay(nsd=0.4, knot=60.0):
            start = time.monotonic()
            lab.mirror("example.test.", name, {"v"})
            assert lab.txt(name) == {"v"}
            seconds_until(lambda: lab.txt(name, at.NSD) == {"v"}, 20.0)
            assert time.monotonic() - start > 0.4
            assert lab.txt(name, at.KNOT) == set()
        assert lab.txt(name, at.KNOT) == {"v"}, "leaving delivers what was held back"


@pytest.mark.servers
class TestNegativeCaching:
    def test_an_early_question_blinds(self, lab: Lab) -> None:
        """
        A recursor that was asked too early denies the record for the zone's negative TTL,
        counted from its first answer: give or take the second that caches are exact to.
        """
        lab.flush()
        name, ttl = fresh("acme.test."), at.NEGATIVE_TTL["acme.test."]
        asked, answered = dict[str, float](), dict[str, float]()
        for recursor in at.RECURSORS:
            asked[recursor] = time.monotonic()
            assert lab.ask(recursor, name).rcode() == Rcode.NXDOMAIN
            answered[recursor] = time.monotonic()
        lab.mirror("acme.test.", name, {"v"})
        lab.level()
        blind = set(at.RECURSORS)
        while blind:
            for recursor in blind.copy():
                again = time.monotonic()
                if lab.txt(name, recursor):
                    blind.remove(recursor)
                    assert time.monotonic() - asked[recursor] > ttl - 1.3
                else:
                    assert again - answered[recursor] < ttl + 1.3

    def test_the_blinding_is_a_cache(self, lab: Lab) -> None:
        """
        It says how long it will last, and a flush ends it.
        """
        lab.flush()
        name = fresh("slow.test.")
        for recursor in at.RECURSORS:
            [soa] = lab.ask(recursor, name).authority
            assert soa.ttl == 300
        lab.mirror("slow.test.", name, {"v"})
        lab.level()
        assert not any(lab.txt(name, recursor) for recursor in at.RECURSORS)
        lab.flush()
        assert all(lab.txt(name, recursor) == {"v"} for recursor in at.RECURSORS)

    def test_bind_denies_every_type(self, lab: Lab) -> None:
        """
        NXDOMAIN is about the name (RFC 2308 §5): any type asked early blinds BIND, while
        Unbound keeps a denial for each type.
        """
        lab.flush()
        name = fresh("slow.test.")
        lab.ask(at.BIND_RECURSOR, name, "CNAME")
        lab.ask(at.UNBOUND, name, "CNAME")
        lab.mirror("slow.test.", name, {"v"})
        lab.level()
        assert lab.txt(name, at.BIND_RECURSOR) == set()
        assert lab.txt(name, at.UNBOUND) == {"v"}


@pytest.mark.servers
class TestTopology:
    @pytest.mark.parametrize("recursor", at.RECURSORS)
    def test_recursors_walk_from_the_root(self, lab: Lab, recursor: str) -> None:
        """
        Hosts, aliases of one and two hops, and a child at another server all resolve.
        """
        assert lab.ask(recursor, at.HOSTS[99], "A").answer
        lab.mirror("acme.test.", "alias.acme.test.", {"one"})
        lab.mirror("acme.test.", "hops.acme.test.", {"two"})
        lab.level()
        lab.flush()
        one = lab.ask(recursor, "_acme-challenge.alias.example.test.")
        two = lab.ask(recursor, "_acme-challenge.hops.example.test.")
        assert "one" in one.answer[-1].to_text()
        assert "two" in two.answer[-1].to_text()
        assert lab.ask(recursor, "away.example.test.", "SOA").answer

    @pytest.mark.parametrize("server", [*at.RECURSORS, at.PRIMARY])
    def test_questions_are_on_record(self, lab: Lab, server: str) -> None:
        """
        What a client asked, and when, is known to milliseconds; that nobody asked is, too.
        """
        names, silent = [fresh("example.test.") for _ in range(5)], fresh("example.test.")
        late = []
        for name in names:
            before = time.monotonic()
            lab.ask(server, name, "CAA")
            after = time.monotonic()
            asked = {str(question.name): question for question in lab.questions(server)}
            assert silent not in asked
            assert asked[name].rdtype == "CAA"
            assert before < asked[name].at
            late.append(asked[name].at - after)
        assert min(late) < 0.2  # a machine that is busy reads some of the log later

    def test_nobody_else_moves_in(self, lab: Lab) -> None:
        """
        A second laboratory waits for this one, and says so when it gives up.
        """
        with pytest.raises(TimeoutError, match=r"dns01-laboratory\.lock"), premises.exclusive(0.0):
            pass


@pytest.mark.servers
@pytest.mark.parametrize("published", [True, False])
def test_pebble_validates_through_its_resolver(lab: Lab, *, published: bool) -> None:
    """
    The ACME server finds what the zone's servers serve, and only that, through `CA_RESOLVER`.
    """
    host = f"t{secrets.token_hex(4)}.example.test"
    account = AcmeAccount(lab.pebble)
    order = account.order([host])
    if published:
        lab.mirror("example.test.", f"_acme-challenge.{host}", account.values(order))
        lab.level()
    assert account.validate(order) == published
    asked = {str(question.name) for question in lab.questions(at.CA_RESOLVER)}
    assert f"_acme-challenge.{host}." in asked


class TestAbsence:
    """What a run says where the servers cannot run."""

    @pytest.fixture
    def run(self, pytestconfig: pytest.Config) -> Callable[..., "subprocess.CompletedProcess[str]"]:
        """Run one test of real servers where a program is missing."""
        code = (
            "import sys, pytest; from tests.lab import premises\n"
            "premises.PROGRAMS = ('nosuchd', 'nornsd')\n"
            "sys.exit(pytest.main(['-p', 'no:cacheprovider', '-q', *sys.argv[1:]]))"
        )
        test = "tests/test_lab.py::TestTopology::test_nobody_else_moves_in"

        def run(**environment: str) -> "subprocess.CompletedProcess[str]":
            return subprocess.run(
                [sys.executable, "-c", code, test],
                cwd=pytestconfig.rootpath,
                env={**os.environ, **environment},
                capture_output=True,
                text=True,
                check=False,
            )

        return run

    def test_the_last_line_says_so(
        self, run: Callable[..., "subprocess.CompletedProcess[str]"]
    ) -> None:
        """
        Nobody takes a run without the real servers for a full one.
        """
        result = run(CI="")
        last = result.stdout.splitlines()[-1]
        assert result.returncode == 0
        assert last.startswith("NOT RUN: the real-server tier. missing: nosuchd, nornsd. Install: ")
        assert "apt-get install" in last
        assert "knot" in last

    def test_continuous_integration_never_skips(
        self, run: Callable[..., "subprocess.CompletedProcess[str]"]
    ) -> None:
        """
        With CI=true a missing server is a failure.
        """
        result = run(CI="true")
        assert result.returncode == 1
        assert "no real servers: missing: nosuchd" in result.stdout
