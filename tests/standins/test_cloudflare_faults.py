"""The stand-in for Cloudflare's API fails on request."""

from collections.abc import Iterator

import httpx
import pytest

from tests.bridge import until

from .cloudflare import CloudflareStandIn
from .cloudflare_faults import cut, refused, slow, throttled
from .test_cloudflare import HOST, code, txt


@pytest.fixture
def api() -> Iterator[CloudflareStandIn]:
    with CloudflareStandIn(["example.com"]) as api:
        yield api


@pytest.fixture
def http(api: CloudflareStandIn) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {api.token}"}
    with httpx.Client(base_url=api.url, headers=headers) as http:
        yield http


@pytest.fixture
def path(api: CloudflareStandIn) -> str:
    return f"/zones/{api.zones[0].id}/dns_records"


class TestFaults:
    def test_by_number(self, api: CloudflareStandIn, http: httpx.Client, path: str) -> None:
        """
        A fault meets the call it is meant for; a cut may come after the record is stored.
        """
        api.faults = {2: cut(stored=True), 3: cut(), 4: refused(400, 81053)}
        assert http.get(path).is_success
        for value in ("stored", "lost"):
            with pytest.raises(httpx.RemoteProtocolError):
                http.post(path, json=txt(value))
        assert code(http.post(path, json=txt("refused"))) == (400, 81053)
        assert api.values(HOST) == {"stored"}
        assert [call.number for call in api.log] == [1, 2, 3, 4]

    def test_blocks(self, api: CloudflareStandIn, http: httpx.Client) -> None:
        """
        A block meets every call until it is over, whoever calls.
        """
        api.ratelimit = (0, 300)
        api.next(throttled(300, block=3.0))
        for _ in range(2):
            answer = http.get("/zones")
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300")
            assert answer.headers["Ratelimit"] == '"default";r=0;t=300'
        until(lambda: http.get("/zones").is_success)

    def test_slowness(self, api: CloudflareStandIn, http: httpx.Client) -> None:
        """
        A slow answer is the true one, and holds up nobody else.
        """
        api.next(slow(2.0))
        with pytest.raises(httpx.ReadTimeout):
            http.get("/zones", timeout=0.3)
        assert http.get("/zones", timeout=1.5).is_success
