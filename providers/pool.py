"""HTTP connections that go nowhere but where they should, and end."""

import zlib
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .bodies import LIMIT, capped
from .errors import Misconfigured
from .origin import is_loopback
from .threads import within

if TYPE_CHECKING:
    import httpx

CONNECT_TIMEOUT = 5.0  # seconds
READ_TIMEOUT = 15.0  # seconds between two pieces of an answer
DEADLINE = 30.0  # seconds for a whole answer, however slowly it drips


def opened_pool(host: str, deadline: float = DEADLINE) -> "httpx.Client":
    """Return the `bounded_pool` for requests to *host*.

    Raises:
        Misconfigured: What the environment says of proxies or certificates is of no use.
            It is not quoted: it may hold a proxy's password.
    """
    import httpx  # noqa: PLC0415 - only for those who use it

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
    """Return a connection pool whose requests end within *deadline* seconds.

    They take `LIMIT` octets of an answer at most, and follow no redirection.
    """
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


def trusted_host(variable: str, base_url: str, hint: str = "") -> str:
    """Return the host of *base_url*, the value of *variable*, bracketed if IPv6.

    Raises:
        Misconfigured: Credentials sent there could be read by others on the way.
    """
    try:
        url = urlsplit(base_url)
        host = url.hostname or ""
        plain = not (url.username or url.password or url.query or url.fragment) and url.port != 0
    except ValueError:
        plain, host = False, ""
    if plain and host and (url.scheme == "https" or (url.scheme == "http" and is_loopback(host))):
        return f"[{host}]" if ":" in host else host
    raise Misconfigured(f"{variable} is neither https nor loopback, or not a plain URL", hint=hint)
