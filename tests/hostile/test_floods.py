"""Servers that never stop talking: deadlines hold, and memory stays what it was."""

import socket
import struct
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from dns import rdatatype
from dns.message import Message, from_wire, make_response
from dns.rrset import from_text as rrset

from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query
from pipeline.clock import SystemClock
from pipeline.questions import Silence

from .messages import NAME

MEGABYTE = 1 << 20


@contextmanager
def serving(talk: Callable[[socket.socket, Message], None]) -> Iterator[int]:
    """Let *talk* answer questions that come by TCP; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    size = int.from_bytes(connection.recv(2), "big")
                    talk(connection, from_wire(connection.recv(size)))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.close()
    thread.join(10)
    assert not thread.is_alive()


def framed(message: Message) -> bytes:
    wire = message.to_wire()
    return struct.pack("!H", len(wire)) + wire


def outcome(port: int, timeout: float) -> Message | Silence:
    query = Query(
        NAME, rdatatype.TXT, "127.0.0.1", port, recursion=False, timeout=timeout, tcp=True,
        mixed_case=False,
    )  # fmt: skip
    with Exchange(SystemClock()) as exchange:
        [reply] = exchange.ask([query])
        return reply.outcome


def test_an_answer_behind_others_is_found() -> None:
    """
    By TCP, too, what answers another question is passed over, wherever segments begin and end.
    """

    def talk(connection: socket.socket, asked: Message) -> None:
        true = make_response(asked)
        true.answer.append(rrset(NAME, 60, "IN", "TXT", "v"))
        false = make_response(asked)
        false.id ^= 1
        connection.sendall(b"\0\0" + framed(false) * 3 + b"\0\1x" + framed(true)[:5])
        connection.sendall(framed(true)[5:])
        connection.recv(1)

    with serving(talk) as port:
        found = outcome(port, 10)
    assert isinstance(found, Message)
    assert found.answer


def test_a_flood_takes_neither_time_nor_memory() -> None:
    """
    A server that sends answers to another question without end is silent, and nothing piles up.
    """
    sent = 0

    def talk(connection: socket.socket, asked: Message) -> None:
        nonlocal sent
        asked.id ^= 1
        flood = framed(make_response(asked)) * 200
        with suppress(OSError):
            while True:
                sent += connection.send(flood)

    tracemalloc.start()
    try:
        with serving(talk) as port:
            found = outcome(port, 3)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == Silence("what came answers another question")
    assert sent > MEGABYTE / 2
    assert peak < 4 * MEGABYTE
