"""Whom TLS trusts, and how its failures read."""

import os
import ssl

from pipeline.asking.silences import silence
from pipeline.questions import Silence
from pipeline.text import printable


def context() -> ssl.SSLContext:
    """Return what certificates are checked against: SSL_CERT_FILE, else the Web's CAs.

    Raises:
        OSError: SSL_CERT_FILE cannot be read, or holds no certificate.
    """
    import httpx  # noqa: PLC0415 - 100 ms that only encrypted questions need

    try:
        return httpx.create_ssl_context()
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), "SSL_CERT_FILE") from error


def failure(error: BaseException) -> Silence:
    """Return *error* as the silence it causes, in the words of whoever noticed it first."""
    cause: BaseException | None = error
    while cause is not None and not is_telling(cause):
        cause = cause.__cause__ or cause.__context__
    match cause:
        case ssl.SSLCertVerificationError():
            return Silence(f"TLS certificate not accepted: {cause.verify_message}")
        case ssl.SSLError():
            return Silence(f"TLS: {printable(cause.reason or str(cause), 80)}")
        case OSError(filename=str(place)):
            return Silence(f"{place}: {printable(str(cause.strerror), 80)}")
        case OSError(errno=int(code)):
            return silence(OSError(code, os.strerror(code)))  # libraries word it as they like
        case _:
            return Silence(printable(str(error) or type(error).__name__, 80))


def is_telling(error: BaseException) -> bool:
    """Whether *error* comes from TLS or the operating system, not from a library in between."""
    return isinstance(error, OSError) and error.errno is not None
