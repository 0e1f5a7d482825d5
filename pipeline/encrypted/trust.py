"""Whom TLS trusts, and how its failures read."""

import ssl

from pipeline.questions import Silence
from pipeline.silences import silence
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
        raise OSError(f"SSL_CERT_FILE does not do: {error.strerror or error}") from error


def failure(error: BaseException) -> Silence:
    """Return *error* as the silence it causes, in the words of whoever noticed it first."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    match cause:
        case ssl.SSLCertVerificationError():
            return Silence(f"TLS certificate not accepted: {cause.verify_message}")
        case ssl.SSLError():
            return Silence(f"TLS: {printable(cause.reason or str(cause), 80)}")
        case TimeoutError():
            return Silence("timeout")
        case OSError():
            return silence(cause)
        case _:
            return Silence(printable(str(error) or type(error).__name__, 80))
