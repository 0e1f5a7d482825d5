"""What the real command says of each fault: verdict, time, culprit, cause."""

import base64
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Timer

import pytest
from dns.name import from_text

from tests.lab.log import Question

from . import Faults
from . import topology as at
from .bench import Bench, Outcome

pytestmark = pytest.mark.servers

AT_ONCE = 6
"""Commands at a time: most wait, most of the time."""

UP, STOPPED, TIMED_OUT, FAILING, NO_ZONE = 0, 65, 75, 69, 78


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, one command.

    Attributes:
        domain: The certificate is for it.
        exit: The expected exit status.
        culprit: An address that the problems must name; empty: there is none to name.
        cause: What they must say, as a pattern.
        within: Seconds from start to end.
        verb: ``ready``, which publishes, ``wait`` or ``check``.
        more: Words of the command line.
    """

    domain: str
    exit: int
    culprit: str = ""
    cause: str = ""
    within: float = 14.0
    verb: str = "ready"
    more: tuple[str, ...] = ("--timeout", "8s")

    def __str__(self) -> str:
        return f"{self.verb} {self.domain}"


PATIENT = ("--timeout", "25s")

ROWS = (
    *[Row(zone, UP) for zone in ("well.test", "quick.test", "secure.test", "secure3.test")],
    *[Row(zone, UP) for zone in ("tc.test", "formerr.test", "lower.test", "leftover.test")],
    *[Row(zone, UP, within=25, more=PATIENT) for zone in ("lossy.test", "slow.test")],
    *[Row(f"{label}.chains.test", UP) for label in ("one", "two")],
    *[Row(domain, UP) for domain in ("x.old.dname.test", "x.wild.test", "x.text.test")],
    Row("sparev6.test", UP, at.ROUTELESS_V6, "no route"),
    Row("spare.test", UP, at.SILENT, "server-silent", 25, more=PATIENT),
    Row("sparelame.test", UP, at.STALE, "REFUSED", 25, more=PATIENT),
    Row("sparefail.test", UP, at.SERVFAIL, "SERVFAIL", 25, more=PATIENT),
    Row("apart.test", TIMED_OUT, at.STALE, "delegation-differs(.|\n)*ns2|stale secondary"),
    Row("glue.test", TIMED_OUT, at.STALE, "glue-differs"),
    Row("anycast.test", TIMED_OUT, at.ANYCAST, "disagree"),
    Row("flap.test", TIMED_OUT, at.FLAPPING, "come and go"),
    Row("lame.test", TIMED_OUT, at.LAME, "lame delegation"),
    Row("recursor.test", TIMED_OUT, at.RECURSOR_AS_SERVER, "lame delegation"),
    Row("noaa.test", TIMED_OUT, at.NOT_AUTHORITATIVE, "lame delegation"),
    Row("servfail.test", TIMED_OUT, at.SERVFAIL, "failing server"),
    Row("notcp.test", TIMED_OUT, at.WITHOUT_TCP, "no TCP", 18, more=("--timeout", "12s")),
    Row("silent.test", TIMED_OUT, at.SILENT, "server is down"),
    Row("dead.test", TIMED_OUT, at.NOBODY, "server is down"),
    Row("noroute.test", TIMED_OUT, at.ROUTELESS, "no route"),
    Row("v6dead.test", TIMED_OUT, at.ROUTELESS_V6, "no route"),
    Row("v6silent.test", TIMED_OUT, at.SILENT_V6, "server is down"),
    Row("mute.test", FAILING, at.SILENT_2, "timeout"),
    Row("shadow.test", TIMED_OUT, at.OTHER, "wrong zone"),
    Row("cut.test", NO_ZONE, "ns1.other.test", "delegated-elsewhere"),
    Row("child.parent.test", NO_ZONE, "ns1.child.parent.test", "delegated-elsewhere"),
    Row("loop.chains.test", STOPPED, "loop.hop.test", "alias-loop"),
    Row("long.chains.test", STOPPED, "l01.hop.test", "alias-too-long"),
    Row("gone.chains.test", NO_ZONE, "gone.nowhere.test", "no-zone|not-delegated"),
    Row("stale.test", TIMED_OUT, at.STALE, "stale secondary"),
    Row("serials.test", TIMED_OUT, at.STALE, "stale secondary.* serial"),
    Row("late.chains.test", TIMED_OUT, at.STALE, "stale secondary"),
    Row("mixed.test", TIMED_OUT, at.CASE_DENIES, "mixed case"),
    Row("noedns.test", TIMED_OUT, at.EDNS_DROPPED, "intolerance of EDNS"),
    Row("half.test", TIMED_OUT, at.OTHER, "another DNS host"),
    Row("p.deny.caa.test", STOPPED, "deny.caa.test", "caa-forbids"),
    Row("bogus.test", STOPPED, at.VALIDATING_UNBOUND, "dnssec-bogus"),
    Row("p.expired.test", STOPPED, "ns1.expired.test", "signatures-expired"),
    Row("p.caafail.test", STOPPED, at.CAA_SERVFAIL, "caa-failing"),
    Row("p.doubled.test", UP),
    Row("w.text.test", TIMED_OUT, at.PRIMARY, "wildcard", verb="wait"),
    Row("w.wild.test", TIMED_OUT, at.PRIMARY, "wildcard", verb="wait"),
    Row("w.well.test", TIMED_OUT, at.FOLLOWER, "wrong zone", verb="wait"),
    Row("nowhere.test", NO_ZONE, "nowhere.test", "not-delegated", verb="wait"),
    Row("nowhere.test", NO_ZONE, "nowhere.test", "not-delegated", verb="check"),
    Row("unborn.test", FAILING, at.LAME, "REFUSED", verb="wait"),
    Row("ghost.test", FAILING, "ns1.nowhere.test", "no-address", verb="wait"),
)

LETS_ENCRYPT = ("--timeout", "8s", "--issuer", "letsencrypt.org")

CHECKS = (
    *[
        Row(domain, UP, verb="check")
        for domain in ("c.well.test", "c.secure3.test", "c.formerr.test", "c.x.wild.test")
    ],
    Row("c.stale.test", UP, at.STALE, "stale-secondary", verb="check"),
    Row("c.lame.test", UP, at.LAME, "lame: ", verb="check"),
    Row("c.noaa.test", UP, at.NOT_AUTHORITATIVE, "lame: .*AA", verb="check"),
    Row("c.servfail.test", UP, at.SERVFAIL, "SERVFAIL", verb="check"),
    Row("c.silent.test", UP, at.SILENT, "server-silent", verb="check"),
    Row("c.notcp.test", UP, at.WITHOUT_TCP, "tcp-closed", verb="check"),
    Row("c.mixed.test", UP, at.CASE_DENIES, "case-intolerant", verb="check"),
    Row("c.lower.test", UP, at.LOWER_CASE, "case-careless", verb="check"),
    Row("c.noedns.test", UP, at.EDNS_DROPPED, "edns-intolerant", verb="check"),
    Row("c.apart.test", UP, at.STALE, "delegation-differs", verb="check"),
    Row("c.glue.test", UP, at.STALE, "glue-differs", verb="check"),
    Row("c.secure.test", UP, "", "nsec-ranges", verb="check"),
    Row("c.bogus.test", STOPPED, at.VALIDATING_BIND, "dnssec-bogus", verb="check"),
    Row("c.expired.test", STOPPED, "ns1.expired.test", "signatures-expired", verb="check"),
    Row("doubled.test", UP, "", "doubled-name", verb="check"),
    Row("c.caafail.test", STOPPED, at.CAA_SERVFAIL, "caa-failing", verb="check"),
    *[Row(f"{label}.caa.test", UP, "", "caa-issuer", verb="check") for label in ("allow", "dns")],
    *[
        Row(f"{label}.caa.test", STOPPED, "", "caa-forbids", verb="check")
        for label in ("deny", "alias", "method")
    ],
    Row("*.wild.caa.test", STOPPED, "", "caa-forbids", verb="check"),
    Row("wild.caa.test", UP, "", "caa-issuer", verb="check"),
    Row("critical.caa.test", STOPPED, "", "caa-critical", verb="check"),
    Row("unknown.caa.test", UP, verb="check"),
    Row("else.caa.test", STOPPED, "ca.example.net", "caa-forbids", verb="check", more=LETS_ENCRYPT),
)

EVERY = (*ROWS, *CHECKS)


@pytest.fixture(scope="module")
def bench(faults: Faults, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(faults, tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def before(faults: Faults) -> Mapping[str, int]:
    """How many questions each resolver got before the rows' commands ran, from other tests."""
    return {resolver: len(faults.questions(resolver)) for resolver in at.RECURSORS}


@pytest.fixture(scope="module")
def outcomes(bench: Bench, faults: Faults, before: Mapping[str, int]) -> Mapping[Row, Outcome]:
    """What came of every row, all run side by side, once earlier questions are counted."""
    assert before
    faults.flush()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = {row: pool.submit(run, bench, row) for row in EVERY}
    return {row: each.result() for row, each in runs.items()}


def run(bench: Bench, row: Row) -> Outcome:
    """Run the command of *row*."""
    match row.verb:
        case "ready":
            return bench.ready(row.domain, digest(), *row.more)
        case "wait":
            return bench.wait(f"_acme-challenge.{row.domain}", digest(), *row.more)
        case _:
            return bench.check(row.domain, *row.more)


def digest() -> str:
    """Return a value as a CA's: the unpadded base64url form of 32 octets."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


@pytest.fixture(scope="module")
def asked(
    outcomes: Mapping[Row, Outcome], faults: Faults, before: Mapping[str, int]
) -> Mapping[str, Sequence[Question]]:
    """What the rows' commands asked each resolver."""
    assert outcomes
    return {resolver: faults.questions(resolver)[before[resolver] :] for resolver in at.RECURSORS}


@pytest.mark.parametrize("row", EVERY, ids=str)
class TestVerdicts:
    def test_verdict(self, outcomes: Mapping[Row, Outcome], row: Row) -> None:
        """
        The verdict is right, comes in time, and names the culprit and the cause.
        """
        outcome = outcomes[row]
        assert outcome.exit == row.exit, outcome.problems or outcome.stderr
        assert outcome.took < row.within
        assert row.culprit in outcome.problems
        assert re.search(row.cause, outcome.problems), outcome.problems

    def test_never_a_false_ready(self, outcomes: Mapping[Row, Outcome], row: Row) -> None:
        """
        Whenever the command says ready, a strict validator passes.
        """
        assert not outcomes[row].objections

    def test_no_early_question(
        self, outcomes: Mapping[Row, Outcome], asked: Mapping[str, Sequence[Question]], row: Row
    ) -> None:
        """
        A resolver hears of a challenge only where every authoritative server had the value.
        """
        name = from_text(f"_acme-challenge.{row.domain.removeprefix('*.')}")
        heard = {
            resolver
            for resolver, questions in asked.items()
            if any(question.name.is_subdomain(name) for question in questions)
        }
        ready = outcomes[row].exit == UP and row.verb != "check"
        assert heard == (set(at.RECURSORS) if ready else set())


def errors(outcome: Outcome) -> str:
    """Return the problems that failed the run."""
    return "\n".join(line for line in outcome.problems.splitlines() if line.startswith("error"))


class TestCaches:
    def test_poisoned(self, bench: Bench, faults: Faults) -> None:
        """
        Of four resolvers two were asked too early: not ready, at once, with the time of day at
        which they forget; the name servers alone being asked, it is ready.
        """
        early = (at.UNBOUND, at.BIND)
        for resolver in early:
            faults.ask(resolver, "_acme-challenge.poisoned.test.")
        value = digest()
        outcome = bench.ready("poisoned.test", value, "--timeout", "20s")
        assert (outcome.exit, outcome.took < 15) == (TIMED_OUT, True), outcome.problems
        for resolver in early:
            assert resolver in errors(outcome)
        assert "poisoned cache" in errors(outcome)
        assert re.search(r"\d\d:\d\d:\d\d UTC", errors(outcome))
        outcome = bench.wait("_acme-challenge.poisoned.test", value, "--require", "authoritative")
        assert (outcome.exit, outcome.objections) == (UP, [])

    def test_blinded_by_a_neighbour(self, bench: Bench, faults: Faults) -> None:
        """
        Resolvers that use NSEC for denials deny a name that nobody ever asked them about.
        """
        for resolver in (at.VALIDATING_UNBOUND, at.VALIDATING_BIND):
            faults.ask(resolver, "a0.secure.test.")
        outcome = bench.ready("a1.secure.test", digest(), "--timeout", "20s")
        assert (outcome.exit, outcome.took < 15) == (TIMED_OUT, True), outcome.problems
        for resolver in (at.VALIDATING_UNBOUND, at.VALIDATING_BIND):
            assert resolver in errors(outcome)


class TestLate:
    @pytest.fixture
    def late(self, faults: Faults) -> Iterator[tuple[str, list[float]]]:
        """A value that the first of two hosts has, and the other one 3 s later; when that is."""
        value, name, since = digest(), "_acme-challenge.late.half.test.", list[float]()
        faults.publish("half.test.", name, [value])

        def catch_up() -> None:
            since.append(time.monotonic())
            faults.publish("half.test.", name, [value], at.OTHER)

        timer = Timer(3.0, catch_up)
        timer.start()
        yield value, since
        timer.join()
        for address in (at.PRIMARY, at.OTHER):
            faults.publish("half.test.", name, [], address)

    def test_no_resolver_is_asked_before_the_last_server(
        self, bench: Bench, faults: Faults, late: tuple[str, list[float]]
    ) -> None:
        """
        Ready comes soon after the last server has the value, and no resolver heard a word before.
        """
        name, (value, since) = from_text("_acme-challenge.late.half.test."), late
        outcome = bench.wait(str(name), value, "--timeout", "60s")
        assert since, "it was ready before"
        assert (outcome.exit, outcome.objections) == (UP, []), outcome.problems
        assert time.monotonic() - since[0] < 15  # a busy machine takes its time, too
        lines = outcome.report["records"][0]["perspectives"]
        confirmed = {line["address"]: line["confirmed_at_s"] for line in lines}
        assert set(confirmed) == {at.PRIMARY, at.OTHER, *at.RECURSORS}
        asked = {
            resolver: [each for each in faults.questions(resolver) if each.name == name]
            for resolver in at.RECURSORS
        }
        assert {len(each) for each in asked.values()} == {1}


class TestFiltered:
    def test_nobody_answers(self, bench: Bench, faults: Faults) -> None:
        """
        Where port 53 is filtered the run says so, and what to do.
        """
        with faults.filtered():
            outcome = bench.run(["wait", "_acme-challenge.well.test=v", "--timeout", "8s"])
        assert outcome.exit == FAILING, outcome.problems
        assert "port 53" in errors(outcome)
        assert outcome.took < 14

    @pytest.mark.parametrize("scheme", ["https", "tls"])
    def test_an_encrypted_resolver_gets_through(
        self, bench: Bench, faults: Faults, scheme: str
    ) -> None:
        """
        The resolver alone decides then, and the report says that this is weaker evidence.
        """
        name, value = f"_acme-challenge.{scheme}.well.test.", digest()
        faults.publish("well.test.", name, [value])
        faults.level()
        resolver = f"{scheme}://{at.UNBOUND}"
        words = ["wait", f"{name}={value}", "--resolver", resolver, "--timeout", "20s"]
        with faults.filtered():
            outcome = bench.run(words)
        faults.publish("well.test.", name, [])
        assert outcome.exit == UP, outcome.problems
        assert "warning port-53-filtered" in outcome.problems
        [perspective] = outcome.report["records"][0]["perspectives"]
        assert (perspective["role"], perspective["state"]) == ("recursive", "confirmed")
        assert perspective["address"].startswith(f"{at.UNBOUND}:")
