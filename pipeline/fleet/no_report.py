"""What is said of a process that has left no report."""

from errno import ENOSPC
from os import strerror

from pipeline.model import Exit, Problem
from pipeline.text import printable

from .database import End
from .summary import certificates
from .temporary import no_room

WORKER = "worker"
"""The code of a certificate whose process has died."""

LONGEST = 300
"""Characters of its last words that are repeated."""


def no_report(count: int, status: int, cut: str, words: str) -> tuple[Problem, End]:
    """Return why the process of *count* certificates left no report, and how they end for it.

    It ended with *status*, less the number of a signal, and left *cut* of its report, and *words*.
    Whoever kills a process does so again, or not; one that fails by itself is our fault, unless
    there was no room for what it had to say.
    """
    whose = f"the process of {certificates(count)}"
    if cut and status >= 0:
        failed = no_room(OSError(ENOSPC, strerror(ENOSPC)))
        full = failed.problem
        hint = f"receipts list what is in DNS; {full.hint}"
        return Problem(full.code, f"{whose}: {full.message}", hint), End(
            failed.exit, code=full.code
        )
    how = f"signal {-status}" if status < 0 else f"exit {status}"
    last = printable((words.strip().splitlines() or [""])[-1], LONGEST)
    said = f'; it said last: "{last}"' if last else ""
    hint = "run again: receipts list what is in DNS, and what was ordered goes on"
    end = End(Exit.NOT_READY if status < 0 else Exit.BUG, code=WORKER)
    return Problem("worker", f"{whose} ended with {how}{said}", hint), end
