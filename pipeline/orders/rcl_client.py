"""HTTP with the RCL SSL API: one request at a time, never repeated, and no word of a secret shown.

What it answers may repeat the key, or hold a private key with its password.
So an answer's words are shown only where it has nothing but words.
"""

import json
import re
import ssl
import zlib
from functools import cached_property

import httpx

from pipeline import __version__
from pipeline.model import Exit, Failed
from pipeline.secrecy import HIDDEN, SHORTEST
from pipeline.text import printable
from providers.bodies import capped

from .fields import LIMIT
from .rcl_generations import Asked, Generation
from .retry import Forbidden, Throttled, after_s, replenished_s

PASSING = {407, 408, 425, 429}
"""What says nothing of the request: a proxy, and a service that is busy."""

MARKED = set(b"{<")
"""What words have none of: JSON, however broken, and HTML."""


AFTER = re.compile(
    "[0-9]{1,9}|[MTWFS][a-z]{2}, [0-9]{2} [JFMASOND][a-z]{2} [0-9]{4} [0-9:]{8} GMT", re.ASCII
)
"""Seconds or a date (RFC 9110 §10.2.3); other words could be anything, a secret too."""


class RclClient:
    """The API as one subscriber asks it."""

    def __init__(
        self,
        base: str,
        generation: Generation,
        key: str,
        timeout: httpx.Timeout,
        *,
        trust_env: bool,
    ) -> None:
        """Keep what requests need; sends nothing.

        Args:
            base: URL up to and without the edition's path; https, or http to loopback.
            generation: The edition, for how the base ends and what answers may repeat.
            key: The API key; opaque.
            timeout: Of each step of a request.
            trust_env: Whether proxies named in the environment are used.
        """
        self.base = base
        self._key = key
        self._ending = generation.ending
        self._timeout = timeout
        self._secrets = [each for each in (key, generation.secret) if len(each) >= SHORTEST]
        self._has_password = bool(generation.secret)
        self._trust_env = trust_env

    def ask(self, asked: Asked) -> tuple[httpx.Response, bytes]:
        """Return the answer to *asked*, with no more of its body than is taken.

        Raises:
            Failed: 69, if there is no whole one; 78, if nothing can be asked.
        """
        with self._client() as client:
            return self._send(client, asked)

    def hidden(self, text: str) -> str:
        """Return *text* without secrets, unless they are so short as to be a part of words."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def without_secrets(self, body: bytes) -> bytes:
        """Return *body* without secrets, should it repeat them."""
        for secret in self._secrets:
            for spelling in (secret, json.dumps(secret)[1:-1]):
                body = body.replace(spelling.encode(), HIDDEN.encode())
        return body

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Whom to trust, with SSL_CERT_FILE, also past the proxies; 20 ms to read, so once."""
        return httpx.create_ssl_context()

    def _client(self) -> httpx.Client:
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"dns01/{__version__}",
        }
        try:
            return httpx.Client(
                base_url=self.base,
                headers=headers,
                timeout=self._timeout,
                follow_redirects=False,
                trust_env=self._trust_env,
                verify=self._tls,
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise Failed(
                Exit.CONFIG,
                "order-client",
                f"the order API cannot be asked: {self._said(error)}",
                "check SSL_CERT_FILE and HTTPS_PROXY",
            ) from error

    def _send(self, client: httpx.Client, asked: Asked) -> tuple[httpx.Response, bytes]:
        try:
            with client.stream(asked.method, asked.path, json=asked.body) as response:
                packed = response.headers.get("Content-Encoding", "")
                return response, capped(response.iter_raw(), LIMIT, packed)
        except httpx.TimeoutException as error:
            raise self._unavailable("did not answer in time") from error
        except httpx.HTTPError as error:
            # What broke may be quoted, such as the line that should have been a header.
            cause = None if asked.is_secret else error
            reason = self._said(error) if cause else type(error).__name__
            if isinstance(error, httpx.ConnectError | httpx.ProxyError):
                raise self._unavailable(f"cannot be reached: {reason}", unsent(reason)) from cause
            raise self._unavailable(f"gave no whole answer: {reason}") from cause
        except zlib.error as error:
            raise self._unavailable(f"gave no whole answer: {error}") from error

    def failure(self, asked: Asked, response: httpx.Response, body: bytes) -> Failed:
        """Return what an answer other than 2xx means."""
        words = self._words(body)
        shown = printable(words, 160) if self._may_show(asked, body, words) else ""
        said = f"HTTP {response.status_code}" + (f', "{shown}"' if shown else "")
        match response.status_code:
            case 403 if "quota" in words.lower():
                used_up = "the week's quota of orders is used up"
                failed = self._unavailable(f"says {said}", used_up)
                after = after_s(response.headers) or replenished_s(words)
                return Throttled.like(failed, after)
            case 429:
                failed = self._unavailable(f"says {said}", advice(response))
                return Throttled.like(failed, after_s(response.headers))
            case 401 | 403:
                kind = Failed if response.status_code == 401 else Forbidden
                return kind(
                    Exit.REFUSED,
                    "order-credentials",
                    f"the order API refuses the key: {said}",
                    "compare RCL_API_KEY and RCL_SUBSCRIPTION_ID with the portal (Subscription, "
                    "API Key); a renewed key replaces the old one at once",
                )
            case 404:
                return Failed(
                    Exit.CONFIG,
                    "order-url",
                    f"the order API knows no such path below {self.base}: {said}",
                    f"RCL_BASE_URL ends in {self._ending}, once; then check RCL_SUBSCRIPTION_ID",
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

    def _may_show(self, asked: Asked, body: bytes, words: str) -> bool:
        """Whether people may see the *words* of *body*: not what may hold a certificate.

        An edition that repeats a password is trusted with plain words only, and with none that
        spell it.
        """
        if asked.is_secret or any(letters(each) in letters(words) for each in self._secrets):
            return False
        is_plain = is_text(body) and not MARKED & {*body}
        return not self._has_password or message_of(body) is not None or is_plain

    def _words(self, body: bytes) -> str:
        """Return the API's own words."""
        body = self.without_secrets(body)
        return message_of(body) or body.decode("utf-8", "replace")

    def _said(self, error: Exception) -> str:
        """Return the words of *error*, printable."""
        return printable(self.hidden(str(error)), 160) or type(error).__name__


def message_of(body: bytes) -> str | None:
    """Return the message in *body*, if it is a gateway's JSON with one."""
    try:
        document = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    message = document.get("message") if isinstance(document, dict) else None
    return message if isinstance(message, str) else None


def is_text(body: bytes) -> bool:
    """Whether *body* is text, and none in an encoding that hides what it says."""
    try:
        return "\0" not in body.decode()
    except UnicodeError:
        return False


def letters(text: str) -> str:
    """Return the letters and digits of *text*, however they are set apart."""
    return "".join(filter(str.isalnum, text)).casefold()


def advice(response: httpx.Response) -> str:
    """Return the next step after an answer that was no order, or nothing."""
    if response.status_code < 400:
        return "redirects are not followed; does RCL_BASE_URL name the API itself?"
    if response.status_code == 407:
        return "that is a proxy, which wants user and password in HTTPS_PROXY"
    after = response.headers.get("Retry-After", "")
    return f"Retry-After: {after}" if AFTER.fullmatch(after) else ""


def unsent(reason: str) -> str:
    """Return the next step after a request that did not go out."""
    if "CERTIFICATE" in reason:
        where = "check RCL_BASE_URL, SSL_CERT_FILE and this host's clock"
    else:
        where = "check RCL_BASE_URL, HTTPS_PROXY and the network"
    return f"nothing was sent, so no order counts; {where}"
