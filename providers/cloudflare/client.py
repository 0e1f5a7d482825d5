"""The official SDK, opened so that a token goes nowhere but where it should."""

import logging
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from providers.bodies import LIMIT, capped
from providers.errors import Misconfigured
from providers.origin import is_loopback
from providers.threads import within

if TYPE_CHECKING:
    import httpx
    from cloudflare import Cloudflare

BASE_URL = "https://api.cloudflare.com/client/v4"
API_VERSION = "2026-11-01"  # the SDK would send today's date, and so change with the calendar
CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 15.0  # seconds between two pieces of an answer
DEADLINE = 30.0  # seconds for a whole answer, however slowly it drips


def connect(
    base_url: str, tokens: Sequence[str], deadline: float = DEADLINE
) -> "tuple[httpx.Client, list[Cloudflare]]":
    """Return one connection pool and, over it, a client for each of *tokens*.

    A request ends within *deadline* seconds, and takes `LIMIT` octets at most.
    The caller owns the pool: closing any of the clients would close it for all.

    Raises:
        Misconfigured: *base_url* or a token is not fit to be used.
    """
    host = trusted_host(base_url)
    for token in tokens:
        check(token)
    with logging_untouched():
        import cloudflare  # noqa: PLC0415 - 200 ms that only users of Cloudflare shall pay

    pool = opened_pool(host, deadline)
    clients = [
        cloudflare.Cloudflare(
            api_token=token,
            base_url=base_url,
            api_version=API_VERSION,
            max_retries=0,
            http_client=pool,  # with its timeouts; the SDK's own are 60 s
        )
        for token in tokens
    ]
    for client in clients:
        # What the SDK found in the environment: a key or e-mail address would go out
        # in place of the token, and custom headers might replace it.
        client.api_key = client.api_email = client.user_service_key = None
        client._custom_headers = {}  # noqa: SLF001 - there is no public way
    return pool, clients


def opened_pool(host: str, deadline: float) -> "httpx.Client":
    """Return the `bounded_pool`.

    Raises:
        Misconfigured: What the environment says of proxies or certificates is of no use.
            It is not quoted: it may hold a proxy's password.
    """
    import httpx  # noqa: PLC0415

    try:
        return bounded_pool(host, deadline)
    except OSError as error:
        raise Misconfigured(
            f"no certificates to trust: {(error.strerror or str(error)).lower()}",
            hint="SSL_CERT_FILE is to name a file of certificates (PEM)",
        ) from error
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        raise Misconfigured(
            "HTTPS_PROXY, or another variable for proxies, is not the URL of an HTTP proxy",
            hint="such as http://proxy.example:3128; no other kind is spoken to",
        ) from error


def bounded_pool(host: str, deadline: float) -> "httpx.Client":
    """Return a connection pool that keeps the bounds of `connect`."""
    import httpx  # noqa: PLC0415

    class Pool(httpx.Client):
        def send(
            self,
            request: httpx.Request,
            *,
            stream: bool = False,
            **options: Any,  # noqa: ANN401
        ) -> httpx.Response:
            ask = partial(super().send, request, stream=True, **options)
            try:
                return within(deadline, lambda: whole(ask()))
            except TimeoutError as error:
                raise httpx.ReadTimeout(str(error), request=request) from error
            except zlib.error as error:
                raise httpx.DecodingError(str(error), request=request) from error

    def whole(response: httpx.Response) -> httpx.Response:
        headers = response.headers
        packed = headers.pop("Content-Encoding", "")
        with closing(response):
            content = capped(response.iter_raw(), encoding=packed)
        if len(content) > LIMIT:
            raise httpx.ReadError(f"an answer of more than {LIMIT} octets")
        answer = httpx.Response(
            response.status_code, headers=headers, content=content, request=response.request
        )
        answer.encoding = "utf-8"  # RFC 8259 §8.1; a header may name what is no character set
        return answer

    return Pool(
        timeout=httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT),
        headers={"Accept-Encoding": "identity"},
        follow_redirects=False,  # httpx would carry X-Auth-* headers to another origin
        mounts={f"all://{host}": None} if is_loopback(host) else None,  # past any proxy
    )


def trusted_host(base_url: str) -> str:
    """Return the host of *base_url*, bracketed if IPv6.

    Raises:
        Misconfigured: A token sent there could be read by others on the way.
    """
    try:
        url = urlsplit(base_url)
        host = url.hostname or ""
        plain = not (url.username or url.password or url.query or url.fragment) and url.port != 0
    except ValueError:
        plain, host = False, ""
    if plain and host and (url.scheme == "https" or (url.scheme == "http" and is_loopback(host))):
        return f"[{host}]" if ":" in host else host
    raise Misconfigured(
        "CLOUDFLARE_BASE_URL is neither https nor loopback, or not a plain URL",
        hint=f"leave it out to use {BASE_URL}",
    )


def check(token: str) -> None:
    """Refuse a token that cannot stand in a header; it would show in the error text.

    Raises:
        Misconfigured: Without any part of the token.
    """
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise Misconfigured(
            "the Cloudflare token contains a space, a line break or a non-ASCII character",
            hint="store the token alone, on one line",
        )


@contextmanager
def logging_untouched() -> Iterator[None]:
    """Undo what ``CLOUDFLARE_LOG`` does during import: a debug log of every request."""
    loggers = [logging.getLogger(name) for name in (None, "cloudflare", "httpx")]
    before = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
