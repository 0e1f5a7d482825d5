"""One invocation: put the parts together, do what the verb says, put out the report."""

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace

from dns.name import Name

from pipeline.case import Interrupted
from pipeline.clock import Clock
from pipeline.configuration import registry
from pipeline.configuration.environment import Environment
from pipeline.explaining.verdict import bug
from pipeline.model import SIGNALLED, Exit, Failed, Problem
from pipeline.policy import knows
from pipeline.report import Report, problem_lines
from pipeline.stage import Run
from pipeline.text import counted, printable, quoted
from providers.names import domain_name

from .assembly import Assembly
from .console import Plain, Quiet, Terminal
from .output import Output
from .signals import finish, let_go, listen
from .unfailing import Unfailing


class Session:
    """Everything one command line asks for."""

    def __init__(self, options: Namespace, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._environment = Environment.of_process()
        is_ours = options.verb != "run" or options.json  # else it is the command's
        stdout = sys.stdout if is_ours else sys.stderr
        self._output = Output(options, self._environment, stdout, sys.stderr, clock)
        self._console = Unfailing(
            self._progress(), lambda problem: self._output.say(*problem_lines([problem]))
        )
        self._open = ExitStack()
        self._running: Run | None = None
        self._parts = Assembly(options, self._environment, clock, self._console, self._open)

    def run(self) -> int:
        """Do it, tell the outcome everywhere, and return the exit status."""
        with self._open:
            self._open.callback(let_go)
            try:
                status = self._outcome()
            except Interrupted as again:  # one more, while the first was about to be told
                status = self._finish(self._stopped(again.signum))
            self._output.end(status)
            return status

    def _outcome(self) -> int:
        """Do it, print the outcome, and return the exit status."""
        try:
            listen(self._tell)
            return self._dispatch()
        except Failed as failed:
            report = Report("failed", failed.exit, problems=(failed.problem,))
        except Interrupted as interrupted:
            report = self._stopped(interrupted.signum)
        except Exception as error:  # noqa: BLE001 - so that --json keeps its word
            report = Report("failed", Exit.BUG, problems=(bug(error),))
        return self._finish(replace(report, elapsed_s=self._clock.now()))

    def _dispatch(self) -> int:
        self._output.begin()
        match self._options.verb:
            case "providers":
                return self._providers()
            case "policy":
                return self._policy()
            case "demo":
                return self._demo()
            case "config" | "completion" | "serve" as verb:
                return self._by_itself(verb)
            case "plan" | "ready" | "run" | "hook" as verb:
                return self._hook() if verb == "hook" else self._stage(verb)
            case verb:
                return self._finish(self._alone(verb))

    def _stage(self, verb: str) -> int:
        """Do what needs orders, and leaves a receipt."""
        if verb == "ready" and self._options.inventory is not None:
            return self._fleet()
        with self._parts.run() as stage:
            self._running = stage
            if verb == "run":
                ended = self._attend(stage)
                return ended if isinstance(ended, int) else self._finish(ended, stage)
            try:
                ended = stage.plan() if verb == "plan" else stage.ready(stays=True)
                return self._finish(ended, stage)
            except Interrupted as late:  # all was done by then, and nothing told
                return self._finish(stage.stopped(late), stage)

    def _fleet(self) -> int:
        """Do what an inventory lists, by processes that each do as `_stage`."""
        from .fleet import Fleet  # noqa: PLC0415 - for who has an inventory
        from .gauge import Gauge  # noqa: PLC0415 - likewise

        is_shown = isinstance(self._progress(), Terminal)
        gauge = Gauge(self._console, self._clock, sys.stderr if is_shown else None)
        settings, output = self._parts.settings, self._output
        fleet = Fleet(self._options, settings, self._environment, output, self._clock, gauge)
        return fleet.run(sys.stdin)

    def _hook(self) -> int:
        """Do what another ACME client calls for."""
        from pipeline.hooks.caller import run_of  # noqa: PLC0415 - for who is called by one
        from pipeline.hooks.calls import Present, read_call  # noqa: PLC0415 - likewise

        from .orphan import end_with_parent  # noqa: PLC0415 - likewise

        client, given = self._options.client, self._environment.plus()
        call = read_call(client, self._options.said, given)
        if call is None:
            return Exit.DONE
        hook = self._parts.hook(run_of(client, given))
        if not isinstance(call, Present):
            return self._finish(hook.remove(call))
        if client == "certbot" and not self._options.json:
            self._output.text(hook.handle(call))
        end_with_parent()
        with hook.begin(call) as stage:
            self._running = stage
            return self._finish(hook.present(stage, call), stage)

    def _attend(self, stage: Run) -> Report | int:
        """Do ready, then the command, then clean."""
        from .attended import Attended  # noqa: PLC0415 - for who has a command

        attended = Attended(stage, self._output, self._console, self._environment, self._tell)
        return attended.run(self._options.command, self._left)

    def _left(self) -> float:
        return self._parts.settings.timeout - self._clock.now()

    def _alone(self, verb: str) -> Report:
        """Do what needs no order; return the report."""
        parts, options = self._parts, self._options
        match verb:
            case "wait":
                return self._wait()
            case "check":
                return parts.checking().check(separate(options.domains))
            case _:
                return parts.clean()

    def _finish(self, report: Report, stage: Run | None = None) -> int:
        """Put *report*, of *stage* if any, out everywhere it belongs; return its exit status."""
        finish()
        self._console.close()
        self._output.keep(report, stage.ledger.report_path if stage else None)
        printed = self._output.result(report)
        return int(report.exit) or (0 if printed else Exit.CONFIG)

    def _stopped(self, signum: int) -> Report:
        """Return the report of a run that a signal ended outside of its writing."""
        hint = "receipts list what is left: run it again" if self._options.verb == "clean" else ""
        problem = Problem("interrupted", signal.Signals(signum).name, hint)
        return Report("failed", SIGNALLED + signum, problems=(problem,))

    def _tell(self) -> None:
        """Say that records are being removed: within a signal's handler, so past all buffers."""
        count = len(self._running.ledger.records) if self._running else 0
        if count:
            line = f"dns01: removing {counted(count, 'record')}; "
            line += f"once more leaves {'it' if count == 1 else 'them'}\n"
            with suppress(OSError, ValueError):
                os.write(sys.stderr.fileno(), line.encode())

    def _demo(self) -> int:
        from pipeline.demo import NEXT, demonstrate  # noqa: PLC0415 - nobody else needs its servers

        status = self._finish(demonstrate(self._clock, self._console))
        if not self._options.quiet and not self._options.json:
            self._output.text(NEXT)
        return status

    def _by_itself(self, verb: str) -> int:
        """Do what has words of its own: about the configuration, completion, a server."""
        if verb == "serve":
            return self._serve()
        from .completing import script  # noqa: PLC0415 - for who asks
        from .configuring import configuring  # noqa: PLC0415 - likewise

        if verb == "config":
            return configuring(self._options, self._environment, self._output)
        known = registry.installed()
        self._output.text(script(self._options.shell, known, filter(knows, known)))
        return Exit.DONE

    def _serve(self) -> int:
        from .service import Service  # noqa: PLC0415 - nobody else needs a server

        return Service(
            self._options, self._environment, self._parts, self._output, self._clock
        ).run()

    def _wait(self) -> Report:
        wanted: dict[Name, list[str]] = {}
        for text, value in self._options.pairs:
            values = wanted.setdefault(absolute(text), [])
            values += [value] if value not in values else []
        return self._parts.waiting().wait(wanted)

    def _providers(self) -> int:
        from pipeline.configuration import inventory  # noqa: PLC0415 - for who asks

        found = inventory.take(self._environment, self._parts.settings.accounts)
        text = inventory.to_json if self._options.json else inventory.human
        self._output.text(text(found))
        self._output.say(*problem_lines(self._environment.remarks))
        return 0

    def _policy(self) -> int:
        privilege = self._parts.policy()
        printed = self._output.text(privilege.text)
        if not self._options.quiet:
            self._output.say(*(printable(remark, 1000) for remark in privilege.remarks))
        return Exit.DONE if printed else Exit.CONFIG

    def _progress(self) -> Plain | Quiet:
        if self._options.quiet:
            return Quiet()
        terminal = sys.stderr.isatty() and self._environment.get("TERM") != "dumb"
        return (Terminal if terminal else Plain)(
            self._clock, sys.stderr, self._environment.secrets.hide
        )


def separate(domains: Sequence[str]) -> list[str]:
    """Return *domains* one by one; those of a certificate may be written with commas."""
    return [domain.strip() for each in domains for domain in each.split(",")]


def absolute(text: str) -> Name:
    """Return the domain name in *text*, absolute."""
    try:
        return domain_name(text)
    except ValueError as error:
        raise Failed(Exit.USAGE, "name", f"{quoted(text)} is not a domain name") from error
