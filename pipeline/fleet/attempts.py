"""The rule by which certificates of a fleet are tried again in the same run.

1. Those whose process died are tried once more, in smaller waves: one may be what kills it.
2. Those whom another process has are tried twice more. It may be of a run that was killed, so it
   is given the time to end; the last time they are tried one wave after another, for they may have
   held each other up, by the receipt that they share.
"""

from dataclasses import dataclass

from pipeline.withdrawing import GRACE

from .document import BUSY
from .no_report import WORKER


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of whatever is left.

    Attributes:
        pause_s: Seconds before it.
        smaller: How many times smaller its waves are.
        in_turn: Whether its waves go one after another, whatever their zones.
        leaves: What does not end a certificate yet, by the codes of problems.
    """

    pause_s: float = 0.0
    smaller: int = 1
    in_turn: bool = False
    leaves: frozenset[str] = frozenset()


FIRST = Attempt(leaves=frozenset({WORKER, BUSY}))
AGAIN = (
    Attempt(pause_s=GRACE + 1.0, smaller=10, leaves=frozenset({BUSY})),
    Attempt(in_turn=True),
)
