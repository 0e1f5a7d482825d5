"""Run the stage: the one place where the order of events matters.

    claim -> orders -> zones -> name servers -> receipt -> append -> confirm -> report

Nothing is written to DNS before the receipt that lists it is on disk, and
nothing is struck from a receipt before it is gone from DNS. The names of a run
are independent cases: one that fails stops no other.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from signal import Signals
from typing import Self

from .case import Case, Interrupted, Tools, attempt
from .configuration.settings import Settings
from .confirming import Confirmation
from .explaining.verdict import bug
from .marks import mark_of
from .model import SIGNALLED, Exit, Failed, Problem, Record, worst
from .orders import OrderSource
from .orders.acquire import Acquisition, claims
from .orders.expiry import bounded
from .orders.validation import validate
from .ownership import Ownership
from .placing import hindrance
from .planning import by_zone
from .preparing import Preparation
from .publishing import append
from .receipts.ledger import Ledger
from .receipts.receipt import Claim, State
from .receipts.remains import staying
from .report import NOT_DUE, RecordLine, Report, finished, record_lines
from .text import counted
from .withdrawing import Withdrawal

Preparing = Callable[[Preparation, Sequence[Case]], None]
"""`Preparation.plan` or `Preparation.prepare`."""


class Run:
    """One run over some certificate names; used as a context, in which its receipt is held."""

    def __init__(
        self, names: Sequence[str], source: OrderSource, settings: Settings, tools: Tools
    ) -> None:
        self._cases = [Case(Claim(name, source.name, source.account)) for name in names]
        self._resumes = source.resumes
        self._source = source
        self._settings = settings
        self._tools = tools
        self.ledger = Ledger(tools.store, tools.clock.today, exclusive=source.resumes)
        self.ledger.resumes_ready = settings.is_wave
        self._ownership = Ownership(self.ledger, tools.hosts.additions)
        self._withdrawal = Withdrawal(self._ownership, tools.hosts, tools.clock, settings.state_dir)
        self._lines: tuple[RecordLine, ...] = ()
        self._problems: list[Problem] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.ledger.close(self._tools.hosts.under_way)

    def plan(self) -> Report:
        """Fetch the orders and say what would be written; write no record.

        A source that resumes has its orders kept for `ready`.
        """
        self._acquire()
        if self._resumes and all(case.resumed or not case.is_due for case in self._cases):
            self._save(State.CLEANED, [])  # the earlier receipt keeps them
        for case in self._alive() if self._resumes else []:
            self._tools.progress.say(f"order {case.claim.name}: kept, ready uses it within an hour")
        self._prepare(Preparation.plan)
        self._lines = (*record_lines(self._records()), *self._proof_lines())
        return self._report("planned")

    def ready(self, *, stays: bool = False) -> Report:
        """Publish, confirm, report.

        Records stay, unless something goes wrong before the wait, or breaks, or a signal comes.
        With *stays* nobody withdraws them, so a report that is not ready says that they do.
        """
        return self._through(Preparation.prepare, self._confirm, "ready", stays=stays)

    def publish(self) -> Report:
        """Publish and report; records stay. Somebody else waits, and asks what the CA minds."""
        return self._through(Preparation.plan, self._leave, "published", stays=True)

    def _through(
        self, prepare: Preparing, then: Callable[[], None], success: str, *, stays: bool
    ) -> Report:
        """Take every step from the orders on, the last being *then*."""
        try:
            self._acquire()
            self._inherit()
            self._prepare(prepare)
            self._publish()
            then()
        except (Interrupted, Exception) as error:  # noqa: BLE001 - records must not be forgotten
            return self.stopped(error)
        if stays:
            late = {c.claim.name: c.records for c in self._cases if c.records and not c.alive}
            published = ((line.name, line.value) for line in self._lines)
            self._problems += staying(published, late, self._settings.state_dir)
        return self._report(success)

    def withdraw(self, patience: float) -> tuple[Problem, ...]:
        """Remove what this run has written, in *patience* seconds; return what went wrong.

        The order is kept for the next run, unless this one was ready.
        """
        return self._withdrawal.everything(self._idle(), patience)

    def finish(self, patience: float, *, again: bool) -> tuple[Problem, ...]:
        """As `withdraw`, but for what could not be removed before, which the report tells.

        The order is kept even if this run was ready, if it is to be tried *again*.
        """
        then = State.PLANNED if again and self._resumes else self._idle()
        return self._withdrawal.rest(then, patience)

    def _acquire(self) -> None:
        tools, settings = self._tools, self._settings
        deadline = settings.timeout + settings.order_s * len(self._cases)
        probe = partial(hindrance, settings=settings, tools=tools) if settings.is_wave else None
        Acquisition(self._source, self.ledger, tools, deadline, probe).acquire(self._cases)
        if settings.order_s:
            self._settings = replace(settings, timeout=tools.clock.now() + settings.timeout)
        self._settings, ending = bounded(self._settings, self._alive(), tools.clock)
        self._problems += (*self.ledger.problems, *ending)

    def _inherit(self) -> None:
        """Take over what earlier runs left of the names at work."""
        alive = self._alive()
        if alive:
            attempt(alive, lambda: self.ledger.inherit([case.claim for case in alive]))

    def _prepare(self, prepare: Preparing) -> None:
        preparation = Preparation(self._settings, self._tools, self._left)
        prepare(preparation, self._alive())
        self._problems += preparation.problems

    def _publish(self) -> None:
        """Append everything at once; remove what is of no use: failed cases', superseded values."""
        if not self._alive():
            return
        records, inherited = self._records(), self.ledger.records
        state = State.WRITING if records or inherited else State.PLANNED
        save = partial(self._save, state, (*records, *inherited))
        if not attempt(self._alive(), save):
            return
        wanted = {record.place for record in records}
        tools = self._tools
        self.ledger.await_others(tools.hosts, tools.clock, self._settings.timeout, wanted)
        self._ownership.begin(inherited)
        mark = mark_of(self.ledger.id)
        touched = append(self._alive(), tools.hosts, mark, self._settings.timeout)
        own = self._ownership.own(self.ledger.records, touched)
        if len(own) < len(self.ledger.records):
            self._keep(State.WRITING, own)
        useful = {record.place for record in self._records()}
        useless = [r for r in (*records, *inherited) if r.place not in useful]
        self._problems += self._withdrawal.of(useless, self._idle())
        if gone := {r.place for r in inherited} - {r.place for r in self.ledger.records}:
            self._tools.progress.say(f"removed {counted(len(gone), 'value')} of an earlier run")
        self._lines = (*record_lines(self._records()), *self._proof_lines())
        for (provider, zone), written in by_zone(self._records()).items():
            values = counted(len(written), "value")
            self._tools.progress.say(f"published {values} in zone {zone.apex} at {provider}")

    def _confirm(self) -> None:
        """Wait until the world sees it, or the deadline; then let the CA see it, if wanted."""
        goals = tuple(dict.fromkeys(goal for case in self._alive() for goal in case.goals))
        is_written = any(case.records for case in self._alive())
        self._advance(State.WAITING if is_written else self._idle())
        if goals:
            mark = mark_of(self.ledger.id)
            confirmation = Confirmation(self._settings, self._tools, mark, self._advance)
            outcome = confirmation.wait(self._records(), goals)
            lasting = outcome.lines(self._proof_lines())
            self._lines = (*confirmation.lines(outcome, self._records()), *lasting)
            self._problems += (*outcome.problems, *confirmation.problems)
            for case in self._alive():
                case.failure = outcome.failure(case.goals)
        if self._settings.respond:
            validate(self._alive(), self._source, self._tools, self._settings.timeout)
        done = State.READY if all(case.alive for case in self._cases) else State.WAITING
        self._advance(done if is_written else self._idle())

    def _leave(self) -> None:
        self._advance(State.WAITING if self._records() else self._idle())

    def stopped(self, error: Interrupted | Exception) -> Report:
        """Remove everything because of *error*, a signal or a fault of ours; report that."""
        if isinstance(error, Interrupted):
            why, code = Problem("interrupted", Signals(error.signum).name), SIGNALLED + error.signum
        else:
            why, code = bug(error), Exit.BUG
        problems = self._withdrawal.everything(State.PLANNED if self._resumes else State.CLEANED)
        if not problems and not self._tools.hosts.under_way:
            why = replace(why, message=f"{why.message}: nothing of this run is left in DNS")
        self._problems = [why, *problems, *self._problems]
        return self._report("failed", code)

    def _idle(self) -> State:
        """Return the state of a run that has nothing in DNS: are its orders of further use?"""
        goes_on = self._resumes and not all(case.alive for case in self._cases)
        return State.PLANNED if goes_on else State.CLEANED

    def _advance(self, state: State) -> None:
        """Note progress in the receipt."""
        self._keep(state, self._ownership.listed(state, self._records()))

    def _keep(self, state: State, records: Sequence[Record]) -> None:
        """Save, if there is a receipt; a full disk now only makes it look interrupted."""
        if self.ledger.path:
            try:
                self._save(state, records)
            except Failed as failed:
                self._problems.append(failed.problem)

    def _save(self, state: State, records: Sequence[Record]) -> None:
        self.ledger.save(state, claims(self._cases), records)

    def _left(self) -> float:
        return self._settings.timeout - self._tools.clock.now()

    def _alive(self) -> list[Case]:
        return [case for case in self._cases if case.alive and case.is_due]

    def _records(self) -> list[Record]:
        """Return the records of the cases still alive, each once."""
        every = (record for case in self._alive() for record in case.records)
        return list({record.place: record for record in every}.values())

    def _proof_lines(self) -> tuple[RecordLine, ...]:
        """Return the lasting records of the cases still alive, each once."""
        every = (proof.line() for case in self._alive() for proof in case.proofs)
        return tuple(dict.fromkeys(every))

    def _report(self, success: str, exit_code: int | None = None) -> Report:
        lines = [case.line() for case in self._cases]
        told = [problem for case in self._cases for problem in case.problems]
        code = worst(case.exit for case in self._cases) if exit_code is None else exit_code
        success = success if any(case.is_due for case in self._cases) else NOT_DUE
        return Report(
            finished(code, success) if exit_code is None else success,
            code,
            tuple(replace(line, exit=line.exit or exit_code or Exit.DONE) for line in lines),
            self._lines,
            tuple(dict.fromkeys([*told, *self._problems, *self._ownership.problems()])),
            self._tools.clock.now(),
            self._tools.exchange.sent + self._tools.hosts.dns_queries,
            self._tools.hosts.api_calls,
            str(self.ledger.path) if self.ledger.path else None,
        )
