"""The listener: slow clients, idle ones and broken ones hold nobody up."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from threading import Event, Thread
from typing import Any

import pytest

from pipeline.clock import SystemClock
from pipeline.model import Failed
from pipeline.serving.listener import IDLE, Listener
from pipeline.serving.server import CONNECTIONS, SHARE
from tests.bridge import until

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def application(_request: object, start: Any) -> list[bytes]:
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener(application, "127.0.0.1", 0, SystemClock(), idle=2.0)
    Thread(target=listener.serve, daemon=True).start()
    yield listener
    assert listener.stop(5) == 0


@pytest.fixture
def patient() -> Iterator[Listener]:
    """A listener with the patience of a real one."""
    listener = Listener(application, "127.0.0.1", 0, SystemClock())
    Thread(target=listener.serve, daemon=True).start()
    yield listener
    assert listener.stop(5) == 0


def connected(listener: Listener, whence: str = "127.0.0.1") -> socket.socket:
    host, port = listener.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), 10, (whence, 0))
    client.settimeout(10)
    return client


def answer(client: socket.socket) -> bytes:
    """Return what a request is answered, whole."""
    client.sendall(REQUEST)
    found = b""
    while not found.endswith(b"ok"):
        chunk = client.recv(1000)
        assert chunk, found
        found += chunk
    return found


def test_who_drips_is_cut_off_and_nobody_waits_for_them(listener: Listener) -> None:
    """
    Half a request, an octet at a time, ends; meanwhile others are answered.
    """
    with closing(connected(listener)) as slow:
        for _ in range(1000):
            try:
                slow.sendall(b"x")
            except OSError:
                break
            with closing(connected(listener)) as other:
                assert answer(other).startswith(b"HTTP/1.1 200")
            time.sleep(0.05)
        else:
            pytest.fail("a drip was never cut off")


def test_who_keeps_a_connection_idle_loses_it(listener: Listener) -> None:
    """
    After its answer; a client that comes back in time is served by the same connection.
    """
    with closing(connected(listener)) as client:
        for _ in range(3):
            assert answer(client).startswith(b"HTTP/1.1 200")
        assert client.recv(1000) == b""


@pytest.mark.parametrize(
    "octets", [b"\x16\x03\x01\x02\x00\x01\x00", b"POST\r\n\r\n", b"GET / HTTP/1.1\r\nA" * 9000]
)
def test_who_does_not_speak_http_gets_no_more_than_an_error(
    listener: Listener, octets: bytes
) -> None:
    """
    TLS, garbage, endless headers: the connection ends, and the next client is served.
    """
    with closing(connected(listener)) as client:
        try:
            client.sendall(octets + b"\r\n\r\n")
            while client.recv(65536):
                pass
        except ConnectionError:
            pass
    with closing(connected(listener)) as client:
        assert answer(client).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_body_with_two_lengths_is_refused(listener: Listener, version: str) -> None:
    """
    Whoever is between may have taken the other (RFC 9112 §6.1), so the connection ends as well.
    """
    with closing(connected(listener)) as client:
        lengths = "Content-Length: 2\r\nTransfer-Encoding: chunked"
        client.sendall(f"POST / HTTP/{version}\r\n{lengths}\r\n\r\n0\r\n\r\n".encode())
        found = b""
        while chunk := client.recv(1000):
            found += chunk
    assert found.startswith(f"HTTP/{version} 400 ".encode())
    assert found.count(b"HTTP/") == 1


@pytest.mark.parametrize("addresses", [1, 5])
def test_who_says_nothing_keeps_nobody_out(patient: Listener, addresses: int) -> None:
    """
    However many connections one address, or several, have without a request; the loopback too.
    """
    with ExitStack() as stack:
        for number in range(CONNECTIONS * 2 + 20):
            whence = f"127.0.0.{1 + number % addresses}"
            client = stack.enter_context(closing(connected(patient, whence)))
            client.sendall(REQUEST[:-2])
        began = time.monotonic()
        assert answer(stack.enter_context(closing(connected(patient))))
        assert time.monotonic() - began < IDLE / 2


def test_no_address_has_more_than_its_share(patient: Listener) -> None:
    """
    The oldest of its silent connections ends; those of others stay, and those at work.
    """
    with ExitStack() as stack:
        theirs = stack.enter_context(closing(connected(patient, "127.0.0.2")))
        mine = [stack.enter_context(closing(connected(patient))) for _ in range(SHARE)]
        assert answer(mine[-1])  # let in, as all before it
        mine.append(stack.enter_context(closing(connected(patient))))
        assert mine[0].recv(1000) == b""
        assert answer(theirs)
        assert answer(mine[1])
        assert answer(mine[-1])


def test_an_address_with_its_share_at_work_gets_no_more() -> None:
    """
    Its next connection ends, and what it has asked is answered; another address is let in.
    """
    go_on = Event()

    def halting(request: Any, start: Any) -> list[bytes]:
        if request["REMOTE_ADDR"] == "127.0.0.1":
            go_on.wait(30)
        return application(request, start)

    listener = Listener(halting, "127.0.0.1", 0, SystemClock())
    Thread(target=listener.serve, daemon=True).start()
    with ExitStack() as stack:
        mine = [stack.enter_context(closing(connected(listener))) for _ in range(SHARE)]
        for client in mine:
            client.sendall(REQUEST)
        until(lambda: listener.at_work == SHARE)
        assert stack.enter_context(closing(connected(listener))).recv(1000) == b""
        theirs = stack.enter_context(closing(connected(listener, "127.0.0.2")))
        theirs.sendall(REQUEST)
        until(lambda: listener.at_work == SHARE + 1)
        go_on.set()
        assert all(client.recv(1000) for client in [*mine, theirs])
    assert listener.stop(5) == 0


def test_a_stopped_listener_lets_nobody_in() -> None:
    """
    It says how many are at work: none; stopping twice is stopping once.
    """
    listener = Listener(application, "::1", 0, SystemClock())
    assert listener.url.startswith("http://[::1]:")
    Thread(target=listener.serve, daemon=True).start()
    assert listener.stop(5) == listener.stop(5) == 0
    host, _, port = listener.url.removeprefix("http://").rpartition(":")

    def is_closed() -> bool:
        with socket.socket(socket.AF_INET6) as client:
            return client.connect_ex((host.strip("[]"), int(port))) != 0

    until(is_closed)


def test_an_address_of_somebody_else_is_refused() -> None:
    """
    One that this machine has not, and one that is taken: 78, and which.
    """
    with pytest.raises(Failed, match="cannot listen on 192.0.2.1:80"):  # noqa: RUF043 - dots
        Listener(application, "192.0.2.1", 80, SystemClock())
