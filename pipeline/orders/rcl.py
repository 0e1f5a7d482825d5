"""Orders from the RCL SSL Core API (V7).

GET of an order *creates* one at the CA, against a quota of 100 a week, so a
request is made once and never repeated: not after an error, not after a
redirect, which would also carry the key away.
"""

import hashlib
import json
import zlib
from dataclasses import replace
from urllib.parse import quote

import httpx

from pipeline import __version__
from pipeline.model import Exit, Failed, Order
from pipeline.secrecy import HIDDEN, SHORTEST
from pipeline.text import printable
from providers.bodies import capped

from .fields import LIMIT
from .identifiers import bases
from .intake import read_order

TIMEOUT = httpx.Timeout(15.0, read=100.0)
"""Seconds; the service talks to the CA before it answers."""

PASSING = {407, 408, 425, 429}
"""What says nothing of the request: a proxy, and a service that is busy."""


class RclSource:
    """The orders of one subscription."""

    name = "rcl"
    resumes = True

    def __init__(
        self,
        base: str,
        subscription: str,
        key: str,
        *,
        trust_env: bool,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> None:
        """Keep what a request needs; sends nothing.

        Args:
            base: URL up to and without ``/v1``; https, or http to loopback.
            subscription: The subscription's id; opaque.
            key: The API key; opaque.
            trust_env: Whether proxies named in the environment are used.
            timeout: Of each step of the request.
        """
        self._base = base.rstrip("/")
        self._subscription = subscription
        self._key = key
        self._trust_env = trust_env
        self._timeout = timeout
        self.account = hashlib.sha256(f"{self._base} {subscription}".encode()).hexdigest()[:16]

    def fetch(self, name: str) -> Order:
        """Create the order of certificate *name*: exactly one request."""
        bases(name)  # what names no certificate costs no request
        with self._client() as client:
            response, body = self._ask(client, self._path(name))
        if not response.is_success:
            raise self._failure(response, body)
        try:
            return self._hiding_key(read_order(body, name, self.name))
        except Failed:
            read_order(self._without_key(body), name, self.name)  # the same words but for the key
            raise

    def _hiding_key(self, order: Order) -> Order:
        """Return *order* with the key hidden in what people and logs get to see of it."""

        def hidden(text: str) -> str:
            return text.replace(self._key, HIDDEN) if len(self._key) >= SHORTEST else text

        remarks = tuple(replace(each, message=hidden(each.message)) for each in order.remarks)
        return replace(order, uri=hidden(order.uri), remarks=remarks)

    def _client(self) -> httpx.Client:
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"dns01/{__version__}",
        }
        try:
            return httpx.Client(
                base_url=self._base,
                headers=headers,
                timeout=self._timeout,
                follow_redirects=False,
                trust_env=self._trust_env,
                verify=httpx.create_ssl_context(),  # with SSL_CERT_FILE, also past the proxies
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise Failed(
                Exit.CONFIG,
                "order-client",
                f"the order API cannot be asked: {self._words(str(error).encode())}",
                "check SSL_CERT_FILE and HTTPS_PROXY",
            ) from error

    def _path(self, name: str) -> str:
        subscription = quote(self._subscription, safe="")
        certificate = quote(name.replace(" ", ""), safe=",*")
        return f"v1/subscription/{subscription}/core/certificate/{certificate}/order"

    def _ask(self, client: httpx.Client, path: str) -> tuple[httpx.Response, bytes]:
        """Send the request and return the answer, with no more of its body than is taken."""
        try:
            with client.stream("GET", path) as response:
                packed = response.headers.get("Content-Encoding", "")
                return response, capped(response.iter_raw(), LIMIT, packed)
        except httpx.TimeoutException as error:
            raise self._unavailable("did not answer in time") from error
        except httpx.HTTPError as error:
            reason = self._words(str(error).encode()) or type(error).__name__
            if isinstance(error, httpx.ConnectError | httpx.ProxyError):
                raise self._unavailable(f"cannot be reached: {reason}", unsent(reason)) from error
            raise self._unavailable(f"gave no whole answer: {reason}") from error
        except zlib.error as error:
            raise self._unavailable(f"gave no whole answer: {error}") from error

    def _failure(self, response: httpx.Response, body: bytes) -> Failed:
        """Return what an answer other than 2xx means."""
        words = self._words(body)
        said = f"HTTP {response.status_code}" + (f', "{words}"' if words else "")
        match response.status_code:
            case 403 if "quota" in words.lower():
                return self._unavailable(f"says {said}", "the week's quota of orders is used up")
            case 401 | 403:
                return Failed(
                    Exit.REFUSED,
                    "order-credentials",
                    f"the order API refuses the key: {said}",
                    "compare RCL_API_KEY with the portal (Subscription, API Key); "
                    "a renewed key replaces the old one at once",
                )
            case 404:
                return Failed(
                    Exit.CONFIG,
                    "order-url",
                    f"the order API knows no such path below {self._base}: {said}",
                    "RCL_BASE_URL ends in /public, once; then check RCL_SUBSCRIPTION_ID",
                )
            case status if status < 400 or status in PASSING or status >= 500:
                return self._unavailable(f"says {said}", advice(response))
            case _:
                return Failed(Exit.DATA, "order-refused", f"the order API says {said}")

    def _unavailable(self, what: str, hint: str = "") -> Failed:
        return Failed(
            Exit.UNAVAILABLE,
            "order-api",
            f"the order API {what}",
            hint or "run again later; every request counts against the weekly quota",
        )

    def _words(self, body: bytes) -> str:
        """Return the API's own words, printable."""
        text = self._without_key(body).decode("utf-8", "replace")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return printable(text, 160)
        message = document.get("message") if isinstance(document, dict) else None
        return printable(message if isinstance(message, str) else text, 160)

    def _without_key(self, body: bytes) -> bytes:
        """Return *body* without the key, should it echo that, and the key be no part of words."""
        if len(self._key) < SHORTEST:
            return body
        return body.replace(self._key.encode(), HIDDEN.encode())


def advice(response: httpx.Response) -> str:
    """Return the next step after an answer that was no order, or nothing."""
    if response.status_code < 400:
        return "redirects are not followed; does RCL_BASE_URL name the API itself?"
    if response.status_code == 407:
        return "that is a proxy, which wants user and password in HTTPS_PROXY"
    after = printable(response.headers.get("Retry-After", ""), 40)
    return f"Retry-After: {after}" if after else ""


def unsent(reason: str) -> str:
    """Return the next step after a request that did not go out."""
    if "CERTIFICATE" in reason:
        where = "check RCL_BASE_URL, SSL_CERT_FILE and this host's clock"
    else:
        where = "check RCL_BASE_URL, HTTPS_PROXY and the network"
    return f"nothing was sent, so no order counts; {where}"
