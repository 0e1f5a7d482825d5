"""The laboratory of faults as tests see it."""

import subprocess
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.query
from dns.name import Name

from providers.listener import Listener
from tests.lab import log, premises, wire
from tests.lab.log import Question
from tests.lab.topology import Keys

from . import topology as at
from .fleet import Fleet
from .fronts import fronts

PROGRAMS = ("dnsdist", "dnssec-keygen", "dnssec-signzone", "dnssec-dsfromkey", "nft")
LOCK = Path(tempfile.gettempdir(), "dns01-faults.lock")
SETTLE_S = 60.0

# Dropped on arrival, for a packet dropped on departure is an error to its sender.
_TABLE = "dns01-faults"
_FILTER = """
table inet {table} {{
  chain arriving {{
    type filter hook input priority 0;
    {rules}
  }}
}}
"""


class Faults:
    """A running laboratory. Who lives where is in `tests.faults.topology`.

    Attributes:
        keys: The TSIG keys of this run.
        fronts: The servers in this process, by address; each has its log and its fault.
    """

    def __init__(self, keys: Keys, fleet: Fleet, served: dict[str, Listener]) -> None:
        self.keys = keys
        self.fronts = served
        self._fleet = fleet

    @property
    def ca(self) -> Path:
        """PEM file of the CA behind DoT (853) and DoH (443, /dns-query) at `topology.UNBOUND`."""
        return self._fleet.ca

    def ask(
        self,
        address: str,
        name: Name | str,
        rdtype: str = "TXT",
        *,
        tcp: bool = False,
        timeout: float = 2.0,
        **more: int,
    ) -> dns.message.Message:
        """Return what *address* answers, over UDP or TCP as it is said; RD towards recursors only.

        Raises:
            dns.exception.Timeout: Nothing within *timeout* seconds.
        """
        flags = more.pop("flags", dns.flags.RD if wire.is_recursor(address) else 0)
        options = {"use_edns": 0, **more}
        query = dns.message.make_query(wire.absolute(name), rdtype, flags=flags, **options)  # type: ignore[arg-type]
        ask = dns.query.tcp if tcp else dns.query.udp
        return ask(query, address, timeout)

    def txt(self, address: str, name: Name | str) -> set[str]:
        """Return the TXT values that *address* answers at *name*, over TCP where it must be."""
        reply = self.ask(address, name)
        if reply.flags & dns.flags.TC:
            reply = self.ask(address, name, tcp=True)
        return wire.values(reply, name)

    def publish(
        self, apex: str, name: Name | str, values: Collection[str], address: str = at.PRIMARY
    ) -> None:
        """Make the TXT RRset at *name* exactly *values*, by an update."""
        texts = [f'"{value}"' for value in values]
        wire.replace(self.keys.all, apex, name, "TXT", texts, ttl=60, address=address)

    def level(self) -> None:
        """Block until the follower holds what the primary holds.

        Raises:
            TimeoutError: It did not within a minute.
        """
        deadline = time.monotonic() + SETTLE_S
        for zone in at.FOLLOWED:
            while wire.serial(at.FOLLOWER, zone.apex) != wire.serial(at.PRIMARY, zone.apex):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the follower never got the primary's {zone.apex}")
                time.sleep(0.02)

    def flush(self) -> None:
        """Empty the caches of all recursors."""
        self._fleet.flush()

    def questions(self, address: str) -> list[Question]:
        """Return what clients asked a recursor, or the primary, so far."""
        return log.questions(self._fleet.programs[address], address)

    @contextmanager
    def filtered(self) -> Iterator[None]:
        """Let nothing arrive at port 53 of any server that comes from this host's own address.

        The servers have addresses of their own, and go on asking each other.
        """
        alone = "ip saddr 127.0.0.1", *(f"ip saddr {each} ip daddr {each}" for each in _IPV4_ADDED)
        with _filter(
            "filtered",
            [f"{each} {kind} dport 53 drop" for each in alone for kind in ("udp", "tcp")],
        ):
            yield


_IPV4_ADDED = [address for address in at.ADDED if ":" not in address]


@contextmanager
def _filter(name: str, rules: Collection[str]) -> Iterator[None]:
    """Have the kernel apply *rules* to what arrives."""
    table = f"{_TABLE}-{name}"
    text = _FILTER.format(table=table, rules="\n    ".join(rules))
    nft = premises.program("nft")
    assert nft
    subprocess.run([nft, "-f", "-"], input=text, text=True, check=True)
    try:
        yield
    finally:
        subprocess.run([nft, "delete", "table", "inet", table], check=True)


@contextmanager
def running() -> Iterator[Faults]:
    """Start a laboratory, and end it. Waits for one of another test run to end first."""
    keys = Keys()
    with ExitStack() as stack:
        stack.enter_context(premises.exclusive(path=LOCK))
        stack.enter_context(premises.addresses(at.ADDED))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dns01-faults-"))
        stack.enter_context(_filter("tcp", [f"ip daddr {at.WITHOUT_TCP} tcp dport 53 drop"]))
        served = fronts()
        for each in served.values():
            stack.enter_context(closing(each))
        fleet = Fleet(Path(folder), keys)
        stack.callback(fleet.stop)
        fleet.start()
        yield Faults(keys, fleet, served)
