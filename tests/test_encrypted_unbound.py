"""A real resolver over TLS and HTTPS: Unbound, with a certificate of a CA of our own."""

import os
import socket
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from dns import flags, rdatatype
from dns.message import Message
from dns.name import from_text

from pipeline.asking.endpoints import Endpoint, reachable, recursors
from pipeline.asking.exchange import Exchange
from pipeline.asking.query import Query
from pipeline.asking.wire import read
from pipeline.clock import SystemClock
from pipeline.questions import Answer, Perspective, Role, Silence, Transport

from .lab.pebble import certify
from .lab.premises import obstacle, program
from .lab.program import Program

pytestmark = pytest.mark.servers

ADDRESS = "127.0.0.153"
NAME = from_text("_acme-challenge.example.org.")
TLS, HTTPS = Transport.TLS, Transport.HTTPS
BOTH = pytest.mark.parametrize("transport", [TLS, HTTPS])

CONFIGURATION = """
server:
    interface: {address}@{tls}
    interface: {address}@{https}
    tls-port: {tls}
    https-port: {https}
    tls-service-key: "{folder}/key.pem"
    tls-service-pem: "{folder}/leaf.pem"
    access-control: 127.0.0.0/8 allow
    directory: "{folder}"
    pidfile: ""
    chroot: ""
    username: ""
    use-syslog: no
    do-daemonize: no
    num-threads: 1
    module-config: "iterator"
    local-zone: "." static
    local-data: ". 60 NS a.root-servers.net."
    local-data: '{name} 60 TXT "v"'
    local-data: '{large} 60 TXT "{text}"'
remote-control:
    control-enable: no
"""

LARGE = from_text("large.example.org.")


def free_port() -> int:
    with socket.create_server((ADDRESS, 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Transport, Endpoint]]:
    """Unbound's endpoints."""
    if missing := obstacle(["unbound", "setpriv"]):
        if os.environ.get("CI") == "true":
            pytest.fail(f"no Unbound: {missing}", pytrace=False)
        pytest.skip(f"no Unbound: {missing}")
    folder = tmp_path_factory.mktemp("unbound")
    certify(ADDRESS, folder)
    ports = {TLS: free_port(), HTTPS: free_port()}
    configuration = CONFIGURATION.format(
        address=ADDRESS,
        tls=ports[TLS],
        https=ports[HTTPS],
        folder=folder,
        name=NAME,
        large=LARGE,
        text='" "'.join(["x" * 250] * 8),
    )
    (folder / "unbound.conf").write_text(configuration)
    unbound = Program([program("unbound") or "", "-d", "-c", str(folder / "unbound.conf")])
    environment = pytest.MonkeyPatch()
    environment.setenv("SSL_CERT_FILE", str(folder / "ca.pem"))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        environment.delenv(name)
    try:
        unbound.await_that(lambda: all(is_open(port) for port in ports.values()))
        yield {
            transport: Endpoint.parse(f"{transport.scheme}://{ADDRESS}:{port}")
            for transport, port in ports.items()
        }
    finally:
        environment.undo()
        unbound.close()


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((ADDRESS, port)) == 0


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange(SystemClock()) as opened:
        yield opened


def query(at: Endpoint, name: str = "", transport: Transport | None = None) -> Query:
    return Query(
        from_text(name) if name else NAME,
        rdatatype.TXT,
        at.address,
        at.port,
        recursion=True,
        timeout=5.0,
        transport=transport or at.transport,
    )


@BOTH
def test_values_come_back(
    resolver: dict[Transport, Endpoint], exchange: Exchange, transport: Transport
) -> None:
    """
    A resolver's answer is the same whatever carries it: flags, values, TTL.
    """
    [reply] = exchange.ask([query(resolver[transport])])
    assert isinstance(reply.outcome, Message)
    assert reply.outcome.flags & flags.RA
    assert read(reply.outcome, NAME, Role.RECURSIVE) == Answer(
        frozenset({"v"}), 60.0, "holds 1 TXT value"
    )


@BOTH
def test_large_answers_come_whole(
    resolver: dict[Transport, Endpoint], exchange: Exchange, transport: Transport
) -> None:
    """
    More than a datagram holds is no matter here.
    """
    [reply] = exchange.ask([query(resolver[transport], LARGE.to_text())])
    assert isinstance(reply.outcome, Message)
    assert isinstance(answer := read(reply.outcome, LARGE, Role.RECURSIVE), Answer)
    assert answer.values == {"x" * 2000}


@BOTH
def test_a_batch(
    resolver: dict[Transport, Endpoint], exchange: Exchange, transport: Transport
) -> None:
    """
    Hundreds of questions at once are all answered, each its own.
    """
    names = ["" if number % 2 else f"h{number}.example.org." for number in range(400)]
    replies = exchange.ask([query(resolver[transport], name) for name in names])
    for name, reply in zip(names, replies, strict=True):
        assert isinstance(reply.outcome, Message)
        assert bool(reply.outcome.answer) is not bool(name)


def test_it_speaks_http_2_only(resolver: dict[Transport, Endpoint]) -> None:
    """
    What the suite above proves: Unbound, like Quad9, hangs up on HTTP/1.1.
    """
    url = f"https://{resolver[HTTPS]}/dns-query"
    with (
        httpx.Client(verify=httpx.create_ssl_context(), trust_env=False) as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.post(url, content=b"")


def test_the_wrong_transport_is_silence(
    resolver: dict[Transport, Endpoint], exchange: Exchange
) -> None:
    """
    TLS to the HTTPS port, and the other way round: no answer, and no crash.
    """
    crossed = [query(resolver[HTTPS], transport=TLS), query(resolver[TLS], transport=HTTPS)]
    for reply in exchange.ask([replace(each, timeout=1.0) for each in crossed]):
        assert isinstance(reply.outcome, Silence)


def test_who_can_be_reached(resolver: dict[Transport, Endpoint], exchange: Exchange) -> None:
    """
    HTTPS where it goes, else TLS: one perspective of each operator.
    """
    [https] = recursors([resolver[HTTPS]])
    [tls] = recursors([resolver[TLS]])
    closed = Perspective(ADDRESS, free_port(), Role.RECURSIVE, "B (DoH)", HTTPS)
    candidates = [
        Perspective(via.address, via.port, via.role, name, via.transport)
        for via, name in (
            (https, "A (DoH)"),
            (tls, "A (DoT)"),
            (closed, "B (DoH)"),
            (tls, "B (DoT)"),
            (closed, "C (DoH)"),
        )
    ]
    found = reachable(exchange, candidates, lambda: 30.0)
    assert [via.server for via in found] == ["A (DoH)", "B (DoT)"]
