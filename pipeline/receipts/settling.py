"""Let what a run had sent take effect before it is removed, and tell where there was no time to."""

from collections.abc import Collection

from pipeline.clock import Clock
from pipeline.hosts import Hosts

from .held import Held


def settle(receipts: Collection[Held], hosts: Hosts, clock: Clock, deadline: float) -> set[Held]:
    """Wait for what the runs of *receipts* had sent, for at most half of the time to *deadline*.

    Returns:
        Those of which something may take effect after that: they must go on listing it.
    """
    today = clock.today()
    seconds = {each: each.unsettled_s(today, hosts.lingers_s) for each in receipts}
    patience = min(max(seconds.values(), default=0.0), max(deadline - clock.now(), 0.0) / 2)
    if patience > 0:
        clock.pause(patience)
    return {each for each, needed in seconds.items() if needed > patience}
