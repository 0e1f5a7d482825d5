"""The laboratory as tests see it."""

import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dns.message
from dns.name import Name

from . import log, premises, topology, wire
from .delay_line import DelayLine
from .fleet import Fleet
from .log import Question
from .pebble import Pebble
from .topology import Keys

SETTLE_S = 60.0


class Lab:
    """A running laboratory. Who lives where is in `tests.lab.topology`.

    Attributes:
        keys: The TSIG keys of this run.
    """

    def __init__(self, keys: Keys, fleet: Fleet, delay_line: DelayLine) -> None:
        self.keys = keys
        self._fleet = fleet
        self._delay_line = delay_line

    @property
    def pebble(self) -> Pebble:
        """The ACME server. It validates through `topology.CA_RESOLVER`, which keeps its cache."""
        return self._fleet.pebble

    def ask(self, address: str, name: Name | str, rdtype: str = "TXT") -> dns.message.Message:
        """Return what *address* answers: with RD set where it is a recursor, else without."""
        return wire.ask(address, name, rdtype)

    def txt(self, name: Name | str, address: str = topology.PRIMARY) -> set[str]:
        """Return the TXT values that *address* answers at *name* itself, aliases not followed."""
        return wire.values(self.ask(address, name), name)

    def update(  # noqa: PLR0913 (an RRset and where it lives)
        self,
        apex: Name | str,
        name: Name | str,
        rdtype: str,
        texts: Collection[str],
        *,
        ttl: int = 60,
        address: str = topology.PRIMARY,
    ) -> None:
        """Make the RRset of *rdtype* at *name* exactly *texts*, in presentation format."""
        wire.replace(self.keys.all, apex, name, rdtype, texts, ttl=ttl, address=address)

    def mirror(self, apex: Name | str, name: Name | str, values: Collection[str]) -> None:
        """Make the TXT RRset that the primary serves at *name* exactly *values*."""
        self.update(apex, name, "TXT", [f'"{value}"' for value in values])

    @contextmanager
    def delay(self, *, knot: float = 0.0, nsd: float = 0.0) -> Iterator[None]:
        """Keep the secondaries behind the primary by so many seconds; level them on leaving."""
        self._delay_line.set({topology.KNOT: knot, topology.NSD: nsd})
        try:
            yield
        finally:
            self._delay_line.release()
            self.level()

    def level(self) -> None:
        """Block until every authoritative server holds what the primary holds.

        Raises:
            TimeoutError: They did not within a minute.
        """
        deadline = time.monotonic() + SETTLE_S
        for apex in topology.NEGATIVE_TTL:
            while len({wire.serial(address, apex) for address in topology.AUTHORITATIVE}) > 1:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the secondaries never got the primary's {apex}")
                time.sleep(0.02)

    def flush(self) -> None:
        """Empty the caches of all recursors."""
        self._fleet.flush()

    def questions(self, address: str) -> list[Question]:
        """Return what clients asked a recursor, or the primary, so far: those of this class, too.

        Raises:
            TimeoutError: It logs nothing, as Knot and NSD do.
        """
        return log.questions(self._fleet.programs[address], address)


@contextmanager
def running() -> Iterator[Lab]:
    """Start a laboratory, and end it. Waits for one of another test run to end first."""
    keys = Keys()
    with ExitStack() as stack:
        stack.enter_context(premises.exclusive())
        stack.enter_context(premises.addresses())
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dns01-lab-"))
        delay_line = DelayLine()
        stack.callback(delay_line.close)
        fleet = Fleet(Path(folder), keys)
        stack.callback(fleet.stop)
        fleet.start()
        yield Lab(keys, fleet, delay_line)
