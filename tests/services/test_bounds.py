"""The bounds of a single request, without a run around it that would end as well."""

import time
from collections.abc import Iterator

import boto3
import cloudflare
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import HTTPClientError, ReadTimeoutError

from providers.bodies import LIMIT
from providers.cloudflare.client import connect
from providers.route53.answers import bound

from .faults import answering, dripping, dripping_headers, endless, silent
from .gate import Fault, Gate

DEADLINE = 0.5
"""Seconds; far below the time-outs of the libraries."""

LATE = 10.0
"""Seconds by which a bound has been kept on the slowest machine; a drip goes on for ever."""

SLOW = pytest.mark.parametrize("fault", [silent, dripping, dripping_headers])


@pytest.fixture
def gate() -> Iterator[Gate]:
    with Gate("http://127.0.0.1:9") as gate:
        yield gate


@pytest.fixture
def cloudflare_client(gate: Gate) -> Iterator[cloudflare.Cloudflare]:
    pool, [client] = connect(gate.url, ["token"], DEADLINE)
    with pool:
        yield client


@SLOW
def test_cloudflare_is_not_waited_for_without_end(
    gate: Gate, cloudflare_client: cloudflare.Cloudflare, fault: Fault
) -> None:
    """
    Each piece of an answer comes in time, the whole does not.
    """
    gate.fault = fault
    started = time.monotonic()
    with pytest.raises(cloudflare.APITimeoutError):
        cloudflare_client.get("/zones", cast_to=httpx.Response)
    assert time.monotonic() - started < LATE
    assert len(gate.calls) == 1


@pytest.mark.parametrize("charset", ["zlib", "idna", "hex", "none-such", "utf-16"])
def test_cloudflare_speaks_utf_8(
    gate: Gate, cloudflare_client: cloudflare.Cloudflare, charset: str
) -> None:
    """
    Whatever a header says: some codecs make no text at all.
    """
    gate.fault = answering(200, '{"é": 1}', Content_Type=f"application/json; charset={charset}")
    response = cloudflare_client.get("/zones", cast_to=httpx.Response)
    assert (response.json(), response.text) == ({"é": 1}, '{"é": 1}')


def test_cloudflare_is_asked_for_plain_text(
    gate: Gate, cloudflare_client: cloudflare.Cloudflare
) -> None:
    """
    Nobody is invited to send a bomb; a server that packs all the same is understood.
    """
    gate.fault = answering(200, b"no gzip", Content_Encoding="gzip")
    with pytest.raises(cloudflare.APIConnectionError) as caught:
        cloudflare_client.get("/zones", cast_to=httpx.Response)
    assert isinstance(caught.value.__cause__, httpx.DecodingError)
    [call] = gate.calls
    assert call.headers["accept-encoding"] == "identity"


@SLOW
def test_route_53_is_not_waited_for_without_end(gate: Gate, fault: Fault) -> None:
    """
    Likewise.
    """
    gate.fault = fault
    started = time.monotonic()
    with pytest.raises(ReadTimeoutError):
        route53(gate).list_hosted_zones()
    assert time.monotonic() - started < LATE
    assert len(gate.calls) == 1


def test_route_53_is_not_read_without_end(gate: Gate) -> None:
    """
    The error says how much is too much.
    """
    gate.fault = endless
    with pytest.raises(HTTPClientError, match=f"more than {LIMIT} octets"):
        route53(gate, 60.0).list_hosted_zones()


def test_requests_are_counted_and_signed_all_the_same(gate: Gate) -> None:
    """
    Whoever else wants to see a request before it is sent still does.
    """
    sent_before: list[int] = []
    client = route53(gate)
    client.meta.events.register(
        "before-send.route-53", lambda **_: sent_before.append(len(gate.calls))
    )
    gate.fault = answering(500, "")
    with pytest.raises(client.exceptions.ClientError, match="500"):
        client.list_hosted_zones()
    assert (sent_before, len(gate.calls)) == ([0], 1)
    assert "authorization" in gate.calls[0].headers


def route53(gate: Gate, deadline: float = DEADLINE):  # type: ignore[no-untyped-def]  # noqa: ANN201
    once = Config(retries={"total_max_attempts": 1}, proxies={})
    client = boto3.Session("AKIATEST", "not-a-secret").client(
        "route53", "us-east-1", endpoint_url=gate.url, config=once
    )
    bound(client, deadline)
    return client
