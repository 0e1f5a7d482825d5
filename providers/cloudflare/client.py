"""The official SDK, opened so that a token goes nowhere but where it should."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from providers.errors import Misconfigured
from providers.pool import DEADLINE, opened_pool, trusted_host

if TYPE_CHECKING:
    import httpx
    from cloudflare import Cloudflare

BASE_URL = "https://api.cloudflare.com/client/v4"
API_VERSION = "2026-11-01"  # the SDK would send today's date, and so change with the calendar


def connect(
    base_url: str, tokens: Sequence[str], deadline: float = DEADLINE
) -> "tuple[httpx.Client, list[Cloudflare]]":
    """Return one connection pool and, over it, a client for each of *tokens*.

    A request ends within *deadline* seconds, and takes `LIMIT` octets at most.
    The caller owns the pool: closing any of the clients would close it for all.

    Raises:
        Misconfigured: *base_url* or a token is not fit to be used.
    """
    host = trusted_host("CLOUDFLARE_BASE_URL", base_url, f"leave it out to use {BASE_URL}")
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
