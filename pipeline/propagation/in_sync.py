"""Wait for the hosts' own word where their servers cannot be asked from here."""

from pipeline.asking.exchange import Exchange
from pipeline.clock import Clock
from pipeline.hosts import Groups, Hosts

SETTLING = 10.0
"""Seconds given to the servers of a host that has no word on it."""

LOOK_AGAIN = 2.0
"""Seconds between two questions to a host."""

PATIENCE = 5.0
"""Seconds a host may take to answer."""


def await_in_sync(
    groups: Groups, hosts: Hosts, exchange: Exchange, clock: Clock, deadline: float
) -> None:
    """Block until the host of each of *groups* says that all its servers have it, or *deadline*.

    A resolver that is asked too early would deny the name for long.
    """
    settled = min(clock.now() + SETTLING, deadline)
    while clock.now() < deadline:
        words = hosts.in_sync(groups, min(clock.now() + PATIENCE, deadline))
        told = len(words) == len(groups)
        if all(words.values()) and (told or clock.now() >= settled):
            return
        exchange.receive(min(clock.now() + LOOK_AGAIN, deadline))
