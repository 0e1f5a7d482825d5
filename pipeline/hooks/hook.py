"""Do what another ACME client calls for: with the receipts, writes and waits of any run."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from pipeline.case import Tools
from pipeline.cleaning import clean
from pipeline.configuration.settings import Settings
from pipeline.model import Challenge, Exit, Problem, worst
from pipeline.orders import OrderSource
from pipeline.receipts.receipt import Receipt
from pipeline.report import Report, finished
from pipeline.stage import Run
from pipeline.text import counted

from .calls import Call, Present, Remove, called
from .earlier import is_of, present, repeated_until, unconfirmed
from .source import HandedSource

Begin = Callable[[Sequence[str], OrderSource], Run]
"""Makes a run over orders of a source."""


AGAIN = 0.3
"""Seconds until a receipt that another process holds is tried again."""


class Hook:
    """The DNS stage of *client*, whose calls belong together by the word *run*, unless empty."""

    def __init__(
        self, client: str, run: str, settings: Settings, tools: Tools, begin: Begin
    ) -> None:
        self._client, self._run = client, run
        self._settings, self._tools = settings, tools
        self._begin = begin
        self._short: list[Problem] = []

    def begin(self, call: Present) -> Run:
        """Return what publishes the values of *call*; the last call's also confirms the others'."""
        names = dict.fromkeys(map(called, call.challenges))
        earlier: list[Challenge] = []
        if call.is_last and call.of > len(names):
            today = self._tools.clock.today()
            for claim in unconfirmed(self._saved(), self._client, self._run, today):
                names = {claim.name: None, **names}
                earlier += claim.order.challenges if claim.order else ()
        if call.is_last:
            self._outlast(*call.challenges, *earlier)
        source = HandedSource(self._client, self._run, call.challenges)
        return self._begin(tuple(names), source)

    def present(self, run: Run, call: Present) -> Report:
        """Publish, and confirm if this is the last call; say if values are missing then."""
        if not call.is_last:
            return run.publish()
        report = run.ready()
        missing = call.of - len(report.orders)
        found = [missed(missing, self._client)] if missing > 0 else []
        found += self._short
        if not found or report.exit not in set(Exit):  # what a signal ended is another matter
            return report
        code = worst([Exit(report.exit), Exit.NOT_READY])
        problems = (*report.problems, *found)
        return replace(report, exit=code, status=finished(code, "ready"), problems=problems)

    def remove(self, call: Call) -> Report:
        """Remove the values of *call*, or at the end of the client's run all that is left of it.

        certbot forgets the challenge at which it is told to stop. So once it cleans up, what its
        calls have left unconfirmed goes as well.
        """
        clock, deadline = self._tools.clock, self._settings.timeout
        match call:
            case Remove(challenges):
                names = [called(challenge) for challenge in challenges]
                if self._client == "certbot":
                    left = unconfirmed(self._saved(), self._client, self._run, clock.today())
                    names += [claim.name for claim in left]
            case _:
                names = present(self._saved(), self._client, self._run) if self._run else []
        if not names:  # to `clean`, no name is every name
            return Report("cleaned", Exit.DONE, elapsed_s=clock.now())
        while is_busy(report := self._clean(names)) and clock.now() < deadline:
            clock.pause(AGAIN)
        return report

    def _saved(self) -> Iterator[Receipt]:
        """Yield the receipts of the calls of this run of the client that are not cleaned."""
        return self._tools.store.saved(lambda each: is_of(each, self._client, self._run))

    def _clean(self, names: Sequence[str]) -> Report:
        tools = self._tools
        chosen = tuple(dict.fromkeys(names))
        until = self._settings.timeout
        return clean(chosen, tools.store, tools.hosts, tools.clock, deadline=until)

    def handle(self, call: Present) -> str:
        """Return what certbot is to keep of *call*, on a line."""
        [mine] = call.challenges
        document = {"run": self._run, "fqdn": mine.name.to_text(), "value": mine.value}
        return json.dumps(document)

    def _outlast(self, *challenges: Challenge) -> None:
        """Let caches forget what was removed at these names: they would go on without the new."""
        tools, ttl = self._tools, timedelta(seconds=self._settings.ttl)
        cleaned = tools.store.cleaned(tools.clock.today() - ttl)
        until = repeated_until(cleaned, challenges, ttl)
        seconds = (until - tools.clock.today()).total_seconds() if until else 0.0
        if seconds > 0:
            tools.progress.say(
                f"another value was removed there a moment ago, and a resolver of the CA may "
                f"repeat it without the new one for {seconds:.0f} s: waiting"
            )
            half = max((self._settings.timeout - tools.clock.now()) / 2, 0.0)
            if half < seconds:
                self._short = [repeated(seconds - half)]
            tools.clock.pause(min(seconds, half))


def is_busy(report: Report) -> bool:
    """Whether a hook that has lost its client is still at its own removal."""
    return any(problem.code == "busy" for problem in report.problems)


def repeated(seconds: float) -> Problem:
    """Return the problem of a value that was published *seconds* too early for caches."""
    return Problem(
        "value-repeated",
        f"a resolver of the CA may repeat the values that were there before, without this one, "
        f"for {seconds:.0f} s after it was published",
        "give it a longer --timeout, or new records a shorter --ttl",
    )


def missed(count: int, client: str) -> Problem:
    """Return the problem of values that no earlier call of *client* has handed over."""
    were = "was" if count == 1 else "were"
    return Problem(
        "values-missing",
        f"{counted(count, 'more value')} of this {client} run {were} to be confirmed, "
        f"and no earlier call of the hook left {'it' if count == 1 else 'them'} here",
        "see what the earlier calls said; all calls of a run need the same --state-dir",
    )
