"""Who serves which serial since when: the truth that a client's verdict is compared with."""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from threading import Event, Thread

import dns.message
import dns.rdataclass
import dns.rdatatype
from dns.name import from_text

from tests.lab import topology

APEX = from_text("example.test.")
EVERY_S = 0.01
WATCHER = "127.0.0.99"
"""Asks from an address of its own, so that its questions are not taken for a client's."""

Change = tuple[float, str, int]
"""Seen at (`time.monotonic`, at most `EVERY_S` and an answer's time late), address, new serial."""


@contextmanager
def watching() -> Iterator[list[Change]]:
    """Yield the changes of serial, which grow while the body runs."""
    changes: list[Change] = []
    stop = Event()
    thread = Thread(target=_watch, args=(changes, stop), daemon=True)
    thread.start()
    try:
        yield changes
    finally:
        stop.set()
        thread.join()


def served(changes: Sequence[Change], before: float) -> tuple[float, float] | None:
    """Return when the last write *before* was made, and when the last server had it; or nothing."""
    written = [
        (at, serial)
        for at, address, serial in changes
        if address == topology.PRIMARY and at < before
    ]
    if len(written) < 2:  # the first is what was there
        return None
    at, serial = written[-1]
    firsts = [
        min(
            (seen for seen, who, what in changes if who == address and what >= serial), default=None
        )
        for address in topology.AUTHORITATIVE
    ]
    if None in firsts:
        return None
    return at, max(at, *(first for first in firsts if first is not None))


def _watch(changes: list[Change], stop: Event) -> None:
    question = dns.message.make_query(APEX, "SOA", flags=0).to_wire()
    known: dict[str, int] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.bind((WATCHER, 0))
        asker.settimeout(0.5)
        while not stop.wait(EVERY_S):
            for address in topology.AUTHORITATIVE:
                asker.sendto(question, (address, 53))
                try:
                    answer, (source, _) = asker.recvfrom(4096)
                except TimeoutError:
                    continue
                serial = _serial(answer)
                if known.get(source) != serial:
                    known[source] = serial
                    changes.append((time.monotonic(), source, serial))


@lru_cache(maxsize=64)  # a question always of the same octets: most answers were seen before
def _serial(answer: bytes) -> int:
    message = dns.message.from_wire(answer)
    rrset = message.get_rrset(message.answer, APEX, dns.rdataclass.IN, dns.rdatatype.SOA)
    return int(rrset[0].serial) if rrset else -1
