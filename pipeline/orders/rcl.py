"""Orders from the RCL SSL Core API (V7).

GET of an order *creates* one at the CA, against a quota of 100 a week, so a
request is made once and never repeated: not after an error, not after a
redirect, which would also carry the key away.
"""

import hashlib
import json
import re
from urllib.parse import quote

import httpx

from pipeline import __version__
from pipeline.intake import LIMIT, bases, read_order
from pipeline.model import Exit, Failed, Order
from pipeline.text import printable, quoted

TIMEOUT = httpx.Timeout(15.0, read=100.0)
"""Seconds; the service talks to the CA before it answers."""

UNSAFE = re.compile(r"[/?#%\\\x00-\x1f\x7f]|^\.{1,2}$")
BUSY = {408, 425, 429}


class RclSource:
    """The orders of one subscription."""

    name = "rcl"
    resumes = True

    def __init__(self, base: str, subscription: str, key: str, *, trust_env: bool) -> None:
        """Keep what a request needs; sends nothing.

        Args:
            base: URL up to and without ``/v1``; https, or http to loopback.
            subscription: The subscription's id; opaque.
            key: The API key; opaque.
            trust_env: Whether proxies named in the environment are used.
        """
        self._base = base.rstrip("/")
        self._subscription = subscription
        self._key = key
        self._trust_env = trust_env
        self.account = hashlib.sha256(f"{self._base} {subscription}".encode()).hexdigest()[:16]

    def fetch(self, name: str) -> Order:
        """Create the order of certificate *name*: exactly one request."""
        if UNSAFE.search(name):
            raise Failed(Exit.DATA, "name", f"{quoted(name)} is not a certificate name")
        bases(name)
        try:
            with self._client() as client, client.stream("GET", self._path(name)) as response:
                body = self._body(response)
        except httpx.TimeoutException as error:
            raise self._unavailable("did not answer in time") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = self._words(str(error).encode()) or type(error).__name__
            raise self._unavailable(f"cannot be reached: {reason}") from error
        if not response.is_success:
            raise self._failed(response, body)
        if len(body) > LIMIT:
            raise Failed(
                Exit.DATA, "order", f"the order API's answer is larger than {LIMIT} octets"
            )
        return read_order(body, name, self.name)

    def _client(self) -> httpx.Client:
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"dns01/{__version__}",
        }
        return httpx.Client(
            base_url=self._base,
            headers=headers,
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=self._trust_env,
        )

    def _path(self, name: str) -> str:
        subscription = quote(self._subscription, safe="")
        return f"v1/subscription/{subscription}/core/certificate/{quote(name, safe=',*')}/order"

    @staticmethod
    def _body(response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LIMIT:
                break
        return bytes(body)

    def _failed(self, response: httpx.Response, body: bytes) -> Failed:
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
                    "compare RCL_API_KEY with the portal (Subscription > API Key); "
                    "a renewed key replaces the old one at once",
                )
            case 404:
                return Failed(
                    Exit.CONFIG,
                    "order-url",
                    f"the order API knows no such path below {self._base}: {said}",
                    "RCL_BASE_URL ends in /public, once; then check RCL_SUBSCRIPTION_ID",
                )
            case status if status < 400 or status in BUSY or status >= 500:
                after = response.headers.get("Retry-After", "")
                hint = f"it asks to wait {printable(after, 40)} s" if after.isdigit() else ""
                return self._unavailable(f"says {said}", hint)
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
        """Return the API's own words, printable, without the key should it echo that."""
        text = body[:4000].decode("utf-8", "replace").replace(self._key, "***")
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return printable(text, 160)
        message = document.get("message") if isinstance(document, dict) else None
        return printable(message if isinstance(message, str) else text, 160)
