"""Write and remove the values that clients ask for, one at a time, each with its own receipt.

A receipt is closed when its request is answered. So cleaning up takes nothing but name and
value, after a restart too; and what a client forgets `dns01 clean` finds, as after any run.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import BoundedSemaphore

from pipeline.asking.exchange import Exchange
from pipeline.case import Tools
from pipeline.configuration.settings import Settings
from pipeline.model import Challenge, Exit, Failed, Order, Problem, Severity
from pipeline.receipts.held import Held
from pipeline.receipts.outline import Outline
from pipeline.receipts.receipt import State
from pipeline.receipts.remains import UNENDED
from pipeline.receipts.removal import withdraw
from pipeline.receipts.settling import settle
from pipeline.report import Report, problem_lines
from pipeline.stage import Run
from pipeline.text import counted

from .shared import Shared

SOURCE = "serve"
"""Whose receipts are ours."""

ANSWERED = 20.0
"""Seconds for a request; after it 5 more to take back what failed. Clients give up after 30."""

AT_ONCE = 16
"""Requests at work; others wait for their turn."""

TURN = 8.0
"""Seconds of that."""


class Wished:
    """The order that is in a request: one challenge, whose client keeps the rest of it."""

    name = SOURCE
    account = ""
    resumes = False

    def __init__(self, challenge: Challenge) -> None:
        self._challenge = challenge

    def fetch(self, name: str) -> Order:
        return Order(name, self.name, "", "pending", (self._challenge,))


class Values:
    """Does what requests wish; each call is a run of its own.

    Args:
        tools: Their `hosts` are shared by all requests; each gets an exchange of its own.
        say: Is told warnings, which go to the log and not to clients.
    """

    def __init__(self, settings: Settings, tools: Tools, say: Callable[[str], object]) -> None:
        self._settings, self._tools, self._say = settings, tools, say
        self._shared = Shared(tools.hosts, tools.clock)
        self._turns = BoundedSemaphore(AT_ONCE)

    def present(self, challenge: Challenge) -> str:
        """Write the value of *challenge*; return where it is, in words.

        Raises:
            Failed: In the words of `Run`; nothing is left in DNS but what it says.
        """
        with self._turn() as until, Exchange(self._tools.clock) as exchange:
            tools = replace(self._tools, hosts=self._shared.hosts(), exchange=exchange)
            settings = replace(self._settings, timeout=until)
            with Run([challenge.domain], Wished(challenge), settings, tools) as run:
                report = run.publish()
        if report.exit:
            raise why(report)
        for line in problem_lines([p for p in report.problems if p.severity is Severity.WARNING]):
            self._say(line)
        places = [f"zone {each.zone} at {each.provider}" for each in report.records]
        return f"written in {' and '.join(places)}"

    def cleanup(self, challenge: Challenge) -> str:
        """Remove the value of *challenge*, if it is ours; return what was done, in words.

        Raises:
            Failed: It could not be removed, or another request is at work on it.
        """
        clock, store = self._tools.clock, self._tools.store
        with self._turn() as until, ExitStack() as stack:
            found = [stack.enter_context(each) for each in self._receipts(challenge, until)]
            hosts = self._shared.hosts()
            late = settle(found, hosts, clock, until)
            goals = {held: replace(held.receipt, state=State.CLEANED, records=()) for held in found}
            removals = withdraw(goals, store, hosts, until, late).values()
        for failed in (failed for removal in removals for failed in removal.failures):
            raise failed
        if any(removal.late for removal in removals):
            raise busy(f"{UNENDED} at {challenge.name}: its receipt is kept")
        places = [f"zone {r.zone.apex} at {r.provider}" for each in removals for r in each.removed]
        return f"removed from {' and '.join(places)}" if places else "nothing of ours to remove"

    def standing(self) -> int:
        """Return how many values of clients are, or may be, in DNS."""
        count = 0

        def add(outline: Outline) -> bool:
            nonlocal count
            count += len(outline.records) if is_ours(outline) else 0
            return False

        self._tools.store.take(add)
        return count

    def _receipts(self, challenge: Challenge, until: float) -> Sequence[Held]:
        """Return the receipts of the value of *challenge*, locked."""
        key = (challenge.name.to_text().lower(), challenge.value)

        def is_wanted(outline: Outline) -> bool:
            return is_ours(outline) and key in outline.records

        while (survey := self._tools.store.take(is_wanted)).live:
            for held in survey.held:
                held.__exit__()
            if self._tools.clock.now() >= until:
                raise busy(f"another request has not ended its write at {challenge.name}")
            self._tools.clock.pause(0.1)
        return survey.held

    @contextmanager
    def _turn(self) -> Iterator[float]:
        """Give the time until which a request may take, once there is room for it."""
        until = self._tools.clock.now() + ANSWERED
        if not self._turns.acquire(timeout=TURN):
            raise busy(f"{counted(AT_ONCE, 'request')} are at work already")
        try:
            yield until
        finally:
            self._turns.release()


def is_ours(outline: Outline) -> bool:
    """Whether a receipt is of a request's."""
    return all(claim.source == SOURCE for claim in outline.claims)


def why(report: Report) -> Failed:
    """Return why a run that ended with *report* failed."""
    grave = [problem for problem in report.problems if problem.severity is Severity.ERROR]
    problem = [*grave, Problem("bug", "the run failed without a reason")][0]
    return Failed(Exit(report.exit), problem.code, problem.message, problem.hint)


def busy(why_busy: str) -> Failed:
    """Return the failure of a request that comes at a bad moment."""
    return Failed(Exit.NOT_READY, "busy", why_busy, "try again in a few seconds")
