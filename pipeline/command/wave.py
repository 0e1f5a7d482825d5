"""The process of one wave of a fleet: what `dns01 ready NAME... --json` does, told by its parent.

Standard input holds the parent's process id and the options, pickled: they come from the same
program, in a file that nobody else can open.
"""

import gc
import pickle
import sys

from pipeline.clock import SystemClock
from pipeline.command.early_signals import hold_back


def main() -> int:
    """Run the wave and return its exit status."""
    clock = SystemClock()
    hold_back()  # until the session listens
    gc.disable()  # what is imported stays: as in `pipeline.cli`
    from pipeline.command.orphan import end_with_parent  # noqa: PLC0415
    from pipeline.command.session import Session  # noqa: PLC0415

    parent, options = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own, see above
    end_with_parent(parent)
    gc.freeze()
    gc.enable()
    try:
        return Session(options, clock).run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
