"""The listener: slow clients, idle ones and broken ones hold nobody up."""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from threading import Thread
from typing import Any

import pytest

from pipeline.clock import SystemClock
from pipeline.model import Failed
from pipeline.serving.listener import Listener
from tests.bridge import until

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def application(_request: object, start: Any) -> list[bytes]:
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener(application, "127.0.0.1", 0, SystemClock(), idle=0.5)
    Thread(target=listener.serve, daemon=True).start()
    yield listener
    assert listener.stop(5) == 0


def connected(listener: Listener) -> socket.socket:
    host, port = listener.url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)), timeout=10)
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
    with closing(connected(listener)) as slow, closing(connected(listener)) as other:
        assert answer(other)
        for _ in range(100):
            try:
                slow.sendall(b"x")
            except OSError:
                break
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
