"""When a source is let alone in a run: asking on would bring the same, and each request counts.

One refusal of the credentials is enough, and so are three failures in a row, until the source
answers somebody. All processes of a run share what they have met.
"""

import json
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path

from pipeline.model import Exit, Failed
from providers.limits.store import hashed, rewritten

from .retry import Forbidden, Throttled

ENOUGH = 3
"""Failures in a row after which a service is taken to be down."""

RUNS = 16
"""How many runs at one account are kept apart."""

IN_VAIN = {"order-api", "order-client", "order-url", "order-credentials"}
"""What may say nothing of the certificate: then the next request ends with it, too."""


@dataclass(frozen=True, slots=True)
class Met:
    """What the last requests of a run have met: failures in a row, the last with *exit*, *code*."""

    times: int = 0
    exit: Exit = Exit.DONE
    code: str = ""

    def after(self, failure: Failed | None) -> "Met":
        """Return what it is after one more request, with its *failure* if there was one."""
        if isinstance(failure, Throttled):  # which stops by itself
            return self
        if failure is None or failure.problem.code not in IN_VAIN:
            return Met()
        is_final = failure.exit is Exit.REFUSED and not isinstance(failure, Forbidden)
        times = ENOUGH if is_final else min(self.times + 1, ENOUGH)
        return Met(times, failure.exit, failure.problem.code)

    @property
    def is_enough(self) -> bool:
        """Whether the source is to be let alone."""
        return self.times >= ENOUGH


class Refusals:
    """What *account* has met in *run*, kept in *folder*; without either, in this process."""

    def __init__(
        self, folder: Path | None, account: str, run: str, nap: Callable[[float], None]
    ) -> None:
        self._path = folder / f"{hashed(account)}.refusals" if folder and run else None
        self._run, self._nap = run, nap
        self._own = Met()

    def met(self) -> Met:
        """Return what was met until now."""
        return self._change(lambda met: met)

    def learn(self, failure: Failed | None) -> None:
        """Count one more request, with its *failure* if there was one."""
        self._change(lambda met: met.after(failure))

    def _change(self, edit: Callable[[Met], Met]) -> Met:
        self._own = edit(self._own)
        if self._path is None:
            return self._own

        def kept(body: bytes) -> tuple[bytes, Met]:
            runs = decoded(body)
            before = runs.pop(self._run, Met())
            after = edit(before)
            if after == before:
                return body, after
            last = {**runs, self._run: after}
            return encoded(dict([*last.items()][-RUNS:])), after

        try:
            return rewritten(self._path, kept, self._nap)
        except OSError:
            return self._own


def encoded(runs: dict[str, Met]) -> bytes:
    """Return *runs* as one line."""
    return json.dumps({run: astuple(met) for run, met in runs.items()}).encode() + b"\n"


def decoded(body: bytes) -> dict[str, Met]:
    """Return the runs in *body*, none where that makes no sense."""
    try:
        found = json.loads(body.split(b"\n")[0])
        runs = {
            run: Met(int(times), Exit(exit_), str(code))
            for run, (times, exit_, code) in found.items()
        }
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError):
        return {}
    return runs
