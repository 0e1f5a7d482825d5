"""What carries ACME requests: with limits, and to nowhere but https or this host."""

from collections.abc import Mapping
from io import BytesIO
from threading import local
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import requests
from acme.client import ClientNetwork
from acme.messages import Error
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, ReadTimeoutError

from pipeline import __version__
from pipeline.orders.fields import LIMIT
from providers.bodies import capped
from providers.origin import is_loopback

from .keys import Key

PATIENCE = 30
"""Seconds that a CA may be silent, within an answer as well."""

CHUNK = 1 << 14
"""Octets of an answer that are read at a time."""

NONCES = 8
"""Times that a request is sent whose nonce the CA does not take (RFC 8555 §6.5)."""


class Redirected(requests.RequestException):
    """The CA says that what was asked for is elsewhere."""


class Unsafe(requests.RequestException):
    """A URL that a CA gave is neither https nor on this host."""


class TooLong(requests.RequestException):
    """An answer is longer than any order."""


class Answered(local):
    """What the thread that asks was last answered.

    Attributes:
        status: Of that answer; 0 before.
        headers: Of that answer.
    """

    status = 0
    headers: Mapping[str, str] = MappingProxyType({})


class Guard(HTTPAdapter):
    """Sends requests where they may go, and takes no more of an answer than is bearable.

    Attributes:
        last: What came of the last request.
    """

    def __init__(self) -> None:
        super().__init__()
        self.last = Answered()

    def send(
        self,
        request: requests.PreparedRequest,
        *arguments: Any,  # noqa: ANN401 - as the session calls it
        **options: Any,  # noqa: ANN401
    ) -> requests.Response:
        url = urlsplit(request.url or "")
        if url.scheme != "https" and not is_loopback(url.hostname):
            raise Unsafe(request.url, request=request)
        self.last.status, self.last.headers = 0, {}
        response = super().send(request, *arguments, **options | {"stream": True})
        body = whole(response)
        self.last.status, self.last.headers = response.status_code, response.headers
        if response.is_redirect:
            raise Redirected(response.headers["Location"], request=request)
        if len(body) > LIMIT:
            raise TooLong(request.url, request=request)
        response.raw = BytesIO(body)
        return response


class Network(ClientNetwork):
    """Signs requests with *key*, and sends them through a `Guard`; threads may share it.

    Attributes:
        last: What the thread that asks was last answered.
    """

    def __init__(self, key: Key, *, is_local: bool, trust: str) -> None:
        """Send nothing yet.

        Args:
            key: The account's.
            is_local: Whether the CA is on this host: then no proxy is used.
            trust: PEM file of CAs to trust; empty: the usual ones.
        """
        super().__init__(
            key.jwk,
            alg=key.algorithm,
            verify_ssl=trust or True,  # type: ignore[arg-type]  # requests takes a file here
            user_agent=f"dns01/{__version__}",
            timeout=PATIENCE,
        )
        guard = Guard()
        self.last = guard.last
        self.session.trust_env = not is_local
        self.session.auth = unchanged
        self.session.headers["Accept-Encoding"] = "identity"
        self.session.mount("http://", guard)
        self.session.mount("https://", guard)

    def post(self, *arguments: Any, **options: Any) -> requests.Response:  # noqa: ANN401
        for _ in range(NONCES - 1):
            try:
                return self._post_once(*arguments, **options)
            except Error as error:
                if error.code != "badNonce":
                    raise
        return self._post_once(*arguments, **options)

    def _get_nonce(self, url: str, new_nonce_url: str) -> str:
        while True:
            try:
                return super()._get_nonce(url, new_nonce_url)
            except KeyError:  # another thread took the one that was there
                continue


def whole(response: requests.Response) -> bytes:
    """Return the body of *response*, or as much of it as shows that it is too long."""
    try:
        with response:
            return capped(response.raw.stream(CHUNK, decode_content=False), LIMIT)
    except ReadTimeoutError as error:
        raise requests.Timeout(error, request=response.request) from error
    except HTTPError as error:
        raise requests.ConnectionError(error, request=response.request) from error


def unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Return *request*: what a .netrc holds for its host is no business of this."""
    return request
