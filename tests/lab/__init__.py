"""The laboratory: BIND, Knot, NSD, Unbound and Pebble on loopback addresses of their own.

A private root, the TLD ``test.``, a primary with secondaries, recursors and an ACME server: NS
records, glue, caches and zone transfers are real, and nothing leaves this machine.
"""

from .laboratory import Lab, running
from .log import Question

__all__ = ["Lab", "Question", "running"]
