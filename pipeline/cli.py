"""The command line's entry point: arguments first, then the imports they need."""

import os
import sys
from collections.abc import Sequence

from .arguments import parse
from .clock import SystemClock

CLOCK = SystemClock()
"""Started as early as we can: the times in reports count from here."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run dns01 and return its exit status."""
    options = parse(sys.argv[1:] if argv is None else argv)
    from .session import Session  # noqa: PLC0415 - dnspython costs 70 ms

    try:
        return Session(options, CLOCK).run()
    except BrokenPipeError:  # whoever read our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
